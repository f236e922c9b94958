import type { Model } from "../../config/model.ts";
import type { Problem } from "../../config/problem.ts";
import type { RuntimeAbilities } from "../../config/runtime_abilities.ts";
import type { ProbeModule } from "./check/modules.ts";
import type { DescribePlugin } from "./check/plugins.ts";
import { type ConfigFiles, diskFiles, WatchedFiles } from "./config_files.ts";
import { gather } from "./gather.ts";
import type { LoadMemory } from "./load_memory.ts";
import { lowerConfig } from "./lower/lower_config.ts";
import { Lowering } from "./lower/lowering.ts";
import { ProblemList } from "./problem_list.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadedConfig {
  /** null when a problem is an error. */
  readonly model: Model | null;
  /** Errors and warnings in the order of the files. */
  readonly problems: readonly Problem[];
  /** Every file that was read or should have been: the config, its includes, what `${file:…}` names, and certificates when there is no model. */
  readonly files: readonly string[];
  /** Directories that a pattern of `include` was looked up in. */
  readonly directories: readonly string[];
  /** A digest of all that was read, to be compared with `contentsNow`. */
  readonly contents: string;
}

export interface LoadOptions {
  /** Of the load before, so that routes which say the same are not read anew. */
  readonly memory?: LoadMemory | null;
  /** What the runtime can do that the config is for; when absent nothing is told of that. */
  readonly runtime?: RuntimeAbilities;
  /** Loads the modules that the config names, to see what they are; absent: they are only read. */
  readonly probe?: ProbeModule;
  /** Asks plugins what they are; absent: they are not started. */
  readonly describe?: DescribePlugin;
  /** Milliseconds since 1970 that certificates are held against; the clock's when absent. */
  readonly now?: number;
}

/**
 * Reads a config file, YAML or JSON, with all that it includes and refers to. It never rejects: what is wrong stands in `problems`.
 *
 * @example const { model, problems } = await loadConfig("weir.yaml", process.env)
 */
export async function loadConfig(path: string, env: Environment, o: LoadOptions = {}): Promise<LoadedConfig> {
  const files = new WatchedFiles(diskFiles);
  let text: string;
  try {
    text = await files.read(path);
  } catch (e) {
    const message = `make the file readable: reading ${JSON.stringify(path)} failed: ${e instanceof Error ? e.message : String(e)}`;
    const problems: Problem[] = [{ severity: "error", path: "", message, hint: "", place: null }];
    return { model: null, problems, files: files.files, directories: [], contents: files.contents };
  }
  return await parse(text, path, env, files, o);
}

/** The same of a text that is at hand; `fileName` places problems and relative paths. */
export function parseConfig(
  text: string,
  fileName: string,
  env: Environment,
  files: ConfigFiles,
  o: LoadOptions = {},
): Promise<LoadedConfig> {
  return parse(text, fileName, env, new WatchedFiles(files), o);
}

async function parse(
  text: string,
  fileName: string,
  env: Environment,
  files: WatchedFiles,
  o: LoadOptions,
): Promise<LoadedConfig> {
  const memory = o.memory ?? null;
  memory?.begin();
  const problems = new ProblemList();
  const gathered = await gather(fileName, text.replace(/^\uFEFF/, ""), { env, files, problems, memory });
  const lowering = new Lowering(gathered, fileName, problems, memory, o.runtime);
  const model = lowerConfig(lowering);
  const readApart = (path: string): Promise<string> => files.readApart(path);
  await lowering.tlsFiles.check(readApart, o.now ?? Date.now());
  await lowering.endpointFiles.check(readApart);
  await lowering.modules.check((path) => files.read(path), lowering.runtime, o.probe ?? null);
  await lowering.pluginChecks.check(o.describe ?? null);
  await lowering.folders.check((path) => files.listApart(path));
  // Those files change by themselves while a config is in force; one that was refused for them is tried again when they do.
  if (problems.errors > 0) files.keepApart();
  return {
    model: problems.errors > 0 ? null : model,
    problems: problems.sorted(),
    files: files.files,
    directories: files.directories,
    contents: files.contents,
  };
}
