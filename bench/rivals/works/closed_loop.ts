import { openArena } from "../measure/arena.ts";
import { writeRequests } from "../measure/requests.ts";
import { interleave } from "../measure/rounds.ts";
import type { Metric } from "../measure/sample.ts";
import type { Work } from "./work.ts";

const CONNECTIONS = 64;
const METRICS: readonly Metric[] = ["cpu", "busy", "rate", "p50", "p99", "rss"];

export const KEEP_ALIVE: Work = closedLoop("keepalive", "64 keep-alive connections, 130-byte reply", "/");
export const REPLY_64K: Work = closedLoop("64k", "64 keep-alive connections, 64 KiB reply", "/64k");
export const REPLY_1M: Work = closedLoop("1m", "64 keep-alive connections, 1 MiB reply", "/1m");
export const NEW_CONNECTIONS: Work = closedLoop(
  "new",
  "a new connection for each request, 64 at a time, 130-byte reply",
  "/",
  "new",
);

/** Each connection sends its next request when it has the reply to the last one, which saturates the proxy. */
function closedLoop(name: string, title: string, path: string, mode: "closed" | "new" = "closed"): Work {
  return {
    name,
    title,
    metrics: METRICS,
    async run(peers, pace) {
      const arena = await openArena(peers);
      try {
        const fields = mode === "new" ? "Connection: close\r\n" : "";
        const requests = writeRequests(arena.directory, name, [{ path, fields }]);
        const rounds = await interleave(arena.subjects, pace, () => ({
          mode,
          requests,
          connections: CONNECTIONS,
          statuses: ["200"],
        }));
        return { ...rounds, notes: [], logLines: Object.fromEntries(arena.subjects.map((s) => [s.name, s.logLine])) };
      } finally {
        await arena.close();
      }
    },
  };
}
