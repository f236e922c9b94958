import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { MAX_SEQUENCE, smoothOrder, weightedChoice } from "../../../src/upstream/weighted.ts";

const WEIGHTS = fc.array(fc.oneof(fc.nat(10), fc.nat(1000), fc.nat(0xffff), fc.constant(0)), { minLength: 1, maxLength: 12 });
const SOME = WEIGHTS.filter((w) => w.some((x) => x > 0));

function tally(weights: readonly number[], draws: number, start = 0): number[] {
  const choice = weightedChoice(weights, start);
  const counts: number[] = new Array(weights.length).fill(0);
  for (let n = 0; n < draws; n++) counts[choice.next()]!++;
  return counts;
}

describe("weighted choice", () => {
  test("nothing to choose is −1, and stays so", () => {
    for (const weights of [[], [0], [0, 0, 0]]) {
      const choice = weightedChoice(weights);
      expect([choice.next(), choice.next()]).toEqual([-1, -1]);
    }
  });

  test("the only weight above 0 takes everything", () => {
    expect(tally([0, 7, 0], 50)).toEqual([0, 50, 0]);
  });

  test("90 to 10 is 90,000 to 10,000 of 100,000, and 9 to 1 of the first ten", () => {
    expect(tally([90, 10], 100_000)).toEqual([90_000, 10_000]);
    expect(tally([90, 10], 10)).toEqual([9, 1]);
  });

  test("shares of any weights are within 0.1 % over 100,000 draws", () => {
    fc.assert(
      fc.property(SOME, fc.double({ min: 0, max: 0.999, noNaN: true }), (weights, start) => {
        const sum = weights.reduce((a, b) => a + b);
        tally(weights, 100_000, start).forEach((n, i) => {
          if (Math.abs(n / 100_000 - weights[i]! / sum) > 0.001) throw new Error(`index ${i}: ${n} of 100,000 for ${weights}`);
        });
      }),
      { numRuns: 25 },
    );
  });

  test("the same weights give the same order", () => {
    fc.assert(
      fc.property(SOME, (weights) => {
        const [a, b] = [weightedChoice(weights), weightedChoice(weights)];
        for (let n = 0; n < 300; n++) expect(a.next()).toBe(b.next());
      }),
      { numRuns: 50 },
    );
  });

  test("weights of 32 bits are scaled down, and a tiny one still gets a turn", () => {
    const counts = tally([4_294_967_295, 4_294_967_295, 1], 3_000_000);
    expect(counts[2]).toBeGreaterThan(0);
    expect(Math.abs(counts[0]! - counts[1]!)).toBeLessThanOrEqual(1);
    expect(counts[2]! / 3_000_000).toBeLessThan(0.00001);
  });

  test("what is no whole number from 0 on is refused, quoted", () => {
    for (const bad of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => weightedChoice([1, bad])).toThrow(`found "${bad}"`);
    }
  });
});

describe("the order of a period", () => {
  test("is empty for weights of 0 alone, and null when it is too long", () => {
    expect(smoothOrder([0, 0])).toEqual(new Uint16Array(0));
    expect(smoothOrder([MAX_SEQUENCE - 1, 1])?.length).toBe(MAX_SEQUENCE);
    expect(smoothOrder([MAX_SEQUENCE, 1])).toBeNull();
    expect(smoothOrder([...new Array(0x10000).fill(0), 1])).toBeNull();
  });
});
