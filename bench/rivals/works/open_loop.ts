import { openArena } from "../measure/arena.ts";
import { runBout } from "../measure/bout.ts";
import { writeRequests } from "../measure/requests.ts";
import { interleave } from "../measure/rounds.ts";
import type { Work } from "./work.ts";

const CONNECTIONS = 64;
/** The best of so many closed rounds is what a proxy can: disturbances only take away. */
const SATURATIONS = 3;

/** Requests arrive at one rate for all, whatever the replies do: half of what the slowest can, so that all have room to be on time. */
export const OPEN_LOOP: Work = {
  name: "latency",
  title: "open loop at half of the slowest one's saturation, 64 connections, 130-byte reply",
  metrics: ["cpu", "busy", "p50", "p99", "p999", "rss"],
  async run(peers, pace) {
    const arena = await openArena(peers);
    try {
      const requests = writeRequests(arena.directory, "latency", [{ path: "/" }]);
      const common = { tool: "load", requests, connections: CONNECTIONS, statuses: ["200"] } as const;
      const most: number[] = [];
      for (const s of arena.subjects) {
        const closed = { ...common, mode: "closed", warmup: pace.preheat / SATURATIONS, seconds: pace.seconds, seed: 1 } as const;
        let best = 0;
        for (let i = 0; i < SATURATIONS; i++) best = Math.max(best, (await runBout(s, closed)).rate!);
        most.push(best);
      }
      const rate = Math.round(Math.min(...most) / 2);
      pace.tell(`${rate} requests a second`);
      const rounds = await interleave(arena.subjects, pace, () => ({ ...common, mode: "open", rate }));
      const logLines = Object.fromEntries(arena.subjects.map((s) => [s.name, s.logLine]));
      return { ...rounds, notes: [`${rate} requests a second`], logLines };
    } finally {
      await arena.close();
    }
  },
};
