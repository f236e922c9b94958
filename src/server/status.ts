import type { HostState } from "../telemetry/health_cells.ts";

/** What `weir status` and the admin address tell. */
export interface Status {
  readonly name: string;
  readonly version: string;
  readonly runtime: string;
  readonly pid: number;
  readonly state: "starting" | "running" | "draining" | "stopped";
  /** Rises by one with each config that is put in force. */
  readonly generation: number;
  readonly uptimeSeconds: number;
  readonly listeners: readonly { readonly name: string; readonly address: string; readonly connections: number }[];
  readonly clusters: readonly ClusterStatus[];
  /** Absent: one process does everything. */
  readonly workers?: readonly WorkerStatus[];
}

export interface ClusterStatus {
  readonly name: string;
  readonly hosts: readonly HostStatus[];
}

export interface HostStatus {
  readonly address: string;
  readonly state: HostState;
  /** "": there is nothing to say. */
  readonly why: string;
}

export interface WorkerStatus {
  readonly index: number;
  /** 0: there is no process now. */
  readonly pid: number;
  /** Processes that came after the first. */
  readonly restarts: number;
  /** `silent`: it does not answer. */
  readonly state: Status["state"] | "silent";
  readonly connections: number;
}

/** An answer on the control socket. */
export interface ControlAnswer {
  readonly ok: boolean;
  /** For people; "" when `data` says all. */
  readonly message: string;
  readonly data: unknown;
}
