import { basename } from "node:path";
import type { PluginSpec } from "../../config/plugin_model.ts";
import type { ConfigFiles } from "../../source/file/config_files.ts";
import { loadConfig, parseConfig } from "../../source/file/load_config.ts";
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
const NO_FILES: ConfigFiles = { read: () => Promise.reject(new Error("no file")), list: () => Promise.resolve([]) };

/** A number: the exit code of a command that was told why there is none. */
export async function pluginTarget({ command, config, plugin }: TargetArgs, io: CliIo): Promise<PluginSpec | number> {
  if (command.length > 0) {
    if (config === null && plugin === null) return await started(command);
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

/** A plugin of which a config says nothing but its command. It may keep values, as fixtures do not say what is granted. */
async function started(command: readonly string[]): Promise<PluginSpec> {
  const config = {
    listeners: { none: { address: "127.0.0.1:1" } },
    routes: [{ name: "none", respond: { status: 404 } }],
    plugins: { plugin: { command: ["plugin"], ping: false, grants: { kv: true } } },
  };
  const { model, problems } = await parseConfig(JSON.stringify(config), DEFAULT_CONFIG, {}, NO_FILES);
  if (model === null) throw new Error(problems.map((p) => p.message).join("; "));
  return { ...model.plugins.get("plugin")!, name: basename(command.at(-1)!), command };
}

function misused(message: string, io: CliIo): number {
  io.err(`weir: ${message}\n`);
  return EXIT.usage;
}
