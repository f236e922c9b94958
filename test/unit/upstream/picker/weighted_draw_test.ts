import { expect, test } from "bun:test";
import { WeightedDraw } from "../../../../src/upstream/picker/weighted_draw.ts";
import { pickerEnv } from "../../../seam/picker_cases.ts";
import { chiSquareP } from "../../../support/chi_square.ts";

for (const weights of [
  [1],
  [2, 2, 2],
  [1, 2, 3, 4],
  [1000, 1, 1],
  [0.25, 0.5, 7.25],
  Array.from({ length: 300 }, (_, i) => 1 + (i % 7)),
])
  test(`draws by chance in proportion: ${weights.length} weights from ${weights[0]}`, () => {
    const draw = new WeightedDraw(weights, pickerEnv(7).random);
    const counts = new Array(weights.length).fill(0);
    const draws = 200_000;
    for (let i = 0; i < draws; i++) counts[draw.next()]++;
    const sum = weights.reduce((a, b) => a + b);
    const p = chiSquareP(
      counts,
      weights.map((w) => (draws * w) / sum),
    );
    expect(p).toBeGreaterThan(0.001);
  });
