import { changed, withPlugin } from "../config.ts";
import { measured } from "./measured.ts";
import { otherWeir } from "./other_weir.ts";
import type { Work } from "./work.ts";

const RATE = 1_000;
const CONNECTIONS = 16;

/** What a call of a request's head adds to a request that goes on to an upstream, while the machine has little to do. */
export const LATENCY: Work = {
  name: "latency",
  title: `a head-only call, open loop at ${RATE} requests a second, ${CONNECTIONS} connections`,
  metrics: ["p50", "p99", "cpu", "children"],
  told: "difference",
  async run(s) {
    const plain = changed(s.weir, "plain", {})!;
    const called = s.languages.map((l) => changed(s.weir, l.name, withPlugin(l))!);
    const other = otherWeir(s);
    const before = other === null ? [] : s.languages.map((l) => changed(other, l.name, withPlugin(l))!);
    const load = { tool: "load", mode: "open", rate: RATE, connections: CONNECTIONS, statuses: ["200"] } as const;
    const rounds = await measured([plain, ...called, ...before], s, load);
    const added = [...called, ...before].map((c) => ({ subject: c.name, base: plain.name }));
    return { ...rounds, pairs: [...added, ...before.map((b, i) => ({ subject: called[i]!.name, base: b.name }))] };
  },
};
