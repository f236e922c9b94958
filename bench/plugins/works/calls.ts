import { GO } from "../build.ts";
import { ANSWERED, type Change, changed, withPlugin } from "../config.ts";
import { measured } from "./measured.ts";
import type { Work } from "./work.ts";

const CONNECTIONS = 64;

/** How many calls go through one process of Go, and what of the processor's time each side has. */
export const CALLS: Work = {
  name: "calls",
  title: `one process of Go, a call a request, ${CONNECTIONS} keep-alive connections, closed loop`,
  metrics: ["rate", "cpu", "children", "busy", "p50", "p99"],
  told: "difference",
  async run(s) {
    const go = s.languages.filter((l) => l === GO);
    const both = (name: string, change: Change) => [
      changed(s.weir, `${name} plain`, change)!,
      ...go.map((l) => changed(s.weir, `${name} ${l.name}`, withPlugin(l, change))!),
    ];
    const [answered, forwarded] = [both("answered", { action: ANSWERED }), both("forwarded", {})];
    const load = { tool: "load", mode: "closed", connections: CONNECTIONS, statuses: ["200"] } as const;
    const rounds = await measured([...answered, ...forwarded], s, load);
    const pairs = [answered, forwarded].flatMap(([plain, ...rest]) => rest.map((r) => ({ subject: r.name, base: plain!.name })));
    return { ...rounds, pairs };
  },
};
