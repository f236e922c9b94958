import { markSole } from "../../base/sole_view.ts";
import type { Fields } from "../fields.ts";
import { dropForbiddenTrailers, FORBIDDEN_TRAILERS } from "../trailer_rules.ts";
import { nextExtension, X_BAD, X_END, X_NAME_DUE } from "./chunk_extension.ts";
import { faultText, MORE } from "./faults.ts";
import { FieldReader } from "./field_reader.ts";
import { CHUNKED, UNTIL_CLOSE } from "./framing.ts";
import { HeadBuffer } from "./head_buffer.ts";
import { CHUNK_EXTENSION_BYTES, CHUNK_LINE_BYTES, CHUNK_SIZE_DIGITS, TRAILER_BYTES } from "./limits.ts";

/** Where the decoded body goes. */
export interface BodySink {
  onBody(b: Uint8Array, end: boolean): void;
  onBodyTrailers(f: Fields): void;
}

const CR = 13;
const LF = 10;
const SEMICOLON = 0x3b;

/*
 *   size ──digits──▶ extension ──CR──▶ sizeLf ──▶ data ──▶ dataCr ──▶ dataLf ─▶ size …
 *     └──CR──────────────────────────────▲  └─(size 0)─▶ trailer ──▶ done
 *   length ──▶ done          untilClose (the peer's FIN ends it)
 * Every byte that is not foreseen is a fault: the body's end must not be a matter of taste.
 */
const S_DONE = 0;
const S_LENGTH = 1;
const S_UNTIL_CLOSE = 2;
const S_SIZE = 3;
const S_EXTENSION = 4;
const S_SIZE_LF = 5;
const S_DATA = 6;
const S_DATA_CR = 7;
const S_DATA_LF = 8;
const S_TRAILER = 9;

/** Reads one message body (RFC 9112 section 6 and 7). */
export class BodyReader {
  #state = S_DONE;
  /** Bytes left of the body or of the chunk. */
  #left = 0;
  #digits = 0;
  #lineBytes = 0;
  #extensionBytes = 0;
  #extension = X_NAME_DUE;
  #trailers: TrailerReader | null = null;
  #alone = false;
  readonly #maxFields: number;

  constructor(maxFields: number) {
    this.#maxFields = maxFields;
  }

  /** `framing`: a length, `CHUNKED` or `UNTIL_CLOSE`. `alone`: nothing else is in use of the chunk that the body begins in. */
  start(framing: number, alone: boolean): void {
    this.#alone = alone;
    this.#left = Math.max(framing, 0);
    this.#digits = 0;
    this.#lineBytes = 0;
    this.#extensionBytes = 0;
    this.#trailers = null;
    this.#state = framing === CHUNKED ? S_SIZE : framing === UNTIL_CLOSE ? S_UNTIL_CLOSE : framing === 0 ? S_DONE : S_LENGTH;
  }

  get done(): boolean {
    return this.#state === S_DONE;
  }

  /** The peer's FIN ends the body properly. */
  get endsAtClose(): boolean {
    return this.#state === S_UNTIL_CLOSE;
  }

  endAtClose(): void {
    this.#state = S_DONE;
  }

  /** Reads from `from` on; returns the offset behind the last byte of the body that was there, or a text that says what is wrong. */
  read(b: Uint8Array, from: number, sink: BodySink): number | string {
    if (this.#state === S_LENGTH) return this.#readLength(b, from, sink);
    if (this.#state === S_UNTIL_CLOSE) {
      if (from < b.length) sink.onBody(this.#rest(b, from), false);
      return b.length;
    }
    return this.#readChunked(b, from, sink);
  }

  #readLength(b: Uint8Array, from: number, sink: BodySink): number {
    const n = b.length - from;
    if (n === 0) return from;
    const take = Math.min(n, this.#left);
    this.#left -= take;
    const end = this.#left === 0;
    if (end) this.#state = S_DONE;
    sink.onBody(take === n ? this.#rest(b, from) : b.subarray(from, from + take), end);
    return from + take;
  }

  #rest(b: Uint8Array, from: number): Uint8Array {
    if (from === 0) return b;
    const rest = b.subarray(from);
    if (this.#alone) markSole(rest);
    this.#alone = false;
    return rest;
  }

  #readChunked(b: Uint8Array, from: number, sink: BodySink): number | string {
    let p = from;
    while (p < b.length && this.#state !== S_DONE) {
      if (this.#state === S_DATA) {
        const n = Math.min(b.length - p, this.#left);
        this.#left -= n;
        if (this.#left === 0) this.#state = S_DATA_CR;
        p += n;
        sink.onBody(n === b.length ? b : b.subarray(p - n, p), false);
      } else if (this.#state === S_TRAILER) {
        const r = this.#trailers!.read(b, p);
        if (typeof r === "string") return r;
        p = r;
        if (this.#trailers!.fields !== null) this.#end(sink);
      } else {
        const fault = this.#lineByte(b[p]!);
        if (fault !== "") return fault;
        p++;
      }
    }
    return p;
  }

  #end(sink: BodySink): void {
    const fields = this.#trailers!.fields!;
    this.#trailers = null;
    this.#state = S_DONE;
    if (fields.spans.length === 0) sink.onBody(EMPTY, true);
    else sink.onBodyTrailers(fields);
  }

  #lineByte(c: number): string {
    switch (this.#state) {
      case S_SIZE:
        return this.#sizeByte(c);
      case S_EXTENSION:
        if (++this.#lineBytes > CHUNK_LINE_BYTES || ++this.#extensionBytes > CHUNK_EXTENSION_BYTES)
          return "chunk extensions longer than the limit";
        if (c === LF) return "chunk line ends in LF without CR (RFC 9112 7.1)";
        this.#extension = nextExtension(this.#extension, c);
        if (this.#extension === X_BAD) return "chunk extension is malformed (RFC 9112 7.1.1)";
        if (this.#extension === X_END) this.#state = S_SIZE_LF;
        return "";
      case S_SIZE_LF:
        if (c !== LF) return "CR without LF in a chunk line (RFC 9112 7.1)";
        this.#lineBytes = 0;
        this.#digits = 0;
        if (this.#left > 0) this.#state = S_DATA;
        else {
          this.#state = S_TRAILER;
          this.#trailers = new TrailerReader(this.#maxFields);
        }
        return "";
      case S_DATA_CR:
        if (c !== CR) return "chunk data is not followed by CRLF (RFC 9112 7.1)";
        this.#state = S_DATA_LF;
        return "";
      default:
        if (c !== LF) return "chunk data is not followed by CRLF (RFC 9112 7.1)";
        this.#state = S_SIZE;
        return "";
    }
  }

  #sizeByte(c: number): string {
    const d = hexDigit(c);
    if (d >= 0) {
      if (++this.#digits > CHUNK_SIZE_DIGITS) return "chunk size has more digits than the limit";
      this.#left = this.#digits === 1 ? d : this.#left * 16 + d;
      return "";
    }
    if (this.#digits === 0) return "chunk size is no hexadecimal number (RFC 9112 7.1)";
    if (c === CR) this.#state = S_SIZE_LF;
    else if (c === SEMICOLON) {
      this.#state = S_EXTENSION;
      this.#extension = X_NAME_DUE;
    } else return "chunk size is followed by neither CRLF nor an extension (RFC 9112 7.1)";
    return "";
  }
}

const EMPTY = new Uint8Array(0);

function hexDigit(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const l = c | 0x20;
  return l >= 0x61 && l <= 0x66 ? l - 0x57 : -1;
}

/** The trailer section (RFC 9112 7.1.2). Fields that frame or route are refused there; connection options are dropped by the exchange. */
class TrailerReader {
  fields: Fields | null = null;
  readonly #buffer = new HeadBuffer();
  readonly #reader: FieldReader;

  constructor(maxFields: number) {
    this.#reader = new FieldReader(maxFields, "drop");
  }

  read(b: Uint8Array, from: number): number | string {
    const before = this.#buffer.length;
    this.#buffer.push(b, from);
    const limit = Math.min(this.#buffer.length, TRAILER_BYTES);
    if (before === 0) this.#reader.start(0);
    const r = this.#reader.read(this.#buffer.bytes, limit);
    if (r === MORE) return this.#buffer.length >= TRAILER_BYTES ? "trailer section larger than the limit" : b.length;
    if (r < 0) return `trailer section: ${faultText(r).text}`;
    const fields = this.#reader.take(this.#buffer.bytes);
    if ((fields.mask & FORBIDDEN_TRAILERS) !== 0) return "trailer section holds a framing or routing field (RFC 9110 6.5.1)";
    dropForbiddenTrailers(fields);
    this.fields = fields;
    return from + (r - before);
  }
}
