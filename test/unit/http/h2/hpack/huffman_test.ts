import { describe, expect, test } from "bun:test";
import { encodeLatin1, latin1 } from "../../../../../src/base/bytes.ts";
import { CODE_BITS, CODES, EOS } from "../../../../../src/http/h2/hpack/huffman_code.ts";
import { decodedBound, decodeHuffman } from "../../../../../src/http/h2/hpack/huffman_decode.ts";
import { encodedLength, encodeHuffman } from "../../../../../src/http/h2/hpack/huffman_encode.ts";
import { Random } from "../../../../fuzz/random.ts";
import { bytesOf, hexOf } from "./hex.ts";

/** The string, null when it is refused; checked to touch no byte behind its bound. */
function decoded(b: Uint8Array): string | null {
  const room = decodedBound(b.length);
  const out = new Uint8Array(room + 8).fill(0xaa);
  const end = decodeHuffman(b, 0, b.length, out, 2);
  expect([...out.subarray(room + 2)]).toEqual(Array(6).fill(0xaa));
  return end < 0 ? null : latin1(out, 2, end);
}

function encoded(text: string): Uint8Array {
  const raw = encodeLatin1(text);
  const out = new Uint8Array(raw.length * 4 + 4);
  const end = encodeHuffman(raw, 0, raw.length, out, 1);
  expect(end - 1).toBe(encodedLength(raw, 0, raw.length));
  return out.slice(1, end);
}

/** Codes as text of 0 and 1, filled up with ones or what is given. */
function bitsOf(symbols: readonly number[], padding = ""): Uint8Array {
  let bits = symbols.map((s) => CODES[s]!.toString(2).padStart(CODE_BITS[s]!, "0")).join("") + padding;
  while (bits.length % 8 !== 0) bits += "1";
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (b) => Number.parseInt(b, 2));
}

describe("the code (RFC 7541 appendix B)", () => {
  const rows: readonly [symbol: number, bits: number, code: number][] = [
    [0, 13, 0x1ff8],
    [10, 30, 0x3ffffffc],
    [32, 6, 0x14],
    [48, 5, 0x0],
    [92, 19, 0x7fff0],
    [97, 5, 0x3],
    [122, 7, 0x7b],
    [127, 28, 0xffffffc],
    [128, 20, 0xfffe6],
    [199, 25, 0x1ffffec],
    [220, 28, 0xffffffd],
    [249, 28, 0xffffffe],
    [255, 26, 0x3ffffee],
    [EOS, 30, 0x3fffffff],
  ];
  for (const [symbol, bits, code] of rows) {
    test(`symbol ${symbol}`, () => {
      expect([CODE_BITS[symbol], CODES[symbol]]).toEqual([bits, code]);
    });
  }
});

describe("strings (RFC 7541 5.2)", () => {
  const rows: readonly [section: string, hex: string, text: string][] = [
    ["C.4.1", "f1e3 c2e5 f23a 6ba0 ab90 f4ff", "www.example.com"],
    ["C.4.2", "a8eb 1064 9cbf", "no-cache"],
    ["C.4.3", "25a8 49e9 5ba9 7d7f", "custom-key"],
    ["C.4.3", "25a8 49e9 5bb8 e8b4 bf", "custom-value"],
    ["C.6.1", "6402", "302"],
    ["C.6.1", "aec3 771a 4b", "private"],
    ["C.6.1", "d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff", "Mon, 21 Oct 2013 20:13:21 GMT"],
    ["C.6.1", "9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3", "https://www.example.com"],
    ["C.6.3", "9bd9 ab", "gzip"],
    ["5.2: empty", "", ""],
  ];
  for (const [section, hex, text] of rows) {
    test(`${section}: ${text}`, () => {
      expect(decoded(bytesOf(hex))).toBe(text);
      expect(hexOf(encoded(text))).toBe(hex.replaceAll(" ", ""));
    });
  }

  test("every byte, alone and between others", () => {
    for (let c = 0; c < 256; c++) {
      for (const text of [String.fromCharCode(c), `a${String.fromCharCode(c)}b`, String.fromCharCode(c).repeat(9)]) {
        expect(decoded(encoded(text))).toBe(text);
      }
    }
  });

  const faults: readonly [section: string, bytes: Uint8Array][] = [
    ["5.2: 8 bits of padding", bytesOf("ff")],
    ["5.2: 8 bits of padding behind a symbol", bitsOf([97], `111${"1".repeat(8)}`)],
    ["5.2: 16 bits of padding", bytesOf("ffff")],
    ["5.2: 24 bits of padding", bytesOf("ffffff")],
    ["5.2: padding of zeros", bitsOf([97], "000")],
    ["5.2: padding that ends in a zero", bitsOf([97], "110")],
    ["5.2: EOS alone", bitsOf([EOS])],
    ["5.2: EOS before a symbol", bitsOf([EOS, 97])],
    ["5.2: EOS between symbols", bitsOf([97, 98, EOS, 99])],
    ["5.2: EOS behind a long code", bitsOf([10, EOS, 97])],
    ["5.2: a code of 30 bits cut short", bitsOf([10]).slice(0, 3)],
    ["5.2: a code of 13 bits cut short", bitsOf([36]).slice(0, 1)],
    ["5.2: a code of 28 bits cut short by one byte", bitsOf([97, 127]).slice(0, 4)],
  ];
  for (const [section, bytes] of faults) test(section, () => expect(decoded(bytes)).toBeNull());

  test("any string comes back, whatever its codes' lengths", () => {
    const r = new Random(7541);
    for (let i = 0; i < 4000; i++) {
      const wide = r.pick([96, 128, 256]);
      const text = Array.from({ length: r.below(40) }, () => String.fromCharCode(r.below(wide))).join("");
      expect(decoded(encoded(text))).toBe(text);
    }
  });
});
