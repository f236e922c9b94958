import { describe, expect, test } from "bun:test";
import { byteRanges } from "../../../src/static/byte_ranges.ts";

describe("Range (RFC 9110 14.2)", () => {
  const rows: readonly [string, number, readonly (readonly [number, number])[] | null][] = [
    ["bytes=0-0", 10, [[0, 1]]],
    ["bytes=2-", 10, [[2, 10]]],
    ["bytes=-3", 10, [[7, 10]]],
    ["bytes=-30", 10, [[0, 10]]],
    ["bytes=5-99", 10, [[5, 10]]],
    [
      "BYTES= 0-1 , 4-5 ",
      10,
      [
        [0, 2],
        [4, 6],
      ],
    ],
    [
      "bytes=0-1,,4-5",
      10,
      [
        [0, 2],
        [4, 6],
      ],
    ],
    ["bytes=0-1,20-30", 10, [[0, 2]]],
    // 14.1.2: none can be satisfied.
    ["bytes=10-", 10, []],
    ["bytes=-0", 10, []],
    ["bytes=0-", 0, []],
    ["bytes=-5", 0, []],
    ["bytes=99999999999999999999-", 10, []],
    // To be ignored.
    ["items=0-1", 10, null],
    ["bytes=", 10, null],
    ["bytes=-", 10, null],
    ["bytes=3-2", 10, null],
    ["bytes=a-b", 10, null],
    ["bytes=0-1-2", 10, null],
    ["bytes 0-1", 10, null],
    ["bytes=0-5,3-7", 10, null],
    ["bytes=4-5,0-1", 10, null],
    [`bytes=${Array.from({ length: 17 }, (_, i) => `${2 * i}-${2 * i}`).join(",")}`, 100, null],
  ];
  for (const [field, size, wanted] of rows)
    test(`${field} of ${size}`, () => {
      const found = byteRanges(field, size);
      expect(found === null ? null : found.map((r) => [r.from, r.to] as const)).toEqual(wanted as never);
    });
});
