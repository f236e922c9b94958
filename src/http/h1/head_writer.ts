import { encodeLatin1, NO_BYTES, putBytes, putLatin1 } from "../../base/bytes.ts";
import type { Slab } from "../../base/slab.ts";
import { type Fields, STRIDE } from "../fields.ts";
import { reasonPhrase } from "../status.ts";
import { COALESCE_BYTES } from "./limits.ts";

const CR = 13;
const LF = 10;
const COLON = 0x3a;
const SP = 32;

const CRLF = encodeLatin1("\r\n");
export const CHUNKED_FIELD: Uint8Array = encodeLatin1("Transfer-Encoding: chunked\r\n");
export const EMPTY_FIELD: Uint8Array = encodeLatin1("Content-Length: 0\r\n");
export const CLOSE_FIELD: Uint8Array = encodeLatin1("Connection: close\r\n");
export const KEEP_ALIVE_FIELD: Uint8Array = encodeLatin1("Connection: keep-alive\r\n");
export const LAST_CHUNK: Uint8Array = encodeLatin1("0\r\n\r\n");

const statusLines = new Map<number, Uint8Array>();

/** Status lines with the registered phrase are made once; anything else a peer may choose is not kept. */
function statusLine(status: number, reason: string): Uint8Array {
  const phrase = reasonPhrase(status);
  if (reason !== "" && reason !== phrase) return encodeLatin1(`HTTP/1.1 ${status} ${reason}\r\n`);
  let line = statusLines.get(status);
  if (line === undefined) {
    line = encodeLatin1(`HTTP/1.1 ${status} ${phrase}\r\n`);
    statusLines.set(status, line);
  }
  return line;
}

/**
 * The bytes that a codec has to send: heads and small pieces gathered in the slab, big body chunks as they came.
 * Consecutive small pieces become one part, so that a reply with its short body is one system call.
 */
export class Output {
  readonly #slab: Slab;
  readonly #parts: Uint8Array[] = [];
  #buf: Uint8Array = NO_BYTES;
  #start = 0;
  #end = 0;
  #bytes = 0;

  constructor(slab: Slab) {
    this.#slab = slab;
  }

  /** Bytes waiting. */
  get bytes(): number {
    return this.#bytes + (this.#end - this.#start);
  }

  request(method: string, path: string, fields: Fields, framing: Uint8Array | null): void {
    const slab = this.#open(method.length + path.length + 12 + fieldBytes(fields) + 64);
    let at = putLatin1(slab.buf, slab.at, method);
    slab.buf[at++] = SP;
    at = putLatin1(slab.buf, at, path);
    at = putLatin1(slab.buf, at, " HTTP/1.1\r\n");
    this.#head(slab, at, fields, framing, null);
  }

  response(status: number, reason: string, fields: Fields, framing: Uint8Array | null, connection: Uint8Array | null): void {
    const line = statusLine(status, reason);
    const slab = this.#open(line.length + fieldBytes(fields) + 96);
    this.#head(slab, putBytes(slab.buf, slab.at, line, 0, line.length), fields, framing, connection);
  }

  #head(slab: Slab, from: number, fields: Fields, framing: Uint8Array | null, connection: Uint8Array | null): void {
    const b = slab.buf;
    let at = putFields(b, from, fields);
    if (framing !== null) at = putBytes(b, at, framing, 0, framing.length);
    if (connection !== null) at = putBytes(b, at, connection, 0, connection.length);
    b[at] = CR;
    b[at + 1] = LF;
    this.#end = slab.at = at + 2;
  }

  /** A short piece, copied. */
  small(b: Uint8Array): void {
    const slab = this.#open(b.length);
    this.#end = slab.at = putBytes(slab.buf, slab.at, b, 0, b.length);
  }

  /** A piece that is sent as it is. */
  big(b: Uint8Array): void {
    this.#close();
    this.#parts.push(b);
    this.#bytes += b.length;
  }

  /** A piece of a body, as a chunk of its own or as it is. */
  body(b: Uint8Array, chunked: boolean): void {
    if (chunked) this.#chunkLine(b.length);
    if (b.length <= COALESCE_BYTES) this.small(b);
    else this.big(b);
    if (chunked) this.small(CRLF);
  }

  /** The line before a chunk of `n` > 0 bytes. */
  #chunkLine(n: number): void {
    const hex = n.toString(16);
    const slab = this.#open(hex.length + 2);
    const at = putLatin1(slab.buf, slab.at, hex);
    slab.buf[at] = CR;
    slab.buf[at + 1] = LF;
    this.#end = slab.at = at + 2;
  }

  /** The last chunk with trailers. */
  trailers(fields: Fields): void {
    const slab = this.#open(fieldBytes(fields) + 8);
    const b = slab.buf;
    let at = slab.at;
    b[at++] = 0x30;
    b[at++] = CR;
    b[at++] = LF;
    at = putFields(b, at, fields);
    b[at] = CR;
    b[at + 1] = LF;
    this.#end = slab.at = at + 2;
  }

  take(into: Uint8Array[]): void {
    const parts = this.#parts;
    if (parts.length > 0) {
      for (let i = 0; i < parts.length; i++) into.push(parts[i]!);
      parts.length = 0;
      this.#bytes = 0;
    }
    if (this.#end > this.#start) {
      into.push(this.#buf.subarray(this.#start, this.#end));
      // An idle connection must not keep a whole slab alive.
      this.#buf = NO_BYTES;
      this.#start = this.#end = 0;
    }
  }

  /** Goes on in the slab region that is open, or opens one. */
  #open(room: number): Slab {
    const slab = this.#slab;
    slab.reserve(room);
    if (this.#buf !== slab.buf || this.#end !== slab.at || this.#start === this.#end) {
      this.#close();
      this.#buf = slab.buf;
      this.#start = this.#end = slab.at;
    }
    return slab;
  }

  #close(): void {
    if (this.#end > this.#start) {
      this.#parts.push(this.#buf.subarray(this.#start, this.#end));
      this.#bytes += this.#end - this.#start;
    }
    this.#start = this.#end;
  }
}

/** Whether the received line at `i` stands as it is written, with one space before its value. */
function isPlain(s: readonly number[], raw: Uint8Array, i: number): boolean {
  const colon = s[i + 1]!;
  return s[i + 2] === colon + 2 && raw[colon + 1] === SP;
}

/** Writes all fields. Runs of received lines that stand as `name: value CRLF` are copied whole. */
function putFields(b: Uint8Array, from: number, f: Fields): number {
  const s = f.spans;
  const raw = f.raw;
  const n = s.length;
  let at = from;
  let i = 0;
  while (i < n) {
    if (s[i + 4] === -1) {
      i += STRIDE;
      continue;
    }
    if (!isPlain(s, raw, i)) {
      at = putBytes(b, at, raw, s[i]!, s[i + 1]!);
      b[at] = COLON;
      b[at + 1] = SP;
      at = putBytes(b, at + 2, raw, s[i + 2]!, s[i + 3]!);
      i += STRIDE;
    } else {
      const start = s[i]!;
      let end = s[i + 3]!;
      i += STRIDE;
      while (i < n && s[i + 4] !== -1 && s[i] === end + 2 && isPlain(s, raw, i)) {
        end = s[i + 3]!;
        i += STRIDE;
      }
      at = putBytes(b, at, raw, start, end);
    }
    b[at] = CR;
    b[at + 1] = LF;
    at += 2;
  }
  const a = f.added;
  if (a !== null) {
    for (let j = 0; j < a.length; j += 2) {
      at = putLatin1(b, at, a[j]!);
      b[at] = COLON;
      b[at + 1] = SP;
      at = putLatin1(b, at + 2, a[j + 1]!);
      b[at] = CR;
      b[at + 1] = LF;
      at += 2;
    }
  }
  return at;
}

/** Bytes that the fields take at most when written. */
function fieldBytes(f: Fields): number {
  const s = f.spans;
  let n = s.length === 0 ? 0 : s[s.length - STRIDE + 3]! - s[0]! + (s.length / STRIDE) * 4;
  const a = f.added;
  if (a !== null) for (let i = 0; i < a.length; i++) n += a[i]!.length + 2;
  return n;
}
