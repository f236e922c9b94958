import { LOWER } from "./ascii.ts";

export const NO_BYTES: Uint8Array = new Uint8Array(0);

interface Latin1 {
  latin1Slice(from: number, to: number): string;
  latin1Write(s: string, at: number, length: number): number;
}
// One native call makes the string; the method works on any Uint8Array and is typed on none.
const native = Buffer.prototype as unknown as Latin1;
const nativeSlice = native.latin1Slice;
const nativeWrite = native.latin1Write;
// Where the method is written in the runtime's own JavaScript a call costs more than the loop, whatever the length.
const SHORT = Function.prototype.toString.call(nativeWrite).includes("[native code]") ? 16 : Number.POSITIVE_INFINITY;

/** Bytes `from` to `to` as a string of the same length, one char a byte. */
export function latin1(b: Uint8Array, from: number, to: number): string {
  const n = to - from;
  if (n <= 0) return "";
  return nativeSlice.call(b, from, to);
}

/** Writes a string of chars below 0x100 at `at`; returns the offset behind it. The caller has made room. */
export function putLatin1(b: Uint8Array, at: number, s: string): number {
  const n = s.length;
  if (n > SHORT) {
    nativeWrite.call(b, s, at, n);
    return at + n;
  }
  for (let i = 0; i < n; i++) b[at + i] = s.charCodeAt(i);
  return at + n;
}

/** Copies `src[from, to)` to `dst` at `at`; returns the offset behind it. */
export function putBytes(dst: Uint8Array, at: number, src: Uint8Array, from: number, to: number): number {
  const n = to - from;
  if (n > 96) dst.set(src.subarray(from, to), at);
  else for (let i = 0; i < n; i++) dst[at + i] = src[from + i]!;
  return at + n;
}

/** A string of chars below 0x100 as bytes. */
export function encodeLatin1(s: string): Uint8Array {
  const b = new Uint8Array(s.length);
  putLatin1(b, 0, s);
  return b;
}

/** Whether `b[from, to)` equals `lower` when ASCII letters are folded. */
export function equalsIgnoreCase(b: Uint8Array, from: number, to: number, lower: string): boolean {
  const n = to - from;
  if (n !== lower.length) return false;
  for (let i = 0; i < n; i++) if (LOWER[b[from + i]!] !== lower.charCodeAt(i)) return false;
  return true;
}

/** One array of all parts; the part itself when there is one. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  let n = 0;
  for (const p of parts) n += p.length;
  const out = new Uint8Array(n);
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

/** Where `needle` begins in `b`; −1: nowhere. An empty one is found at 0. */
export function indexOfBytes(b: Uint8Array, needle: Uint8Array): number {
  return Buffer.from(b.buffer, b.byteOffset, b.length).indexOf(needle);
}
