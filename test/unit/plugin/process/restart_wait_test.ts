import { describe, expect, test } from "bun:test";
import { RestartWait } from "../../../../src/plugin/process/restart_wait.ts";

const SPEC = { baseMs: 100, maxMs: 1000, crashes: 6, windowMs: 60_000 };

describe("the wait before a restart", () => {
  test("doubles up to the longest, with a part that is chance", () => {
    for (const [random, waits] of [
      [1, [100, 200, 400, 800, 1000, 1000]],
      [0, [50, 100, 200, 400, 500, 500]],
    ] as const) {
      const w = new RestartWait(SPEC, () => random);
      expect(waits.map((_, i) => w.ended(i))).toEqual([...waits]);
    }
  });

  test("opens the breaker after so many ends in the window, and closes it when they are long ago", () => {
    const w = new RestartWait(SPEC, () => 1);
    for (let i = 0; i < 5; i++) w.ended(i * 1000);
    expect(w.isOpen(5000)).toBe(false);
    w.ended(5000);
    expect(w.isOpen(5001)).toBe(true);
    expect(w.isOpen(59_000)).toBe(true);
    expect(w.isOpen(61_000)).toBe(false);
    expect(w.ended(200_000)).toBe(100);
  });
});
