import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parseConfig } from "../../../../src/source/file/load_config.ts";

const directory = join(import.meta.dirname, "..", "..", "..", "golden", "config");
// The aliases that stand for billions of values are slow by design up to their limit.
const texts = readdirSync(directory)
  .filter((name) => name.endsWith(".yaml") && name !== "bad_aliases.yaml")
  .map((name) => readFileSync(join(directory, name), "utf8"));
const files = { read: async () => "text", list: async () => ["a.yaml"] };

/** Pieces that a slip of the hand may leave anywhere. */
const PIECES = [
  "{",
  "}",
  "[",
  "]",
  ": ",
  "- ",
  "\n",
  "  ",
  "'",
  '"',
  "*a",
  "&a ",
  "<<: ",
  "null",
  "0x",
  "-1",
  "1e999",
  "${",
  "\0",
  "\t",
  "é",
  "#",
  "~",
  "!!set ",
];

test("no text makes the config source throw, and a refused one has a problem that says so", async () => {
  const edit = fc.record({ at: fc.nat(), cut: fc.nat(12), piece: fc.constantFrom(...PIECES) });
  const broken = fc.tuple(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: 4 })).map(([text, edits]) => {
    let out = text;
    for (const { at, cut, piece } of edits) {
      const i = at % (out.length + 1);
      out = out.slice(0, i) + piece + out.slice(i + cut);
    }
    return out;
  });
  await fc.assert(
    fc.asyncProperty(broken, async (text) => {
      const { model, problems } = await parseConfig(text, "weir.yaml", { PORT: "8080" }, files);
      expect(model === null).toBe(problems.some((p) => p.severity === "error"));
      for (const p of problems) {
        expect(p.message).toMatch(/^[^A-Z].*[^.]$/s);
        if (p.place !== null) expect(p.place.column).toBeLessThanOrEqual(p.place.text.length + 1);
      }
    }),
    { numRuns: 400 },
  );
});
