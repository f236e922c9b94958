import type { HostStatus, Status, WorkerStatus } from "../status.ts";

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
  const ejected = ejectedIn(answered);
  for (const [name, c] of clusters) clusters.set(name, { ...c, hosts: c.hosts.map((h) => ejected.get(keyOf(name, h)) ?? h) });
  const told: WorkerStatus[] = workers.map(({ index, pid, restarts, status }) => ({
    index,
    pid,
    restarts,
    state: pid === 0 ? "starting" : status === null ? "silent" : status.state,
    connections: status === null ? 0 : status.listeners.reduce((n, l) => n + l.connections, 0),
  }));
  return { ...own, listeners: [...listeners.values()], clusters: [...clusters.values()], workers: told };
}

/** Each worker ejects by itself: hosts that one of them leaves out, and how many do. */
function ejectedIn(workers: readonly Status[]): Map<string, HostStatus> {
  const by = new Map<string, HostStatus[]>();
  for (const s of workers) {
    for (const c of s.clusters) {
      for (const h of c.hosts) {
        if (h.state === "ejected") by.set(keyOf(c.name, h), [...(by.get(keyOf(c.name, h)) ?? []), h]);
      }
    }
  }
  const told = new Map<string, HostStatus>();
  for (const [key, [h, ...others]] of by)
    told.set(key, { ...h!, why: `${h!.why}, in ${1 + others.length} of ${workers.length} workers` });
  return told;
}

function keyOf(cluster: string, { address }: HostStatus): string {
  return `${cluster}\n${address}`;
}
