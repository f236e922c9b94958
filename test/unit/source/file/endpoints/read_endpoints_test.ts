import { describe, expect, test } from "bun:test";
import { addressText } from "../../../../../src/base/address.ts";
import { readEndpoints } from "../../../../../src/source/file/endpoints/read_endpoints.ts";

function read(text: string, path = "/etc/weir/hosts.yaml"): string[] {
  const r = readEndpoints(path, text);
  if (r.kind === "list") return r.endpoints.map((e) => `${addressText(e.address)} ${e.weight} ${e.zone}`);
  return r.problems.map((p) => `${p.place?.file}:${p.place?.line}:${p.place?.column}: ${p.message}`);
}

describe("a list", () => {
  test.each<[string, string, readonly string[]]>([
    ["in YAML", '- "10.0.0.1:80"\n- { address: "app.test:81", weight: 3, zone: a }\n', ["10.0.0.1:80 1 ", "app.test:81 3 a"]],
    ["in JSON", '["10.0.0.1:80", {"address": "[::1]:81", "weight": 0}]', ["10.0.0.1:80 1 ", "[::1]:81 0 "]],
    ["without items", "[]\n", []],
    [
      "with relative paths of sockets",
      "- unix:run/app.sock\n- unix:@abstract\n",
      ["unix:/etc/weir/run/app.sock 1 ", "unix:@abstract 1 "],
    ],
    ["behind a byte order mark", '\uFEFF- "10.0.0.1:80"\n', ["10.0.0.1:80 1 "]],
  ])("%s", (_, text, wanted) => {
    expect(read(text)).toEqual([...wanted]);
  });
});

describe("what is wrong is told with its place", () => {
  test.each<[string, string, readonly RegExp[]]>([
    ["nothing", "", [/^\/etc\/weir\/hosts.yaml:1:1: write a list of endpoints: found nothing$/]],
    ["a map", 'endpoints:\n  - "10.0.0.1:80"\n', [/:1:1: write a list of endpoints: found a map$/]],
    [
      "every item",
      '- "10.0.0.1"\n- { addres: "10.0.0.2:80" }\n',
      [/:1:3: change the value/, /:2:5: remove or rename the key "addres"/],
    ],
    ["syntax", '- "10.0.0.1:80\n', [/:\d+:\d+: /]],
  ])("%s", (_, text, wanted) => {
    const told = read(text);
    expect(told.length).toBe(wanted.length);
    for (const [i, w] of wanted.entries()) expect(told[i]).toMatch(w);
  });
});
