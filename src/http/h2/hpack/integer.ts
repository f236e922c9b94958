import { INTEGER_BYTES, LARGEST_INTEGER } from "./limits.ts";

/** Bits of `readInteger`'s result that hold the number of bytes. */
export const LENGTH_BITS = 3;

/**
 * Reads an integer (RFC 7541 5.1) whose prefix is the bits `mask` of `b[at]`. Returns its value shifted left by `LENGTH_BITS`, with the
 * number of bytes that it takes in the low bits; −1 when bytes are missing or it is larger than any that is taken.
 */
export function readInteger(b: Uint8Array, at: number, to: number, mask: number): number {
  if (at >= to) return -1;
  let value = b[at]! & mask;
  if (value < mask) return (value << LENGTH_BITS) | 1;
  let shift = 0;
  for (let n = 2; n <= INTEGER_BYTES + 1; n++) {
    if (at + n > to) return -1;
    const c = b[at + n - 1]!;
    value += (c & 0x7f) << shift;
    if (c < 0x80) return value > LARGEST_INTEGER ? -1 : (value << LENGTH_BITS) | n;
    shift += 7;
  }
  // 5.1: values and encodings over a limit of the decoder's own are errors.
  return -1;
}

/** Writes `value` with the bits of `flags` before its prefix of `mask`; returns the offset behind it, at most 6 bytes on. */
export function putInteger(b: Uint8Array, at: number, flags: number, mask: number, value: number): number {
  if (value < mask) {
    b[at] = flags | value;
    return at + 1;
  }
  b[at++] = flags | mask;
  let rest = value - mask;
  while (rest >= 0x80) {
    b[at++] = (rest & 0x7f) | 0x80;
    rest = Math.floor(rest / 128);
  }
  b[at] = rest;
  return at + 1;
}
