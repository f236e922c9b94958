import { existsSync } from "node:fs";
import { join } from "node:path";

export const root: string = join(import.meta.dirname, "..", "..");

export type SubjectName = "bun" | "deno" | "dist";

/** What the black-box suite drives: the source on one of the runtimes, or the executable. Chosen by WEIR_SUBJECT. */
export const subject: SubjectName = subjectOf(process.env["WEIR_SUBJECT"] ?? "bun");

const bin = join(root, "node_modules", ".bin");
const main = join(root, "src", "main.ts");

/** Program and first arguments of a command line of weir. */
export function commandOf(name: SubjectName): readonly string[] {
  if (name === "bun") return [join(bin, "bun"), main];
  if (name === "deno") return [join(bin, "deno"), "run", "-A", "--no-check", main];
  const built = join(root, "dist", "weir");
  if (!existsSync(built)) throw new Error("run ./compile.sh first: there is no dist/weir");
  return [built];
}

function subjectOf(value: string): SubjectName {
  if (value === "bun" || value === "deno" || value === "dist") return value;
  throw new Error(`set WEIR_SUBJECT to bun, deno or dist, not ${JSON.stringify(value)}`);
}
