import type { ModuleHandlerSpec } from "../config/model.ts";
import type { Exchange } from "../exchange/exchange.ts";
import { applyOps } from "../exchange/forward_head.ts";
import type { ServeAction } from "../exchange/site.ts";
import { WebCall } from "../exchange/web_call.ts";
import type { EventLog } from "../telemetry/event_log.ts";
import type { Cluster } from "../upstream/types.ts";
import { fetchCluster } from "./fetch_cluster.ts";
import { endFacts, type ModuleContext, type ModuleEnv, tlsFacts } from "./module_env.ts";
import type { ModuleFetch } from "./module_handler.ts";

export interface ModuleHandlerEnv {
  readonly log: EventLog;
  readonly clusters: ReadonlyMap<string, Cluster>;
}

/** A route's requests become calls of a module's `fetch`. */
export function compileModule(spec: ModuleHandlerSpec, fetch: ModuleFetch, env: ModuleHandlerEnv): ServeAction {
  const config: unknown = spec.config === "" ? undefined : JSON.parse(spec.config);
  const context: ModuleContext = {
    waitUntil: (promise) => {
      promise.catch((e: unknown) =>
        env.log.log("error", "what a handler left behind failed", { module: spec.module.path, reason: textOf(e) }),
      );
    },
    passThroughOnException: () => {},
  };
  return {
    kind: "serve",
    serve: (x) => {
      // Before the request is made: what a client says of itself in forwarding fields is no truer here than at an upstream.
      x.requestId = x.site.forwarded.apply(x.peer, x.head, x.conn, x.authority, x.requestId);
      const ops = x.rule!.requestOps;
      if (ops !== null) applyOps(x.head.fields, ops);
      const facts = factsOf(x, config, env);
      return new WebCall(x, { fetch: (request) => fetch(request, facts, context) });
    },
  };
}

function factsOf(x: Exchange, config: unknown, { clusters }: ModuleHandlerEnv): ModuleEnv {
  const { down, site, peer, head } = x;
  const { conn } = down;
  const rule = x.rule!;
  const times = { headMs: rule.responseHeadMs, idleMs: site.spec.timeouts.streamIdleMs };
  const calls = { link: site.link, client: down, authority: head.authority, ...times };
  const { info } = conn;
  const client = site.forwarded.clientAddress(peer, head);
  return {
    config,
    route: rule.name,
    listener: site.listener,
    requestId: x.requestId,
    client,
    connection: {
      get remote() {
        return endFacts(info.remote);
      },
      get local() {
        return endFacts(info.local);
      },
      protocol: head.protocol,
      get tls() {
        return tlsFacts(conn.tls);
      },
    },
    fetch: (input, init) => fetchCluster(clusters, calls, input, init),
  };
}

function textOf(e: unknown): string {
  return e instanceof Error ? (e.stack ?? e.message) : String(e);
}
