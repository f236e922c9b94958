import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FixtureFile, readFixtures, writeFixture } from "../../../../../src/cli/plugin/replay/fixture_files.ts";

const scratch = mkdtempSync(join(tmpdir(), "weir-fixtures-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const ONE = '{ "name": "a", "steps": [{ "call": "requestHead", "params": { "end": true } }] }';

function lay(name: string, text: string): string {
  const path = join(scratch, name);
  writeFileSync(path, text);
  return path;
}

function read(name: string, text: string): readonly FixtureFile[] | string {
  return readFixtures([lay(name, text)]);
}

describe("fixtures", () => {
  const forms: readonly [form: string, name: string, text: string, count: number][] = [
    ["one", "one.json", ONE, 1],
    ["list", "list.json", `[${ONE}, ${ONE}]`, 2],
    ["cases", "cases.json", `{ "cases": [${ONE}] }`, 1],
    ["lines", "lines.jsonl", `${ONE}\n\n${ONE}\n`, 2],
  ];
  for (const [form, name, text, count] of forms)
    test(`as ${form} are read, and written in the same form`, () => {
      const files = read(name, text) as readonly FixtureFile[];
      expect(files.map((f) => [f.form, f.cases.length])).toEqual([[form as FixtureFile["form"], count]]);
      writeFixture(files[0]!, files[0]!.cases);
      expect(readFixtures([files[0]!.path])).toEqual(files);
      // Once written it stays as it is.
      const first = readFileSync(files[0]!.path, "utf8");
      writeFixture(files[0]!, files[0]!.cases);
      expect(readFileSync(files[0]!.path, "utf8")).toBe(first);
    });

  test("of a folder are its files of JSON, by name", () => {
    const folder = join(scratch, "folder");
    mkdirSync(folder);
    for (const name of ["b.json", "a.jsonl"]) writeFileSync(join(folder, name), ONE);
    writeFileSync(join(folder, "README.md"), "#");
    expect((readFixtures([folder]) as readonly FixtureFile[]).map((f) => f.path)).toEqual(
      ["a.jsonl", "b.json"].map((n) => join(folder, n)),
    );
  });

  const wrong: readonly [name: string, text: string, said: string][] = [
    ["w1.json", "{", "correct the JSON of "],
    ["w2.jsonl", `${ONE}\n{`, "line 2: "],
    ["w3.json", "[1]", "case 1 of "],
    ["w4.json", '{"steps": []}', "give it a name"],
    ["w5.json", '{"name": "a"}', "give it steps"],
    ["w6.json", '{"name": "a", "steps": [1]}', "step 1 is no object"],
    ["w7.json", "[]", "found none"],
  ];
  for (const [name, text, said] of wrong) test(`refused: ${text}`, () => expect(read(name, text) as string).toContain(said));

  test("that are not there", () => expect(readFixtures([join(scratch, "none")]) as string).toContain("--fixtures"));
});
