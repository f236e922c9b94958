import { expect, test } from "bun:test";
import { paced, Round, saturated } from "../../../../../src/cli/plugin/bench/load.ts";

test("shares of round trips", () => {
  const r = new Round();
  expect(r.below(0.5)).toBeNull();
  for (let n = 100; n > 0; n--) r.times.push(n);
  expect([r.below(0), r.below(0.5), r.below(0.99), r.below(1)]).toEqual([1, 51, 100, 100]);
});

test("a paced round asks as often as it says, and no more", async () => {
  let asked = 0;
  await paced(new Round(), 1000, 0.02, () => {
    asked++;
  });
  expect(asked).toBe(20);
});

test("a full round has no more open than it says, and ends when calls fail", async () => {
  const r = new Round();
  let open = 0;
  let most = 0;
  await saturated(r, 3, 60, async () => {
    open++;
    most = Math.max(most, open);
    await Promise.resolve();
    open--;
    r.failed++;
  });
  expect([most, r.failed <= 6]).toEqual([3, true]);
});
