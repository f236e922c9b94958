import { type Case, type Mode, runCase as run } from "../../src/cli/plugin/replay/run_case.ts";

export type { Case, Step } from "../../src/cli/plugin/replay/run_case.ts";

/** A step that hangs is given up after this. */
const HANGS_MS = 20_000;

/** Runs one case in one mode. Null: it went as it should; otherwise what did not. */
export async function runCase(c: Case, mode: Mode, command: readonly string[]): Promise<string | null> {
  // Toolchains keep things there.
  const env = process.env["HOME"] === undefined ? {} : { HOME: process.env["HOME"] };
  const replay = {
    start: { command, env, cwd: null },
    env: process.env,
    patienceMs: HANGS_MS,
    isLenient: false,
    takesAnswers: false,
  };
  return (await run(c, mode, replay)).said;
}
