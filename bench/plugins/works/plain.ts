import { REPLY_BYTES } from "../../rivals/measure/ready.ts";
import { CLEARTEXT, TLS_TO_H1 } from "../../rivals/measure/scene.ts";
import type { Peer } from "../../rivals/peers/peer.ts";
import { measured } from "./measured.ts";
import { otherWeir } from "./other_weir.ts";
import type { Outcome, Setup, Work } from "./work.ts";

/** A route without plugins, here and in another checkout. */
export const PLAIN: Work = {
  name: "plain",
  title: "no plugin, 64 keep-alive connections, closed loop, against another checkout",
  metrics: ["cpu", "rate", "busy", "p50", "p99", "rss"],
  told: "ratio",
  run: (s) =>
    besideOther(s, (peers) => {
      const load = { tool: "load", mode: "closed", connections: 64, statuses: ["200"] } as const;
      return measured(peers, s, load, [{ path: "/" }], CLEARTEXT);
    }),
};

export const PLAIN_H2: Work = {
  ...PLAIN,
  name: "plainh2",
  title: "no plugin, HTTP/2 over TLS, 8 connections of 32 streams, closed loop, against another checkout",
  run: (s) =>
    besideOther(s, (peers) => {
      const streams = { connections: 8, streams: 32, body: REPLY_BYTES };
      return measured(peers, s, { tool: "load_h2", mode: "get", ...streams, statuses: ["200"] }, null, TLS_TO_H1);
    }),
};

type Run = (peers: readonly Peer[]) => Promise<Omit<Outcome, "pairs">>;

async function besideOther(s: Setup, run: Run): Promise<Outcome> {
  const other = otherWeir(s);
  if (other === null) {
    s.pace.tell("give --against CHECKOUT with bun or deno: left out");
    return { samples: [], failures: [], pairs: [] };
  }
  return { ...(await run([s.weir, other])), pairs: [{ subject: s.weir.name, base: other.name }] };
}
