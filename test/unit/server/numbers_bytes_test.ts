import { expect, test } from "bun:test";
import type { Model } from "../../../src/config/model.ts";
import { numbersBytes } from "../../../src/server/numbers/numbers_bytes.ts";

function model(routes: number, clusters: number): Model {
  const many = (n: number): Map<string, unknown> => new Map(Array.from({ length: n }, (_, i) => [String(i), {}]));
  const table = { virtualHosts: [{ routes: new Array(routes).fill({}) }] };
  return { routeTables: new Map([["web", table]]), clusters: many(clusters), listeners: many(1) } as unknown as Model;
}

const MIB = 1024 * 1024;
const ROWS: readonly (readonly [what: string, routes: number, clusters: number, least: number, most: number])[] = [
  ["a small config has what keeps the collector lively", 10, 3, MIB, 1.1 * MIB],
  ["10,000 routes have twice their room", 10_000, 10, 2 * 10_000 * 176, 10 * MIB],
  ["10,000 clusters have twice their room", 10, 10_000, 2 * 10_000 * 1016, 40 * MIB],
  ["there is a bound", 10_000_000, 10, 64 * MIB, 64 * MIB],
];
for (const [what, routes, clusters, least, most] of ROWS)
  test(what, () => {
    const bytes = numbersBytes(model(routes, clusters));
    expect(bytes).toBeGreaterThanOrEqual(least);
    expect(bytes).toBeLessThanOrEqual(most);
    // Slots of eight bytes.
    expect(bytes % 8).toBe(0);
  });
