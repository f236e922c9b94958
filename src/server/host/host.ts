import { exitCodeOf } from "../../launcher/exit_code.ts";
import { MainsPage } from "../../launcher/mains_page.ts";
import type { Platform, ProcessExit } from "../../platform/types.ts";
import type { EventLog } from "../../telemetry/event_log.ts";
import { FIRST_FREE_FD } from "../upgrade/upgrade_message.ts";
import { type HostVariables, successorVariables } from "./host_variables.ts";
import { PidFile } from "./pid_file.ts";
import { ServiceManager } from "./service_manager.ts";

export interface HostEnv {
  readonly platform: Platform;
  readonly log: EventLog;
  readonly variables: HostVariables;
}

/** The main process towards what runs it: a service manager, a launcher, scripts that read its PID file. Each may be missing. */
export class Host {
  readonly #env: HostEnv;
  readonly #pid: number;
  readonly #manager: ServiceManager | null;
  readonly #page: SharedPage | null;
  #pidFile: PidFile | null = null;
  #reloads = 0;
  #leaving = false;

  constructor(env: HostEnv) {
    this.#env = env;
    this.#pid = env.platform.processes?.pid ?? 0;
    this.#manager = openManager(env);
    this.#page = openPage(env);
  }

  /** Before privileges go. The failure; null: done. */
  writePidFile(path: string): string | null {
    const file = new PidFile(path, this.#pid);
    try {
      file.write();
    } catch (e) {
      return e instanceof Error ? e.message : String(e);
    }
    this.#pidFile = file;
    return null;
  }

  /** It serves. `status`: a short line for people. */
  ready(status: string): void {
    this.#page?.mains.announce(this.#pid);
    this.#manager?.ready(status);
  }

  /** It does not start after all: what was written goes. */
  failed(): void {
    this.#pidFile?.restore();
    this.#pidFile = null;
  }

  /** Around whatever may change the config of a weir that serves. Several may overlap. */
  async reload<T>(f: () => Promise<T>, status: () => string): Promise<T> {
    if (this.#reloads++ === 0 && !this.#leaving) this.#manager?.reloading();
    try {
      return await f();
    } finally {
      if (--this.#reloads === 0 && !this.#leaving) this.#manager?.ready(status());
    }
  }

  /** It ends. */
  stopping(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#manager?.stopping("Draining");
  }

  /** What a successor needs to take this one's place towards the host. */
  estate(): { readonly variables: Record<string, string>; readonly descriptors: readonly number[] } {
    const { variables } = this.#env;
    return {
      variables: successorVariables(variables, this.#page === null ? null : FIRST_FREE_FD),
      descriptors: this.#page === null ? [] : [this.#page.fd],
    };
  }

  /** Another process goes on. */
  handedOn(pid: number): void {
    this.#leaving = true;
    // The manager knows the launcher's number, and that one stays.
    this.#manager?.handedOn(pid, this.#page === null);
    this.#pidFile = null;
  }

  /** Whom this process handed on to has ended, and nobody else waits for its exit code. */
  successorEnded(pid: number, how: ProcessExit): void {
    this.#page?.mains.end(pid, exitCodeOf(how));
    this.#env.log.log("error", "the process that took over has ended", { pid, how: how.signal ?? `exit code ${how.code}` });
  }

  /** The last call. */
  async close(): Promise<void> {
    this.#pidFile?.remove();
    await this.#manager?.close();
  }
}

function openManager({ platform, log, variables }: HostEnv): ServiceManager | null {
  const { notify, watchdogMs } = variables;
  const { linux } = platform;
  if (notify === null) return null;
  if (linux === null || !/^[/@]./.test(notify)) {
    log.log("warning", "the service manager can't be told: a path or an abstract name is needed, and Linux", { socket: notify });
    return null;
  }
  const path = notify.replace(/^@/, "\0");
  return new ServiceManager({
    platform,
    log,
    watchdogMs,
    send: (bytes) => linux.sendDatagram(path, bytes),
    monotonicMicros: () => linux.monotonicMicros(),
  });
}

/** The launcher's page, and the descriptor by which a successor gets it too. */
interface SharedPage {
  readonly mains: MainsPage;
  readonly fd: number;
}

function openPage({ platform: { linux }, log, variables }: HostEnv): SharedPage | null {
  if (variables.launcherFd === null || linux === null) return null;
  try {
    const fd = linux.takeInherited(variables.launcherFd);
    if (fd === null) throw new Error(`descriptor ${variables.launcherFd} is not open`);
    return { fd, mains: new MainsPage(linux.mapShared(fd)) };
  } catch (e) {
    log.log("error", "the launcher can't be told who is main", { reason: e instanceof Error ? e.message : String(e) });
    return null;
  }
}
