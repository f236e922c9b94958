import { NO_BYTES, putBytes, putLatin1 } from "../../base/bytes.ts";
import type { Slab } from "../../base/slab.ts";
import {
  CONTINUATION,
  DATA,
  FLAG_ACK,
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FRAME_HEAD,
  GOAWAY,
  HEADERS,
  LEAST_FRAME_SIZE,
  PING,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from "./frame_types.ts";
import { COALESCE_BYTES } from "./limits.ts";

/**
 * The frames that a connection has to send: heads and small frames gathered in the slab, big pieces of data as they came. Consecutive small
 * ones become one part, so that the replies of an event are one system call.
 */
export class FrameOutput {
  /** Of all that was ever written; differences tell how much came in between. */
  written = 0;
  readonly #slab: Slab;
  readonly #parts: Uint8Array[] = [];
  #buf: Uint8Array = NO_BYTES;
  #start = 0;
  #end = 0;
  #bytes = 0;
  /** The last DATA or HEADERS, while nothing stands behind it: its stream (0: none) and the place of its flags. */
  #lastId = 0;
  #lastBuf: Uint8Array = NO_BYTES;
  #lastFlags = 0;

  constructor(slab: Slab) {
    this.#slab = slab;
  }

  /** Bytes waiting. */
  get bytes(): number {
    return this.#bytes + (this.#end - this.#start);
  }

  /** Where an encoder may write a header block of up to `bound` bytes; it must end with `endBlock`. */
  beginBlock(bound: number): Uint8Array {
    // A block longer than a frame is cut, and each part has a head of its own.
    const slab = this.#open(bound + FRAME_HEAD * (2 + Math.ceil(bound / LEAST_FRAME_SIZE)));
    return slab.buf;
  }

  /** Offset of the block in what `beginBlock` returned. */
  get blockAt(): number {
    return this.#slab.at + FRAME_HEAD;
  }

  /** The block has been written up to `end`. */
  endBlock(id: number, flags: number, end: number): void {
    const slab = this.#slab;
    const b = slab.buf;
    const from = slab.at;
    const length = end - from - FRAME_HEAD;
    this.#lastId = id;
    this.#lastBuf = b;
    this.#lastFlags = from + 4;
    if (length <= LEAST_FRAME_SIZE) {
      putHead(b, from, length, HEADERS, flags | FLAG_END_HEADERS, id);
      this.#close(end);
      return;
    }
    const parts = Math.ceil(length / LEAST_FRAME_SIZE);
    for (let i = parts - 1; i > 0; i--) {
      const at = from + FRAME_HEAD + i * LEAST_FRAME_SIZE;
      const n = Math.min(LEAST_FRAME_SIZE, end - at);
      const to = at + i * FRAME_HEAD;
      b.copyWithin(to, at, at + n);
      putHead(b, to - FRAME_HEAD, n, CONTINUATION, i === parts - 1 ? FLAG_END_HEADERS : 0, id);
    }
    putHead(b, from, LEAST_FRAME_SIZE, HEADERS, flags, id);
    this.#close(end + (parts - 1) * FRAME_HEAD);
  }

  /** A DATA frame of `b[from, to)`. */
  data(id: number, b: Uint8Array, from: number, to: number, end: boolean): void {
    this.dataHead(id, to - from, end);
    this.dataPiece(b, from, to);
  }

  /** The head of a DATA frame whose `length` bytes come by `dataPiece`. */
  dataHead(id: number, length: number, end: boolean): void {
    // Room for a piece that is copied too, so that both are one part.
    const slab = this.#open(FRAME_HEAD + (length <= COALESCE_BYTES ? length : 0));
    const at = slab.at;
    putHead(slab.buf, at, length, DATA, end ? FLAG_END_STREAM : 0, id);
    this.#lastId = id;
    this.#lastBuf = slab.buf;
    this.#lastFlags = at + 4;
    this.#close(at + FRAME_HEAD);
  }

  dataPiece(b: Uint8Array, from: number, to: number): void {
    const n = to - from;
    if (n <= COALESCE_BYTES) {
      const slab = this.#open(n);
      this.#close(putBytes(slab.buf, slab.at, b, from, to));
      return;
    }
    this.#cut();
    this.#parts.push(n === b.length ? b : b.subarray(from, to));
    this.#bytes += n;
    this.written += n;
  }

  /** Puts END_STREAM on the last frame, if it is this stream's and has not left yet; whether it is so. */
  endLast(id: number): boolean {
    if (this.#lastId !== id) return false;
    this.#lastBuf[this.#lastFlags]! |= FLAG_END_STREAM;
    this.#lastId = 0;
    return true;
  }

  resetStream(id: number, code: number): void {
    const slab = this.#small(4, RST_STREAM, 0, id);
    put32(slab.buf, slab.at - 4, code);
  }

  windowUpdate(id: number, increment: number): void {
    const slab = this.#small(4, WINDOW_UPDATE, 0, id);
    put32(slab.buf, slab.at - 4, increment);
  }

  /** Pairs of id and value. */
  settings(pairs: readonly number[]): void {
    const length = (pairs.length / 2) * 6;
    const slab = this.#small(length, SETTINGS, 0, 0);
    const b = slab.buf;
    let at = slab.at - length;
    for (let i = 0; i < pairs.length; i += 2) {
      b[at] = pairs[i]! >>> 8;
      b[at + 1] = pairs[i]!;
      put32(b, at + 2, pairs[i + 1]!);
      at += 6;
    }
  }

  settingsAck(): void {
    this.#small(0, SETTINGS, FLAG_ACK, 0);
  }

  /** A PING whose payload is the number. */
  ping(payload: number): void {
    const slab = this.#small(8, PING, 0, 0);
    put32(slab.buf, slab.at - 8, 0);
    put32(slab.buf, slab.at - 4, payload);
  }

  /** The answer to a PING of payload `b[from, from + 8)`. */
  pingAck(b: Uint8Array, from: number): void {
    const slab = this.#small(8, PING, FLAG_ACK, 0);
    putBytes(slab.buf, slab.at - 8, b, from, from + 8);
  }

  /** `text` is for whoever looks for the fault at the other end. */
  goAway(lastId: number, code: number, text: string): void {
    const slab = this.#small(8 + text.length, GOAWAY, 0, 0);
    const at = slab.at - text.length;
    put32(slab.buf, at - 8, lastId);
    put32(slab.buf, at - 4, code);
    putLatin1(slab.buf, at, text);
  }

  /** Bytes as they are: the client's preface. */
  raw(b: Uint8Array): void {
    const slab = this.#open(b.length);
    this.#close(putBytes(slab.buf, slab.at, b, 0, b.length));
  }

  take(into: Uint8Array[]): void {
    const parts = this.#parts;
    if (parts.length > 0) {
      for (let i = 0; i < parts.length; i++) into.push(parts[i]!);
      parts.length = 0;
      this.#bytes = 0;
    }
    if (this.#end > this.#start) into.push(this.#buf.subarray(this.#start, this.#end));
    // What has left is not touched any more, and an idle connection must not keep a whole slab alive.
    this.#buf = this.#lastBuf = NO_BYTES;
    this.#start = this.#end = this.#lastId = 0;
  }

  /** Head of a control frame with room for its payload, which ends at the slab's `at` afterwards. */
  #small(length: number, type: number, flags: number, id: number): Slab {
    const slab = this.#open(FRAME_HEAD + length);
    putHead(slab.buf, slab.at, length, type, flags, id);
    this.#close(slab.at + FRAME_HEAD + length);
    return slab;
  }

  /** Goes on in the slab region that is open, or opens one. */
  #open(room: number): Slab {
    const slab = this.#slab;
    slab.reserve(room);
    if (this.#buf !== slab.buf || this.#end !== slab.at) {
      this.#cut();
      this.#buf = slab.buf;
      this.#start = this.#end = slab.at;
    }
    return slab;
  }

  #close(end: number): void {
    this.written += end - this.#end;
    this.#end = this.#slab.at = end;
  }

  #cut(): void {
    if (this.#end > this.#start) {
      this.#parts.push(this.#buf.subarray(this.#start, this.#end));
      this.#bytes += this.#end - this.#start;
    }
    this.#start = this.#end;
  }
}

function putHead(b: Uint8Array, at: number, length: number, type: number, flags: number, id: number): void {
  b[at] = length >>> 16;
  b[at + 1] = length >>> 8;
  b[at + 2] = length;
  b[at + 3] = type;
  b[at + 4] = flags;
  put32(b, at + 5, id);
}

function put32(b: Uint8Array, at: number, n: number): void {
  b[at] = n >>> 24;
  b[at + 1] = n >>> 16;
  b[at + 2] = n >>> 8;
  b[at + 3] = n;
}
