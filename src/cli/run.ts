import { loadConfig } from "../source/file/load_config.ts";
import { type CliDeps, EXIT, type ServeOptions } from "./deps.ts";
import { wantsColor } from "./render/paint.ts";
import { countProblems, renderProblems } from "./render/render_problems.ts";

/** `weir run [CONFIG]`: a config with errors is told on stderr and nothing starts. */
export async function run(configPath: string, options: ServeOptions, deps: CliDeps): Promise<number> {
  const { io } = deps;
  const loaded = await loadConfig(configPath, io.env, { runtime: io.runtime });
  const { model, problems } = loaded;
  if (model !== null) return deps.run({ configPath, loaded: { ...loaded, model }, ...options });
  io.err(`${renderProblems(problems, { color: wantsColor(io.errIsTerminal, io.env) })}\n`);
  io.err(`${configPath}: refused, ${countProblems(problems)}\n`);
  return EXIT.problems;
}
