import process from "node:process";
import type { LauncherHost, Process, ProcessExit, SignalName } from "../platform/types.ts";
import { exitCodeOf } from "./exit_code.ts";
import { childEnvironment, FIRST_PASSED_FD, passedDescriptors } from "./launcher_variables.ts";
import { type Main, MainsPage, PAGE_BYTES } from "./mains_page.ts";
import { withoutLauncherOption } from "./wants_launcher.ts";

export interface LauncherEnv {
  readonly host: LauncherHost;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Tells of a fault; never throws. */
  readonly say: (text: string) => void;
}

/** All that an operator sends. Without a handler process 1 would not even end on them (kill(2)). */
const PASSED_ON: readonly SignalName[] = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"];
/** Signals that follow each other are told once, so that a look from time to time makes up for one that was missed. */
const LOOK_MS = 5_000;
/** What a main process has to cut its connections when the one that came after it has ended. */
const END_MS = 5_000;

/**
 * Stays in front of the main process for the life of a container: passes signals on to whoever is main, through upgrades, and reaps what
 * is left over. Resolves with the exit code of the last main process when all have ended. Never rejects.
 */
export function launch(env: LauncherEnv): Promise<number> {
  return new Launcher(env).ended;
}

class Launcher {
  readonly ended: Promise<number>;
  readonly #env: LauncherEnv;
  readonly #child: Process;
  readonly #page: MainsPage;
  #childEnded: number | null = null;
  /** SIGTERM and SIGINT so far. */
  #endSignals = 0;
  #killer: ReturnType<typeof setTimeout> | null = null;
  #settle: (code: number) => void = () => {};

  constructor(env: LauncherEnv) {
    const { host } = env;
    this.#env = env;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    host.adoptOrphans();
    const page = host.sharedMemory(PAGE_BYTES);
    this.#page = new MainsPage(page.buffer);
    for (const signal of PASSED_ON) process.on(signal, () => this.#pass(signal));
    process.on("SIGCHLD", () => this.#look());
    setInterval(() => this.#look(), LOOK_MS);
    const passed = Array.from({ length: passedDescriptors(env.env, host.processes.pid) }, (_, i) => FIRST_PASSED_FD + i);
    this.#child = host.processes.spawn(
      {
        ...host.processes.selfCommand(withoutLauncherOption(env.args), "onDisk"),
        env: childEnvironment(env.env, host.processes.pid, FIRST_PASSED_FD + passed.length),
        stdin: "inherit",
        stdout: "inherit",
        stderr: "inherit",
        descriptors: [...passed, page.fd],
        // A terminal sends Ctrl-C to its whole group: with its own copy the main process would hear it twice, and cut instead of drain.
        detached: true,
      },
      { onExit: (how) => this.#onExit(how) },
    );
  }

  #onExit(how: ProcessExit): void {
    if (how.failed !== null) this.#env.say(how.failed.message);
    this.#childEnded = exitCodeOf(how);
    this.#page.end(this.#child.pid, this.#childEnded);
    this.#look();
  }

  /** The newest first. The child is one before it says so: it may end without ever being ready. */
  #mains(): readonly Main[] {
    const told = this.#page.mains();
    if (told.some((m) => m.pid === this.#child.pid)) return told;
    return [...told, { pid: this.#child.pid, ended: this.#childEnded }];
  }

  #pass(signal: SignalName): void {
    const living = this.#mains().filter((m) => m.ended === null);
    const ends = signal === "SIGTERM" || signal === "SIGINT";
    if (ends) this.#endSignals++;
    // The first one drains. Who is in a hurry means those too that drain since an upgrade.
    for (const m of ends && this.#endSignals > 1 ? living : living.slice(0, 1)) this.#send(m.pid, signal);
  }

  #send(pid: number, signal: SignalName): void {
    if (pid === this.#child.pid) this.#child.kill(signal);
    else this.#env.host.processes.signal(pid, signal);
  }

  /** Reaps, and ends when nobody is left. */
  #look(): void {
    const { host } = this.#env;
    const notThis = this.#childEnded === null ? this.#child.pid : 0;
    for (let e = host.reap(notThis); e !== null; e = host.reap(notThis)) this.#page.end(e.pid, exitCodeOf(e));
    // Whoever reaped it ended before it could say so. Of its own child the runtime tells.
    for (const m of this.#mains())
      if (m.ended === null && m.pid !== this.#child.pid && !host.isThere(m.pid)) this.#page.end(m.pid, 1);
    const [newest, ...before] = this.#mains();
    if (newest!.ended === null) return;
    const rest = before.filter((m) => m.ended === null);
    if (rest.length === 0) {
      if (this.#killer !== null) clearTimeout(this.#killer);
      this.#settle(newest!.ended);
    } else if (this.#killer === null) {
      // They drain for nobody's sake: a container that serves no more has to end, so that another can start.
      for (const m of rest) this.#send(m.pid, "SIGTERM");
      this.#killer = setTimeout(() => {
        for (const m of this.#mains()) if (m.ended === null) this.#send(m.pid, "SIGKILL");
      }, END_MS);
    }
  }
}
