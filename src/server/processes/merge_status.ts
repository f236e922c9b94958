import type { Status, WorkerStatus } from "../status.ts";

export interface WorkerAnswer {
  readonly index: number;
  /** 0: there is none now. */
  readonly pid: number;
  readonly restarts: number;
  /** null: it does not answer. */
  readonly status: Status | null;
}

/** The status of a whole weir: the supervisor's own addresses, and of the rest what its workers have in sum. */
export function mergeStatus(own: Status, workers: readonly WorkerAnswer[]): Status {
  const answered = workers.map((w) => w.status).filter((s) => s !== null);
  const listeners = new Map(own.listeners.map((l) => [l.name, l]));
  const clusters = new Map(own.clusters.map((c) => [c.name, c]));
  for (const s of answered) {
    for (const l of s.listeners) {
      const before = listeners.get(l.name);
      listeners.set(l.name, { ...l, connections: l.connections + (before?.connections ?? 0) });
    }
    for (const c of s.clusters) clusters.set(c.name, c);
  }
  const told: WorkerStatus[] = workers.map(({ index, pid, restarts, status }) => ({
    index,
    pid,
    restarts,
    state: pid === 0 ? "starting" : status === null ? "silent" : status.state,
    connections: status === null ? 0 : status.listeners.reduce((n, l) => n + l.connections, 0),
  }));
  return { ...own, listeners: [...listeners.values()], clusters: [...clusters.values()], workers: told };
}
