import { describe, expect, test } from "bun:test";
import { HashShares } from "../../../src/upstream/hash_shares.ts";
import { keyOf } from "../../seam/picker_cases.ts";
import { chiSquareP } from "../../support/chi_square.ts";

function counts(shares: HashShares, n: number, draws: number): number[] {
  const out = new Array(n).fill(0);
  for (let k = 0; k < draws; k++) out[shares.at(keyOf(k))]++;
  return out;
}

describe("shares by hash", () => {
  for (const shares of [
    [90, 10],
    [1, 1, 1],
    [0, 3, 1],
    [5, 0, 5],
    [1, 0],
    [65535, 1],
  ])
    test(`${shares.join(", ")}: as large as they are, by chance alone`, () => {
      const sum = shares.reduce((a, b) => a + b);
      const seen = counts(new HashShares(shares), shares.length, 50_000);
      const p = chiSquareP(
        seen,
        shares.map((s) => (50_000 * s) / sum),
      );
      expect(p).toBeGreaterThan(0.001);
      shares.forEach((s, i) => {
        if (s === 0) expect(seen[i]).toBe(0);
      });
    });

  test("both ends of the range", () => {
    const shares = new HashShares([1, 1]);
    expect([shares.at(1), shares.at(2 ** 31 - 1), shares.at(2 ** 31), shares.at(2 ** 32 - 1)]).toEqual([0, 0, 1, 1]);
    expect(new HashShares([1, 1, 0]).at(2 ** 32 - 1)).toBe(1);
  });

  test("a canary that grows keeps whom it has, and takes no more than it grows by", () => {
    const [before, after] = [new HashShares([90, 10]), new HashShares([80, 20])];
    let moved = 0;
    for (let k = 0; k < 20_000; k++) {
      const [a, b] = [before.at(keyOf(k)), after.at(keyOf(k))];
      if (a === 1) expect(b).toBe(1);
      if (a !== b) moved++;
    }
    // A tenth, within five standard deviations.
    expect(Math.abs(moved - 2000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.1 * 0.9));
  });
});
