import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCase } from "./run_case.ts";
import { readCases, runsOf } from "./run_cases.ts";
import { hasTool, outputOf } from "./toolchain.ts";

const sdk = join(import.meta.dirname, "..", "..", "plugins", "sdk", "go");
const scratch = mkdtempSync(join(tmpdir(), "weir-plugin-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

// Nothing is fetched: the library has no dependencies, and the toolchain that is there will do.
Object.assign(process.env, { GOPROXY: "off", GOTOOLCHAIN: "local", GOFLAGS: "-mod=mod" });
const has = await hasTool("go", ["version"]);
const name = has ? "the library for Go" : "the library for Go: skipped, install Go 1.21 or newer as go";

async function built(dir: string, what: string, name: string): Promise<string> {
  const file = join(scratch, name);
  const { code, text } = await outputOf("go", ["build", "-o", file, what], dir);
  expect(code, text).toBe(0);
  return file;
}

describe.skipIf(!has)(name, () => {
  test("its own tests, vet and format", async () => {
    const tests = await outputOf("go", ["test", "./..."], sdk);
    expect(tests.code, tests.text).toBe(0);
    const vet = await outputOf("go", ["vet", "./..."], sdk);
    expect(vet.code, vet.text).toBe(0);
    const unformatted = await outputOf("gofmt", ["-l", "."], sdk);
    expect(unformatted.text).toBe("");
  }, 300_000);

  test("the README's hello is a plugin", async () => {
    const readme = readFileSync(join(sdk, "README.md"), "utf8");
    const dir = join(scratch, "hello");
    mkdirSync(dir);
    writeFileSync(join(dir, "main.go"), /```go\n(package main[\s\S]*?)```/.exec(readme)![1]!);
    const mod = /```text\n(module hello[\s\S]*?)```/.exec(readme)![1]!;
    writeFileSync(join(dir, "go.mod"), mod.replace("./weir-plugin", sdk));
    const { code, text } = await outputOf(await built(dir, ".", "hello-plugin"), ["--describe"], scratch);
    expect(code, text).toBe(0);
    expect(JSON.parse(text)).toMatchObject({ name: "hello", phases: { requestHead: { fields: ["user-agent"] } } });
  }, 300_000);

  const conformance = has ? built(sdk, "./conformance", "conformance") : null;
  for (const run of runsOf(readCases()))
    test(run.name, async () => {
      expect(await runCase(run.of, run.mode, [await conformance!])).toBeNull();
    }, 300_000);
});
