import { describe, expect, test } from "bun:test";
import { LENGTH_BITS, putInteger, readInteger } from "../../../../../src/http/h2/hpack/integer.ts";
import { LARGEST_INTEGER } from "../../../../../src/http/h2/hpack/limits.ts";
import { bytesOf } from "./hex.ts";

describe("integers (RFC 7541 5.1)", () => {
  const rows: readonly [section: string, hex: string, mask: number, value: number][] = [
    ["C.1.1: 10 with a prefix of 5 bits", "0a", 0x1f, 10],
    ["C.1.2: 1337 with a prefix of 5 bits", "1f9a0a", 0x1f, 1337],
    ["C.1.3: 42 at an octet boundary", "2a", 0xff, 42],
    ["5.1: the largest in the prefix", "1e", 0x1f, 30],
    ["5.1: the prefix full", "1f00", 0x1f, 31],
    ["5.1: the bits before the prefix are another's", "ff00", 0x7f, 127],
    ["5.1: longer than it need be", "1f808000", 0x1f, 31],
    ["5.1: as many bytes as are taken", "1f80808000", 0x1f, 31],
    ["5.1: the largest that is taken", "7f80ffff3f", 0x7f, LARGEST_INTEGER],
  ];
  for (const [section, hex, mask, value] of rows) {
    test(section, () => {
      const b = bytesOf(hex);
      expect(readInteger(b, 0, b.length, mask)).toBe((value << LENGTH_BITS) | b.length);
      for (let end = 0; end < b.length; end++) expect(readInteger(b, 0, end, mask)).toBe(-1);
    });
  }

  const faults: readonly [section: string, hex: string][] = [
    ["5.1: over the largest by one", "7f81ffff3f"],
    ["5.1: 28 bits", "7fffffff7f"],
    ["5.1: an int32 would overflow", "7fffffffff0f"],
    ["5.1: 64 bits", "7fffffffffffffffffff01"],
    ["5.1: zeros without end", `7f${"80".repeat(40)}00`],
    ["5.1: five bytes that say nothing", "7f8080808000"],
  ];
  for (const [section, hex] of faults) {
    test(section, () => {
      const b = bytesOf(hex);
      expect(readInteger(b, 0, b.length, 0x7f)).toBe(-1);
    });
  }

  test("what is written is read", () => {
    const b = new Uint8Array(16);
    for (const mask of [0x0f, 0x1f, 0x3f, 0x7f]) {
      for (const value of [
        0,
        1,
        14,
        15,
        16,
        30,
        31,
        62,
        63,
        126,
        127,
        128,
        254,
        255,
        256,
        16383,
        16384,
        2 ** 21,
        LARGEST_INTEGER,
      ]) {
        const end = putInteger(b, 3, 0x80, mask, value);
        expect(b[3]! & 0x80).toBe(0x80);
        expect(readInteger(b, 3, end, mask)).toBe((value << LENGTH_BITS) | (end - 3));
      }
    }
    expect(putInteger(b, 0, 0x20, 0x1f, 2 ** 32 - 1)).toBe(6);
  });
});
