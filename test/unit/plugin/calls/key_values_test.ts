import { describe, expect, test } from "bun:test";
import { createMemoryPlatform } from "../../../../src/platform/memory.ts";
import { KeyValues } from "../../../../src/plugin/calls/key_values.ts";

const STAYS = Number.POSITIVE_INFINITY;

function store(): { kv: KeyValues; p: ReturnType<typeof createMemoryPlatform> } {
  const p = createMemoryPlatform();
  return {
    p,
    kv: new KeyValues(
      () => p.now(),
      (ms, f) => p.setTimer(ms, f),
    ),
  };
}

describe("values that a plugin keeps", () => {
  test("are set, read and deleted", () => {
    const { kv } = store();
    expect(kv.get("a")).toBe(null);
    kv.set("a", { b: 1 }, STAYS);
    expect(kv.get("a")).toEqual({ b: 1 });
    expect([kv.delete("a"), kv.delete("a"), kv.get("a")]).toEqual([true, false, null]);
  });

  test("end with their time", async () => {
    const { kv, p } = store();
    kv.set("a", 1, 1000);
    kv.set("b", 2, STAYS);
    await p.advance(999);
    expect(kv.get("a")).toBe(1);
    await p.advance(1);
    expect([kv.get("a"), kv.get("b")]).toEqual([null, 2]);
  });

  test("are counted up, with the time of the first", async () => {
    const { kv, p } = store();
    expect(kv.add("n", 2, 1000)).toBe(2);
    await p.advance(600);
    expect(kv.add("n", 3, 1000)).toBe(5);
    await p.advance(401);
    expect(kv.add("n", 1, 1000)).toBe(1);
    kv.set("t", "text", STAYS);
    expect(kv.add("t", 1, STAYS)).toBe(null);
  });

  test("have a bound in all, and room again when they are gone", async () => {
    const { kv, p } = store();
    const big = "x".repeat(60_000);
    let n = 0;
    while (kv.set(`k${n}`, big, 1000)) n++;
    expect(n).toBe(Math.floor((16 * 1024 * 1024) / 60_006));
    expect(kv.set("k0", big, 1000)).toBe(true);
    await p.advance(10_001);
    expect(kv.set("more", big, STAYS)).toBe(true);
  });
});
