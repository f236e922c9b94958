import { describe, expect, test } from "bun:test";
import { Numbers } from "../../../src/telemetry/numbers.ts";

describe("the catalogue", () => {
  test("gives the same slot for the same name and labels, and others for others", () => {
    const n = new Numbers();
    const a = n.counter("requests", "Requests", { route: "a" });
    const b = n.counter("requests", "Requests", { route: "b" });
    a.add(2);
    n.counter("requests", "Requests", { route: "a" }).add(3);
    expect([a.value, b.value]).toEqual([5, 0]);
  });

  test("keeps slots apart over many chunks", () => {
    const n = new Numbers();
    const cells = { label: "status", names: ["x", "y", "z"] };
    const rows = Array.from({ length: 2000 }, (_, i) => ({
      counter: n.counter("c", "C", { i: String(i) }),
      vector: n.vector("v", "V", cells, { i: String(i) }),
      histogram: n.histogram("h", "H", [1, 2, 4], { i: String(i) }),
    }));
    for (const [i, { counter, vector, histogram }] of rows.entries()) {
      counter.add(i);
      for (let c = 0; c < 3; c++) vector.add(c, i * 10 + c);
      histogram.observe(i % 6);
    }
    for (const [i, { counter, vector, histogram }] of rows.entries()) {
      expect(counter.value).toBe(i);
      expect([0, 1, 2].map((c) => vector.valueAt(c))).toEqual([i * 10, i * 10 + 1, i * 10 + 2]);
      expect([histogram.counts, histogram.sum]).toEqual([
        [
          [1, 0, 0, 0],
          [1, 0, 0, 0],
          [0, 1, 0, 0],
          [0, 0, 1, 0],
          [0, 0, 1, 0],
          [0, 0, 0, 1],
        ][i % 6]!,
        i % 6,
      ]);
    }
  });

  test("forgets one label set; its handle goes on, unseen", () => {
    const n = new Numbers();
    const a = n.counter("requests", "Requests", { route: "a" });
    n.counter("requests", "Requests", { route: "b" });
    a.add(1);
    n.forget("requests", { route: "a" });
    n.forget("no such metric", { route: "a" });
    a.add(1);
    expect([...n.families.get("requests")!.rows.values()].map((r) => r.labels.route)).toEqual(["b"]);
    expect(a.value).toBe(2);
    expect(n.counter("requests", "Requests", { route: "a" }).value).toBe(0);
  });

  test("a gauge can be set and falls", () => {
    const gauge = new Numbers().gauge("open", "Open");
    gauge.value = 7;
    gauge.add(-2);
    expect(gauge.value).toBe(5);
  });
});
