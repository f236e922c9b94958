import { describe, expect, test } from "bun:test";
import { TimerWheel } from "../../../../src/base/timer_wheel.ts";
import type { HealthCheckSpec } from "../../../../src/config/traffic_model.ts";
import { createMemoryPlatform } from "../../../../src/platform/memory.ts";
import { HostCheck } from "../../../../src/upstream/health/host_check.ts";
import { Pacer } from "../../../../src/upstream/health/pacer.ts";
import type { CheckResult, Probe, ProbeOwner } from "../../../../src/upstream/health/probe.ts";
import { Flusher } from "../../../../src/wire/flusher.ts";
import { HTTP } from "./checked_site.ts";

/** Checks whose answers come at once, and when each began. */
function checks(spec: Partial<HealthCheckSpec>, answer: () => CheckResult | null, random: () => number) {
  const platform = createMemoryPlatform();
  const began: number[] = [];
  const told: string[] = [];
  let cancelled = 0;
  const wheel = new TimerWheel(
    () => platform.now(),
    (ms, f) => platform.setTimer(ms, f),
  );
  const link = { flusher: new Flusher(() => platform.now()), wheel };
  const watcher = { onChecked: (_c: HostCheck, result: CheckResult) => void told.push(result) };
  const probe = (owner: ProbeOwner): Probe => ({
    start: () => {
      began.push(platform.now());
      const a = answer();
      if (a !== null) owner.onResult(a, "");
    },
    cancel: () => {
      cancelled++;
    },
    close: () => {},
  });
  const check = new HostCheck({ link, spec: { ...HTTP, ...spec }, random, watcher }, "a", null, probe);
  check.start(0);
  return { platform, check, began, told, cancelled: () => cancelled };
}

/** The wheel's grain. */
const LATE = 17;

function seeded(seed: number): () => number {
  let s = seed;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}

describe("the time between checks", () => {
  test("is the interval, longer by up to the jitter's share; the second check comes within the first interval", async () => {
    const c = checks({ intervalMs: 10_000, jitter: 0.2 }, () => "passed", seeded(7));
    await c.platform.advance(1_000_000);
    const waits = c.began.slice(1).map((at, i) => at - c.began[i]!);
    expect(waits[0]!).toBeLessThan(10_000 + LATE);
    const rest = waits.slice(1);
    expect(rest.length).toBeGreaterThan(80);
    expect(Math.min(...rest)).toBeGreaterThanOrEqual(10_000);
    expect(Math.max(...rest)).toBeLessThan(12_000 + LATE);
    // Uniform over 2 s: 85 draws all on one side of the middle have a chance of 2 in 2^85.
    expect(Math.min(...rest)).toBeLessThan(11_000);
    expect(Math.max(...rest)).toBeGreaterThan(11_000);
  });

  test("is the unhealthy interval from the first failure on, jitter too", async () => {
    const c = checks({ unhealthyIntervalMs: 2_000, jitter: 0.5 }, () => "failed", seeded(8));
    await c.platform.advance(100_000);
    const waits = c.began.slice(1).map((at, i) => at - c.began[i]!);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(2_000);
    expect(Math.max(...waits)).toBeLessThan(3_000 + LATE);
  });

  test("a check without an answer ends at its timeout, and the next one waits from there", async () => {
    const c = checks(
      { timeoutMs: 1_000, unhealthyIntervalMs: 5_000 },
      () => null,
      () => 0,
    );
    await c.platform.advance(1_000 + 2 * LATE);
    expect(c.told).toEqual(["timeout"]);
    expect(c.cancelled()).toBe(1);
    expect(c.check.tally.healthy).toBe(false);
    await c.platform.advance(20_000);
    const waits = c.began.slice(1).map((at, i) => at - c.began[i]!);
    for (const w of waits) expect(Math.abs(w - 6_000)).toBeLessThan(3 * LATE);
  });

  test("one that could not be made changes nothing", async () => {
    let results: CheckResult[] = ["passed", "skipped", "skipped", "skipped", "skipped"];
    const c = checks(
      { unhealthyThreshold: 1 },
      () => results.shift() ?? "passed",
      () => 0,
    );
    await c.platform.advance(60_000);
    expect(c.told.slice(0, 5)).toEqual(["passed", "skipped", "skipped", "skipped", "skipped"]);
    expect(c.check.tally.healthy).toBe(true);
    results = [];
  });

  test("closed, it asks no more", async () => {
    const c = checks(
      {},
      () => "passed",
      () => 0,
    );
    await c.platform.advance(100);
    c.check.close();
    const n = c.began.length;
    await c.platform.advance(100_000);
    expect(c.began.length).toBe(n);
  });
});

test("first checks of many hosts are spread, and those of a few begin at once", () => {
  const pacer = new Pacer();
  const at = Array.from({ length: 10_000 }, () => pacer.take(1_000));
  expect(at[0]).toBe(1_000);
  expect(at[9]!).toBeLessThan(1_003);
  expect(at[9_999]!).toBeCloseTo(3_499.75, 2);
  expect(pacer.take(10_000)).toBe(10_000);
});
