import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readJson } from "../../../../src/source/file/json_tree.ts";
import { ProblemList } from "../../../../src/source/file/problem_list.ts";
import { SourceText } from "../../../../src/source/file/source_text.ts";
import type { ConfNode } from "../../../../src/source/file/tree.ts";
import { readYaml } from "../../../../src/source/file/yaml_tree.ts";

/** Values with their places, without the file that they are in. */
function shape(node: ConfNode | null): unknown {
  if (node === null) return null;
  const at = [node.span.start, node.span.end];
  if (node.kind === "scalar") return [node.value, ...at];
  if (node.kind === "list") return [node.items.map(shape), ...at];
  return [[...node.entries].map(([name, e]) => [name, e.key.start, e.key.end, shape(e.value)]), ...at];
}

function asJson(text: string): unknown {
  return shape(readJson(new SourceText("a.json", text)));
}

function asYaml(text: string): unknown {
  const problems = new ProblemList();
  // The comment keeps it from the JSON reader.
  const tree = readYaml(new SourceText("a.yaml", `${text}\n# YAML`), problems, null);
  expect(problems.sorted()).toEqual([]);
  return shape(tree);
}

describe("the tree of a JSON text is the YAML reader's, places included", () => {
  const texts = [
    "{}",
    "[]",
    " \n[ ]\n",
    '{"a":1,"b":[true,false,null],"c":{"d":"e"}}',
    '{ "a" : -0, "b" : 0.50, "c" : 1e3, "d" : 1E-2, "e" : 123456789012345 }',
    '{"a": "\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00", "b": "\\\\", "c": "x\\\\\\""}',
    '{"": "", "__proto__": {"constructor": 1}, "<<": {"x": 1}, "*a": "&b", "#": "# no comment"}',
    '{\r\n  "a": [\r\n    1,\r\n    2\r\n  ]\r\n}\r\n',
    '"text"',
    "7",
    '{"a": "${X}", "b": "0600", "c": "é\u007f"}',
  ];
  for (const text of texts) test(JSON.stringify(text), () => expect(asJson(text)).toEqual(asYaml(text) as object));

  test("of anything, however it is spaced", () => {
    const spacing = fc.constantFrom(undefined, 1, 2, "   ");
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), spacing, (value, space) => {
        const text = JSON.stringify(value, null, space);
        const tree = asJson(text);
        // Numbers with more digits than are exact are left to the YAML reader.
        if (tree === null) expect(text).toMatch(/[-+0-9.e]{16}/i);
        else expect(tree).toEqual(asYaml(text) as object);
      }),
      { numRuns: 300 },
    );
  });
});

describe("what is no plain JSON is left to the YAML reader", () => {
  const texts = [
    "",
    "{",
    '{"a":1',
    '{"a":1,}',
    '{"a":1 "b":2}',
    '{"a" 1}',
    "{a: 1}",
    "[1,]",
    "[1 2]",
    "[,]",
    '{"a":1,"a":2}',
    '{"a":"b\nc"}',
    '{"a":"b\tc"}',
    '{"a":"\\x41"}',
    '{"a":"\\u12"}',
    '{"a":"b',
    '{"a":"b\\"}',
    "{'a':1}",
    '{"a":01}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":1.}',
    '{"a":0x1F}',
    '{"a":nul}',
    '{"a":nulls}',
    '{"a":truefalse}',
    '{"a":12345678901234567890}',
    '{"a":1} # comment',
    '{"a":1}{}',
    "\ufeff{}",
    `${"[".repeat(200)}${"]".repeat(200)}`,
  ];
  for (const text of texts) test(JSON.stringify(text.slice(0, 40)), () => expect(asJson(text)).toBeNull());
});
