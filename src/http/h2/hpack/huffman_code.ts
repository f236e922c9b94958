/** The symbol that ends no string and must not be in one (RFC 7541 5.2). */
export const EOS = 256;
/** Bits of the longest code. */
export const LONGEST_CODE = 30;

/**
 * Bits of each byte's code, and of EOS (RFC 7541 appendix B). The code is canonical: codes of one length follow each other in the order
 * of their symbols, and shorter ones come first, so that the lengths tell the codes.
 */
// biome-ignore format: sixteen a row, so that a row is a high nibble
export const CODE_BITS: Uint8Array = new Uint8Array([
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
]);

/** Symbols in the order of their codes. */
export const SYMBOLS: Uint16Array = /* @__PURE__ */ sortSymbols();
/** Each symbol's code, in the low bits. */
export const CODES: Int32Array = /* @__PURE__ */ assignCodes();

function sortSymbols(): Uint16Array {
  const all = Array.from(CODE_BITS, (_, symbol) => symbol);
  return new Uint16Array(all.sort((a, b) => CODE_BITS[a]! - CODE_BITS[b]! || a - b));
}

function assignCodes(): Int32Array {
  const codes = new Int32Array(CODE_BITS.length);
  let next = 0;
  let bits = 0;
  for (const symbol of SYMBOLS) {
    next <<= CODE_BITS[symbol]! - bits;
    bits = CODE_BITS[symbol]!;
    codes[symbol] = next++;
  }
  return codes;
}
