import type { Problem } from "../config/problem.ts";
import { loadConfig } from "../source/file/load_config.ts";
import { type CliIo, EXIT } from "./deps.ts";
import { paint, wantsColor } from "./render/paint.ts";
import { countProblems, renderProblems } from "./render/render_problems.ts";

export interface CheckArgs {
  readonly configs: readonly string[];
  readonly json: boolean;
}

interface Checked {
  readonly config: string;
  readonly ok: boolean;
  readonly problems: readonly Problem[];
}

/** `weir check CONFIG…`: 0 when every config could be run, 1 otherwise. Warnings alone are no failure. */
export async function check(args: CheckArgs, io: CliIo): Promise<number> {
  const checked: Checked[] = [];
  for (const config of args.configs) {
    const { model, problems } = await loadConfig(config, io.env, {
      runtime: io.runtime,
      ...(io.probeModule === undefined ? {} : { probe: io.probeModule }),
      ...(io.describePlugin === undefined ? {} : { describe: io.describePlugin }),
    });
    checked.push({ config, ok: model !== null, problems });
  }
  if (args.json) io.out(`${JSON.stringify(checked, null, 2)}\n`);
  else for (const c of checked) io.out(reportOf(c, wantsColor(io.outIsTerminal, io.env)));
  return checked.every((c) => c.ok) ? EXIT.done : EXIT.problems;
}

function reportOf(c: Checked, color: boolean): string {
  const problems = c.problems.length === 0 ? "" : `${renderProblems(c.problems, { color })}\n`;
  const verdict = c.ok ? paint("ok", "green", color) : paint("refused", "red", color);
  return `${problems}${c.config}: ${verdict}, ${countProblems(c.problems)}\n`;
}
