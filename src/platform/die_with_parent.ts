import { spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { ProcessSpec } from "./types.ts";

/** Where a host has setpriv(1), apart from PATH. */
const USUAL = "/usr/bin:/bin";

type Started = Pick<ProcessSpec, "command" | "args" | "env">;

/**
 * Starts children so that the kernel kills them when this process ends, however that ends. Only a child can ask for that, between fork and
 * exec, and no runtime lets one do so: setpriv(1) of util-linux, from 2.33 on, asks and then becomes the program. Where there is none,
 * children are started as they are.
 *
 * The signal comes when the thread that forked ends (prctl(2)). Bun and Deno fork on their main thread.
 */
export class DieWithParent {
  readonly #searched: string;
  /** "": there is none; null: not looked for yet. */
  #setpriv: string | null = null;

  /** `path`: PATH of this process. */
  constructor(path: string) {
    this.#searched = `${path}${delimiter}${USUAL}`;
  }

  /** Whether children end with this process. */
  get works(): boolean {
    this.#setpriv ??= find("setpriv", this.#searched, knowsSignal) ?? "";
    return this.#setpriv !== "";
  }

  wrap({ command, args, env }: Started): { readonly command: string; readonly args: readonly string[] } {
    // What can't be started is told best by the runtime itself.
    const isThere = command.includes("/") ? isProgram(command) : find(command, env["PATH"] ?? "") !== null;
    if (!isThere || !this.works) return { command, args };
    return { command: this.#setpriv!, args: ["--pdeathsig", "KILL", "--", command, ...args] };
  }
}

function find(name: string, searched: string, holds: (path: string) => boolean = () => true): string | null {
  for (const directory of searched.split(delimiter)) {
    const path = join(directory, name);
    if (directory !== "" && isProgram(path) && holds(path)) return path;
  }
  return null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** That of busybox does not. */
function knowsSignal(setpriv: string): boolean {
  try {
    const { status, stdout } = spawnSync(setpriv, ["--help"], { env: {}, timeout: 5_000 });
    return status === 0 && stdout.includes("--pdeathsig");
  } catch {
    return false;
  }
}
