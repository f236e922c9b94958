import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runCase } from "./run_case.ts";
import { readCases, runsOf } from "./run_cases.ts";
import { hasTool, outputOf } from "./toolchain.ts";

const sdk = join(import.meta.dirname, "..", "..", "plugins", "sdk", "rust");
const has = await hasTool("cargo", ["fetch", "--locked", "--manifest-path", join(sdk, "Cargo.toml")]);
const name = has ? "the library for Rust" : "the library for Rust: skipped, install cargo and let it fetch plugins/sdk/rust";

describe.skipIf(!has)(name, () => {
  test("its own tests", async () => {
    const { code, text } = await outputOf("cargo", ["test", "--offline", "--locked"], sdk);
    expect(code, text).toBe(0);
    expect(text).toContain("test result: ok");
  }, 600_000);

  test("the README's hello is the example", () => {
    const hello = readFileSync(join(sdk, "examples", "hello.rs"), "utf8");
    expect(readFileSync(join(sdk, "README.md"), "utf8")).toContain(hello);
  });

  // Built by its own tests.
  for (const run of runsOf(readCases()))
    test(run.name, async () => {
      expect(await runCase(run.of, run.mode, [join(sdk, "target", "debug", "examples", "conformance")])).toBeNull();
    });
});
