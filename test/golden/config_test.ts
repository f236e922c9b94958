import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { renderProblems } from "../../src/cli/render/render_problems.ts";
import { EVERY_ABILITY, type RuntimeAbilities } from "../../src/config/runtime_abilities.ts";
import { parseConfig } from "../../src/source/file/load_config.ts";
import { certificateFiles } from "../support/certificate_files.ts";
import { MINTED_AT } from "../support/mint.ts";

// UPDATE_GOLDEN=1 writes what the code says now; the difference is then reviewed like code.
const update = process.env["UPDATE_GOLDEN"] === "1";
const directory = join(import.meta.dirname, "config");
const ENV = { PORT: "8080", EMPTY: "" };
const certificates = certificateFiles();
const files = {
  read: async (path: string): Promise<string> => {
    const made = certificates.get(path.replace(/^\/?certs\//, ""));
    return made ?? (await readFile(join(directory, path), "utf8").catch(() => Promise.reject(new Error("no such file"))));
  },
  list: (path: string): Promise<string[]> =>
    readdir(join(directory, path)).catch(() => Promise.reject(new Error("no such folder"))),
};

/** A runtime that can do nothing of its own. */
const LEAST: RuntimeAbilities = { runtime: "deno", ciphers: false, curves: false, ocsp: false, modules: "none" };

/** Maps as objects, bytes and what has no end as text: as a person wants to read it. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  if (value === Number.POSITIVE_INFINITY) return "Infinity";
  return value;
}

function modelText(model: unknown): string {
  const withText = JSON.stringify(model, (key, value: unknown) =>
    value instanceof Uint8Array ? new TextDecoder().decode(value) : plain(key, value),
  );
  return `${JSON.stringify(JSON.parse(withText), null, 2)}\n`;
}

describe("a config file becomes", () => {
  const inputs = readdirSync(directory).filter((name) => /\.(?:yaml|json)$/.test(name) && !/\.model\.json$/.test(name));
  for (const name of inputs) {
    const stem = join(directory, name.replace(/\.\w+$/, ""));
    test(`${name}: its model and its problems`, async () => {
      const text = readFileSync(join(directory, name), "utf8");
      const runtime = name.includes("runtime") ? LEAST : EVERY_ABILITY;
      const { model, problems } = await parseConfig(text, name, ENV, files, { runtime, now: MINTED_AT });
      hold(`${stem}.model.json`, model === null ? null : modelText(model));
      hold(`${stem}.problems.txt`, problems.length === 0 ? null : renderProblems(problems, { color: false }));
      // A model is there exactly when nothing is an error, and bad files are named so.
      expect(model === null).toBe(problems.some((p) => p.severity === "error"));
      expect(model === null).toBe(name.startsWith("bad_"));
    });
  }
});

function hold(path: string, found: string | null): void {
  if (update) {
    if (found === null) rmSync(path, { force: true });
    else writeFileSync(path, found);
  }
  expect(found).toEqual(existsSync(path) ? readFileSync(path, "utf8") : null);
}
