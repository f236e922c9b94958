import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCase } from "./run_case.ts";
import { readCases, runsOf } from "./run_cases.ts";
import { hasTool, outputOf } from "./toolchain.ts";

const root = join(import.meta.dirname, "..", "..");
const sdk = join(root, "plugins", "sdk", "typescript");
const conformance = join(sdk, "conformance", "main.ts");
const scratch = mkdtempSync(join(tmpdir(), "weir-plugin-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

const hasNode = await hasTool("node", ["-e", "process.exit(+(process.versions.node.split('.')[0] < 20))"]);

async function bundled(source: string, name: string): Promise<string> {
  const file = join(scratch, name);
  const { code, text } = await outputOf("bun", ["build", source, "--target=node", "--format=esm", "--outfile", file], root);
  expect(code, text).toBe(0);
  return file;
}

describe("the library for TypeScript", () => {
  test("its own tests", async () => {
    const { code, text } = await outputOf("bun", ["--no-env-file", "--config=/dev/null", "test", "./test"], sdk);
    expect(code, text).toBe(0);
    expect(text).toContain("0 fail");
  }, 120_000);

  test("mod.js, for Node, is made of mod.ts", async () => {
    const made = readFileSync(await bundled(join(sdk, "mod.ts"), "mod.js"), "utf8");
    const wanted = `// Generated of mod.ts, for runtimes that read no TypeScript.\n${made}`;
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(join(sdk, "mod.js"), wanted);
    expect(readFileSync(join(sdk, "mod.js"), "utf8")).toBe(wanted);
  }, 60_000);

  test("the README's plugins are plugins", async () => {
    const blocks = [...readFileSync(join(sdk, "README.md"), "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map((m) => m[1]!);
    expect(blocks.length).toBe(2);
    for (const [i, block] of blocks.entries()) {
      const file = join(scratch, `readme${i}.ts`);
      const source = i === 0 ? block : `import { serve } from "weir-plugin";\n${block}`;
      writeFileSync(file, source.replace('"weir-plugin"', JSON.stringify(join(sdk, "mod.ts"))));
      const { code, text } = await outputOf("bun", [file, "--describe"], root);
      expect(code, text).toBe(0);
      expect(JSON.parse(text)).toMatchObject({ version: "1.0" });
    }
  }, 60_000);

  const forNode = bundled(conformance, "conformance.mjs");
  const subjects: readonly [string, (() => Promise<readonly string[]>) | null][] = [
    ["Bun", async () => ["bun", conformance]],
    ["Deno", async () => ["deno", "run", "--no-config", "--no-lock", "--no-remote", "-A", "--no-check", conformance]],
    ["Node", hasNode ? async () => ["node", await forNode] : null],
  ];
  for (const [name, start] of subjects)
    describe.skipIf(start === null)(
      start === null ? `on ${name}: skipped, install Node 20 or newer as node` : `on ${name}`,
      () => {
        for (const run of runsOf(readCases()))
          test(run.name, async () => {
            expect(await runCase(run.of, run.mode, await start!())).toBeNull();
          }, 60_000);
      },
    );
});
