import { basename } from "node:path";
import type { PluginSpec } from "../../config/plugin_model.ts";
import { loadConfig } from "../../source/file/load_config.ts";
import { type CliIo, EXIT } from "../deps.ts";
import { wantsColor } from "../render/paint.ts";
import { renderProblems } from "../render/render_problems.ts";

/** Which plugin a command is about: one that a command line starts, or one of a config. */
export interface TargetArgs {
  /** What stands behind `--`. */
  readonly command: readonly string[];
  /** null: weir.yaml, where there is no command. */
  readonly config: string | null;
  /** Name in the config; null: the only one there. */
  readonly plugin: string | null;
}

const DEFAULT_CONFIG = "weir.yaml";

/** A plugin of which a config says nothing but its command: the defaults of docs/config.md. */
const DEFAULTS: Omit<PluginSpec, "name" | "command"> = {
  env: {},
  cwd: null,
  processes: 1,
  config: null,
  timeoutMs: 200,
  startMs: 5_000,
  concurrency: 100,
  queue: 1_000,
  onFailure: { kind: "closed", status: 503 },
  messageBytes: 4 * 1024 * 1024,
  bodyBytes: 1024 * 1024,
  streamWindow: 256 * 1024,
  ping: null,
  restart: { baseMs: 100, maxMs: 30_000, crashes: 10, windowMs: 60_000 },
  memory: { softBytes: null, hardBytes: null },
  cpu: null,
  drainMs: 30_000,
  grants: { authority: false, clusters: [], http: [], kv: true },
};

/** A number: the exit code of a command that was told why there is none. */
export async function pluginTarget({ command, config, plugin }: TargetArgs, io: CliIo): Promise<PluginSpec | number> {
  if (command.length > 0) {
    if (config === null && plugin === null) return { ...DEFAULTS, name: basename(command.at(-1)!), command };
    return misused("pass a command behind --, or --config and --plugin: found both", io);
  }
  const file = config ?? DEFAULT_CONFIG;
  const { model, problems } = await loadConfig(file, io.env, { runtime: io.runtime });
  if (model === null) {
    io.err(`${renderProblems(problems, { color: wantsColor(io.errIsTerminal, io.env) })}\n`);
    if (config === null) io.err("weir: or pass the command that starts the plugin, behind --\n");
    return EXIT.problems;
  }
  const names = [...model.plugins.keys()];
  const found = plugin === null ? (names.length === 1 ? model.plugins.get(names[0]!) : undefined) : model.plugins.get(plugin);
  if (found !== undefined) return found;
  const which = names.length === 0 ? `${file} has none` : `${file} has ${names.join(", ")}`;
  return misused(
    plugin === null ? `choose one with --plugin: ${which}` : `pass the name of a plugin: found ${plugin}, ${which}`,
    io,
  );
}

function misused(message: string, io: CliIo): number {
  io.err(`weir: ${message}\n`);
  return EXIT.usage;
}
