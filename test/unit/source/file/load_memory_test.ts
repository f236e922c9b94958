import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type LoadedConfig, parseConfig } from "../../../../src/source/file/load_config.ts";
import { LoadMemory, memoryKey, Remembered } from "../../../../src/source/file/load_memory.ts";
import type { ConfNode } from "../../../../src/source/file/tree.ts";

const directory = join(import.meta.dirname, "..", "..", "..", "golden", "config");
const files = {
  read: async (path: string) => readFileSync(join(directory, path), "utf8"),
  list: async (path: string) => readdirSync(join(directory, path)),
};

function load(text: string, memory: LoadMemory): Promise<LoadedConfig> {
  return parseConfig(text, "weir.yaml", {}, files, memory);
}

describe("a load that remembers gives what one gives that does not", () => {
  test("for all samples, one after the other and back again", async () => {
    const memory = new LoadMemory();
    const names = readdirSync(directory).filter((name) => /^[a-z_]+\.(yaml|json)$/.test(name) && name !== "bad_aliases.yaml");
    for (const name of [...names, ...names.reverse()]) {
      const text = readFileSync(join(directory, name), "utf8");
      const loaded = await parseConfig(text, name, { PORT: "8080" }, files, memory);
      expect(loaded).toEqual(await parseConfig(text, name, { PORT: "8080" }, files));
    }
  });

  const HEAD = "listeners: { web: { address: ':80' } }\nclusters: { a: { endpoints: ['127.0.0.1:1'] } }\n";
  const rows: readonly (readonly [string, string, string])[] = [
    [
      "a default changes under a route that stays",
      "defaults: { route: { timeout: 1s } }\n",
      "defaults: { route: { timeout: 2s } }\n",
    ],
    ["the cluster of a route that stays is gone", HEAD, "listeners: { web: { address: ':80' } }\n"],
    ["the route moves", "", "\n\n# moved\n"],
  ];
  for (const [what, first, second] of rows) {
    test(what, async () => {
      const route = "routes: [{ match: { path: /a }, to: a }, { match: { path: /b }, to: a }]\n";
      const memory = new LoadMemory();
      for (const part of [first, second]) {
        const text = part.startsWith("listeners") ? part + route : part + HEAD + route;
        expect(await load(text, memory)).toEqual(await parseConfig(text, "weir.yaml", {}, files));
      }
    });
  }

  test("a problem is told again each time", async () => {
    const memory = new LoadMemory();
    const text = `${HEAD}routes: [{ match: { path: a }, to: a }, { match: { ignoreCase: true }, to: a }]\n`;
    const first = await load(text, memory);
    expect(first.problems.length).toBe(2);
    expect(await load(text, memory)).toEqual(first);
  });
});

describe("Remembered", () => {
  test("keeps what the last load met, and forgets the rest", () => {
    const memory = new Remembered<number>();
    memory.begin();
    memory.keep("a", 1);
    memory.keep("b", 1);
    memory.begin();
    expect(memory.find("a")).toBe(1);
    memory.begin();
    expect([memory.find("a"), memory.find("b")]).toEqual([1, null]);
  });
});

describe("memoryKey tells apart", () => {
  const span = {} as never;
  const scalar = (value: string | number | boolean | null): ConfNode => ({ kind: "scalar", span, value });
  const list = (...items: ConfNode[]): ConfNode => ({ kind: "list", span, items });
  const map = (...entries: [string, ConfNode][]): ConfNode => ({
    kind: "map",
    span,
    entries: new Map(entries.map(([name, value]) => [name, { key: span, value }])),
  });
  const nodes: readonly ConfNode[] = [
    ...["", "1", "true", "null", ",", "[]", 'a"', "NaN"].map(scalar),
    ...[0, 1, -1, 1.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN].map(scalar),
    ...[true, false, null].map(scalar),
    list(),
    list(scalar("")),
    list(list()),
    list(list(), list()),
    list(list(list())),
    list(scalar(1), scalar(2)),
    list(scalar(12)),
    map(),
    map(["a", scalar(1)]),
    map(["a", scalar(1)], ["b", scalar(2)]),
    map(["b", scalar(2)], ["a", scalar(1)]),
    map(["a", map(["b", scalar(2)])]),
    map(["a", map()], ["b", scalar(2)]),
  ];
  test("values, kinds and nesting", () => {
    expect(new Set(nodes.map(memoryKey)).size).toBe(nodes.length);
  });
});
