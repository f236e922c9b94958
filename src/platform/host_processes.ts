import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import process from "node:process";
import type { Writable } from "node:stream";
import { localFault, type ProxyError } from "../base/error.ts";
import { cpuCount } from "./cpu_count.ts";
import { DieWithParent } from "./die_with_parent.ts";
import type { LinuxLibc } from "./linux_libc.ts";
import { cpuSecondsOf } from "./process_cpu.ts";
import { residentOf } from "./process_memory.ts";
import { selfCommand } from "./self_command.ts";
import { systemCode } from "./system_fault.ts";
import type { Process, Processes, ProcessHandler, ProcessSpec, SignalName } from "./types.ts";

const FIRST_PASSED = 3;

/** `node:child_process`, which is faster than the runtimes' own. `libc`: null where descriptors can't be duplicated. */
export class HostProcesses implements Processes {
  readonly pid = process.pid;
  readonly #libc: LinuxLibc | null;
  readonly #dying = new DieWithParent(process.env["PATH"] ?? "");

  constructor(libc: LinuxLibc | null) {
    this.#libc = libc;
  }

  get endsOwned(): boolean {
    return this.#dying.works;
  }

  spawn(p: ProcessSpec, h: ProcessHandler): Process {
    const wanted = p.descriptors ?? [];
    let passed: readonly number[] = wanted;
    try {
      passed = this.#aside(wanted);
      const owned = p.owned === true;
      const program = { ...p, command: programOf(p) };
      const { command, args } = owned ? this.#dying.wrap(program) : program;
      const child = spawn(command, [...args], {
        env: { ...p.env },
        stdio: [p.stdin, p.stdout, p.stderr, ...passed],
        detached: owned || p.detached === true,
        ...(p.cwd === undefined ? {} : { cwd: p.cwd }),
        ...p.account,
      });
      return new Child(p.command, child, owned, h);
    } catch (e) {
      // An argument that no process can have is thrown, everything else is told.
      return failed(spawnFault(p.command, e), h);
    } finally {
      if (passed !== wanted) for (const fd of passed) this.#libc?.c.close(fd);
    }
  }

  selfCommand(
    args: readonly string[],
    which: "running" | "onDisk",
    packages?: ReadonlyMap<string, string>,
  ): { readonly command: string; readonly args: readonly string[] } {
    return selfCommand(args, which, packages);
  }

  cpuCount(): number {
    return cpuCount(readText, availableParallelism());
  }

  residentOf(pid: number): number | null {
    return residentOf(readText, pid);
  }

  cpuSecondsOf(pid: number): number | null {
    return cpuSecondsOf(readText, pid);
  }

  signal(pid: number, signal: SignalName): boolean {
    // 0 and below are groups, this process's own among them.
    return Number.isInteger(pid) && pid >= 1 && signalTo(pid, signal);
  }

  /**
   * Duplicates above the numbers that they become. The runtimes put them there one after the other: on Deno one that stands where
   * another is to go is overwritten first, and one that is there already keeps its close-on-exec.
   */
  #aside(fds: readonly number[]): readonly number[] {
    if (this.#libc === null || fds.length === 0) return fds;
    const made: number[] = [];
    try {
      for (const fd of fds) made.push(this.#libc.duplicate(fd, FIRST_PASSED + fds.length));
    } catch (e) {
      for (const fd of made) this.#libc.c.close(fd);
      throw e;
    }
    return made;
  }
}

class Child implements Process {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #input: Writable | null;
  /** It leads a group that is ended with it. */
  readonly #owned: boolean;
  #isGone = false;

  constructor(command: string, child: ChildProcess, owned: boolean, h: ProcessHandler) {
    this.#child = child;
    this.#owned = owned;
    this.pid = child.pid ?? 0;
    this.#input = child.stdin;
    // A child that goes before it has read all.
    this.#input?.on("error", ignore);
    for (const [stream, tell] of [
      [child.stdout, (b: Uint8Array) => h.onStdout?.(b)],
      [child.stderr, (b: Uint8Array) => h.onStderr?.(b)],
    ] as const) {
      stream?.on("data", tell);
      stream?.on("error", ignore);
    }
    child.on("exit", (code, signal) => {
      if (this.#isGone) return;
      this.#isGone = true;
      // As long as one of the group is left, no other process is given its number.
      if (owned) signalTo(-this.pid, "SIGKILL");
      h.onExit({ code, signal, failed: null });
    });
    child.on("error", (e) => {
      // Also of a signal that can't be sent.
      if (this.#isGone || this.pid !== 0) return;
      this.#isGone = true;
      h.onExit({ code: null, signal: null, failed: spawnFault(command, e) });
      h.onClose?.();
    });
    child.on("close", () => {
      if (this.pid !== 0) h.onClose?.();
    });
  }

  write(b: Uint8Array): boolean {
    if (this.#isGone || this.#input === null || !this.#input.writable) return false;
    this.#input.write(b);
    return true;
  }

  get queued(): number {
    return this.#input?.writableLength ?? 0;
  }

  endInput(): void {
    const input = this.#input;
    if (input === null) return;
    // Deno never lets go of a stream whose other end goes away while it is ended.
    if ("Deno" in globalThis && input.writableLength === 0) input.destroy();
    else input.end();
  }

  kill(signal: SignalName): boolean {
    if (this.#isGone || this.pid === 0) return false;
    if (this.#owned) return signalTo(-this.pid, signal);
    // Deno's own sends one signal and no other after it, and tells of it as the end's cause, whatever that was.
    return "Deno" in globalThis ? signalTo(this.pid, signal) : this.#child.kill(signal);
  }
}

/** A process that never was. */
function failed(cause: ProxyError, h: ProcessHandler): Process {
  queueMicrotask(() => {
    h.onExit({ code: null, signal: null, failed: cause });
    h.onClose?.();
  });
  return { pid: 0, queued: 0, write: () => false, endInput: ignore, kill: () => false };
}

function spawnFault(command: string, e: unknown): ProxyError {
  const reason = systemCode(e) || (e instanceof Error ? e.message : String(e));
  return localFault("internal", 500, `check that it is there and may be run: starting "${command}" failed with ${reason}`, e);
}

function signalTo(pid: number, signal: SignalName): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** A child changes its directory before its program is looked for. */
function programOf({ command, cwd }: ProcessSpec): string {
  return cwd !== undefined && command.includes("/") ? resolve(command) : command;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}

function ignore(): void {}
