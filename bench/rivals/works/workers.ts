import { openArena } from "../measure/arena.ts";
import { writeRequests } from "../measure/requests.ts";
import { interleave } from "../measure/rounds.ts";
import type { Work } from "./work.ts";

export const ONE_WORKER = "1 worker";
export const TWO_WORKERS = "2 workers";

/**
 * What a second worker costs: Weir against itself, with one worker on one core and with two on both. The load shares the second core either
 * way, so only what a request costs the proxy can be compared, and not how many there are.
 */
export const WORKERS: Work = {
  name: "workers",
  title: "two workers on two cores against one, 64 keep-alive connections, a reply of 130 bytes",
  metrics: ["cpu", "busy", "rate", "rss"],
  async run(peers, pace) {
    const arena = await openArena(
      peers.flatMap((p) => [p.withWorkers?.(ONE_WORKER, 1) ?? [], p.withWorkers?.(TWO_WORKERS, 2) ?? []].flat()),
    );
    try {
      const requests = writeRequests(arena.directory, "workers", [{ path: "/" }]);
      const rounds = await interleave(arena.subjects, pace, () => ({
        tool: "load",
        mode: "closed",
        requests,
        connections: 64,
        statuses: ["200"],
      }));
      return { ...rounds, notes: [], logLines: Object.fromEntries(arena.subjects.map((s) => [s.name, s.logLine])) };
    } finally {
      await arena.close();
    }
  },
};
