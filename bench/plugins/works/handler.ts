import { join, resolve } from "node:path";
import { startOnProxyCore } from "../../rivals/measure/child.ts";
import type { RequestSpec } from "../../rivals/measure/requests.ts";
import type { Peer } from "../../rivals/peers/peer.ts";
import { changed } from "../config.ts";
import { measured } from "./measured.ts";
import type { Work } from "./work.ts";

const ROOT = resolve(import.meta.dir, "../../..");
const CONNECTIONS = 64;
const ACTION = `handler: { module: ${join(import.meta.dir, "../app.ts")} }`;

/** An application of Hono inside Weir and with the runtime's own server. */
export const HANDLER: Work = handler("handler", "130 bytes of text", { path: "/" });
export const HANDLER_JSON: Work = handler("handlerjson", "a parameter, a query and JSON", { path: "/items/42?page=2" });

function handler(name: string, what: string, request: RequestSpec): Work {
  return {
    name,
    title: `an application of Hono, ${what}, ${CONNECTIONS} keep-alive connections, closed loop`,
    metrics: ["cpu", "rate", "busy", "p50", "p99", "rss"],
    told: "ratio",
    async run(s) {
      const own = runtimeServer(s.home === "deno" ? "deno" : "bun");
      const bare = changed(s.weir, "handler", { action: ACTION, logsNothing: true })!;
      const logged = changed(s.weir, "handler with a log", { action: ACTION })!;
      const load = { tool: "load", mode: "closed", connections: CONNECTIONS, statuses: ["200"] } as const;
      const rounds = await measured([own, bare, logged], s, load, [request]);
      return { ...rounds, pairs: [bare, logged].map((w) => ({ subject: w.name, base: own.name })) };
    },
  };
}

function runtimeServer(home: "bun" | "deno"): Peer {
  const name = home === "bun" ? "Bun.serve" : "Deno.serve";
  const serve = join(import.meta.dir, "../serve.ts");
  const flags = home === "bun" ? [] : ["run", "-A", "--no-check", "--no-config", "--node-modules-dir=manual", "--no-lock"];
  return {
    name,
    logsNothing: true,
    lacks: () => null,
    version: () => name,
    start: (stage) => startOnProxyCore(name, [join(ROOT, "node_modules/.bin", home), ...flags, serve, String(stage.port)]),
  };
}
