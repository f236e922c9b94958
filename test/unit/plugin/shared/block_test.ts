import { describe, expect, test } from "bun:test";
import { concatBytes } from "../../../../src/base/bytes.ts";
import { BlockReader, blockHead, DATA, GONE, KILL, textBlock } from "../../../../src/plugin/shared/block.ts";
import { encodeMarks, readMarks } from "../../../../src/plugin/shared/marks.ts";

const BYTES = concatBytes([
  blockHead(DATA, 3),
  Uint8Array.of(1, 2, 3),
  blockHead(DATA, 0),
  ...textBlock(KILL, "why"),
  ...textBlock(GONE, ""),
]);
const BLOCKS = [
  [DATA, [1, 2, 3]],
  [DATA, []],
  [KILL, [...new TextEncoder().encode("why")]],
  [GONE, []],
];

describe("blocks come as they were sent", () => {
  test("cut at every byte, and byte by byte", () => {
    const all = Array.from({ length: BYTES.length + 1 }, (_, i) => [BYTES.slice(0, i), BYTES.slice(i)]);
    for (const pieces of [...all, [...BYTES].map((b) => Uint8Array.of(b))]) {
      const got: unknown[] = [];
      const reader = new BlockReader((kind, payload) => got.push([kind, [...payload]]));
      for (const p of pieces) expect(reader.receive(p)).toBe(true);
      expect(got).toEqual(BLOCKS);
    }
  });

  test("a length that none has ends the reading", () => {
    const reader = new BlockReader(() => {});
    expect(reader.receive(Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff))).toBe(false);
  });
});

test("marks hold numbers up to the largest that are exact", () => {
  const got: number[][] = [];
  const bytes = encodeMarks([1, Number.MAX_SAFE_INTEGER, 2, 4097]);
  // Anywhere in a chunk, which is a Buffer on some runtimes.
  for (const shifted of [new Uint8Array(bytes.length + 3), Buffer.alloc(bytes.length + 3)]) {
    shifted.set(bytes, 3);
    readMarks(shifted.subarray(3), (kind, number) => got.push([kind, number]));
    expect(got.splice(0)).toEqual([
      [1, Number.MAX_SAFE_INTEGER],
      [2, 4097],
    ]);
  }
});
