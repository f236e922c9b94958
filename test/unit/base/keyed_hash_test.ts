import { expect, test } from "bun:test";
import { keyedHash } from "../../../src/base/keyed_hash.ts";

/** HalfSipHash-2-4 of the bytes 0, 1, 2… up to the length, under the key 0 to 7: the reference's own values, by length. */
const ROWS: readonly (readonly [number, string])[] = [
  [0, "a9359f5b"],
  [1, "27475ab8"],
  [2, "fa62a603"],
  [3, "8afee704"],
  [4, "2a6e4689"],
  [5, "c5fab669"],
  [8, "d0b8848f"],
  [11, "08083050"],
  [15, "74fe2b97"],
  [63, "59ea4a74"],
];

for (const [length, want] of ROWS)
  test(`of ${length} bytes`, () => {
    const text = String.fromCharCode(...Array.from({ length }, (_, i) => i));
    expect(littleEndian(keyedHash(text, 0x03020100, 0x07060504))).toBe(want);
  });

function littleEndian(n: number): string {
  return [0, 8, 16, 24].map((shift) => ((n >>> shift) & 0xff).toString(16).padStart(2, "0")).join("");
}
