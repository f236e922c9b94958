import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CliIo } from "../../../../../src/cli/deps.ts";
import { LANGUAGES, newPlugin } from "../../../../../src/cli/plugin/new/new_plugin.ts";
import { checkPluginName } from "../../../../../src/cli/plugin/new/plugin_name.ts";
import { EVERY_ABILITY } from "../../../../../src/config/runtime_abilities.ts";
import { loadConfig } from "../../../../../src/source/file/load_config.ts";

const scratch = mkdtempSync(join(tmpdir(), "weir-new-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function made(
  language: string,
  name: string,
  folder: string,
  json = false,
): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const io: CliIo = {
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    outIsTerminal: false,
    errIsTerminal: false,
    env: {},
    uid: null,
    runtime: EVERY_ABILITY,
  };
  return { code: await newPlugin({ language, name, folder, json }, io), ...said };
}

describe("weir plugin new", () => {
  for (const language of LANGUAGES)
    test(`${language}: a folder whose config is good`, async () => {
      const folder = join(scratch, language, "hello");
      const { code, out } = await made(language, "hello", folder);
      expect(code).toBe(0);
      expect(out).toContain("hello: {");
      const { model, problems } = await loadConfig(join(folder, "weir.yaml"), {}, { runtime: EVERY_ABILITY });
      expect(problems).toEqual([]);
      expect(model!.plugins.get("hello")!.command.length).toBeGreaterThan(0);
      const fixture = JSON.parse(readFileSync(join(folder, "fixtures", "hello.json"), "utf8"));
      expect(fixture.steps[0].answer).toEqual({ fields: [["set", "x-hello", "hello"]] });
      const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
      expect(files.filter((f) => /conformance|_test\.|node_modules|target/.test(f))).toEqual([]);
      const manifest = join(folder, "weir-plugin", "Cargo.toml");
      if (existsSync(manifest)) expect(readFileSync(manifest, "utf8")).not.toContain("example");
    });

  test("programs may be started", async () => {
    const folder = join(scratch, "started");
    await made("python", "hello", folder);
    if (process.platform !== "win32") expect(statSync(join(folder, "main.py")).mode & 0o111).toBe(0o111);
  });

  test("as JSON", async () => {
    const { code, out } = await made("go", "hello", join(scratch, "json"), true);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ name: "hello", language: "go", build: "go build -o hello .", command: ["./hello"] });
  });

  test("touches nothing that is there", async () => {
    const { code, err } = await made("python", "hello", scratch);
    expect(code).toBe(1);
    expect(err).toContain("is there already");
    expect(existsSync(join(scratch, "main.py"))).toBe(false);
  });

  test("wants a language and a name that it knows", async () => {
    const cobol = await made("cobol", "hello", join(scratch, "no"));
    expect([cobol.code, cobol.err]).toEqual([2, 'weir: pass one of python, go, rust, typescript, shell: found "cobol"\n']);
    for (const name of [
      "",
      "Hello",
      "a b",
      "../x",
      "-a",
      "a--b",
      "a-",
      "1a",
      "a_b",
      "true",
      "weir-plugin",
      "a".repeat(41),
      'a"b',
    ])
      expect(checkPluginName(name, "python"), name).not.toBeNull();
    for (const name of ["a", "hello", "a-1", "a".repeat(40)]) expect(checkPluginName(name, "python"), name).toBeNull();
    expect(checkPluginName("crate", "rust")).not.toBeNull();
    expect((await made("python", "A", join(scratch, "no"))).code).toBe(2);
    expect(existsSync(join(scratch, "no"))).toBe(false);
  });
});
