import { describe, expect, test } from "bun:test";
import { priorityLoads } from "../../../../src/upstream/picker/priority_loads.ts";

/** Levels as healthy and all hosts; what is told as `load` with `!` for a panic. */
function told(levels: readonly (readonly [healthy: number, hosts: number])[], overprovisioning = 1.4, threshold = 0.5): string {
  return priorityLoads(
    levels.map(([healthy, hosts]) => ({ healthy, hosts })),
    overprovisioning,
    threshold,
  )
    .map((l) => `${l.load}${l.panic ? "!" : ""}`)
    .join(" ");
}

// Envoy's docs: intro/arch_overview/upstream/load_balancing/priority, tables "P=0 healthy endpoints" to "Percent of traffic to P=2".
describe("loads of levels, as in the tables of Envoy's documentation", () => {
  for (const [healthy, want] of [
    [[100, 100], "100 0"],
    [[72, 100], "100 0"],
    [[71, 100], "99 1"],
    [[50, 100], "70 30"],
    [[25, 100], "35 65"],
    [[25, 25], "50! 50!"],
    [[0, 100], "0 100"],
  ] as const)
    test(`two levels, ${healthy.join(" and ")} % healthy: ${want}`, () => {
      expect(told(healthy.map((h) => [h, 100]))).toBe(want);
    });
  for (const [healthy, want] of [
    [[100, 100, 100], "100 0 0"],
    [[72, 72, 100], "100 0 0"],
    [[71, 71, 100], "99 1 0"],
    [[50, 50, 100], "70 30 0"],
    [[25, 100, 100], "35 65 0"],
    [[25, 25, 100], "35 35 30"],
    // Envoy's page says 36, 36, 28, by worth; in a panic of all levels its code goes by hosts.
    [[25, 25, 20], "34! 33! 33!"],
  ] as const)
    test(`three levels, ${healthy.join(", ")} % healthy: ${want}`, () => {
      expect(told(healthy.map((h) => [h, 100]))).toBe(want);
    });
});

// Envoy's docs: load_balancing/panic_threshold, table of two levels with panic thresholds of 50 %.
describe("panics of levels, as in the table of Envoy's documentation", () => {
  for (const [healthy, want] of [
    [[72, 72], "100 0"],
    [[71, 71], "99 1"],
    [[50, 60], "70 30"],
    [[25, 100], "35 65"],
    [[25, 25], "50! 50!"],
    // The page says 7 and 93; the code gives what rounding leaves over to the first.
    [[5, 65], "8! 92"],
  ] as const)
    test(`${healthy.join(" and ")} % healthy: ${want}`, () => {
      expect(told(healthy.map((h) => [h, 100]))).toBe(want);
    });
});

describe("loads of levels", () => {
  test("while all levels together are worth 100, none panics", () => {
    expect(
      told([
        [40, 100],
        [40, 100],
      ]),
    ).toBe("56 44");
  });

  test("in a panic of all levels hosts count, healthy or not", () => {
    expect(
      told([
        [0, 3],
        [0, 1],
      ]),
    ).toBe("75! 25!");
    expect(
      told([
        [0, 1],
        [0, 1],
        [0, 1],
      ]),
    ).toBe("34! 33! 33!");
  });

  test("without a threshold nothing panics, and nobody healthy leaves all to the first", () => {
    expect(
      told(
        [
          [0, 4],
          [0, 4],
        ],
        1.4,
        0,
      ),
    ).toBe("100 0");
    expect(
      told(
        [
          [1, 4],
          [0, 4],
        ],
        1.4,
        0,
      ),
    ).toBe("100 0");
  });

  test("what rounding leaves over is the first healthy level's", () => {
    // Worth 17 and 17 of 34: 50 each; 14, 14 and 14 of 42: 33 each and 1 left.
    expect(
      told(
        [
          [1, 10],
          [1, 10],
          [1, 10],
        ],
        1.4,
        0,
      ),
    ).toBe("34 33 33");
    expect(
      told(
        [
          [0, 10],
          [1, 10],
          [1, 10],
          [1, 10],
        ],
        1.4,
        0,
      ),
    ).toBe("0 34 33 33");
  });

  test("one level takes everything, in a panic or not", () => {
    expect(told([[3, 4]])).toBe("100");
    expect(told([[1, 4]])).toBe("100!");
  });

  test("always 100 together", () => {
    for (let a = 0; a <= 7; a++)
      for (let b = 0; b <= 5; b++)
        for (let c = 0; c <= 3; c++)
          for (const threshold of [0, 0.5, 1]) {
            const loads = priorityLoads(
              [
                { hosts: 7, healthy: a },
                { hosts: 5, healthy: b },
                { hosts: 3, healthy: c },
              ],
              1.4,
              threshold,
            );
            expect(loads.reduce((n, l) => n + l.load, 0)).toBe(100);
          }
  });
});
