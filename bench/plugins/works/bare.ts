import { join, resolve } from "node:path";
import { nextLine } from "../../rivals/measure/arena.ts";
import { startOnProxyCore } from "../../rivals/measure/child.ts";
import type { Sample } from "../../rivals/measure/sample.ts";
import { onAnyCore } from "../config.ts";
import type { Work } from "./work.ts";

const ROOT = resolve(import.meta.dir, "../../..");
const CALLER = join(import.meta.dir, "../bare_caller.ts");

/** The same message to the same plugin without Weir: what of `latency` is pipes, wakes and the plugin itself. */
export const BARE: Work = {
  name: "bare",
  title: "a round trip to the plugin without Weir, a thousand a second, one at a time",
  metrics: ["p50", "p99"],
  told: "difference",
  async run({ home, languages, pace }) {
    const samples: Sample[] = [];
    const runtime = home === "deno" ? ["deno", "run", "-A", "--no-check", "--no-config"] : ["bun"];
    const caller = [join(ROOT, "node_modules/.bin", runtime[0]!), ...runtime.slice(1), CALLER, String(pace.seconds)];
    for (let round = 1; round <= pace.rounds; round++)
      for (const l of round % 2 === 1 ? languages : languages.toReversed()) {
        const child = startOnProxyCore(l.name, [...caller, ...onAnyCore(l)], l.env === undefined ? {} : { env: l.env });
        samples.push({ subject: l.name, round, values: JSON.parse(await nextLine(child.process)) as Sample["values"] });
        await child.stop();
      }
    return { samples, failures: [], pairs: [] };
  },
};
