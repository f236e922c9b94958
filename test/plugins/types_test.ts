import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { outputs } from "../../tools/plugin_types/outputs.ts";

const root = join(import.meta.dirname, "..", "..");
const schema: unknown = JSON.parse(readFileSync(join(root, "plugins", "protocol.schema.json"), "utf8"));

describe("the libraries' types are those of plugins/protocol.schema.json", () => {
  for (const [path, wanted] of outputs(schema))
    test(path, () => {
      if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(join(root, path), wanted);
      expect(readFileSync(join(root, path), "utf8")).toBe(wanted);
    });
});
