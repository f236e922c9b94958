import { describe, expect, test } from "bun:test";
import { expandGlob, isGlob } from "../../../../src/source/file/glob.ts";

const TREE: Readonly<Record<string, readonly string[]>> = {
  conf: ["b.yaml", "a.yaml", ".hidden.yaml", "a.yaml.bak", "teams", "..data"],
  "conf/teams": ["one", "two", "readme.md"],
  "conf/teams/one": ["routes.yaml", "x1.yaml"],
  "conf/teams/two": ["routes.yaml"],
  "/etc/weir": ["a+b.yaml", "aab.yaml"],
};
const files = {
  read: () => Promise.reject(new Error("not asked")),
  list: (directory: string): Promise<readonly string[]> => {
    const names = TREE[directory];
    return names === undefined ? Promise.reject(new Error("no directory")) : Promise.resolve(names);
  },
};

describe("expandGlob", () => {
  const rows: readonly [string, readonly string[]][] = [
    ["*.yaml", ["conf/a.yaml", "conf/b.yaml"]],
    ["./?.yaml", ["conf/a.yaml", "conf/b.yaml"]],
    ["teams/*/routes.yaml", ["conf/teams/one/routes.yaml", "conf/teams/readme.md/routes.yaml", "conf/teams/two/routes.yaml"]],
    ["teams/*/*.yaml", ["conf/teams/one/routes.yaml", "conf/teams/one/x1.yaml", "conf/teams/two/routes.yaml"]],
    ["none/*.yaml", []],
    ["teams/one/x?.yaml", ["conf/teams/one/x1.yaml"]],
    ["/etc/weir/a+*.yaml", ["/etc/weir/a+b.yaml"]],
    ["../conf/a.*", ["conf/a.yaml", "conf/a.yaml.bak"]],
  ];
  for (const [pattern, found] of rows) {
    test(pattern, async () => {
      expect(await expandGlob(pattern, "conf", files)).toEqual(found as string[]);
    });
  }
});

test("a pattern is told from a name", () => {
  expect(["*.yaml", "a?", "a.yaml", "a[1].yaml"].map(isGlob)).toEqual([true, true, false, false]);
});
