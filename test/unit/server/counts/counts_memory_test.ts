import { describe, expect, test } from "bun:test";
import { AT_VERSION, LISTENER_PLACES } from "../../../../src/server/counts/counts_layout.ts";
import { hasRow, type ListenerPlace, SharedCounts } from "../../../../src/server/counts/shared_counts.ts";
import { memoryOf } from "./counts_memory_of.ts";

const NONE = new Set<string>();
const names = (n: number, prefix: string): string[] => Array.from({ length: n }, (_, i) => `${prefix}${i}`);

describe("rows", () => {
  test("each process has its own, and gets a zeroed one", () => {
    const { memory, buffer } = memoryOf(2);
    const [a, b] = [memory.takeRow(), memory.takeRow()];
    expect(a).not.toBe(b);
    expect(new SharedCounts(buffer, a, () => 0).total.take(1)).toBe(true);
    const other = new SharedCounts(buffer, b, () => 0);
    expect(other.total.take(1)).toBe(false);
    memory.freeRow(a);
    expect(other.total.take(1)).toBe(true);
    expect(memory.takeRow()).toBe(a);
  });

  test("there are enough for workers and many that drain, and then none", () => {
    const { memory } = memoryOf(2);
    const rows = names(24, "").map(() => memory.takeRow());
    expect(new Set(rows).size).toBe(24);
    expect(memory.takeRow()).toBe(-1);
    memory.freeRow(-1);
    memory.freeRow(rows[3]!);
    expect(memory.takeRow()).toBe(rows[3]!);
  });

  test("memory of another layout, or without the row, is not counted in", () => {
    const { buffer } = memoryOf(1);
    expect([0, 19, 20, -1, Number.NaN].map((row) => hasRow(buffer, row))).toEqual([true, true, false, false, false]);
    new Int32Array(buffer)[AT_VERSION] = 99;
    expect(hasRow(buffer, 0)).toBe(false);
  });
});

describe("places of listeners", () => {
  test("a listener keeps its place over configs, also when it was gone meanwhile", () => {
    const { memory } = memoryOf(1);
    const first = memory.places(["a", "b"], NONE);
    expect(memory.places(["c"], NONE)[0]![1]).not.toBe(first[0]![1]);
    expect(memory.places(["b", "a"], NONE)).toEqual([first[1]!, first[0]!] as ListenerPlace[]);
  });

  test("when all are given out, one of a listener that is in no config and has no connections is given again", () => {
    const { memory, buffer } = memoryOf(1);
    const counts = new SharedCounts(buffer, memory.takeRow(), () => 1000);
    const old = memory.places(names(LISTENER_PLACES, "old"), NONE);
    counts.tell(old);
    const busy = counts.listener("old0");
    busy.add(1);
    const rate = { perSecond: 1, burst: 1 };
    expect(counts.rate("old2", rate).admits(0)).toBe(true);
    const next = memory.places(["new0", "new1"], new Set(["old1"]));
    expect(next).toEqual([
      ["new0", old[2]![1]],
      ["new1", old[3]![1]],
    ]);
    counts.tell(next);
    expect(counts.rate("new0", rate).admits(0)).toBe(true);
    busy.add(-1);
    expect(memory.places(["new2"], new Set(["old1"]))).toEqual([["new2", old[0]![1]]]);
  });

  test("listeners beyond them count in their process alone", () => {
    const { memory, buffer } = memoryOf(2);
    const all = names(LISTENER_PLACES + 1, "l");
    const places = memory.places(all, NONE);
    expect(places.length).toBe(LISTENER_PLACES);
    const [a, b] = [0, 1].map(() => {
      const counts = new SharedCounts(buffer, memory.takeRow(), () => 0);
      counts.tell(places);
      return counts;
    });
    const take = (counts: SharedCounts, name: string): boolean => counts.listener(name).take(1);
    expect([take(a!, "l0"), take(b!, "l0")]).toEqual([true, false]);
    const last = `l${LISTENER_PLACES}`;
    expect([take(a!, last), take(b!, last)]).toEqual([true, true]);
  });
});
