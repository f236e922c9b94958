import { describe, expect, test } from "bun:test";
import type { Model } from "../../../../src/config/model.ts";
import { sharePlugins } from "../../../../src/server/processes/share_plugins.ts";
import { SPEC } from "../../plugin/process/fake_plugins.ts";

function shares(processes: number, queue: number, workers: number): { processes: number; queue: number; first: number }[] {
  const model = { plugins: new Map([["p", { ...SPEC, processes, queue }]]) } as unknown as Model;
  return Array.from({ length: workers }, (_, i) => {
    const p = sharePlugins(model, i, workers, () => null).plugins.get("p")!;
    return { processes: p.processes, queue: p.queue, first: p.part!.first };
  });
}

describe("what workers have of a plugin", () => {
  test("is in sum what the config says, and each process has a number of its own", () => {
    for (const [processes, workers] of [
      [2, 2],
      [3, 2],
      [7, 3],
      [8, 8],
    ] as const) {
      const all = shares(processes, 100, workers);
      const numbers = all.flatMap((s) => Array.from({ length: s.processes }, (_, i) => s.first + i));
      expect(numbers).toEqual(Array.from({ length: processes }, (_, i) => i));
      expect(all.reduce((n, s) => n + s.queue, 0)).toBe(100);
    }
  });

  test("lets no call wait where the config lets none", () => {
    expect(shares(4, 0, 2).map((s) => s.queue)).toEqual([0, 0]);
  });

  test("is a part of the calls where they share its processes", () => {
    const model = { plugins: new Map([["p", { ...SPEC, concurrency: 10, queue: 7 }]]) } as unknown as Model;
    const all = [0, 1, 2].map((i) => sharePlugins(model, i, 3, () => 4).plugins.get("p")!);
    expect(all.map((p) => [p.processes, p.concurrency, p.queue, p.part])).toEqual([
      [1, 4, 3, { first: 0, pool: 4 }],
      [1, 3, 2, { first: 0, pool: 4 }],
      [1, 3, 2, { first: 0, pool: 4 }],
    ]);
  });
});
