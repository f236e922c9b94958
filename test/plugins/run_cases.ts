// The cases of plugins/conformance against a program: bun test/plugins/run_cases.ts [--only WORDS] COMMAND…
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Case, type Mode, runCase } from "./run_case.ts";

export interface CaseResult {
  readonly name: string;
  /** Null: it passed. */
  readonly said: string | null;
}

export function readCases(): readonly Case[] {
  const file = join(import.meta.dirname, "..", "..", "plugins", "conformance", "cases.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { cases: readonly Case[] }).cases;
}

/** Cases with the mode each is run in, under names that differ. */
export function runsOf(cases: readonly Case[]): readonly { readonly name: string; readonly of: Case; readonly mode: Mode }[] {
  return cases.flatMap((of) =>
    of.modes === undefined
      ? [{ name: of.name, of, mode: "binary" as const }]
      : of.modes.map((mode) => ({ name: `${of.name} (${mode})`, of, mode })),
  );
}

async function main(args: readonly string[]): Promise<number> {
  const only = args[0] === "--only" ? args[1]! : "";
  const command = (args[0] === "--only" ? args.slice(2) : args).filter((a, i) => i > 0 || a !== "--");
  if (command.length === 0) {
    console.error("pass the command that starts the plugin");
    return 2;
  }
  let failed = 0;
  const runs = runsOf(readCases()).filter((r) => r.name.includes(only));
  for (const r of runs) {
    const said = await runCase(r.of, r.mode, command);
    console.log(said === null ? `ok    ${r.name}` : `FAILS ${r.name}\n      ${said.replaceAll("\n", "\n      ")}`);
    if (said !== null) failed += 1;
  }
  console.log(`${runs.length - failed} passed, ${failed} failed`);
  return failed === 0 && runs.length > 0 ? 0 : 1;
}

if (import.meta.main) process.exit(await main(process.argv.slice(2)));
