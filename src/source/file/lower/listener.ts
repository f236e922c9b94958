import type { HttpHandlerSpec, ListenerSpec } from "../../../config/model.ts";
import type { Reporter } from "../problem_list.ts";
import type { ListenerConfig } from "../schema/listener.ts";
import { lowerHttp2 } from "./http2.ts";
import { lowerChains } from "./listener_tls.ts";
import type { Lowering } from "./lowering.ts";

/** `routes` is the name of the route table that serves the listener. */
export function lowerListener(name: string, c: ListenerConfig, routes: string, to: Lowering, report: Reporter): ListenerSpec {
  return {
    name,
    bind: to.address(c.address),
    backlog: c.backlog ?? null,
    mode: c.mode ?? null,
    keepAliveMs: c.keepalive,
    maxConnections: c.maxConnections ?? null,
    chains: lowerChains(c, httpHandler(c, routes), to, report),
  };
}

function httpHandler(c: ListenerConfig, routes: string): HttpHandlerSpec {
  const { forwarded, limits, timeouts } = c;
  return {
    kind: "http",
    version: "auto",
    routes,
    forwarded: {
      trusted: [...new Set(forwarded.trustedProxies.flat())],
      xForwarded: forwarded.xForwarded,
      forwarded: forwarded.forwarded,
      requestId: forwarded.requestId,
      via: forwarded.via,
      clientCertificate:
        typeof forwarded.clientCertificate === "string"
          ? { policy: forwarded.clientCertificate, details: ["subject", "uri", "dns"] }
          : { policy: forwarded.clientCertificate.policy, details: [...new Set(forwarded.clientCertificate.details)] },
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
    http2: lowerHttp2(c.http2),
  };
}
