import { isAbsolute } from "node:path";
import type { Platform, ProcessExit } from "../../platform/types.ts";
import type { EventLog } from "../../telemetry/event_log.ts";
import type { HealthRecord } from "../../upstream/health/health_board.ts";
import type { WeirNumbers } from "../numbers/weir_numbers.ts";
import type { HeldSocket } from "../sockets/held_socket.ts";
import { type Succession, Successor } from "./successor.ts";

export interface UpgraderEnv {
  readonly platform: Platform;
  readonly log: EventLog;
  readonly numbers: WeirNumbers;
  /** The arguments and the environment that this process was started with. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface UpgradeRequest {
  /** An absolute path; null: this program as it is on disk now. */
  readonly binary: string | null;
  readonly timeoutMs: number;
}

/** What the successor gets. */
export interface Estate {
  readonly sockets: readonly HeldSocket[];
  readonly control: { readonly path: string; readonly fd: number } | null;
  readonly generation: number;
  readonly health: readonly HealthRecord[];
  /** Set in its environment. */
  readonly variables: Readonly<Record<string, string>>;
  /** Its descriptors from `FIRST_FREE_FD` on. */
  readonly descriptors: readonly number[];
  /** It had taken over, and has ended before this process. */
  readonly onEnd: (pid: number, how: ProcessExit) => void;
}

/** Upgrades of this process, one at a time. */
export class Upgrader {
  readonly #env: UpgraderEnv;
  #successor: Successor | null = null;
  #ready: Successor | null = null;

  constructor(env: UpgraderEnv) {
    this.#env = env;
  }

  /** Starts the new process and waits for it. This process goes on serving meanwhile, and when it comes to nothing. Never rejects. */
  async upgrade({ binary, timeoutMs }: UpgradeRequest, estate: Estate): Promise<Succession> {
    const { platform, log, args, env, numbers } = this.#env;
    const { linux, processes } = platform;
    if (linux === null || processes === null) return { failure: "an upgrade needs Linux: restart instead" };
    if (this.#successor !== null) return { failure: "an upgrade is under way" };
    if (binary !== null && !isAbsolute(binary))
      return { failure: `give the path of the program from the root: found "${binary}"` };
    const self = processes.selfCommand(args, "onDisk");
    try {
      this.#successor = new Successor(
        { platform, linux, processes },
        {
          ...(binary === null ? self : { command: binary, args }),
          ...estate,
          env: { ...definedIn(env), ...estate.variables },
          numbers,
          timeoutMs,
        },
      );
    } catch (e) {
      return { failure: e instanceof Error ? e.message : String(e) };
    }
    log.log("info", "upgrading", { program: binary ?? self.command });
    const successor = this.#successor;
    const result = await successor.result;
    this.#successor = null;
    if (!("failure" in result)) this.#ready = successor;
    if ("failure" in result) log.log("error", "the upgrade failed, this process serves on", { reason: result.failure });
    else log.log("info", "the new process is ready, this one drains", { pid: result.pid });
    return result;
  }

  /** The successor that is ready may read datagrams. */
  release(): void {
    this.#ready?.release();
  }

  /** This process ends: a successor that is not ready yet ends too. */
  cancel(): void {
    this.#successor?.cancel("the old process was told to end");
  }
}

function definedIn(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined) all[name] = value;
  return all;
}
