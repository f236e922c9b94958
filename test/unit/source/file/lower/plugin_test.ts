import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EVERY_ABILITY } from "../../../../../src/config/runtime_abilities.ts";
import { loadConfig } from "../../../../../src/source/file/load_config.ts";

test("a plugin's program beside a config of a bare name is a path still, and no name in PATH", async () => {
  const scratch = mkdtempSync(join(tmpdir(), "weir-plugin-"));
  const before = process.cwd();
  try {
    process.chdir(scratch);
    const plugins = "{ a: { command: ./main.py }, b: { command: main.py }, c: { command: d/main.py } }";
    writeFileSync(
      "weir.yaml",
      `listeners: { web: { address: ":8080" } }\nroutes: [{ respond: { body: hi } }]\nplugins: ${plugins}\n`,
    );
    const { model } = await loadConfig("weir.yaml", {}, { runtime: EVERY_ABILITY });
    const programs = [...model!.plugins.values()].map((p) => p.command[0]);
    expect(programs).toEqual(["./main.py", "main.py", "d/main.py"]);
  } finally {
    process.chdir(before);
    rmSync(scratch, { recursive: true, force: true });
  }
});
