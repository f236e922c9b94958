import { type ChildProcess, spawn } from "node:child_process";
import { until, within } from "./deadline.ts";

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** They become its descriptors 3, 4 and so on. */
  readonly descriptors?: readonly number[];
}

export interface Exit {
  /** -1 when a signal ended it. */
  readonly code: number;
  readonly signal: string | null;
}

/**
 * The kernel ends what a test started when the test run itself is killed: no handler runs then. Dropping privileges undoes it, so that
 * a test of those must end its program itself.
 */
const guard: readonly string[] = Bun.which("setpriv") === null ? [] : ["setpriv", "--pdeathsig", "KILL", "--"];

/** A started program with what it has written so far. It is killed with the test run at the latest. */
export class Program {
  readonly pid: number;
  /** The process has ended, and nobody writes to its pipes any more: a process that goes on in its place would. */
  readonly exited: Promise<Exit>;
  /** The process itself has ended. */
  readonly left: Promise<Exit>;
  exit: Exit | null = null;
  stdout = "";
  stderr = "";
  readonly #child: ChildProcess;

  constructor(command: readonly string[], o: ProgramOptions = {}) {
    const env = { ...process.env, ...o.env };
    const words = [...guard, ...command];
    const child = spawn(words[0]!, words.slice(1), {
      cwd: o.cwd,
      env,
      stdio: ["ignore", "pipe", "pipe", ...(o.descriptors ?? [])],
      // A group of its own, so that it ends with all that it has started.
      detached: true,
    });
    this.#child = child;
    child.stdout!.setEncoding("utf8").on("data", (s: string) => {
      this.stdout += s;
    });
    child.stderr!.setEncoding("utf8").on("data", (s: string) => {
      this.stderr += s;
    });
    this.exited = new Promise((resolve) => {
      const ended = (code: number | null, signal: string | null): void => {
        this.exit = { code: code ?? -1, signal };
        resolve(this.exit);
      };
      child.once("close", ended);
      child.once("error", (e) => {
        this.stderr += String(e);
        ended(-1, null);
      });
    });
    this.left = new Promise((resolve) => {
      child.once("exit", (code, signal) => resolve({ code: code ?? -1, signal }));
    });
    this.pid = child.pid ?? -1;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Kills it and all that it has started, and waits for their end. */
  async kill(): Promise<void> {
    if (this.pid > 0) killGroup(this.pid);
    await within("a killed program to end", 5000, this.exited);
  }

  /** The exit of a program that ends by itself. */
  async ended(ms = 15_000): Promise<Exit> {
    try {
      return await within("the program to end", ms, this.exited);
    } catch (e) {
      await this.kill();
      throw new Error(`${(e as Error).message}; stderr: ${this.stderr}`);
    }
  }

  /** Waits until stderr has a line that fits, after the first `from` characters. */
  async said(pattern: RegExp, from = 0, ms = 5000): Promise<string> {
    let line: string | undefined;
    const find = (): boolean => {
      line = this.stderr
        .slice(from)
        .split("\n")
        .find((l) => pattern.test(l));
      return line !== undefined;
    };
    try {
      await until(`stderr to say ${pattern}`, () => find() || this.exit !== null, ms);
    } catch (e) {
      throw new Error(`${(e as Error).message}; stderr: ${this.stderr.slice(from)}`);
    }
    if (!find()) throw new Error(`ended without saying ${pattern}; stderr: ${this.stderr.slice(from)}`);
    return line!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // All of it has ended.
  }
}

export interface Ran extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function run(command: readonly string[], o: ProgramOptions & { readonly ms?: number } = {}): Promise<Ran> {
  const program = new Program(command, o);
  const exit = await program.ended(o.ms ?? 15_000);
  return { ...exit, stdout: program.stdout, stderr: program.stderr };
}

/** curl with a bound on its time; `-sS` is given. */
export function curl(...args: string[]): Promise<Ran> {
  return run(["curl", "-sS", "--max-time", "10", ...args]);
}
