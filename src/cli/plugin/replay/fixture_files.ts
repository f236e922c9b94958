import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Case, Step } from "./run_case.ts";

/** A file of cases. */
export interface FixtureFile {
  readonly path: string;
  /** How they lie in it: one alone, in a list, under `cases`, or one a line. */
  readonly form: "one" | "list" | "cases" | "lines";
  readonly cases: readonly Case[];
}

/** Files, and those of folders whose name ends in .json or .jsonl. Text: what is wrong with them, for people. */
export function readFixtures(paths: readonly string[]): readonly FixtureFile[] | string {
  const files: FixtureFile[] = [];
  for (const path of paths) {
    try {
      const isFolder = statSync(path).isDirectory();
      const found = isFolder
        ? readdirSync(path)
            .sort()
            .filter((f) => /\.jsonl?$/.test(f))
        : [""];
      for (const f of found) {
        const file = readFixture(f === "" ? path : join(path, f));
        if (typeof file === "string") return file;
        files.push(file);
      }
    } catch (e) {
      return `lay fixtures there, or name them with --fixtures: ${(e as Error).message}`;
    }
  }
  if (files.every((f) => f.cases.length === 0)) return `lay fixtures there: found none in ${paths.join(", ")}`;
  return files;
}

function readFixture(path: string): FixtureFile | string {
  const text = readFileSync(path, "utf8");
  const parsed = path.endsWith(".jsonl") ? linesOf(text) : valueIn(text);
  if (typeof parsed === "string") return `correct the JSON of ${path}: ${parsed}`;
  const { form, cases } = parsed;
  for (const [i, c] of cases.entries()) {
    const wrong = wrongIn(c);
    if (wrong !== null) return `correct case ${i + 1} of ${path}: ${wrong}`;
  }
  return { path, form, cases: cases as readonly Case[] };
}

type Parsed = { readonly form: FixtureFile["form"]; readonly cases: readonly unknown[] } | string;

function valueIn(text: string): Parsed {
  const value = parse(text);
  if (value instanceof Error) return value.message;
  if (Array.isArray(value)) return { form: "list", cases: value };
  const cases = isObject(value) ? value["cases"] : undefined;
  return Array.isArray(cases) ? { form: "cases", cases } : { form: "one", cases: [value] };
}

function linesOf(text: string): Parsed {
  const cases: unknown[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const value = parse(line);
    if (value instanceof Error) return `line ${i + 1}: ${value.message}`;
    cases.push(value);
  }
  return { form: "lines", cases };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (e) {
    return e;
  }
}

function wrongIn(c: unknown): string | null {
  if (!isObject(c)) return "found no object";
  if (typeof c["name"] !== "string") return "give it a name";
  const { steps } = c;
  if (!Array.isArray(steps)) return "give it steps, a list";
  const bad = steps.findIndex((s) => !isObject(s));
  return bad < 0 ? null : `step ${bad + 1} is no object`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Writes the file with other cases, in its form. */
export function writeFixture({ path, form }: FixtureFile, cases: readonly Case[]): void {
  writeFileSync(path, fixtureText(form, cases));
}

export function fixtureText(form: FixtureFile["form"], cases: readonly Case[]): string {
  if (form === "lines") return cases.map((c) => `${compact(c)}\n`).join("");
  if (form === "one") return `${caseText(cases[0]!, "")}\n`;
  const list = `[\n${cases.map((c) => `  ${caseText(c, "  ")}`).join(",\n")}\n]`;
  return form === "list" ? `${list}\n` : `{ "cases": ${list} }\n`;
}

/** Each member of a step has a line, so that a change of an answer is a change of one line. */
function caseText({ steps, ...rest }: Case, indent: string): string {
  const members = Object.entries(rest).map(([k, v]) => `${indent}  ${JSON.stringify(k)}: ${compact(v)}`);
  const stepTexts = steps.map((s: Step) => {
    const lines = Object.entries(s).map(([k, v]) => `${indent}      ${JSON.stringify(k)}: ${compact(v)}`);
    return `${indent}    {\n${lines.join(",\n")}\n${indent}    }`;
  });
  return `{\n${[...members, `${indent}  "steps": [\n${stepTexts.join(",\n")}\n${indent}  ]`].join(",\n")}\n${indent}}`;
}

function compact(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(compact).join(", ")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.entries(value)
    .filter(([, v]) => v !== undefined)
    .map(([k, v]) => `${JSON.stringify(k)}: ${compact(v)}`)
    .join(", ")}}`;
}
