import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { configJsonSchema } from "../../../../../src/source/file/schema/json_schema.ts";
import { configTables, untold } from "./config_tables.ts";

const page = join(import.meta.dirname, "..", "..", "..", "..", "..", "docs", "config.md");
const START = "<!-- every key: made of the schema -->\n";
const END = "<!-- end -->\n";

test("docs/config.md tells every key with its default, as the schema has it", () => {
  const schema = configJsonSchema();
  const text = readFileSync(page, "utf8");
  const from = text.indexOf(START) + START.length;
  const to = text.indexOf(END);
  const wanted = `\n${configTables(schema)}\n`;
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(page, text.slice(0, from) + wanted + text.slice(to));
  const found = readFileSync(page, "utf8");
  expect(found.slice(found.indexOf(START) + START.length, found.indexOf(END))).toBe(wanted);
  expect(untold(schema)).toEqual([]);
});
