import { describe, expect, test } from "bun:test";
import { expect as onDeno } from "../../tools/deno_test/expect.ts";

/** Matcher, what is looked at, what is wanted, and whether it holds. */
const rows: readonly (readonly [string, unknown, readonly unknown[], boolean])[] = [
  ["toBe", 1, [1], true],
  ["toBe", 0, [-0], false],
  ["toBe", {}, [{}], false],
  ["toEqual", { a: 1, b: undefined }, [{ a: 1 }], true],
  ["toEqual", { a: 1 }, [{ a: 1, b: 2 }], false],
  ["toEqual", { a: [1, { b: 2 }] }, [{ a: [1, { b: 2 }] }], true],
  ["toEqual", [1, 2], [[2, 1]], false],
  ["toEqual", [1], [[1, 2]], false],
  ["toEqual", new Map([["a", { b: 1 }]]), [new Map([["a", { b: 1 }]])], true],
  ["toEqual", new Map([["a", 1]]), [new Map([["a", 2]])], false],
  ["toEqual", new Uint8Array([1, 2]), [new Uint8Array([1, 2])], true],
  ["toEqual", new Uint8Array([1, 2]), [new Uint8Array([1, 3])], false],
  ["toEqual", new Set([1]), [new Set([2])], false],
  ["toEqual", Number.NaN, [Number.NaN], true],
  ["toEqual", null, [undefined], false],
  ["toStrictEqual", { a: 1, b: undefined }, [{ a: 1 }], false],
  ["toMatchObject", { a: { b: 1, c: 2 }, d: 3 }, [{ a: { b: 1 } }], true],
  ["toMatchObject", { a: { b: 1 } }, [{ a: { b: 2 } }], false],
  ["toMatchObject", [{ a: 1, b: 2 }], [[{ a: 1 }]], true],
  ["toMatchObject", [{ a: 1 }], [[]], false],
  ["toBeNull", undefined, [], false],
  ["toBeUndefined", undefined, [], true],
  ["toBeInstanceOf", new TypeError("x"), [Error], true],
  ["toBeInstanceOf", new Error("x"), [TypeError], false],
  ["toBeGreaterThan", 2, [2], false],
  ["toBeGreaterThanOrEqual", 2, [2], true],
  ["toBeLessThan", 1, [2], true],
  ["toBeLessThanOrEqual", 3, [2], false],
  ["toBeCloseTo", 1.004, [1], true],
  ["toBeCloseTo", 1.006, [1], false],
  ["toContain", "abc", ["bc"], true],
  ["toContain", ["a", "b"], ["c"], false],
  ["toContainEqual", [{ a: 1 }], [{ a: 1 }], true],
  ["toHaveLength", "abc", [2], false],
  ["toMatch", "abc", [/^b/], false],
  ["toMatch", "abc", ["b"], true],
  ["toStartWith", "abc", ["ab"], true],
  ["toEndWith", "abc", ["ab"], false],
  ["toThrow", throwing("some reason"), ["some"], true],
  ["toThrow", throwing("some reason"), [/^reason/], false],
  ["toThrow", () => 1, [], false],
  ["toThrow", throwing("x"), [TypeError], false],
];

// On Deno both are the same; on Bun the stand-in is held to the original.
describe("the expect that tests have on Deno agrees with bun:test's", () => {
  for (const [i, [matcher, actual, args, holds]] of rows.entries()) {
    test(`row ${i}: ${matcher} ${holds ? "holds" : "fails"}`, () => {
      for (const some of [expect, onDeno]) {
        expect(passes(() => call(some(actual), matcher, args))).toBe(holds);
        expect(passes(() => call(some(actual).not, matcher, args))).toBe(!holds);
      }
    });
  }

  test("promises", async () => {
    await onDeno(Promise.resolve(1)).resolves.toBe(1);
    await onDeno(Promise.reject(new Error("some reason"))).rejects.toThrow("some");
    await expect(onDeno(Promise.resolve(1)).resolves.toBe(2)).rejects.toThrow("expected 1");
    await expect(onDeno(Promise.resolve(1)).rejects.toThrow()).rejects.toThrow("reject");
    await expect(onDeno(Promise.reject(new Error("some reason"))).rejects.toThrow("other")).rejects.toThrow("other");
  });
});

function call(matchers: object, name: string, args: readonly unknown[]): void {
  (matchers as Record<string, (...a: readonly unknown[]) => void>)[name]!(...args);
}

function passes(f: () => void): boolean {
  try {
    f();
    return true;
  } catch {
    return false;
  }
}

function throwing(message: string): () => never {
  return () => {
    throw new Error(message);
  };
}
