import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { FileText } from "../../../../../src/cli/plugin/new/kit.ts";
import { goLibrary, pythonLibrary, rustLibrary, typescriptLibrary } from "../../../../../src/cli/plugin/new/sdk_files.ts";

const sdk = join(import.meta.dirname, "..", "..", "..", "..", "..", "plugins", "sdk");

/** What is a library's own, and no test, example, program or made file of it. */
const OWN: readonly [language: string, folder: string, make: () => Promise<readonly FileText[]>, is: RegExp][] = [
  ["python", "", pythonLibrary, /^weir_plugin\/\w+\.py$/],
  ["go", "weir-plugin/", goLibrary, /^(?:protocol\/)?\w+(?<!_test)\.go$|^go\.mod$/],
  ["rust", "weir-plugin/", rustLibrary, /^src\/\w+\.rs$|^Cargo\.toml$/],
  ["typescript", "weir-plugin/", typescriptLibrary, /^\w+\.ts$|^mod\.js$/],
];

describe("the libraries inside the program are those of plugins/sdk", () => {
  for (const [language, folder, make, is] of OWN)
    test(language, async () => {
      const has = new Map((await make()).map((f) => [f.path, f.text]));
      const there = readdirSync(join(sdk, language), { recursive: true, encoding: "utf8" })
        .map((p) => p.replaceAll("\\", "/"))
        .filter((p) => is.test(p));
      expect([...has.keys()].sort()).toEqual(there.map((p) => `${folder}${p}`).sort());
      for (const p of there) expect(has.get(`${folder}${p}`) === readFileSync(join(sdk, language, p), "utf8"), p).toBe(true);
    });
});
