import { NO_BYTES } from "../../base/bytes.ts";
import { type FrameFault, PROTOCOL_ERROR } from "./error_codes.ts";
import { frameFault } from "./frame_rules.ts";
import { CONTINUATION, DATA, FLAG_PADDED, FRAME_HEAD, LEAST_FRAME_SIZE } from "./frame_types.ts";

/** Who is told of frames, in their order. Each call may make the sink want no more: `stopped`. */
export interface FrameSink {
  /** Nothing more is read. */
  readonly stopped: boolean;
  /** The stream whose header block is not whole; 0: none. */
  readonly block: number;
  /** A DATA frame begins: `length` counts against the windows (RFC 9113 6.9.1). */
  onDataFrame(id: number, length: number, flags: number): void;
  /** Bytes of its data, a view of what was received. `last`: the frame has no more; a frame without data gives one empty piece. */
  onData(b: Uint8Array, last: boolean): void;
  /** Padding, with its length field: counted, but never seen by anyone. */
  onPadding(bytes: number): void;
  /** Any other known frame, whole: `b[from, to)` is its payload. */
  onFrame(type: number, flags: number, id: number, b: Uint8Array, from: number, to: number): void;
  /** A frame of a type that is not known begins; its payload is skipped (RFC 9113 5.5). */
  onUnknownFrame(): void;
  onFrameFault(f: FrameFault): void;
}

/*
 *   head ──▶ payload (gathered) ──▶ head        head ──▶ padLength ──▶ data ──▶ skip (padding) ──▶ head
 *     └──▶ skip (unknown types) ──▶ head          └────────────────────▲
 */
const S_HEAD = 0;
const S_PAYLOAD = 1;
const S_PAD_LENGTH = 2;
const S_DATA = 3;
const S_SKIP = 4;

const PADDED_OVER: FrameFault = { code: PROTOCOL_ERROR, text: "padding as long as the payload or longer (RFC 9113 6.1)" };

/**
 * Cuts bytes into frames, whatever pieces they come in. DATA is passed on as it comes, without waiting for the frame's end and without a
 * copy; other frames are whole in the chunk nearly always, and are gathered when they are not.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  #state = S_HEAD;
  /** Nothing but the preface has come. */
  #first = true;
  /** Of the frame in hand; while its head is not whole, `#have` bytes of it are in these. */
  #have = 0;
  #length = 0;
  #type = 0;
  #flags = 0;
  #id = 0;
  /** Bytes still to come: of the payload, of data, of what is skipped. */
  #left = 0;
  #padding = 0;
  #gathered: Uint8Array | null = null;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** A frame has begun and is not whole; of DATA, whose stream has a time of its own, only the head counts. */
  get midFrame(): boolean {
    return this.#have > 0 || (this.#state !== S_HEAD && this.#state !== S_DATA);
  }

  read(b: Uint8Array, from: number): void {
    const sink = this.#sink;
    const end = b.length;
    let at = from;
    while (at < end && !sink.stopped) {
      switch (this.#state) {
        case S_HEAD:
          at = this.#readHead(b, at);
          break;
        case S_PAYLOAD:
          at = this.#gather(b, at);
          break;
        case S_PAD_LENGTH:
          this.#padLength(b[at]!);
          at++;
          break;
        case S_DATA:
          at = this.#data(b, at);
          break;
        default: {
          const n = Math.min(this.#left, end - at);
          this.#left -= n;
          at += n;
          if (this.#left === 0) this.#state = S_HEAD;
        }
      }
    }
  }

  /** A head that is whole in `b`, byte by byte otherwise; then the payload, if it is whole too. */
  #readHead(b: Uint8Array, from: number): number {
    if (this.#have > 0 || b.length - from < FRAME_HEAD) return this.#headByte(b[from]!, from + 1);
    this.#length = (b[from]! << 16) | (b[from + 1]! << 8) | b[from + 2]!;
    this.#type = b[from + 3]!;
    this.#flags = b[from + 4]!;
    this.#id = ((b[from + 5]! & 0x7f) << 24) | (b[from + 6]! << 16) | (b[from + 7]! << 8) | b[from + 8]!;
    const at = from + FRAME_HEAD;
    this.#begin();
    const length = this.#length;
    if (this.#state !== S_PAYLOAD || b.length - at < length) return at;
    this.#state = S_HEAD;
    if (!this.#sink.stopped) this.#sink.onFrame(this.#type, this.#flags, this.#id, b, at, at + length);
    return at + length;
  }

  #headByte(c: number, next: number): number {
    const i = this.#have++;
    if (i < 3) this.#length = i === 0 ? c : (this.#length << 8) | c;
    else if (i === 3) this.#type = c;
    else if (i === 4) this.#flags = c;
    // RFC 9113 4.1: the reserved bit is ignored.
    else this.#id = i === 5 ? c & 0x7f : (this.#id << 8) | c;
    if (this.#have < FRAME_HEAD) return next;
    this.#have = 0;
    this.#begin();
    if (this.#state === S_PAYLOAD && this.#length === 0) this.#whole(NO_BYTES, 0, 0);
    return next;
  }

  #begin(): void {
    const sink = this.#sink;
    const { block } = sink;
    const length = this.#length;
    const fault = frameFault(this.#type, this.#flags, this.#id, length, LEAST_FRAME_SIZE, block, this.#first);
    this.#first = false;
    if (fault !== null) {
      sink.onFrameFault(fault);
      return;
    }
    this.#left = length;
    if (this.#type === DATA) this.#beginData(length);
    else if (this.#type > CONTINUATION) {
      sink.onUnknownFrame();
      this.#state = length === 0 ? S_HEAD : S_SKIP;
    } else {
      this.#state = S_PAYLOAD;
      this.#gathered = null;
    }
  }

  #beginData(length: number): void {
    const sink = this.#sink;
    this.#padding = 0;
    sink.onDataFrame(this.#id, length, this.#flags);
    if ((this.#flags & FLAG_PADDED) !== 0) {
      if (length === 0) sink.onFrameFault(PADDED_OVER);
      this.#state = S_PAD_LENGTH;
    } else if (length === 0) {
      this.#state = S_HEAD;
      if (!sink.stopped) sink.onData(NO_BYTES, true);
    } else this.#state = S_DATA;
  }

  #padLength(padding: number): void {
    const sink = this.#sink;
    const data = this.#left - 1 - padding;
    if (data < 0) {
      sink.onFrameFault(PADDED_OVER);
      return;
    }
    sink.onPadding(padding + 1);
    this.#padding = padding;
    this.#left = data;
    this.#state = S_DATA;
    if (data === 0) this.#dataEnded(NO_BYTES);
  }

  #data(b: Uint8Array, from: number): number {
    const n = Math.min(this.#left, b.length - from);
    this.#left -= n;
    const piece = n === b.length ? b : b.subarray(from, from + n);
    if (this.#left > 0) this.#sink.onData(piece, false);
    else this.#dataEnded(piece);
    return from + n;
  }

  #dataEnded(piece: Uint8Array): void {
    this.#left = this.#padding;
    this.#state = this.#left > 0 ? S_SKIP : S_HEAD;
    this.#sink.onData(piece, true);
  }

  /** A payload that is cut. */
  #gather(b: Uint8Array, from: number): number {
    const length = this.#length;
    const n = Math.min(this.#left, b.length - from);
    if (n === length) {
      this.#whole(b, from, from + n);
      return from + n;
    }
    this.#gathered ??= new Uint8Array(length);
    this.#gathered.set(b.subarray(from, from + n), length - this.#left);
    this.#left -= n;
    if (this.#left === 0) this.#whole(this.#gathered, 0, length);
    return from + n;
  }

  #whole(b: Uint8Array, from: number, to: number): void {
    this.#state = S_HEAD;
    this.#gathered = null;
    if (!this.#sink.stopped) this.#sink.onFrame(this.#type, this.#flags, this.#id, b, from, to);
  }
}
