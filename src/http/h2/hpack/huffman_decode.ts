import { CODE_BITS, CODES, EOS, LONGEST_CODE, SYMBOLS } from "./huffman_code.ts";

/** Bits looked up at once: two short codes, or any code of a character that is common in fields. */
const WINDOW = 12;
const WINDOW_MASK = (1 << WINDOW) - 1;

/**
 * For each window: the first symbol (bits 0–7), the second (8–15), bits of all that is whole (16–19), of the first code alone (20–23),
 * and how many symbols are whole (24–25). 0: the first code is longer than a window.
 */
const PAIRS: Int32Array = /* @__PURE__ */ buildPairs();
/** For each length: the first code that is longer, left-aligned in 32 bits. */
const LIMIT: Float64Array = /* @__PURE__ */ buildLimits();
/** For each length: what to add to a code to find it in `SYMBOLS`. */
const OFFSET: Int32Array = /* @__PURE__ */ buildOffsets();

/** Bytes to have free for what a string of `n` bytes decodes to: the shortest code has 5 bits, and one byte more may be touched. */
export function decodedBound(n: number): number {
  return Math.floor((n * 8) / 5) + 1;
}

/**
 * Decodes the string `b[from, to)` to `out` at `at`, where `decodedBound` bytes are free. Returns the offset behind it; −1 when the
 * string holds EOS, or when its padding is longer than 7 bits or not all ones (RFC 7541 5.2).
 */
export function decodeHuffman(b: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
  /** The low `n` are not yet used. */
  let bits = 0;
  let n = 0;
  let p = from;
  for (;;) {
    while (n <= 24 && p < to) {
      bits = (bits << 8) | b[p++]!;
      n += 8;
    }
    if (n < WINDOW) return finish(bits, n, out, at);
    let pair = 0;
    do {
      pair = PAIRS[(bits >>> (n - WINDOW)) & WINDOW_MASK]!;
      if (pair === 0) break;
      out[at] = pair;
      out[at + 1] = pair >>> 8;
      at += pair >>> 24;
      n -= (pair >>> 16) & 15;
    } while (n >= WINDOW);
    if (pair !== 0) continue;
    while (n <= 24 && p < to) {
      bits = (bits << 8) | b[p++]!;
      n += 8;
    }
    const window = (n === 32 ? bits : (bits << (32 - n)) | (p < to ? b[p]! >>> (n - 24) : -1 >>> n)) >>> 0;
    let length = WINDOW + 1;
    while (window >= LIMIT[length]!) length++;
    const symbol = SYMBOLS[(window >>> (32 - length)) + OFFSET[length]!]!;
    if (symbol === EOS || (length > n && p >= to)) return -1;
    out[at++] = symbol;
    n -= length;
    if (n < 0) {
      bits = b[p++]!;
      n += 8;
    }
  }
}

/** The last bits, fewer than a window: whole codes, then padding. */
function finish(bits: number, n: number, out: Uint8Array, at: number): number {
  while (n > 0) {
    const padded = (bits << (WINDOW - n)) | ((1 << (WINDOW - n)) - 1);
    const pair = PAIRS[padded & WINDOW_MASK]!;
    const length = (pair >>> 20) & 15;
    if (length === 0 || length > n) break;
    out[at++] = pair;
    n -= length;
  }
  const ones = (1 << n) - 1;
  return n > 7 || (bits & ones) !== ones ? -1 : at;
}

function buildPairs(): Int32Array {
  const alone = new Int32Array(1 << WINDOW);
  for (let symbol = 0; symbol < EOS; symbol++) {
    const free = WINDOW - CODE_BITS[symbol]!;
    if (free < 0) continue;
    const from = CODES[symbol]! << free;
    alone.fill((CODE_BITS[symbol]! << 8) | symbol, from, from + (1 << free));
  }
  return alone.map((one, window) => {
    if (one === 0) return 0;
    const length = one >>> 8;
    const two = alone[(window << length) & WINDOW_MASK]!;
    const both = length + (two >>> 8);
    if (two === 0 || both > WINDOW) return (1 << 24) | (length << 20) | (length << 16) | (one & 0xff);
    return (2 << 24) | (length << 20) | (both << 16) | ((two & 0xff) << 8) | (one & 0xff);
  });
}

function buildLimits(): Float64Array {
  const limits = new Float64Array(LONGEST_CODE + 1);
  let limit = 0;
  for (let length = 0, i = 0; length <= LONGEST_CODE; length++) {
    for (; i < SYMBOLS.length && CODE_BITS[SYMBOLS[i]!] === length; i++) limit += 2 ** (32 - length);
    limits[length] = limit;
  }
  return limits;
}

function buildOffsets(): Int32Array {
  const offsets = new Int32Array(LONGEST_CODE + 1);
  for (let i = SYMBOLS.length - 1; i >= 0; i--) offsets[CODE_BITS[SYMBOLS[i]!]!] = i - CODES[SYMBOLS[i]!]!;
  return offsets;
}
