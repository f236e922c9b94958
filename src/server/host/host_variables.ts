import { LAUNCHER_VARIABLE, passedDescriptors } from "../../launcher/launcher_variables.ts";

/** What whoever started this process said in its environment. */
export interface HostVariables {
  /** Where a service manager hears of this process (sd_notify(3)); null: nowhere. */
  readonly notify: string | null;
  /** Milliseconds in which a service manager wants to hear again that this process is alive; null: it does not ask. */
  readonly watchdogMs: number | null;
  /** Names of the descriptors from 3 on that were passed to this process (sd_listen_fds(3)); "": it has none. */
  readonly passed: readonly string[];
  /** Descriptor of the launcher's page; null: there is no launcher. */
  readonly launcherFd: number | null;
}

/** Each would mean something else to a child. */
const TAKEN = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", LAUNCHER_VARIABLE];
const MICROS = 1000;

/** Takes the variables out of `env`, so that no worker, plugin or successor takes them for its own. */
export function takeHostVariables(env: Record<string, string | undefined>, pid: number): HostVariables {
  const launcher = Number(env[LAUNCHER_VARIABLE]);
  const launcherFd = Number.isInteger(launcher) && launcher > 2 ? launcher : null;
  const notify = env["NOTIFY_SOCKET"] ?? "";
  const micros = Number(env["WATCHDOG_USEC"]);
  const watched = (env["WATCHDOG_PID"] ?? String(pid)) === String(pid) && micros >= MICROS && Number.isFinite(micros);
  // A launcher has looked at the number, which is its own.
  const listen = launcherFd === null || env["LISTEN_PID"] !== undefined ? env : { ...env, LISTEN_PID: String(pid) };
  const count = passedDescriptors(listen, pid);
  const names = (env["LISTEN_FDNAMES"] ?? "").split(":");
  for (const name of TAKEN) delete env[name];
  return {
    notify: notify === "" ? null : notify,
    watchdogMs: watched ? micros / MICROS : null,
    passed: Array.from({ length: count }, (_, i) => names[i] ?? ""),
    launcherFd,
  };
}

/** For the process that goes on in this one's place; `launcherFd`: the page's descriptor there. */
export function successorVariables(v: HostVariables, launcherFd: number | null): Record<string, string> {
  return {
    ...(v.notify === null ? {} : { NOTIFY_SOCKET: v.notify }),
    ...(v.watchdogMs === null ? {} : { WATCHDOG_USEC: String(Math.round(v.watchdogMs * MICROS)) }),
    ...(launcherFd === null ? {} : { [LAUNCHER_VARIABLE]: String(launcherFd) }),
  };
}
