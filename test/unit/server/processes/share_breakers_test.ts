import { expect, test } from "bun:test";
import type { Model } from "../../../../src/config/model.ts";
import type { BreakerSpec } from "../../../../src/config/traffic_model.ts";
import { shareBreakers } from "../../../../src/server/processes/share_breakers.ts";
import { cluster } from "../../upstream/specs.ts";

function shares(b: BreakerSpec, workers: number): BreakerSpec[] {
  const spec = cluster([], { breakers: { default: b, high: b } });
  const model = { clusters: new Map([["web", spec]]) } as unknown as Model;
  return Array.from({ length: workers }, (_, i) => {
    const { breakers } = shareBreakers(model, i, workers).clusters.get("web")!;
    expect(breakers.high).toEqual(breakers.default);
    return breakers.default;
  });
}

const CAPS: BreakerSpec = { connections: 10, pending: 0, requests: 1001, retries: { share: 0.2, floor: 3 } };

test("what workers hold themselves to adds up to the config's caps", () => {
  for (const workers of [1, 2, 3, 8]) {
    const parts = shares(CAPS, workers);
    const sum = (of: (b: BreakerSpec) => number): number => parts.reduce((n, b) => n + of(b), 0);
    expect([sum((b) => b.requests), sum((b) => b.pending)]).toEqual([1001, 0]);
    expect(sum((b) => b.connections)).toBe(10);
    const requests = parts.map((b) => b.requests);
    expect(Math.max(...requests) - Math.min(...requests)).toBeLessThanOrEqual(1);
    expect(parts.every((b) => b.retries.share === 0.2)).toBe(true);
  }
});

test("nobody goes without: a cap below the number of workers is one for each", () => {
  const parts = shares(CAPS, 16);
  expect(parts.map((b) => b.connections)).toEqual(Array(16).fill(1));
  expect(parts.map((b) => b.retries.floor)).toEqual(Array(16).fill(1));
});

test("no cap stays none", () => {
  const no = Number.POSITIVE_INFINITY;
  const free: BreakerSpec = { connections: no, pending: no, requests: no, retries: { share: 0, floor: no } };
  expect(shares(free, 3)).toEqual([free, free, free]);
});
