import { describe, expect, test } from "bun:test";
import { MergedNumbers } from "../../../src/telemetry/merged_numbers.ts";
import { Metrics } from "../../../src/telemetry/metrics.ts";
import { NumberMemory } from "../../../src/telemetry/number_memory.ts";
import { Numbers } from "../../../src/telemetry/numbers.ts";
import { RowFeed } from "../../../src/telemetry/row_feed.ts";
import { RowReader } from "../../../src/telemetry/row_reader.ts";
import {
  BATCH_RECORDS,
  HEADER_SLOTS,
  LAYOUT_VERSION,
  type RowBatch,
  type RowChange,
} from "../../../src/telemetry/row_records.ts";
import { allMetrics } from "./all_metrics.ts";
import { valuesOf } from "./row_values.ts";

const MIB = 1 << 20;

/** Numbers with a reader that hears of them as another process would. */
function pair(slots = MIB / 8) {
  const buffer = new ArrayBuffer(8 * slots);
  const numbers = new Numbers(new NumberMemory({ buffer }));
  const batches: RowBatch[] = [];
  const feed = new RowFeed(buffer, (b) => batches.push(JSON.parse(JSON.stringify(b)) as RowBatch));
  numbers.watch(feed);
  const reader = new RowReader(buffer);
  function pass(): void {
    feed.flush();
    for (const b of batches.splice(0)) expect(reader.apply(b)).toBeNull();
  }
  return { buffer, numbers, feed, batches, reader, pass };
}

describe("a reader", () => {
  test("sees every kind of metric, and what is counted later", () => {
    const { numbers, reader, pass } = pair();
    const metrics = new Metrics(numbers);
    allMetrics(metrics);
    pass();
    expect(valuesOf(reader)).toEqual(valuesOf(numbers));
    metrics.route("a").finish(404, 17);
    metrics.listener("a").refuse("draining");
    metrics.server.loopLag.observe(0.2);
    metrics.server.configGeneration.value = 4;
    expect(valuesOf(reader)).toEqual(valuesOf(numbers));
    expect(valuesOf(reader).get("weir_config_generation{}")).toEqual([4]);
  });

  test("no longer sees what was forgotten, and sees a new row in its place", () => {
    const { numbers, reader, pass } = pair();
    numbers.counter("a", "A", { i: "x" }).add(1);
    numbers.counter("a", "A", { i: "y" }).add(2);
    pass();
    numbers.forget("a", { i: "x" });
    numbers.forget("a", { i: "y" });
    numbers.counter("a", "A", { i: "y" }).add(5);
    pass();
    expect([...valuesOf(reader)]).toEqual([['a{"i":"y"}', [5]]]);
  });

  test("is not told of rows on the heap", () => {
    const { numbers, reader, pass } = pair(HEADER_SLOTS + 1);
    numbers.counter("a", "A", { i: "x" });
    // Places on the heap have numbers too, and one of them is that of the first row in the buffer.
    for (let i = 0; i < 2 * HEADER_SLOTS; i++) numbers.counter("a", "A", { i: String(i) });
    for (let i = 0; i < 2 * HEADER_SLOTS; i++) numbers.forget("a", { i: String(i) });
    pass();
    expect([...valuesOf(reader).keys()]).toEqual(['a{"i":"x"}']);
  });

  test.each(["by its process", "by another reader of it"])("that comes late is told the same %s", (by) => {
    const { buffer, numbers, reader, pass } = pair();
    allMetrics(new Metrics(numbers));
    pass();
    numbers.forget("weir_draining", {});
    numbers.counter("later_total", "Later").add(3);
    pass();
    const late = new RowReader(buffer);
    const feed = new RowFeed(buffer, (b) => expect(late.apply(b)).toBeNull());
    (by === "by its process" ? numbers : reader).watch(feed);
    feed.flush();
    expect(valuesOf(late)).toEqual(valuesOf(numbers));
    expect(valuesOf(late).get("later_total{}")).toEqual([3]);
  });

  test("that is told twice has each row once", () => {
    const { buffer, numbers, reader, pass } = pair();
    const merged = new MergedNumbers();
    merged.add("0", reader, "worker");
    const gone = new Numbers();
    merged.add("1", gone, "worker");
    gone.counter("a", "A").add(5);
    merged.fold("1");
    numbers.counter("a", "A").add(2);
    pass();
    const again = new RowFeed(buffer, (b) => expect(reader.apply(b)).toBeNull());
    numbers.watch(again);
    again.flush();
    expect([...valuesOf(reader)]).toEqual([["a{}", [2]]]);
    expect([...valuesOf(merged)]).toEqual([["a{}", [7]]]);
  });

  test("is told until it no longer listens", () => {
    const { numbers, batches, feed } = pair();
    const end = numbers.watch({ onRow: () => told++, onForget: () => told++ });
    let told = 0;
    numbers.counter("a", "A");
    end();
    numbers.counter("b", "B");
    numbers.forget("a", {});
    expect(told).toBe(1);
    feed.flush();
    expect(batches).toHaveLength(1);
  });
});

describe("batches", () => {
  test("are bounded, and a family is told once", () => {
    const { numbers, batches, feed } = pair();
    for (let i = 0; i < 2 * BATCH_RECORDS; i++) numbers.counter("a", "A", { i: String(i) });
    feed.flush();
    expect(batches.map((b) => b.changes.length)).toEqual([BATCH_RECORDS, BATCH_RECORDS, 1]);
    expect(batches.flatMap((b) => b.changes).filter((c) => typeof c === "object" && "name" in c)).toHaveLength(1);
  });

  test("leave by the end of the turn, and at once when asked", async () => {
    const { numbers, batches, feed } = pair();
    numbers.counter("a", "A");
    expect(batches).toHaveLength(0);
    await Promise.resolve();
    expect(batches).toHaveLength(1);
    numbers.counter("b", "B");
    feed.flush();
    expect(batches).toHaveLength(2);
    await Promise.resolve();
    expect(batches).toHaveLength(2);
  });

  test("of 10,000 routes are less than 1 MB as JSON", () => {
    const { numbers, batches, feed } = pair(MIB);
    const metrics = new Metrics(numbers);
    for (let i = 0; i < 10_000; i++) metrics.route(`route-${i}`);
    feed.flush();
    expect(JSON.stringify(batches).length).toBeLessThan(1e6);
  });
});

describe("a reader refuses", () => {
  const family = {
    id: 0,
    name: "a",
    help: "A",
    kind: "counter",
    labelNames: ["i"],
    bounds: [],
    cellLabel: "",
    cellNames: [],
    zeros: "always",
    merge: "sum",
  } as const;

  test.each([
    [
      "another layout",
      LAYOUT_VERSION + 1,
      [],
      `layout of numbers is not known: found version ${LAYOUT_VERSION + 1}, wanted ${LAYOUT_VERSION}`,
    ],
    ["a row without a family", LAYOUT_VERSION, [[3, 8, "x"]], "a row of numbers has a family that was not told: found 3"],
    [
      "a row in the header",
      LAYOUT_VERSION,
      [family, [0, 7, "x"]],
      "a row of a lies outside of its memory: found slots 7 to 8, wanted 8 to 16",
    ],
    [
      "a row behind the end",
      LAYOUT_VERSION,
      [family, [0, 16, "x"]],
      "a row of a lies outside of its memory: found slots 16 to 17, wanted 8 to 16",
    ],
    [
      "half a slot",
      LAYOUT_VERSION,
      [family, [0, 8.5, "x"]],
      "a row of a lies outside of its memory: found slots 8.5 to 9.5, wanted 8 to 16",
    ],
  ] as const)("%s", (_, layout, changes, fault) => {
    const { reader } = pair(16);
    expect(reader.apply({ layout, changes: changes as readonly RowChange[] })).toBe(fault);
    // What follows may rest on what was refused.
    expect(reader.apply({ layout: LAYOUT_VERSION, changes: [family, [0, 8, "y"]] })).toBe(fault);
    expect(valuesOf(reader).size).toBe(0);
  });

  test("memory of another layout", () => {
    const reader = new RowReader(new ArrayBuffer(800));
    expect(reader.apply({ layout: LAYOUT_VERSION, changes: [] })).toBe(
      "layout of numbers is not known: found version 0, wanted 1",
    );
  });
});
