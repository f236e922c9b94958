import { describe, expect, test } from "bun:test";
import { PluginCounters } from "../../../../src/plugin/calls/plugin_counters.ts";
import { Numbers } from "../../../../src/telemetry/numbers.ts";
import { PluginMetrics } from "../../../../src/telemetry/plugin_metrics.ts";

describe("counters of a plugin", () => {
  test("are its own, by name and labels", () => {
    const numbers = new Numbers();
    const counters = new PluginCounters(numbers, "p");
    expect(counters.add("hits", 1, undefined)).toBe(true);
    expect(counters.add("hits", 2, { kind: "a" })).toBe(true);
    expect(counters.add("hits", 2.5, { kind: "a" })).toBe(true);
    expect([...numbers.families.get("weir_plugin_hits_total")!.rows.values()].map((r) => r.labels)).toEqual([
      { plugin: "p", labels: "" },
      { plugin: "p", labels: '{"kind":"a"}' },
    ]);
  });

  test("have names, labels and numbers that can be shown", () => {
    const counters = new PluginCounters(new Numbers(), "p");
    const bad: readonly [unknown, unknown, unknown][] = [
      [1, 1, undefined],
      ["a-b", 1, undefined],
      ["", 1, undefined],
      ["a", -1, undefined],
      ["a", Number.NaN, undefined],
      ["a", "1", undefined],
      ["a", 1, { "a-b": "c" }],
      ["a", 1, { a: 1 }],
      ["a", 1, null],
    ];
    for (const [name, by, labels] of bad) expect([name, counters.add(name, by, labels)]).toEqual([name, false]);
  });

  test("are never Weir's own of the same name", () => {
    const numbers = new Numbers();
    new PluginMetrics(numbers, "p").phase("requestHead");
    const own = [...numbers.families.keys()].map((n) => /^weir_plugin_(.*)_total$/.exec(n)?.[1]).filter((n) => n !== undefined);
    expect(own.length).toBeGreaterThan(3);
    for (const name of own) expect([name, new PluginCounters(numbers, "p").add(name, 1, undefined)]).toEqual([name, false]);
  });

  test("are at most a hundred", () => {
    const counters = new PluginCounters(new Numbers(), "p");
    for (let i = 0; i < 100; i++) expect(counters.add("n", 1, { i: String(i) })).toBe(true);
    expect(counters.add("n", 1, { i: "one more" })).toBe(false);
    expect(counters.add("n", 1, { i: "5" })).toBe(true);
  });
});
