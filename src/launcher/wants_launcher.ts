import { LAUNCHER_VARIABLE } from "./launcher_variables.ts";

export interface Started {
  readonly pid: number;
  /** What stands behind the program's name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Commands that serve until they are told to end. */
const SERVING: ReadonlySet<string> = new Set(["run", "proxy"]);
const WITH = "--launcher";
const WITHOUT = "--no-launcher";

/**
 * Whether this process is to be a launcher: as process 1, on whose end all others of a container are killed, or where it is asked for.
 * A main process that was started by one is none.
 */
export function wantsLauncher({ pid, args, env }: Started): boolean {
  const options = optionsOf(args);
  if (!SERVING.has(args[0] ?? "") || env[LAUNCHER_VARIABLE] !== undefined || options.includes("--help") || options.includes("-h"))
    return false;
  const asked = options.findLast((a) => a === WITH || a === WITHOUT);
  return asked === undefined ? pid === 1 : asked === WITH;
}

/** The arguments of the main process. */
export function withoutLauncherOption(args: readonly string[]): string[] {
  const options = optionsOf(args).length;
  return args.filter((a, i) => i >= options || (a !== WITH && a !== WITHOUT));
}

/** What stands in front of `--`. */
function optionsOf(args: readonly string[]): readonly string[] {
  const end = args.indexOf("--");
  return end < 0 ? args : args.slice(0, end);
}
