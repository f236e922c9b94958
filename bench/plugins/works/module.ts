import { join } from "node:path";
import { changed } from "../config.ts";
import { measured } from "./measured.ts";
import type { Work } from "./work.ts";

const CONNECTIONS = 64;
const FILTERS = `[{ module: ${join(import.meta.dir, "../module.ts")} }]`;
/** Who has a module has a supervisor and a worker, used or not. */
const UNUSED = `\n  - { name: unused, match: { path: /unused }, respond: { status: 204 }, filters: ${FILTERS} }`;

/** What a filter within the process costs. `bench/micro/filters.ts` has it without sockets. */
export const MODULE: Work = {
  name: "module",
  title: `a module as a filter, ${CONNECTIONS} keep-alive connections, closed loop`,
  metrics: ["cpu", "rate", "busy", "p50", "p99"],
  told: "difference",
  async run(s) {
    const plain = changed(s.weir, "module unused", { action: `to: origin${UNUSED}` })!;
    const used = changed(s.weir, "module", { filters: FILTERS })!;
    const load = { tool: "load", mode: "closed", connections: CONNECTIONS, statuses: ["200"] } as const;
    const rounds = await measured([plain, used], s, load);
    return { ...rounds, pairs: [{ subject: used.name, base: plain.name }] };
  },
};
