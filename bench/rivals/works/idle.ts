import { nextLine, openArena } from "../measure/arena.ts";
import { type Child, startOnLoadCore } from "../measure/child.ts";
import { memoryOf, openFiles } from "../measure/proc.ts";
import { CLEARTEXT, type Scene, TLS_TO_H1 } from "../measure/scene.ts";
import { loadTool } from "../measure/tools.ts";
import type { Work } from "./work.ts";

const FEW = 2_000;
const MANY = 12_000;

export const IDLE: Work = idle("idle", "keep-alive connection", CLEARTEXT);
export const IDLE_TLS: Work = idle("idletls", "TLS connection of HTTP/1.1", TLS_TO_H1);

/** The slope leaves out what a proxy needs for itself; nobody is made to collect garbage. All hold their connections at the same time. */
function idle(name: string, what: string, scene: Scene): Work {
  return {
    name,
    title: `an idle ${what}: slope of PSS between ${FEW} and ${MANY} connections, after one request each`,
    metrics: ["idle", "rss"],
    async run(peers, pace) {
      if (openFiles() < 1.2 * MANY)
        throw new Error(`raise the limit of open files to ${1.2 * MANY}: found ${openFiles()} (ulimit -Hn)`);
      const arena = await openArena(peers, scene);
      const clients: Child[] = [];
      try {
        const flags = scene.tls ? ["--tls", "1"] : [];
        for (const s of arena.subjects)
          clients.push(startOnLoadCore("idle", [loadTool("idle"), "--to", String(s.port), ...flags]));
        const hold = async (connections: number): Promise<void> => {
          for (const c of clients) {
            const opened = nextLine(c.process);
            c.process.stdin!.write(`${connections}\n`);
            await opened;
          }
        };
        const holding = async (connections: number): Promise<number[]> => {
          await hold(connections);
          await Bun.sleep(pace.settle * 1000);
          pace.tell(`${connections} connections on each`);
          return arena.subjects.map((s) => memoryOf(s.pid, "Pss"));
        };
        const few = await holding(FEW);
        const many = await holding(MANY);
        await hold(MANY); // The client sees whether all are still open.
        const samples = arena.subjects.map((s, i) => ({
          subject: s.name,
          round: 1,
          values: { idle: (many[i]! - few[i]!) / (MANY - FEW), rss: memoryOf(s.pid, "Rss") },
        }));
        const logLines = Object.fromEntries(arena.subjects.map((s) => [s.name, s.logLine]));
        return { samples, failures: [], notes: [`read ${pace.settle} s after the last request`], logLines };
      } finally {
        await Promise.all(clients.map((c) => c.stop()));
        await arena.close();
      }
    },
  };
}
