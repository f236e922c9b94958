import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runCase } from "./run_case.ts";
import { readCases, runsOf } from "./run_cases.ts";
import { hasTool, outputOf } from "./toolchain.ts";

const sdk = join(import.meta.dirname, "..", "..", "plugins", "sdk", "python");
const has = await hasTool("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]);
const name = has ? "the library for Python" : "the library for Python: skipped, install Python 3.9 or newer as python3";

describe.skipIf(!has)(name, () => {
  test("its own tests", async () => {
    const { code, text } = await outputOf("python3", ["-W", "error", "-m", "unittest"], sdk);
    expect(code, text).toBe(0);
    expect(text).toContain("OK");
  }, 120_000);

  test("the README's hello is a plugin", async () => {
    const hello = /```python\n([\s\S]*?)```/.exec(readFileSync(join(sdk, "README.md"), "utf8"))![1]!;
    const { code, text } = await outputOf("python3", ["-c", hello, "--describe"], sdk);
    expect({ code, said: JSON.parse(text) }).toMatchObject({ code: 0, said: { name: "hello", phases: { requestHead: {} } } });
  });

  for (const run of runsOf(readCases()))
    test(run.name, async () => {
      expect(await runCase(run.of, run.mode, ["python3", join(sdk, "conformance", "main.py")])).toBeNull();
    });
});
