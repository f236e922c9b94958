import { describe, expect, test } from "bun:test";
import type { BreakerSpec } from "../../../src/config/traffic_model.ts";
import { Metrics } from "../../../src/telemetry/metrics.ts";
import { Breaker } from "../../../src/upstream/breaker.ts";

const FREE: BreakerSpec = {
  connections: Number.POSITIVE_INFINITY,
  pending: Number.POSITIVE_INFINITY,
  requests: Number.POSITIVE_INFINITY,
  retries: { share: 0, floor: Number.POSITIVE_INFINITY },
};

function breaker(spec: Partial<BreakerSpec> = {}): { b: Breaker; metrics: Metrics } {
  const metrics = new Metrics();
  const b = new Breaker(metrics.cluster("app"), "default");
  b.become({ ...FREE, ...spec });
  return { b, metrics };
}

function gauges(metrics: Metrics): Record<string, number> {
  const out: Record<string, number> = {};
  for (const name of ["remaining", "open"])
    for (const { labels, metric } of metrics.numbers.families.get(`weir_cluster_breaker_${name}`)?.rows.values() ?? [])
      out[`${labels["limit"]} ${name}`] = (metric as { value: number }).value;
  return out;
}

describe("a limit", () => {
  test("is full when as many are taken, and not when one was given back", () => {
    const { b } = breaker({ requests: 2 });
    b.requests.take();
    expect(b.requests.full).toBe(false);
    b.requests.take();
    expect(b.requests.full).toBe(true);
    b.requests.give();
    expect(b.requests.full).toBe(false);
  });

  test("of 0 is always full; none never is, and counts all the same", () => {
    const { b } = breaker({ pending: 0 });
    expect(b.pending.full).toBe(true);
    for (let i = 0; i < 10_000; i++) b.requests.take();
    expect(b.requests.full).toBe(false);
    b.become({ ...FREE, requests: 10_000 });
    expect(b.requests.full).toBe(true);
  });

  test("that is lowered below what is taken is full until enough is given back", () => {
    const { b, metrics } = breaker({ requests: 5 });
    for (let i = 0; i < 4; i++) b.requests.take();
    b.become({ ...FREE, requests: 2 });
    expect(gauges(metrics)).toEqual({ "requests remaining": 0, "requests open": 1 });
    b.requests.give();
    b.requests.give();
    expect(b.requests.full).toBe(true);
    b.requests.give();
    expect(b.requests.full).toBe(false);
    expect(gauges(metrics)).toEqual({ "requests remaining": 1, "requests open": 0 });
  });

  test("shows gauges while the config sets it", () => {
    const { b, metrics } = breaker();
    expect(gauges(metrics)).toEqual({});
    b.become({ ...FREE, connections: 3 });
    expect(gauges(metrics)).toEqual({ "connections remaining": 3, "connections open": 0 });
    b.become(FREE);
    expect(gauges(metrics)).toEqual({});
  });

  test("that is reached is counted by its name, and answered with 503", () => {
    const { b, metrics } = breaker();
    const e = b.refuse("pending");
    expect([e.facts.code, e.facts.status, e.facts.retry]).toEqual(["overflow", 503, "never"]);
    const { overflows } = metrics.cluster("app").breaker("default");
    expect(overflows.names.map((_, i) => overflows.valueAt(i))).toEqual([0, 1, 0, 0]);
  });
});

describe("the budget of retries", () => {
  const rows: readonly [share: number, floor: number, requests: number, budget: number][] = [
    [0.2, 3, 0, 3],
    [0.2, 3, 15, 3],
    [0.2, 3, 20, 4],
    [0.2, 3, 24, 4],
    [0.2, 3, 100, 20],
    [1, 0, 7, 7],
    [0, 5, 1000, 5],
    [0, 0, 1000, 0],
    [0.1, 0, 9, 0],
  ];
  for (const [share, floor, requests, budget] of rows) {
    test(`${share} of ${requests}, at least ${floor}: ${budget}`, () => {
      const { b } = breaker({ retries: { share, floor } });
      for (let i = 0; i < requests; i++) b.requests.take();
      let taken = 0;
      for (; !b.retries.full && taken < 10_000; taken++) b.retries.take();
      expect(taken).toBe(budget);
    });
  }

  test("shrinks with the requests: what is over ends, and nothing begins", () => {
    const { b, metrics } = breaker({ retries: { share: 0.5, floor: 1 } });
    for (let i = 0; i < 8; i++) b.requests.take();
    for (let i = 0; i < 4; i++) b.retries.take();
    expect(gauges(metrics)).toEqual({ "retries remaining": 0, "retries open": 1 });
    for (let i = 0; i < 6; i++) b.requests.give();
    b.retries.give();
    b.retries.give();
    expect(b.retries.full).toBe(true);
    b.retries.give();
    expect(b.retries.full).toBe(true);
    b.retries.give();
    expect(b.retries.full).toBe(false);
    expect(gauges(metrics)).toEqual({ "retries remaining": 1, "retries open": 0 });
  });

  test("without a bound has none, and shows none", () => {
    const { b, metrics } = breaker();
    for (let i = 0; i < 1000; i++) b.retries.take();
    expect(b.retries.full).toBe(false);
    expect(gauges(metrics)).toEqual({});
  });
});
