import type { Model } from "../../config/model.ts";
import type { Problem } from "../../config/problem.ts";
import { type ConfigFiles, diskFiles, WatchedFiles } from "./config_files.ts";
import { gather } from "./gather.ts";
import { lowerConfig } from "./lower/lower_config.ts";
import { Lowering } from "./lower/lowering.ts";
import { ProblemList } from "./problem_list.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadedConfig {
  /** null when a problem is an error. */
  readonly model: Model | null;
  /** Errors and warnings in the order of the files. */
  readonly problems: readonly Problem[];
  /** Every file that was read or should have been: the config, its includes, and what `${file:…}` names. */
  readonly files: readonly string[];
  /** Directories that a pattern of `include` was looked up in. */
  readonly directories: readonly string[];
}

/**
 * Reads a config file, YAML or JSON, with all that it includes and refers to. It never rejects: what is wrong stands in `problems`.
 *
 * @example const { model, problems } = await loadConfig("weir.yaml", process.env)
 */
export async function loadConfig(path: string, env: Environment): Promise<LoadedConfig> {
  let text: string;
  try {
    text = await diskFiles.read(path);
  } catch (e) {
    const message = `make the file readable: reading ${JSON.stringify(path)} failed: ${e instanceof Error ? e.message : String(e)}`;
    return {
      model: null,
      problems: [{ severity: "error", path: "", message, hint: "", place: null }],
      files: [path],
      directories: [],
    };
  }
  const loaded = await parseConfig(text, path, env, diskFiles);
  return { ...loaded, files: [path, ...loaded.files] };
}

/** The same of a text that is at hand; `fileName` places problems and relative paths. */
export async function parseConfig(text: string, fileName: string, env: Environment, files: ConfigFiles): Promise<LoadedConfig> {
  const problems = new ProblemList();
  const watched = new WatchedFiles(files);
  const gathered = await gather(fileName, text.replace(/^\uFEFF/, ""), { env, files: watched, problems });
  const model = lowerConfig(new Lowering(gathered, fileName, problems));
  return {
    model: problems.errors > 0 ? null : model,
    problems: problems.sorted(),
    files: watched.files,
    directories: watched.directories,
  };
}
