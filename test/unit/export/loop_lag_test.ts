import { expect, test } from "bun:test";
import { watchLoopLag } from "../../../src/export/loop_lag.ts";
import { Metrics } from "../../../src/telemetry/metrics.ts";
import { FakeClock } from "./fakes.ts";

test("observes how late its timer came, until it is closed", () => {
  const clock = new FakeClock();
  let held = 0;
  const { loopLag } = new Metrics().server;
  const watch = watchLoopLag({ now: () => clock.now() + held, setTimer: (ms, f) => clock.setTimer(ms, f) }, loopLag);
  clock.advance(100);
  expect([loopLag.sum, loopLag.counts[0]]).toEqual([0, 1]);
  held = 40;
  clock.advance(100);
  expect(loopLag.sum).toBeCloseTo(0.04, 9);
  clock.advance(800);
  expect(loopLag.counts.reduce((a, b) => a + b, 0)).toBe(10);
  expect(loopLag.sum).toBeCloseTo(0.04, 9);
  watch.close();
  expect(clock.pending).toBe(0);
});
