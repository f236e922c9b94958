import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Case } from "./run_case.ts";

export { runsOf } from "../../src/cli/plugin/replay/conformance_cases.ts";

export function readCases(): readonly Case[] {
  const file = join(import.meta.dirname, "..", "..", "plugins", "conformance", "cases.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { cases: readonly Case[] }).cases;
}
