import { describe, expect, test } from "bun:test";
import { SuccessWindow } from "../../../../src/filters/admission/success_window.ts";
import { Random } from "../../../fuzz/random.ts";

describe("a window of outcomes", () => {
  test("forgets what is older, step by step", () => {
    const w = new SuccessWindow(30_000);
    w.record(true, 500);
    w.record(false, 1_500);
    w.forget(29_999);
    expect([w.requests, w.successes]).toEqual([2, 1]);
    w.forget(30_000);
    expect([w.requests, w.successes]).toEqual([1, 0]);
    w.forget(31_000);
    expect(w.requests).toBe(0);
  });

  test("is empty after a long silence, however long", () => {
    const w = new SuccessWindow(3_000);
    for (let t = 0; t < 3_000; t += 10) w.record(true, t);
    w.forget(1e12);
    expect([w.requests, w.successes]).toEqual([0, 0]);
  });

  test("tells the rate of the time that it knows: at least a second, at most itself", () => {
    const w = new SuccessWindow(10_000);
    expect(w.rate(0)).toBe(0);
    for (let i = 0; i < 20; i++) w.record(true, i);
    expect(w.rate(100)).toBe(20);
    expect(w.rate(4_000)).toBe(5);
    for (let t = 4_000; t < 30_000; t += 100) w.record(true, t);
    expect(w.rate(29_999)).toBeCloseTo(10, 0);
  });

  test("model: no outcome of less than the window is missing, none older than it is there", () => {
    const random = new Random(11);
    const w = new SuccessWindow(3_000);
    const all: { t: number; ok: boolean }[] = [];
    let t = 0;
    for (let i = 0; i < 5_000; i++) {
      t += random.below(40);
      const ok = random.once(3);
      w.record(ok, t);
      all.push({ t, ok });
      const young = all.filter((o) => o.t > t - 2_900);
      const known = all.filter((o) => o.t > t - 3_000);
      expect(w.requests).toBeGreaterThanOrEqual(young.length);
      expect(w.requests).toBeLessThanOrEqual(known.length);
      expect(w.successes).toBeLessThanOrEqual(w.requests);
    }
  });
});
