import { describe, expect, test } from "bun:test";
import { differences, type Names, unlike } from "../../../../../src/cli/plugin/replay/like.ts";
import { showDifferences } from "../../../../../src/cli/plugin/replay/show_differences.ts";

const ROWS: readonly [wanted: unknown, found: unknown, paths: readonly string[]][] = [
  [{ a: 1 }, { a: 1 }, []],
  [{ a: 1, b: [1, 2] }, { a: 2, b: [1, 3] }, ["a", "b[1]"]],
  [{ a: 1 }, {}, ["a"]],
  [{}, { a: 1 }, ["a"]],
  [{ "...": true }, { a: 1 }, []],
  [[1], [1, 2], ["[1]"]],
  [[], {}, [""]],
  [{ a: null }, { a: 0 }, ["a"]],
  [{ a: "$any" }, { a: null }, []],
  [{ a: "$any" }, {}, ["a"]],
  [{ a: "$text:NO" }, { a: "there is no" }, []],
  [{ a: "$text:yes" }, { a: "no" }, ["a"]],
  [{ a: "$repeat:b:3" }, { a: "bbb" }, []],
  [{ a: "$other" }, { a: "$other" }, []],
  [{ __proto__: null, constructor: 1 }, { constructor: 1 }, []],
];

describe("what came is compared with what was wanted", () => {
  for (const [wanted, found, paths] of ROWS)
    test(`${JSON.stringify(wanted)} and ${JSON.stringify(found)}`, () => {
      expect(differences(wanted, found, new Map()).map((d) => d.path)).toEqual([...paths]);
      expect(unlike(wanted, found, new Map()) === null).toBe(paths.length === 0);
    });

  test("names are given and shown", () => {
    const names: Names = new Map();
    expect(unlike({ id: "$id:a" }, { id: 7 }, names)).toBeNull();
    expect(names.get("a")).toBe(7);
  });

  test("for people, and not without end", () => {
    const shown = showDifferences(differences({ a: { b: 1 } }, { a: { b: "x" }, c: [] }, new Map()));
    expect(shown).toBe('  at a.b\n    - wanted 1\n    + found  "x"\n  at c\n    - wanted nothing\n    + found  []');
    const many = Array.from({ length: 30 }, (_, i) => i);
    expect(
      showDifferences(
        differences(
          many,
          many.map((n) => -n - 1),
          new Map(),
        ),
      ),
    ).toContain("and 20 more");
  });
});
