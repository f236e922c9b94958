import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { LoadMemory } from "../../../../src/source/file/load_memory.ts";
import { ProblemList } from "../../../../src/source/file/problem_list.ts";
import { SourceText } from "../../../../src/source/file/source_text.ts";
import type { ConfNode } from "../../../../src/source/file/tree.ts";
import { readYaml } from "../../../../src/source/file/yaml_tree.ts";

const golden = join(import.meta.dirname, "..", "..", "..", "golden", "config");

/** Values and places. */
function shape(node: ConfNode | null): unknown {
  if (node === null) return null;
  const at = [node.span.start, node.span.end, node.span.source.name];
  if (node.kind === "scalar") return [node.value, ...at];
  if (node.kind === "list") return [node.items.map(shape), ...at];
  return [[...node.entries].map(([name, e]) => [name, e.key.start, e.key.end, shape(e.value)]), ...at];
}

function read(text: string, name: string, memory: LoadMemory | null): { readonly tree: unknown; readonly problems: unknown } {
  memory?.begin();
  const problems = new ProblemList();
  const tree = readYaml(new SourceText(name, text), problems, memory);
  return { tree: shape(tree), problems: problems.sorted() };
}

const INDENTED = `# A comment
name: "edge"
listeners: { web: { address: ":80" } }
routes: # all of them
  # the first
  - name: a
    hosts: [a.example, "*.b.example"]
    match: { path: /a }
    to: one
  - {name: b, respond: {status: 200, body: "x
      y"}}

  -
    name: c
    respond:
      status: 200
      body: |+
        - name: not an item
        # no comment

  - name: d
# between
    redirect: { to: 'https://d.example/' }
    requestHeaders:
      set:
      - odd
clusters:
  one: { endpoints: ["127.0.0.1:1"] }
`;
const FLUSH = INDENTED.replace(/\n {2}(.*)/g, "\n$1").replace("\none:", "\n  one:");

/** What a slip of the hand may leave anywhere. */
const SLIPS = [
  "- ",
  "  - ",
  "\n",
  "\n- ",
  "\n  - x: 1\n",
  " ",
  "  ",
  "'",
  '"',
  "&a ",
  "*a",
  "# ",
  "---\n",
  "\r\n",
  "\t",
  ": ",
  "{",
  "}",
  "routes:\n",
  "|\n",
  "é",
  "\0",
];

describe("a text read by pieces is the same as one read whole", () => {
  const ended = INDENTED.slice(0, INDENTED.indexOf("clusters:"));
  const rows: readonly (readonly [string, string])[] = [
    ["an indented list", INDENTED],
    ["a list at its key's column", FLUSH],
    ["a list that ends the file", ended],
    ["a list that ends the file without a line end", ended.trimEnd()],
    ["another file", readFileSync(join(golden, "everything.yaml"), "utf8")],
    ["aliases within a route", INDENTED.replace("[a.example,", "[&x a.example, *x,")],
    ["an alias into another route", INDENTED.replace("path: /a", "path: &x /a").replace("name: d", "name: *x")],
    ["an alias from the head", INDENTED.replace('"edge"', '&x "edge"').replace("name: d", "name: *x")],
    ["an alias behind", `${INDENTED.replace("path: /a", "path: &x /a")}x-a: *x\n`],
    ["a tag of its own", `%TAG !e! tag:example.com,2000:\n---\n${INDENTED.replace("name: d", "name: !e!x d")}`],
    ["YAML 1.1", `%YAML 1.1\n---\n${INDENTED.replace("name: d", "name: yes")}`],
    ["two lists of routes", `${INDENTED}routes:\n  - name: z\n`],
    ["a quoted key behind", `${INDENTED}"routes": []\n`],
    ["a key twice", `${INDENTED}name: x\n`],
    ["routes within a text", `x-a: |\n  routes:\nroutes:\n  - name: a\n`],
    ["routes within quotes", `x-a: "\nroutes:\n  - name: a\n"\n`],
    ["no list", "routes:\n  a: 1\n"],
    ["an empty list", "routes:\nname: x\n"],
    ["an item out of line", INDENTED.replace("  - name: d", "   - name: d")],
    ["an item to the left", INDENTED.replace("  - name: d", " - name: d")],
    ["two documents", `${INDENTED}---\n${INDENTED}`],
    ["an open quote", INDENTED.replace("'https", "https").replace("name: a", "name: 'a")],
  ];
  for (const [what, text] of rows) {
    test(what, () => {
      const memory = new LoadMemory();
      for (const name of ["a.yaml", "b.yaml"]) expect(read(text, name, memory)).toEqual(read(text, name, null));
    });
  }

  test("whatever changes from one load to the next", () => {
    const edit = fc.record({ at: fc.nat(), cut: fc.nat(6), slip: fc.constantFrom("", ...SLIPS) });
    fc.assert(
      fc.property(fc.constantFrom(INDENTED, FLUSH), fc.array(edit, { minLength: 1, maxLength: 6 }), (base, edits) => {
        const memory = new LoadMemory();
        let text = base;
        read(text, "a.yaml", memory);
        for (const { at, cut, slip } of edits) {
          const i = at % (text.length + 1);
          text = text.slice(0, i) + slip + text.slice(i + cut);
          expect(read(text, "a.yaml", memory)).toEqual(read(text, "a.yaml", null));
          // Back, so that what the slip left behind would show.
          expect(read(base, "a.yaml", memory)).toEqual(read(base, "a.yaml", null));
        }
      }),
      { numRuns: 150 },
    );
  });
});

test("what stood in the last load is not parsed again", () => {
  const memory = new LoadMemory();
  read(INDENTED, "a.yaml", memory);
  const item = INDENTED.slice(INDENTED.indexOf("  - {name: b"), INDENTED.indexOf("  -\n"));
  // A mark in what is remembered shows in what is read.
  const known = memory.items.find(item)!;
  memory.items.keep(item, { ...known, node: { kind: "scalar", span: known.node.span, value: "remembered" } });
  const { tree } = read(INDENTED.replace("# A comment", "# Another, longer one"), "a.yaml", memory);
  expect(JSON.stringify(tree)).toContain("remembered");
});
