import { CODE_BITS, CODES } from "./huffman_code.ts";

/** Bytes that `b[from, to)` takes when it is Huffman-coded (RFC 7541 5.2). */
export function encodedLength(b: Uint8Array, from: number, to: number): number {
  let bits = 0;
  for (let i = from; i < to; i++) bits += CODE_BITS[b[i]!]!;
  return (bits + 7) >>> 3;
}

/** Writes `b[from, to)` Huffman-coded to `out` at `at`; returns the offset behind it. */
export function encodeHuffman(b: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
  /** The low `n`, at most 7 between bytes, are not yet written; a code adds 30. */
  let bits = 0;
  let n = 0;
  for (let i = from; i < to; i++) {
    const c = b[i]!;
    let length = CODE_BITS[c]!;
    const code = CODES[c]!;
    if (length > 24) {
      // 7 and 30 bits are too many for an int32.
      length -= 16;
      bits = (bits << length) | (code >>> 16);
      n += length;
      while (n >= 8) {
        n -= 8;
        out[at++] = bits >>> n;
      }
      bits = (bits << 16) | (code & 0xffff);
      n += 16;
    } else {
      bits = (bits << length) | code;
      n += length;
    }
    while (n >= 8) {
      n -= 8;
      out[at++] = bits >>> n;
    }
  }
  // Padding is the beginning of EOS: ones.
  if (n > 0) out[at++] = (bits << (8 - n)) | ((1 << (8 - n)) - 1);
  return at;
}
