import { describe, expect, test } from "bun:test";
import { MergedNumbers, type ProcessRole } from "../../../src/telemetry/merged_numbers.ts";
import { Metrics } from "../../../src/telemetry/metrics.ts";
import { Numbers } from "../../../src/telemetry/numbers.ts";
import type { BaseBatch } from "../../../src/telemetry/row_records.ts";
import { valuesOf } from "./row_values.ts";

const copy = (batches: BaseBatch[]): BaseBatch[] => JSON.parse(JSON.stringify(batches)) as BaseBatch[];

/** Two workers with rows of the same names, and the process above them. */
function weir() {
  const own = new Numbers();
  const workers = [new Numbers(), new Numbers()] as const;
  const merged = new MergedNumbers(own);
  merged.add("0", workers[0], "worker");
  merged.add("1", workers[1], "worker");
  return { own, workers, merged, value: (row: string) => valuesOf(merged).get(row) };
}

describe("of several processes", () => {
  test("counters, vectors and histograms add up", () => {
    const { own, workers, value } = weir();
    for (const [i, n] of [own, ...workers].entries()) {
      n.counter("c", "C").add(10 ** i);
      n.vector("v", "V", { label: "l", names: ["x", "y"] }).add(i % 2, 1);
      n.histogram("h", "H", [1, 2]).observe(i);
    }
    expect([value("c{}"), value("v{}"), value("h{}")]).toEqual([[111], [2, 1], [3, 2, 1, 0]]);
  });

  test.each([
    ["sum", 9],
    ["max", 5],
    ["min", 1],
    ["control", 3],
  ] as const)("gauges go by their rule: %s", (rule, wanted) => {
    const { own, workers, value } = weir();
    workers[0].gauge("g", "G", {}, rule).value = 5;
    workers[1].gauge("g", "G", {}, rule).value = 1;
    own.gauge("g", "G", {}, rule).value = 3;
    expect(value("g{}")).toEqual([wanted]);
  });

  test("a config is counted once, whatever the number of workers", () => {
    const own = new Metrics();
    const worker = new Metrics();
    const merged = new MergedNumbers(own.numbers);
    merged.add("0", worker.numbers, "worker");
    own.server.reloaded(2, 1000);
    worker.server.reloaded(7, 2000);
    worker.server.reloadRefused();
    own.server.describeBuild("1", "bun");
    worker.server.describeBuild("1", "bun");
    const value = (row: string) => valuesOf(merged).get(row);
    expect(value('weir_config_reloads_total{"result":"applied"}')).toEqual([1]);
    expect(value("weir_config_generation{}")).toEqual([2]);
    expect(value("weir_config_last_reload_successful{}")).toEqual([1]);
    expect(value('weir_build_info{"version":"1","runtime":"bun"}')).toEqual([1]);
  });
});

describe("a worker that is gone", () => {
  test("leaves what it counted and takes its gauges along", () => {
    const { workers, merged, value } = weir();
    for (const n of workers) {
      n.counter("c", "C").add(2);
      n.gauge("g", "G").value = 2;
    }
    workers[0].gauge("alone", "Alone").value = 1;
    merged.fold("0");
    expect([value("c{}"), value("g{}"), value("alone{}")]).toEqual([[4], [2], undefined]);
    expect(merged.ids).toEqual(["1"]);
    merged.fold("0");
    merged.fold("1");
    expect([...valuesOf(merged)]).toEqual([["c{}", [4]]]);
  });

  test("is counted once, also when its id is used again and when it counts on", () => {
    const { workers, merged, value } = weir();
    const c = workers[0].counter("c", "C");
    c.add(2);
    const successor = new Numbers();
    successor.counter("c", "C").add(5);
    merged.add("0", successor, "worker");
    c.add(100);
    workers[0].counter("unseen", "Unseen");
    expect([value("c{}"), value("unseen{}")]).toEqual([[7], undefined]);
  });

  test("does not bring back names that the config no longer has", () => {
    const { workers, merged, value } = weir();
    for (const route of ["a", "b"]) for (const n of workers) n.counter("c", "C", { route }).add(1);
    merged.fold("0");
    merged.retain("route", new Set(["b"]));
    // The other one still has it: it has not taken the config yet.
    expect(value('c{"route":"a"}')).toEqual([2]);
    merged.fold("1");
    expect([...valuesOf(merged)]).toEqual([['c{"route":"b"}', [2]]]);
    merged.retain("route", new Set());
    expect(valuesOf(merged).size).toBe(0);
  });
});

describe("a name that leaves the config", () => {
  test("stays until the last process has forgotten it, and its counter never falls until then", () => {
    const { workers, merged, value } = weir();
    for (const n of workers) {
      n.counter("c", "C", { route: "a" }).add(3);
      n.gauge("g", "G", { route: "a" }).value = 3;
    }
    workers[0].forget("c", { route: "a" });
    workers[0].forget("g", { route: "a" });
    expect([value('c{"route":"a"}'), value('g{"route":"a"}')]).toEqual([[6], [3]]);
    workers[0].counter("c", "C", { route: "a" }).add(1);
    expect(value('c{"route":"a"}')).toEqual([7]);
    for (const n of workers) {
      n.forget("c", { route: "a" });
      n.forget("g", { route: "a" });
    }
    expect(valuesOf(merged).size).toBe(0);
    workers[1].counter("c", "C", { route: "a" });
    expect(value('c{"route":"a"}')).toEqual([0]);
  });

  test("takes along what was counted by processes that are gone", () => {
    const { workers, merged, value } = weir();
    for (const n of workers) n.counter("c", "C", { route: "a" }).add(3);
    merged.fold("0");
    workers[1].forget("c", { route: "a" });
    expect(value('c{"route":"a"}')).toBeUndefined();
  });
});

describe("an upgrade", () => {
  test("goes on with what was counted before, while processes of several generations drain", () => {
    const processes: { id: string; role: ProcessRole; numbers: Numbers }[] = [];
    let merged = new MergedNumbers();
    let counted = 0;
    for (let generation = 1; generation <= 5; generation++) {
      const own = new Numbers();
      const next = new MergedNumbers(own);
      for (const batch of copy(merged.dump())) expect(next.load(batch)).toBeNull();
      for (const { id, numbers, role } of processes) next.add(id, numbers, role);
      const worker = { id: `${generation}/0`, role: "worker", numbers: new Numbers() } as const;
      next.add(worker.id, worker.numbers, worker.role);
      // From now on the one before is of no account: it drains, and so do its workers.
      merged = next;
      processes.push({ id: `${generation}/control`, role: "control", numbers: own }, worker);
      for (const { numbers, role } of processes) {
        numbers.counter("c", "C", { route: "a" }).add(1);
        numbers.counter("offered", "Offered", {}, "always", "control").add(1);
        numbers.gauge("open", "Open").value = 1;
        numbers.gauge("generation", "Generation", {}, "control").value = role === "control" ? generation : 99;
        counted++;
      }
      const asked = processes.filter((p) => p.role === "control").length;
      expect(valuesOf(merged).get('c{"route":"a"}')).toEqual([counted]);
      expect(valuesOf(merged).get("open{}")).toEqual([processes.length]);
      expect(valuesOf(merged).get("generation{}")).toEqual([generation]);
      // 1, then 1 + 2, and from the third on the first of them has ended.
      expect(valuesOf(merged).get("offered{}")).toEqual([[1, 3, 6, 9, 12][generation - 1]!]);
      expect(asked).toBe(Math.min(generation, 3));
      if (generation < 3) continue;
      for (const { id } of processes.splice(0, 2)) merged.fold(id);
      expect(valuesOf(merged).get('c{"route":"a"}')).toEqual([counted]);
    }
  });

  test("hands on a large base in parts", () => {
    const { workers, merged } = weir();
    for (let i = 0; i < 2500; i++) {
      workers[0].counter("c", "C", { route: String(i) }).add(i);
      workers[0].vector("v", "V", { label: "l", names: ["x", "y"] }, { route: String(i) }).add(1, i);
    }
    workers[0].gauge("g", "G").value = 1;
    merged.fold("0");
    const parts = copy(merged.dump());
    expect(parts.length).toBe(5);
    const next = new MergedNumbers();
    for (const p of parts) expect(next.load(p)).toBeNull();
    expect(valuesOf(next)).toEqual(valuesOf(merged));
  });

  test("refuses another layout and takes nothing of it", () => {
    const { workers, merged } = weir();
    workers[0].counter("c", "C").add(1);
    merged.fold("0");
    const next = new MergedNumbers();
    expect(next.load({ ...merged.dump()[0]!, layout: 99 })).toBe("layout of numbers is not known: found version 99, wanted 1");
    expect(valuesOf(next).size).toBe(0);
  });

  test("finds cells by their names, and takes up those that only the other has", () => {
    const { own, workers, merged, value } = weir();
    const cells = (...names: string[]) => ({ label: "code", names });
    own.vector("v", "V", cells("a", "b")).add(1, 1);
    const before = workers[0].vector("v", "V", cells("b", "gone", "a"));
    before.add(0, 10);
    before.add(1, 20);
    before.add(2, 30);
    expect(value("v{}")).toEqual([30, 11, 20]);
    merged.fold("0");
    const next = new MergedNumbers();
    const now = new Numbers();
    next.add("1", now, "worker");
    now.vector("v", "V", cells("gone", "new")).add(1, 5);
    for (const p of copy(merged.dump())) next.load(p);
    expect(valuesOf(next).get("v{}")).toEqual([20, 5, 30, 10]);
  });

  test("keeps count and sum of a histogram whose bounds have changed", () => {
    const { own, workers, value } = weir();
    own.histogram("h", "H", [1, 5]).observe(1);
    const before = workers[0].histogram("h", "H", [0.5, 1, 3, 10]);
    for (const v of [0.1, 0.7, 2, 4, 20]) before.observe(v);
    expect(value("h{}")).toEqual([27.8, 3, 1, 2]);
  });

  test.each([
    ["kind", (n: Numbers) => void n.gauge("m", "M", { route: "a" })],
    ["labels", (n: Numbers) => void n.counter("m", "M", { cluster: "a" }).add(5)],
    ["cells", (n: Numbers) => n.vector("m", "M", { label: "x", names: ["y"] }, { route: "a" }).add(0, 5)],
  ])("a metric that changed its %s begins anew", (_, make) => {
    const { own, workers, merged } = weir();
    own.counter("m", "M", { route: "a" }).add(1);
    make(workers[0]);
    expect([...valuesOf(merged)]).toEqual([['m{"route":"a"}', [1]]]);
    merged.fold("0");
    expect([...valuesOf(merged)]).toEqual([['m{"route":"a"}', [1]]]);
  });
});
