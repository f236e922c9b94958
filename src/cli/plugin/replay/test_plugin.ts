import { dirname, join } from "node:path";
import { type CliIo, EXIT } from "../../deps.ts";
import { paint, wantsColor } from "../../render/paint.ts";
import { pluginTarget, type TargetArgs } from "../plugin_target.ts";
import { conformanceCases, runsOf } from "./conformance_cases.ts";
import { type FixtureFile, readFixtures, writeFixture } from "./fixture_files.ts";
import { type Case, type Mode, type Replay, runCase } from "./run_case.ts";

export interface TestPluginArgs extends TargetArgs {
  /** Files and folders; empty: `fixtures` beside the config, or where weir was started. */
  readonly fixtures: readonly string[];
  /** What the plugin answers is written down. */
  readonly update: boolean;
  /** The cases of plugins/conformance in place of fixtures. */
  readonly conformance: boolean;
  /** Only cases whose name has this. */
  readonly only: string;
  /** For each answer. */
  readonly timeoutMs: number;
  readonly json: boolean;
}

interface Run {
  readonly file: FixtureFile | null;
  readonly name: string;
  readonly of: Case;
  readonly mode: Mode;
}

interface Result {
  readonly file: string | null;
  readonly name: string;
  readonly ok: boolean;
  /** What did not go as it should; null: nothing. */
  readonly said: string | null;
}

/** `weir plugin test`: 0 when all cases went as they should, 1 otherwise. */
export async function testPlugin(args: TestPluginArgs, io: CliIo): Promise<number> {
  const spec = await pluginTarget(args, io);
  if (typeof spec === "number") return spec;
  const files = args.conformance ? [] : readFixtures(foldersOf(args));
  if (typeof files === "string") {
    io.err(`weir: ${files}\n`);
    return EXIT.problems;
  }
  const all = args.conformance ? await conformanceRuns() : files.flatMap(runsOfFile);
  const runs = all.filter((r) => r.name.includes(args.only));
  const { command, env, cwd, name, config } = spec;
  const replay: Replay = {
    start: { command, env, cwd },
    env: io.env,
    patienceMs: args.timeoutMs,
    isLenient: !args.conformance,
    takesAnswers: args.update,
  };
  const color = wantsColor(io.outIsTerminal, io.env);
  const results: Result[] = [];
  const updated = new Map<Case, Case>();
  for (const { file, name: title, of, mode } of runs) {
    // What the config says holds where a fixture says nothing else.
    const own = args.conformance ? of : { ...of, initialize: { plugin: name, config, ...of.initialize } };
    const { said, steps } = await runCase(own, mode, replay);
    const result = { file: file?.path ?? null, name: title, ok: said === null, said };
    results.push(result);
    if (said === null) updated.set(of, { ...of, steps });
    if (!args.json) io.out(lineOf(result, color));
  }
  if (args.update)
    for (const f of files)
      writeFixture(
        f,
        f.cases.map((c) => updated.get(c) ?? c),
      );
  const failed = results.filter((r) => !r.ok).length;
  const ok = failed === 0 && runs.length > 0;
  const passed = results.length - failed;
  if (args.json) io.out(`${JSON.stringify({ ok, passed, failed, cases: results }, null, 2)}\n`);
  else
    io.out(
      `${passed} passed, ${failed} failed${runs.length === 0 ? `: no case has ${JSON.stringify(args.only)} in its name` : ""}\n`,
    );
  return ok ? EXIT.done : EXIT.problems;
}

function foldersOf({ fixtures, config }: TestPluginArgs): readonly string[] {
  if (fixtures.length > 0) return fixtures;
  return [config === null ? "fixtures" : join(dirname(config), "fixtures")];
}

async function conformanceRuns(): Promise<readonly Run[]> {
  return runsOf(await conformanceCases()).map((r) => ({ file: null, ...r }));
}

function runsOfFile(file: FixtureFile): readonly Run[] {
  return runsOf(file.cases).map((r) => ({ file, ...r }));
}

function lineOf({ file, name, said }: Result, color: boolean): string {
  const title = file === null ? name : `${file}: ${name}`;
  if (said === null) return `${paint("ok", "green", color)}    ${title}\n`;
  return `${paint("FAILS", "red", color)} ${title}\n      ${said.replaceAll("\n", "\n      ")}\n`;
}
