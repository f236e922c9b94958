import { statSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import type { PluginSpec } from "../../config/plugin_model.ts";
import type { Closer, Platform, Timer } from "../../platform/types.ts";

/** Changes come in crowds while a file is being written. */
const SETTLE_MS = 300;

/** `searched`: PATH. Calls `changed` when the program of a plugin, or a script among its arguments, is another file than before. */
export function watchProgram(platform: Platform, searched: string, spec: PluginSpec, changed: () => void): { close(): void } {
  const files = filesOf(spec, searched);
  let before = stateOf(files);
  let timer: Timer | null = null;
  const look = (): void => {
    timer = null;
    const now = stateOf(files);
    // Gone for a moment, as a file that is replaced may be.
    if (now === before || now.includes("-")) return;
    before = now;
    changed();
  };
  const watches: Closer[] = [...new Set(files.map((f) => dirname(f)))].flatMap((directory) => {
    try {
      return [
        platform.watch(directory, () => {
          timer?.cancel();
          timer = platform.setTimer(SETTLE_MS, look);
        }),
      ];
    } catch {
      return [];
    }
  });
  return {
    close: () => {
      timer?.cancel();
      for (const w of watches) w.close();
    },
  };
}

function filesOf({ command, cwd }: PluginSpec, path: string): readonly string[] {
  const [program, ...args] = command;
  const found = program!.includes("/")
    ? program!
    : path
        .split(delimiter)
        .map((d) => join(d, program!))
        .find(isFile);
  const scripts = args
    .filter((a) => !a.startsWith("-") && a.includes("."))
    .map((a) => (isAbsolute(a) ? a : resolve(cwd ?? ".", a)));
  return [...(found === undefined ? [] : [resolve(found)]), ...scripts.filter(isFile)];
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function stateOf(files: readonly string[]): string {
  return files
    .map((f) => {
      try {
        const s = statSync(f);
        return `${s.ino}:${s.size}:${s.mtimeMs}`;
      } catch {
        return "-";
      }
    })
    .join(" ");
}
