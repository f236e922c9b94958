import type { HttpHandlerSpec, ListenerSpec } from "../../../config/model.ts";
import type { ListenerConfig } from "../schema/listener.ts";
import type { Lowering } from "./lowering.ts";

/** `routes` is the name of the route table that serves the listener. */
export function lowerListener(name: string, c: ListenerConfig, routes: string, to: Lowering): ListenerSpec {
  return {
    name,
    bind: to.address(c.address),
    backlog: c.backlog ?? null,
    mode: c.mode ?? null,
    keepAliveMs: c.keepalive,
    maxConnections: c.maxConnections ?? null,
    chains: [{ match: {}, tls: null, handler: httpHandler(c, routes) }],
  };
}

function httpHandler(c: ListenerConfig, routes: string): HttpHandlerSpec {
  const { forwarded, limits, timeouts } = c;
  return {
    kind: "http",
    routes,
    forwarded: {
      trusted: [...new Set(forwarded.trustedProxies.flat())],
      xForwarded: forwarded.xForwarded,
      forwarded: forwarded.forwarded,
      requestId: forwarded.requestId,
      via: forwarded.via,
    },
    paths: { mergeSlashes: c.paths.mergeSlashes },
    underscores: c.underscores,
    limits: {
      headBytes: limits.head,
      requestLineBytes: limits.requestLine,
      fields: limits.fields,
      bodyBytes: limits.body,
      requestsPerConnection: limits.requestsPerConnection,
    },
    timeouts: {
      idleMs: timeouts.idle,
      headMs: timeouts.head,
      bodyMs: timeouts.body,
      streamIdleMs: timeouts.streamIdle,
      tunnelIdleMs: timeouts.tunnelIdle,
    },
  };
}
