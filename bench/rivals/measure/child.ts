import { type ChildProcess, spawn } from "node:child_process";
import { openSync } from "node:fs";
import { openFiles } from "./proc.ts";

/** The proxy has a core for itself; load and origin share the other. */
const PROXY_CORE = 0;
const LOAD_CORE = 1;
const STOP_MS = 10_000;

export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly process: ChildProcess;
  /** The last of what it said on standard error. */
  said(): string;
  /** Asks it to end, and ends it when it doesn't within ten seconds. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** File for its standard output. */
  readonly stdout?: string;
}

const alive = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

export function startOnProxyCore(name: string, command: readonly string[], o: StartOptions = {}): Child {
  const child = start(name, PROXY_CORE, command, o);
  child.process.stdout?.resume(); // A full pipe would stop it.
  return child;
}

/** A proxy with several workers, on the cores of both. */
export function startOnBothCores(name: string, command: readonly string[], o: StartOptions = {}): Child {
  const child = start(name, `${PROXY_CORE},${LOAD_CORE}`, command, o);
  child.process.stdout?.resume();
  return child;
}

/** Standard input and output are pipes, unless the output goes to a file. */
export function startOnLoadCore(name: string, command: readonly string[], o: StartOptions = {}): Child {
  return start(name, LOAD_CORE, command, o);
}

/** taskset and prlimit replace themselves by the command, so the process id is its own. */
function start(name: string, cores: number | string, command: readonly string[], o: StartOptions): Child {
  const p = spawn("taskset", ["-c", String(cores), "prlimit", `--nofile=${openFiles()}:`, ...command], {
    cwd: o.cwd,
    env: { ...process.env, ...o.env },
    stdio: ["pipe", o.stdout === undefined ? "pipe" : openSync(o.stdout, "a"), "pipe"],
  });
  alive.add(p);
  let said = "";
  const keep = (b: Buffer): void => {
    said = (said + b.toString()).slice(-4000);
  };
  p.stderr!.on("data", keep);
  let stopping = false;
  const ended = new Promise<void>((done) =>
    p.on("exit", (code, signal) => {
      alive.delete(p);
      if (!stopping && code !== 0) console.error(`${name} ended with ${code ?? signal}:\n${said}`);
      done();
    }),
  );
  return {
    name,
    pid: p.pid!,
    process: p,
    said: () => said,
    async stop() {
      stopping = true;
      p.kill("SIGTERM");
      const late = setTimeout(() => p.kill("SIGKILL"), STOP_MS);
      await ended;
      clearTimeout(late);
    },
  };
}
