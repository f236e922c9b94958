import { describe, expect, test } from "bun:test";
import { ProblemList } from "../../../../src/source/file/problem_list.ts";
import { SourceText } from "../../../../src/source/file/source_text.ts";
import { type ConfNode, keySpanAt, mergeNodes, nodeAt, pathText, toPlain } from "../../../../src/source/file/tree.ts";
import { readYaml } from "../../../../src/source/file/yaml_tree.ts";

function tree(text: string, name = "a.yaml"): ConfNode {
  const problems = new ProblemList();
  const node = readYaml(new SourceText(name, text), problems, null);
  expect(problems.sorted()).toEqual([]);
  return node!;
}

describe("readYaml", () => {
  test("reads what the decoder sees", () => {
    expect(toPlain(tree("a: 1\nb: [x, true, null, 1.5]\nc: { d: yes }\n"))).toEqual({
      a: 1,
      b: ["x", true, null, 1.5],
      c: { d: "yes" },
    });
  });

  test("leaves numbers as text where YAML's versions disagree on them", () => {
    expect(toPlain(tree("[0600, 0o600, 0x1F, 010, 0, 0.5, -0, 10]"))).toEqual(["0600", "0o600", "0x1F", "010", 0, 0.5, -0, 10]);
  });

  test("makes no property of a name", () => {
    const plain = toPlain(tree("__proto__: { a: 1 }\nconstructor: 2\n")) as Record<string, unknown>;
    expect(Object.getPrototypeOf(plain)).toBeNull();
    expect(Object.keys(plain)).toEqual(["__proto__", "constructor"]);
  });

  test("keeps the text of plain keys", () => {
    expect(Object.keys(toPlain(tree("1: a\ntrue: b\n1.0: c\n")) as object)).toEqual(["1", "true", "1.0"]);
  });

  test("merges maps by <<: own keys win, then the first map", () => {
    const text = "x: &x { a: 1, b: 1 }\ny: &y { b: 2, c: 2 }\nz: { b: 3, <<: [*x, *y] }\nw: { <<: *x, a: 4 }\n";
    const plain = toPlain(tree(text)) as Record<string, object>;
    expect({ ...plain["z"] }).toEqual({ b: 3, a: 1, c: 2 });
    expect({ ...plain["w"] }).toEqual({ a: 4, b: 1 });
  });

  test("takes JSON with tabs", () => {
    expect(toPlain(tree('{\n\t"a":\t[\n\t\t"\\t"\n\t]\n}\n', "a.json"))).toEqual({ a: ["\t"] });
  });

  test("refuses to nest without end", () => {
    const problems = new ProblemList();
    readYaml(new SourceText("deep.yaml", "[".repeat(150) + "]".repeat(150)), problems, null);
    expect(problems.sorted().map((p) => p.message)).toEqual(["nest less deeply: found more than 100 levels"]);
  });
});

describe("mergeNodes", () => {
  test("merges maps by key and replaces all else", () => {
    const under = tree("a: 1\nb: { c: 1, d: [1, 2] }\ne: { f: 1 }\n");
    const over = tree("b: { d: [3], g: 2 }\ne: off\n");
    expect(toPlain(mergeNodes(under, over))).toEqual({ a: 1, b: { c: 1, d: [3], g: 2 }, e: "off" });
  });

  test("leaves each value in its file", () => {
    const merged = mergeNodes(tree("a: { x: 1 }\n", "under.yaml"), tree("a: { y: 2 }\n", "over.yaml"));
    expect(nodeAt(merged, ["a", "x"]).span.source.name).toBe("under.yaml");
    expect(nodeAt(merged, ["a", "y"]).span.source.name).toBe("over.yaml");
    expect(keySpanAt(merged, ["a", "x"]).source.name).toBe("under.yaml");
  });
});

test("a path is written as one would write it", () => {
  expect(pathText(["routes", 0, "match", "x-tenant", "a b"])).toBe('routes[0].match.x-tenant["a b"]');
});
