import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type AddressPair, pairFamilies } from "../../../../src/upstream/discovery/pair_families.ts";

describe("pairing families", () => {
  test("the n-th of one with the n-th of the other, the rest alone", () => {
    expect(pairFamilies(["::1", "::2", "::3"], ["10.0.0.1"], [])).toEqual([["::1", "10.0.0.1"], ["::2"], ["::3"]]);
    expect(pairFamilies([], ["10.0.0.1", "10.0.0.2"], [])).toEqual([["10.0.0.1"], ["10.0.0.2"]]);
    expect(pairFamilies([], [], [])).toEqual([]);
  });

  test("the order of an answer means nothing", () => {
    expect(pairFamilies(["::2", "::1"], ["10.0.0.3", "10.0.0.1", "10.0.0.2"], [])).toEqual([
      ["::1", "10.0.0.1"],
      ["::2", "10.0.0.2"],
      ["10.0.0.3"],
    ]);
  });

  test("a server that rotates its answer changes nothing", () => {
    const first = pairFamilies(["::1", "::2"], ["10.0.0.1", "10.0.0.2"], []);
    expect(pairFamilies(["::2", "::1"], ["10.0.0.1", "10.0.0.2"], first)).toEqual(first);
    expect(pairFamilies(["::2", "::1"], ["10.0.0.2", "10.0.0.1"], first)).toEqual(first);
  });

  test("a pair stays together when a neighbour goes or comes", () => {
    const first = pairFamilies(["::1", "::2"], ["10.0.0.1", "10.0.0.2"], []);
    expect(pairFamilies(["::2"], ["10.0.0.2"], first)).toEqual([["::2", "10.0.0.2"]]);
    expect(pairFamilies(["::0", "::1", "::2"], ["10.0.0.0", "10.0.0.1", "10.0.0.2"], first)).toEqual([
      ["::1", "10.0.0.1"],
      ["::2", "10.0.0.2"],
      ["::0", "10.0.0.0"],
    ]);
  });

  test("model: every address once, pairs of both families, as many pairs as there can be, old ones kept", () => {
    const six = fc.uniqueArray(fc.constantFrom<string[]>("::1", "::2", "::3", "::4"));
    const four = fc.uniqueArray(fc.constantFrom<string[]>("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"));
    fc.assert(
      fc.property(fc.array(fc.tuple(six, four), { maxLength: 6 }), (rounds) => {
        let before: readonly AddressPair[] = [];
        for (const [v6, v4] of rounds) {
          const pairs = pairFamilies(v6, v4, before);
          expect(pairs.flat().sort()).toEqual([...v6, ...v4].sort());
          expect(pairs.filter((p) => p.length === 2).length).toBe(Math.min(v6.length, v4.length));
          for (const [a, b] of pairs) if (b !== undefined) expect([a.includes(":"), b.includes(":")]).toEqual([true, false]);
          for (const p of before) {
            if (p.length === 2 && v6.includes(p[0]) && v4.includes(p[1])) expect(pairs).toContainEqual(p);
          }
          before = pairs;
        }
      }),
    );
  });
});
