import { describe, expect, test } from "bun:test";
import { NumberMemory } from "../../../src/telemetry/number_memory.ts";
import { Numbers } from "../../../src/telemetry/numbers.ts";
import { HEADER_SLOTS, LAYOUT_VERSION } from "../../../src/telemetry/row_records.ts";

/** A garbage collector that finds what it is told to. */
function collector() {
  const waiting: Map<object, () => void> = new Map();
  return {
    whenCollected: (handle: object, free: () => void) => void waiting.set(handle, free),
    collect: (handle: object) => waiting.get(handle)!(),
    waiting,
  };
}

describe("rows in a buffer", () => {
  test("lie one behind the other, after the version", () => {
    const buffer = new ArrayBuffer(8 * 100);
    const n = new Numbers(new NumberMemory({ buffer }));
    n.counter("a", "A").add(1);
    n.vector("b", "B", { label: "l", names: ["x", "y"] }).add(1, 2);
    n.histogram("c", "C", [1, 2]).observe(1.5);
    const slots = new Float64Array(buffer);
    expect(slots[0]).toBe(LAYOUT_VERSION);
    expect([...slots.subarray(HEADER_SLOTS, HEADER_SLOTS + 8)]).toEqual([1, 0, 2, 1.5, 0, 1, 0, 0]);
  });

  test("that find no room go to the heap, which is told once and counted", () => {
    let full = 0;
    const memory = new NumberMemory({ buffer: new ArrayBuffer(8 * (HEADER_SLOTS + 3)), onFull: () => full++ });
    const n = new Numbers(memory);
    const rows = Array.from({ length: 5 }, (_, i) => n.counter("a", "A", { i: String(i) }));
    for (const [i, row] of rows.entries()) row.add(i + 1);
    expect(rows.map((r) => r.value)).toEqual([1, 2, 3, 4, 5]);
    expect([memory.outside, full]).toEqual([2, 1]);
    expect([...new Float64Array(memory.buffer!).subarray(HEADER_SLOTS)]).toEqual([1, 2, 3]);
  });

  test("make room for others when they are forgotten and nobody can count in them, never before", () => {
    const { whenCollected, collect } = collector();
    const memory = new NumberMemory({ buffer: new ArrayBuffer(8 * (HEADER_SLOTS + 2)), whenCollected });
    const n = new Numbers(memory);
    const a = n.counter("a", "A", { i: "a" });
    n.counter("a", "A", { i: "b" });
    n.forget("a", { i: "a" });
    a.add(7);
    const c = n.counter("a", "A", { i: "c" });
    c.add(1);
    expect([a.value, memory.outside]).toEqual([7, 1]);
    collect(a);
    expect(n.counter("a", "A", { i: "d" }).value).toBe(0);
    expect(memory.outside).toBe(1);
  });

  test("take the room of rows of their own size alone", () => {
    const { whenCollected, collect } = collector();
    const memory = new NumberMemory({ buffer: new ArrayBuffer(8 * (HEADER_SLOTS + 6)), whenCollected });
    const n = new Numbers(memory);
    const wide = n.histogram("h", "H", [1, 2, 3, 4]);
    n.forget("h", {});
    collect(wide);
    n.counter("a", "A");
    expect(memory.outside).toBe(1);
    n.histogram("h", "H", [1, 2, 3, 4]);
    expect(memory.outside).toBe(1);
  });

  test("of the heap are left to the garbage collector", () => {
    const { whenCollected, waiting } = collector();
    const n = new Numbers(new NumberMemory({ buffer: new ArrayBuffer(8 * HEADER_SLOTS), whenCollected }));
    n.counter("a", "A");
    n.forget("a", {});
    expect(waiting.size).toBe(0);
  });
});
