import type { FilterChainSpec, HttpHandlerSpec, ListenerSpec } from "../../../config/model.ts";
import type { Reporter } from "../problem_list.ts";
import type { ListenerConfig } from "../schema/listener.ts";
import { lowerHttp2 } from "./http2.ts";
import { TlsLowering, warnOfForwarding } from "./listener_tls.ts";
import type { Lowering } from "./lowering.ts";
import { lowerSocket } from "./socket.ts";
import { match, sniChains, tcpHandler } from "./tcp_chains.ts";

/** `routes` is the name of the route table that serves the listener. */
export function lowerListener(name: string, c: ListenerConfig, routes: string, to: Lowering, report: Reporter): ListenerSpec {
  return {
    name,
    ...lowerSocket(c, to, report),
    firstBytesMs: c.timeouts.head,
    silenceMs: c.fallback === undefined ? null : c.detectTimeout,
    chains: lowerChains(c, httpHandler(c, routes), to, report),
  };
}

/** By what connections ask for in their hello, then those that `tls` ends, then what comes in cleartext, then what is none of all that. */
function lowerChains(c: ListenerConfig, handler: HttpHandlerSpec, to: Lowering, report: Reporter): FilterChainSpec[] {
  const settings = { idleMs: c.timeouts.tunnelIdle };
  const plain: HttpHandlerSpec = { ...handler, version: c.detect ? "auto" : "http1" };
  warnOfForwarding(c, report);
  if (c.fallback !== undefined && !c.detect)
    report.errorAtKey(["fallback"], 'add "detect: true": found a fallback, and nothing is told apart without it');
  const tls = c.tls === undefined ? null : new TlsLowering(c.tls, PROTOCOLS, to, report);
  const chains = sniChains(c.sni ?? [], tls, settings, report);
  if (tls !== null) chains.push(...tls.chains(handler));
  const alpn = c.fallback === undefined ? [] : ["http/1.1", "h2c"];
  if (tls === null || c.detect)
    chains.push({
      match: match({ transport: chains.length === 0 && alpn.length === 0 ? "any" : "plain", alpn }),
      tls: null,
      handler: plain,
    });
  if (c.fallback !== undefined)
    chains.push({
      match: match({ transport: "any" }),
      tls: null,
      handler: tcpHandler(c.fallback.to, ["fallback", "to"], settings, report),
    });
  return chains;
}

const PROTOCOLS = ["h2", "http/1.1"];

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
      maxConnectionMs: timeouts.maxConnection,
    },
    http2: lowerHttp2(c.http2),
  };
}
