import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { reduceWeights, SmoothHeap } from "../../../src/upstream/smooth_heap.ts";

const SOME = fc.array(fc.nat(40), { minLength: 1, maxLength: 10 }).filter((w) => w.some((x) => x > 0));

describe("reducing weights", () => {
  test("divides by what they have in common", () => {
    expect(reduceWeights([100, 50, 0])).toEqual([2, 1, 0]);
    expect(reduceWeights([7])).toEqual([1]);
    expect(reduceWeights([0, 0])).toEqual([0, 0]);
    expect(reduceWeights([])).toEqual([]);
  });

  test("scales what stays too large, and leaves no weight without a turn", () => {
    expect(reduceWeights([3_000_001, 3_000_002, 1, 0])).toEqual([1_048_576, 1_048_576, 1, 0]);
  });
});

describe("smooth heap", () => {
  test("needs a weight above 0", () => {
    expect(() => new SmoothHeap([0, 0])).toThrow(RangeError);
  });

  test("model: the earliest of all turns (k − ½)/w, lowest index first, again in each period", () => {
    fc.assert(
      fc.property(SOME, (weights) => {
        const turns = weights.flatMap((w, i) => Array.from({ length: w }, (_, k) => ({ i, due: (2 * k + 1) / w })));
        turns.sort((a, b) => (Math.abs(a.due - b.due) < 1e-9 ? a.i - b.i : a.due - b.due));
        const expected = turns.map((t) => t.i);
        const heap = new SmoothHeap(weights);
        expect(heap.period).toBe(expected.length);
        for (let round = 0; round < 2; round++) expect(expected.map(() => heap.next())).toEqual(expected);
      }),
    );
  });

  test("a start in the period gives the rest of it first, give or take one turn an index", () => {
    fc.assert(
      fc.property(SOME, fc.double({ min: 0, max: 0.9999, noNaN: true }), (weights, start) => {
        const heap = new SmoothHeap(weights, start);
        const counts = new Map<number, number>();
        for (let n = 0; n < 3 * heap.period; n++) {
          const i = heap.next();
          counts.set(i, (counts.get(i) ?? 0) + 1);
        }
        weights.forEach((w, i) => {
          expect(Math.abs((counts.get(i) ?? 0) - 3 * w)).toBeLessThanOrEqual(1);
        });
      }),
    );
  });

  test("draws with exceptions never give what is skipped, −1 when all are, and leave the heap in order", () => {
    fc.assert(
      fc.property(SOME, fc.array(fc.nat(1023), { maxLength: 60 }), (weights, masks) => {
        const heap = new SmoothHeap(weights);
        for (const mask of masks) {
          const skip = (i: number): boolean => (mask & (1 << i)) !== 0;
          const left = weights.some((w, i) => w > 0 && !skip(i));
          const got = heap.nextExcept(skip);
          if (!left) expect(got).toBe(-1);
          else expect(got >= 0 && weights[got]! > 0 && !skip(got)).toBe(true);
        }
        // Whatever was skipped, with the period in hand over every index comes its weight's times again.
        const seen: number[] = new Array(weights.length).fill(0);
        let used = masks.filter((m) => weights.some((w, i) => w > 0 && (m & (1 << i)) === 0)).length % heap.period;
        for (; used !== 0; used = (used + 1) % heap.period) heap.next();
        for (let n = 0; n < heap.period; n++) seen[heap.next()]!++;
        expect(seen).toEqual(weights);
      }),
    );
  });
});
