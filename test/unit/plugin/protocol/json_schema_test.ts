import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { protocolJsonSchema } from "../../../../src/plugin/protocol/json_schema.ts";
import { HOST_METHODS, PLUGIN_METHODS } from "../../../../src/plugin/protocol/methods.ts";

const root = join(import.meta.dirname, "..", "..", "..", "..");
const file = join(root, "plugins", "protocol.schema.json");
const page = readFileSync(join(root, "docs", "plugin-protocol.md"), "utf8");

test("plugins/protocol.schema.json is what the code says", () => {
  const wanted = `${JSON.stringify(protocolJsonSchema(), null, 2)}\n`;
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, wanted);
  expect(readFileSync(file, "utf8")).toBe(wanted);
});

test("everything is described", () => {
  const bare: string[] = [];
  walk(protocolJsonSchema(), "", bare);
  expect(bare).toEqual([]);
});

test("docs/plugin-protocol.md names every method and every member", () => {
  const methods = [...Object.keys(HOST_METHODS), ...Object.keys(PLUGIN_METHODS)];
  expect(methods.filter((m) => !page.includes(`\`${m}\``))).toEqual([]);
  const members = new Set<string>();
  const collect = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    if ("properties" in node) for (const key of Object.keys(node.properties as object)) members.add(key);
    for (const value of Object.values(node)) collect(value);
  };
  collect(protocolJsonSchema());
  expect([...members].filter((m) => !new RegExp(`[\`"{ ]${m}[\`"}, ]`).test(page))).toEqual([]);
});

describe("the examples of docs/plugin-protocol.md are messages", () => {
  const schema = protocolJsonSchema() as Parameters<typeof z.fromJSONSchema>[0];
  const validator = z.fromJSONSchema(schema);
  const lines = [...page.matchAll(/^(?:host|plug) → (\{.*\})$/gm)].map((m) => m[1]!);
  test("there are some", () => expect(lines.length).toBeGreaterThan(4));
  for (const line of lines)
    test(line.slice(0, 60), () => {
      const message = JSON.parse(line) as { method?: string; params?: unknown };
      expect(validator.safeParse(message).error?.issues ?? []).toEqual([]);
      const params = HOST_METHODS[message.method ?? ""]?.params;
      if (params != null) expect(params.safeParse(message.params).error?.issues ?? []).toEqual([]);
    });
});

function walk(node: unknown, path: string, bare: string[]): void {
  if (typeof node !== "object" || node === null) return;
  if (path === ".$defs")
    for (const [key, value] of Object.entries(node)) if (value.description === undefined) bare.push(`${path}.${key}`);
  if ("properties" in node)
    for (const [key, value] of Object.entries(node.properties as Record<string, { description?: string; $ref?: string }>))
      if (value.description === undefined && value.$ref === undefined) bare.push(`${path}.${key}`);
  for (const [key, value] of Object.entries(node)) walk(value, `${path}.${key}`, bare);
}
