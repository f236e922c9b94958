import type { Platform, Timer } from "../../platform/types.ts";
import type { EventLog } from "../../telemetry/event_log.ts";

export interface ServiceManagerEnv {
  readonly platform: Pick<Platform, "setTimer">;
  /** As `LinuxCalls.sendDatagram` to the manager's socket: false, or a throw. */
  readonly send: (bytes: Uint8Array) => boolean;
  /** CLOCK_MONOTONIC. */
  readonly monotonicMicros: () => number;
  readonly log: EventLog;
  /** Milliseconds in which it wants to hear that this process is alive; null: it does not ask. */
  readonly watchdogMs: number | null;
}

/** While this process ends it says so often that it still does … */
const EXTEND_MS = 5_000;
/** … and asks for so much more time. */
const MORE_TIME_MS = 15_000;
/** A manager that had no room for a message is told again after this. */
const AGAIN_MS = 10;
/** Messages that wait for room: what matters are the last ones. */
const MOST_WAITING = 64;
/** At the end, what waits has so long to be told. */
const LAST_MS = 1_000;

/** systemd, or who speaks its protocol: lines of `NAME=value`, one datagram a message (sd_notify(3)). */
export class ServiceManager {
  readonly #env: ServiceManagerEnv;
  #waiting: string[] = [];
  #again: Timer | null = null;
  #watchdog: Timer | null = null;
  #extension: Timer | null = null;
  #told = false;
  #silent = false;

  constructor(env: ServiceManagerEnv) {
    this.#env = env;
  }

  /** It serves, at the start and after a reload. `status`: a short line for people. */
  ready(status: string): void {
    this.#tell("READY=1", `STATUS=${status}`);
    if (this.#watchdog === null) this.#alive();
  }

  /** A reload begins; `ready` follows, whatever becomes of it. */
  reloading(): void {
    this.#tell("RELOADING=1", `MONOTONIC_USEC=${this.#env.monotonicMicros()}`, "STATUS=Reloading");
  }

  /** This process ends, and goes on asking for time until `close`. */
  stopping(status: string): void {
    this.#tell("STOPPING=1", `STATUS=${status}`);
    this.#extend();
  }

  /** Another process is the service from now on, and tells of it. */
  handedOn(pid: number, tellsNumber: boolean): void {
    if (tellsNumber) this.#tell(`MAINPID=${pid}`);
    this.#silent = true;
    for (const t of [this.#watchdog, this.#extension]) t?.cancel();
  }

  /** The last call. Resolves when all has been told, or can't be. */
  async close(): Promise<void> {
    this.#silent = true;
    for (const t of [this.#watchdog, this.#extension]) t?.cancel();
    for (let ms = 0; ms < LAST_MS && this.#waiting.length > 0; ms += AGAIN_MS)
      await new Promise<void>((resolve) => this.#env.platform.setTimer(AGAIN_MS, resolve, true));
  }

  #alive(): void {
    const { watchdogMs, platform } = this.#env;
    if (watchdogMs === null || this.#silent) return;
    // Who has no time to read is not told more often for it.
    if (this.#waiting.length === 0) this.#tell("WATCHDOG=1");
    this.#watchdog = platform.setTimer(watchdogMs / 2, () => this.#alive());
  }

  #extend(): void {
    if (this.#silent) return;
    this.#tell(`EXTEND_TIMEOUT_USEC=${MORE_TIME_MS * 1000}`);
    this.#extension?.cancel();
    this.#extension = this.#env.platform.setTimer(EXTEND_MS, () => this.#extend());
  }

  #tell(...lines: readonly string[]): void {
    if (this.#silent) return;
    this.#waiting.push(lines.join("\n"));
    if (this.#again === null) this.#flush();
  }

  #flush(): void {
    this.#again = null;
    try {
      while (this.#waiting.length > 0) {
        if (!this.#env.send(new TextEncoder().encode(this.#waiting[0]!))) {
          this.#waiting.splice(0, this.#waiting.length - MOST_WAITING);
          this.#again = this.#env.platform.setTimer(AGAIN_MS, () => this.#flush(), true);
          return;
        }
        this.#waiting.shift();
      }
    } catch (e) {
      this.#waiting = [];
      if (this.#told) return;
      this.#told = true;
      this.#env.log.log("warning", "the service manager can't be told", { reason: e instanceof Error ? e.message : String(e) });
    }
  }
}
