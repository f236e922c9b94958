import { Fields } from "../../../../src/http/fields.ts";
import { errorName } from "../../../../src/http/h2/error_codes.ts";
import { HpackDecoder } from "../../../../src/http/h2/hpack/decoder.ts";
import { HeaderBlock } from "../../../../src/http/h2/hpack/header_block.ts";

// Frames as a peer of ours makes and reads them: written apart from the codec, but for HPACK's decoder.

export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;
export const ACK = 1;
export const END_STREAM = 1;
export const END_HEADERS = 4;
export const PADDED = 8;
export const PRIORITISED = 0x20;
/** HEADERS that are whole and end their stream. */
export const WHOLE: number = END_STREAM | END_HEADERS;

export type Pairs = readonly (readonly [string, string])[];

export const PREFACE: Uint8Array = latin1("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export function latin1(s: string): Uint8Array {
  return Uint8Array.from(Buffer.from(s, "latin1"));
}

export function text(b: Uint8Array): string {
  return Buffer.from(b).toString("latin1");
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

export function frame(type: number, flags: number, id: number, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const n = payload.length;
  return join(Uint8Array.of(n >> 16, n >> 8, n, type, flags), u32(id), payload);
}

export function u32(n: number): Uint8Array {
  return Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n);
}

/** A header block of literals that are not indexed (RFC 7541 6.2.2), or never are, by their names (6.2.3); without Huffman. */
export function block(pairs: Pairs, never: readonly string[] = []): Uint8Array {
  return join(...pairs.map(([name, value]) => join(Uint8Array.of(never.includes(name) ? 0x10 : 0), string(name), string(value))));
}

function string(s: string): Uint8Array {
  return join(length(s.length), latin1(s));
}

function length(n: number): Uint8Array {
  if (n < 127) return Uint8Array.of(n);
  const bytes = [127];
  let rest = n - 127;
  for (; rest >= 128; rest = rest >> 7) bytes.push((rest & 127) | 128);
  return Uint8Array.from([...bytes, rest]);
}

export function headers(id: number, pairs: Pairs, flags: number = WHOLE): Uint8Array {
  return frame(HEADERS, flags, id, block(pairs));
}

export function get(path = "/", ...more: Pairs): Pairs {
  return [[":method", "GET"], [":scheme", "http"], [":authority", "a"], [":path", path], ...more];
}

export function post(...more: Pairs): Pairs {
  return [[":method", "POST"], [":scheme", "http"], [":authority", "a"], [":path", "/"], ...more];
}

export function data(id: number, body: string | Uint8Array, flags = 0): Uint8Array {
  return frame(DATA, flags, id, typeof body === "string" ? latin1(body) : body);
}

export function padded(id: number, body: string, padding: number, flags = 0): Uint8Array {
  return frame(DATA, flags | PADDED, id, join(Uint8Array.of(padding), latin1(body), new Uint8Array(padding)));
}

export function settings(...pairs: readonly (readonly [number, number])[]): Uint8Array {
  return frame(SETTINGS, 0, 0, join(...pairs.map(([id, value]) => join(Uint8Array.of(id >> 8, id), u32(value)))));
}

export const SETTINGS_ACK: Uint8Array = frame(SETTINGS, ACK, 0);

export function windowUpdate(id: number, increment: number): Uint8Array {
  return frame(WINDOW_UPDATE, 0, id, u32(increment));
}

export function reset(id: number, code: number): Uint8Array {
  return frame(RST_STREAM, 0, id, u32(code));
}

export function goAway(lastId: number, code: number): Uint8Array {
  return frame(GOAWAY, 0, 0, join(u32(lastId), u32(code)));
}

export function ping(payload = "12345678", flags = 0): Uint8Array {
  return frame(PING, flags, 0, latin1(payload));
}

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Uint8Array;
}

/** Frames of a codec's whole output; it must end with a frame's end. */
export function framesOf(out: Uint8Array, preface = false): Frame[] {
  const frames: Frame[] = [];
  let at = preface ? PREFACE.length : 0;
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  while (at < out.length) {
    if (out.length - at < 9) throw new Error("a frame's head is cut");
    const n = (view.getUint16(at) << 8) | view.getUint8(at + 2);
    const payload = out.subarray(at + 9, at + 9 + n);
    if (payload.length < n) throw new Error("a frame is cut");
    if (n > 16_384) throw new Error("a frame is larger than the peer takes");
    frames.push({ type: view.getUint8(at + 3), flags: view.getUint8(at + 4), id: view.getUint32(at + 5), payload });
    at += 9 + n;
  }
  return frames;
}

const NAMES = ["DATA", "HEADERS", "PRIORITY", "RST", "SETTINGS", "PUSH", "PING", "GOAWAY", "WINDOW", "CONTINUATION"];

/** Reads a codec's output frame by frame, as its peer would: header blocks need the memory of those before. */
export class FrameLog {
  readonly lines: string[] = [];
  readonly frames: Frame[] = [];
  readonly #decoder = new HpackDecoder(4096);
  readonly #block = new HeaderBlock({ fieldBytes: 1 << 20, fields: 10_000 }, "keep");
  #cut: Uint8Array[] = [];
  readonly #ofClient: boolean;
  #preface: boolean;

  constructor(ofClient = false) {
    this.#ofClient = this.#preface = ofClient;
  }

  /** Adds output and returns a line for each frame in it. */
  read(out: Uint8Array): string[] {
    if (out.length === 0) return [];
    const frames = framesOf(out, this.#preface);
    this.#preface = false;
    const lines = frames.map((f) => this.#show(f));
    this.frames.push(...frames);
    this.lines.push(...lines);
    return lines;
  }

  /** What came on each stream, whatever frames it came in, and what ended the connection: how bytes were cut must not change it. */
  summary(): string[] {
    const byId = new Map<number, string[]>();
    const bodies = new Map<number, string>();
    const connection: string[] = [];
    for (const [i, f] of this.frames.entries()) {
      const line = this.lines[i]!;
      if (f.type === GOAWAY || f.type === PING) connection.push(line);
      if (f.id === 0 || f.type === WINDOW_UPDATE) continue;
      const parts = byId.get(f.id) ?? [];
      byId.set(f.id, parts);
      if (f.type === DATA) bodies.set(f.id, (bodies.get(f.id) ?? "") + text(f.payload));
      const body = bodies.get(f.id) ?? "";
      const ends = (f.type === DATA || f.type === HEADERS) && (f.flags & END_STREAM) !== 0;
      if (body !== "" && (f.type !== DATA || ends)) {
        parts.push(body.length > 64 ? `${body.length} bytes` : `"${body}"`);
        bodies.delete(f.id);
      }
      if (f.type === HEADERS || f.type === CONTINUATION || f.type === RST_STREAM) {
        parts.push(line.replace(/^(?:HEADERS|CONTINUATION) \d+ (?:… ?)?(?:end ?)?/, "").replace(/^RST \d+/, "RST"));
      }
      if (ends) parts.push("end");
    }
    const streams = [...byId].sort(([a], [b]) => a - b).map(([id, parts]) => `${id}: ${parts.filter((s) => s !== "").join(" ")}`);
    return [...streams, ...connection];
  }

  #show(f: Frame): string {
    const view = new DataView(f.payload.buffer, f.payload.byteOffset, f.payload.byteLength);
    const end = (f.type === DATA || f.type === HEADERS) && (f.flags & END_STREAM) !== 0 ? " end" : "";
    const start = `${NAMES[f.type] ?? f.type} ${f.id}`;
    switch (f.type) {
      case DATA:
        return `${start} ${f.payload.length > 64 ? `${f.payload.length} bytes` : `"${text(f.payload)}"`}${end}`;
      case HEADERS:
      case CONTINUATION: {
        this.#cut.push(f.payload);
        if ((f.flags & END_HEADERS) === 0) return `${start} …${end}`;
        const whole = join(...this.#cut);
        this.#cut = [];
        return `${start}${end} ${this.#fields(whole)}`;
      }
      case RST_STREAM:
        return `${start} ${errorName(view.getUint32(0))}`;
      case GOAWAY:
        return `GOAWAY ${view.getUint32(0)} ${errorName(view.getUint32(4))}`;
      case WINDOW_UPDATE:
        return `${start} +${view.getUint32(0)}`;
      case SETTINGS:
        return f.flags === ACK ? "SETTINGS ack" : `SETTINGS ${f.payload.length / 6}`;
      case PING:
        return f.flags === ACK ? `PING ack ${text(f.payload)}` : "PING";
      default:
        return start;
    }
  }

  #fields(whole: Uint8Array): string {
    const b = this.#block;
    b.start(this.#ofClient ? "request" : "response");
    if (this.#decoder.decode(whole, 0, whole.length, b) < 0) throw new Error("a block can't be decoded");
    if (b.fault !== 0) throw new Error(`a block has fault ${b.fault}`);
    const pseudo = [b.method, b.protocol, b.scheme, b.authority, b.path].filter((s) => s !== null);
    if (b.status !== 0) pseudo.push(String(b.status));
    return (pseudo.join(" ") + showFields(b.take())).trim();
  }
}

export function showFields(f: Fields, without: readonly string[] = []): string {
  const shown: string[] = [];
  f.forEach((name, value) => {
    if (!without.includes(name.toLowerCase())) shown.push(`${name.toLowerCase()}: ${value}`);
  });
  return shown.length === 0 ? "" : ` [${shown.join(" | ")}]`;
}

export function fields(...pairs: string[]): Fields {
  return Fields.of(...pairs);
}
