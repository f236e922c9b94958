import type { Model } from "../config/model.ts";
import type { RuntimeAbilities } from "../config/runtime_abilities.ts";
import type { Platform } from "../platform/types.ts";
import type { ProbeModule } from "../source/file/check/modules.ts";
import type { DescribePlugin } from "../source/file/check/plugins.ts";
import type { LoadedConfig } from "../source/file/load_config.ts";

/** Where a command reads from and writes to. */
export interface CliIo {
  out(text: string): void;
  err(text: string): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** User id of this process; null where users have none. */
  readonly uid: number | null;
  readonly runtime: RuntimeAbilities;
  /** Loads a module of a config apart; absent: modules are only read. */
  readonly probeModule?: ProbeModule;
  /** Asks a plugin what it is; absent: it is not started. */
  readonly describePlugin?: DescribePlugin;
}

/** What this build is. */
export interface About {
  readonly version: string;
  /** `bun 1.4.5`. */
  readonly runtime: string;
  /** `linux x64`, and whether it runs from source or as an executable. */
  readonly build: string;
}

/** Options of all commands that serve. */
export interface ServeOptions {
  readonly workers: number | "auto";
  /** An absolute path; null: as the config says. */
  readonly pidFile: string | null;
}

export interface RunRequest extends ServeOptions {
  readonly configPath: string;
  /** The config as first read: it has a model, and its warnings are still to be logged. */
  readonly loaded: LoadedConfig & { readonly model: Model };
}

export type ControlCommand = "reload" | "upgrade" | "drain" | "stop" | "status" | "certs";

export interface ControlRequest {
  readonly command: ControlCommand;
  /** Of `upgrade`: the program's absolute path; absent: the one that runs, as it is on disk now. */
  readonly binary?: string;
  /** Of `upgrade`: milliseconds that the new process has. */
  readonly timeoutMs?: number;
  /** Path of the running weir's control socket. */
  readonly socket: string;
  /** Answer in JSON. */
  readonly json: boolean;
}

/** What `program.ts` gives: the command line knows no server. Each promise is the exit code. */
export interface CliDeps {
  readonly io: CliIo;
  readonly about: About;
  /** Runs until it is told to end. */
  run(request: RunRequest): Promise<number>;
  /** The same with a model that no file stands behind. */
  proxy(model: Model, options: ServeOptions): Promise<number>;
  /** Sockets, processes and timers of this runtime. */
  createPlatform(): Promise<Platform>;
  /** 3 when no weir listens there. */
  control(request: ControlRequest): Promise<number>;
}

/** Exit codes of every command. */
export const EXIT = { done: 0, problems: 1, usage: 2, unreachable: 3 } as const;
