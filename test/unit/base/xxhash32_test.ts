import { expect, test } from "bun:test";
import { xxHash32 } from "../../../src/base/xxhash32.ts";

/** The bytes of the reference's own check (xxHash, xsum_sanity_check.c): each is the top one of a generator that is multiplied by itself. */
function sanityText(length: number): string {
  let generator = 2654435761n;
  let text = "";
  for (let i = 0; i < length; i++) {
    text += String.fromCharCode(Number((generator >> 56n) & 0xffn));
    generator = (generator * 11400714785074694797n) & 0xffffffffffffffffn;
  }
  return text;
}

const PRIME = 0x9e3779b1;

const ROWS: readonly (readonly [string, number, number])[] = [
  ["", 0, 0x02cc5d05],
  ["", PRIME, 0x36b78ae7],
  [sanityText(1), 0, 0xcf65b03e],
  [sanityText(1), PRIME, 0xb4545aa4],
  [sanityText(14), 0, 0x1208e7e2],
  [sanityText(14), PRIME, 0x6af1d1fe],
  [sanityText(222), 0, 0x5bd11dbd],
  [sanityText(222), PRIME, 0x58803c5f],
  ["a", 0, 0x550d7456],
  ["abc", 0, 0x32d153ff],
  ["abcdefghijklmnopqrstuvwxyz", 0, 0x63a14d5f],
  ["Nobody inspects the spammish repetition", 0, 0xe2293b2f],
];

for (const [text, seed, want] of ROWS)
  test(`of ${text.length} bytes with seed ${seed}`, () => {
    expect(xxHash32(text, seed)).toBe(want);
  });

test("each char counts as its low byte", () => {
  expect(xxHash32("\u0161bc", 0)).toBe(xxHash32("abc", 0));
});
