import type { PluginSpec } from "../../config/plugin_model.ts";
import type { Platform, Processes, Timer } from "../../platform/types.ts";
import type { EventLog } from "../../telemetry/event_log.ts";
import type { LinkTimes } from "../link/plugin_link.ts";

/** What plugins have of the process that runs them. */
export interface PluginEnv extends LinkTimes {
  readonly platform: Pick<Platform, "now" | "wallNow"> & { setTimer(ms: number, f: () => void, ref?: boolean): Timer };
  readonly processes: Processes;
  readonly log: EventLog;
  /** Weir's own environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Calls `changed` when the program of a plugin is another one on disk. */
  watchProgram(spec: PluginSpec, changed: () => void): { close(): void };
  /** Whom its processes are to be; null: as Weir. A string: why that can't be. */
  accountOf(spec: PluginSpec): { readonly uid: number; readonly gid: number } | string | null;
  /** 0 to below 1. */
  random(): number;
}
