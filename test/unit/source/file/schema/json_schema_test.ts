import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { schemaText } from "../../../../../src/cli/schema.ts";

const root = join(import.meta.dirname, "..", "..", "..", "..", "..");
const written = readFileSync(join(root, "config", "weir.schema.json"), "utf8");
const validator = z.fromJSONSchema(JSON.parse(written) as Parameters<typeof z.fromJSONSchema>[0]);

test("config/weir.schema.json is what weir schema prints", () => {
  // `weir schema > config/weir.schema.json` brings it up to date.
  expect(written).toBe(schemaText());
});

describe("the JSON Schema takes", () => {
  const configs = readdirSync(join(root, "config"), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => join("config", name));
  const golden = ["everything", "references", "defaults", "traffic", "traffic_short"].map((name) =>
    join("test", "golden", "config", `${name}.yaml`),
  );
  for (const name of [...configs, ...golden])
    test(name, () => {
      const result = validator.safeParse(parse(readFileSync(join(root, name), "utf8"), { merge: true }));
      expect(result.error?.issues ?? []).toEqual([]);
    });
});

describe("the JSON Schema refuses", () => {
  const rows: readonly [string, unknown][] = [
    ["an unknown key", { listener: {} }],
    ["an unknown key of a route", { routes: [{ hosst: "a", to: "b" }] }],
    ["a listener without address", { listeners: { web: {} } }],
    ["a duration without unit", { drain: { delay: "5" } }],
    ["an unknown word", { log: { level: "loud" } }],
    ["a number out of range", { limits: { connections: 0 } }],
  ];
  for (const [what, config] of rows) test(what, () => expect(validator.safeParse(config).success).toBe(false));
});

test("every key of a config is described, for editors to show", () => {
  const bare: string[] = [];
  walk(JSON.parse(written), "", bare);
  expect(bare).toEqual([]);
});

/** Collects properties that tell nothing of themselves, neither here nor where they refer to. */
function walk(node: unknown, path: string, bare: string[]): void {
  if (typeof node !== "object" || node === null) return;
  if ("properties" in node)
    for (const [key, value] of Object.entries(node.properties as Record<string, { description?: string }>))
      if (value.description === undefined) bare.push(`${path}.${key}`);
  for (const [key, value] of Object.entries(node)) walk(value, `${path}.${key}`, bare);
}
