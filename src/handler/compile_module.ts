import { stackOf } from "../base/error.ts";
import type { ModuleHandlerSpec } from "../config/model.ts";
import type { Exchange } from "../exchange/exchange.ts";
import { applyOps } from "../exchange/forward_head.ts";
import type { ServeAction } from "../exchange/site.ts";
import { WebCall } from "../exchange/web_call.ts";
import type { Conn } from "../platform/types.ts";
import type { EventLog } from "../telemetry/event_log.ts";
import type { Cluster } from "../upstream/types.ts";
import type { CallEnv } from "./cluster_call.ts";
import { fetchCluster } from "./fetch_cluster.ts";
import { type ConnectionFacts, endFacts, type ModuleContext, type ModuleEnv, tlsFacts } from "./module_env.ts";
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
        env.log.log("error", "what a handler left behind failed", { module: spec.module.path, reason: stackOf(e) }),
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
  const { site, head } = x;
  return {
    config,
    route: x.rule!.name,
    listener: site.listener,
    requestId: x.requestId,
    client: site.forwarded.clientAddress(x.peer, head),
    connection: connectionFacts(x.down.conn, head.protocol),
    fetch: (input, init) => fetchCluster(clusters, callEnv(x), input, init),
  };
}

/** Most handlers ask for none of it. */
function connectionFacts(conn: Conn, protocol: string): ConnectionFacts {
  return {
    get remote() {
      return endFacts(conn.info.remote);
    },
    get local() {
      return endFacts(conn.info.local);
    },
    protocol,
    get tls() {
      return tlsFacts(conn.tls);
    },
  };
}

function callEnv({ down, site, head, rule }: Exchange): CallEnv {
  return {
    link: site.link,
    client: down,
    authority: head.authority,
    headMs: rule!.responseHeadMs,
    idleMs: site.spec.timeouts.streamIdleMs,
  };
}
