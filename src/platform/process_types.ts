import type { ProxyError } from "../base/error.ts";

/** What becomes of one of a child's first three descriptors. `inherit`: it is this process's own. */
export type ChildStream = "ignore" | "inherit" | "pipe";

export interface ProcessSpec {
  /** A path from this process's own directory, whatever `cwd` says, or a name that is looked for in `env.PATH`. */
  readonly command: string;
  readonly args: readonly string[];
  /** All of the child's environment. Nothing is added to it, but for DENO_EXTRA_STDIO_FDS by Deno where there are `descriptors`. */
  readonly env: Readonly<Record<string, string>>;
  /** Absent: this process's own. */
  readonly cwd?: string;
  /** Whom the child is, by the system's numbers; it then has no other groups. Only for root. Absent: as this process. */
  readonly account?: { readonly uid: number; readonly gid: number };
  readonly stdin: ChildStream;
  readonly stdout: ChildStream;
  readonly stderr: ChildStream;
  /**
   * They become the child's descriptors 3, 4 and so on, whatever their numbers and order here, and stay open here: whoever made
   * them closes them. No other descriptor of Weir's own reaches a child.
   */
  readonly descriptors?: readonly number[];
  /** A session of its own, so that a terminal's Ctrl-C reaches this process alone, which then passes it on as it likes. */
  readonly detached?: boolean;
  /**
   * A session of its own that is ended as one: signals go to all of it that is left, and what is left of it when the child ends is killed.
   * Where the host can do it (`Processes.endsOwned`) the child is killed when this process ends, however that ends.
   */
  readonly owned?: boolean;
}

/** What a child is told of by. All are called on a later turn than `spawn`. */
export interface ProcessHandler {
  /** What it wrote to a piped stdout. */
  onStdout?(b: Uint8Array): void;
  onStderr?(b: Uint8Array): void;
  /** Once, when it has ended or could not be started. What it wrote last may follow until `onClose`. */
  onExit(how: ProcessExit): void;
  /**
   * Once, after `onExit`, when its pipes have ended as well. A grandchild that holds one keeps them open, so nothing that
   * must happen may wait for this.
   */
  onClose?(): void;
}

export interface ProcessExit {
  /** 0 to 255; null: ended by a signal, or never started. */
  readonly code: number | null;
  /** Such as `SIGKILL`. */
  readonly signal: string | null;
  /** Why it could not be started: `internal`, with the system's code in the message. */
  readonly failed: ProxyError | null;
}

export interface Process {
  /** 0: it could not be started. */
  readonly pid: number;
  /** Writes to a piped stdin; false: there is none, or it is gone. Bytes that the child does not read are kept without bound: see `queued`. */
  write(b: Uint8Array): boolean;
  /** Bytes of a piped stdin that the child's pipe has not taken yet. */
  readonly queued: number;
  /** The end of a piped stdin. */
  endInput(): void;
  /** False: it has ended. Never reaches another process that was given the number since. */
  kill(signal: SignalName): boolean;
}

export type SignalName = "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGQUIT" | "SIGKILL" | "SIGUSR1" | "SIGUSR2" | "SIGSTOP" | "SIGCONT";

/** Processes of this host. */
export interface Processes {
  /** This process's own number. */
  readonly pid: number;
  /** Whether children that are `owned` are killed by the system when this process ends, killed itself perhaps. */
  readonly endsOwned: boolean;
  /** Never throws: a child that can't be started is told by `onExit`. A child keeps this process alive while it runs. */
  spawn(p: ProcessSpec, h: ProcessHandler): Process;
  /**
   * How this very program is started again, from source or as an executable, with other arguments: what runs now, or what lies on disk
   * at its path by now. `packages`: names that modules in it may import, with the URLs that they stand for; only Deno wants to be told so at
   * its start, elsewhere `Platform.offerPackages` does it.
   */
  selfCommand(
    args: readonly string[],
    which: "running" | "onDisk",
    packages?: ReadonlyMap<string, string>,
  ): { readonly command: string; readonly args: readonly string[] };
  /** Cores that this process may use: affinity and cgroup quota, the latter rounded up. At least 1. */
  cpuCount(): number;
  /** Resident memory of a process in bytes. Null: no such process, or none that may be looked at. */
  residentOf(pid: number): number | null;
  /** Seconds of processor time that a process has used, its children not counted. Null: no such process. */
  cpuSecondsOf(pid: number): number | null;
  /** False: there is no such process, or it is another user's. Mind that numbers are used again: for a child, `Process.kill`. */
  signal(pid: number, signal: SignalName): boolean;
}

/** A child that has ended, whoever had started it. */
export interface EndedChild {
  readonly pid: number;
  /** Null: ended by a signal. */
  readonly code: number | null;
  readonly signal: string | null;
}

/** What a launcher needs of its host, and nothing more: it stays in memory for the life of a container. */
export interface LauncherHost {
  readonly processes: Pick<Processes, "pid" | "spawn" | "selfCommand" | "signal">;
  /** As `LinuxCalls.sharedMemory`. */
  sharedMemory(bytes: number): { readonly fd: number; readonly buffer: ArrayBuffer };
  /** False: no such process. One that has ended and waits to be reaped counts as there. */
  isThere(pid: number): boolean;
  /** Orphans of this process's descendants become its children, as those of a PID namespace become process 1's. Throws a ProxyError. */
  adoptOrphans(): void;
  /**
   * Takes a child that has ended, other than `notThis`, for whom the runtime waits. Null: there is none, or that one stands in front:
   * when its end has been told, ask again.
   */
  reap(notThis: number): EndedChild | null;
}
