import { readFileSync } from "node:fs";
import process from "node:process";

const RUNNING = "/proc/self/exe";

/**
 * The same program again with other arguments. `running`: on Linux it is the very executable that runs, also when another lies at its
 * path by now: a worker is never of another version than its supervisor. `onDisk`: what lies there now, to upgrade to. The runtime's own flags are repeated, for they are in no API of Deno's.
 */
export function selfCommand(
  args: readonly string[],
  which: "running" | "onDisk",
  packages: ReadonlyMap<string, string> = new Map(),
): { readonly command: string; readonly args: readonly string[] } {
  const own = process.argv.length - 2;
  const given = commandLine();
  // What stands before the program's own arguments: the runtime, its flags and the script; in an executable just itself.
  const head = given === null ? headByRuntime() : given.slice(1, given.length - own);
  // The script may have been given relative to a directory that is another now.
  if (head.length > 0) head[head.length - 1] = process.argv[1]!;
  if (packages.size > 0 && "Deno" in globalThis && head.length > 0) head.splice(-1, 0, importMap(packages));
  return { command: given === null || which === "onDisk" ? process.execPath : RUNNING, args: [...head, ...args] };
}

/** Null: not Linux. */
function commandLine(): string[] | null {
  try {
    // Each argument ends with NUL.
    return readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(0, -1);
  } catch {
    return null;
  }
}

function headByRuntime(): string[] {
  const script = process.argv[1]!;
  // Where Bun shows what an executable holds.
  if (script.startsWith("/$bunfs/") || script.includes("~BUN")) return [];
  return "Deno" in globalThis ? ["run", "--allow-all", "--no-check", script] : [...process.execArgv, script];
}

/** Deno reads an import map from a `data:` URL as well, so that no file has to be made. */
function importMap(packages: ReadonlyMap<string, string>): string {
  return `--import-map=data:application/json,${encodeURIComponent(JSON.stringify({ imports: Object.fromEntries(packages) }))}`;
}
