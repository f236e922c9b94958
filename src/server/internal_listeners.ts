import { addressText, type BoundAddress } from "../base/address.ts";
import type { ListenerSpec, Model, RouteSpec, RouteTableSpec } from "../config/model.ts";
import type { Address } from "../platform/types.ts";

/** Names that a config can't use: they begin with a character that names must not have. */
export const ADMIN_LISTENER = "@admin";
export const OBSERVE_LISTENER = "@observe";
export const ADMIN_HANDLER = "@admin";
export const OBSERVE_HANDLER = "@observe";

/** The model with the listeners of its `admin` and `observe` addresses: they are served by the same codec and exchange as all others. */
export function withInternalListeners(model: Model): Model {
  const listeners = new Map(model.listeners);
  const routeTables = new Map(model.routeTables);
  const add = (name: string, bind: Address | null, handler: string): void => {
    if (bind === null) return;
    routeTables.set(name, table(name, handler));
    listeners.set(name, listener(name, bind));
  };
  add(ADMIN_LISTENER, model.admin, ADMIN_HANDLER);
  add(OBSERVE_LISTENER, model.observe, OBSERVE_HANDLER);
  return { ...model, listeners, routeTables };
}

/** Whether a listener is one of Weir's own. */
export function isInternal(name: string): boolean {
  return name.startsWith("@");
}

function listener(name: string, bind: Address): ListenerSpec {
  return {
    name,
    bind,
    backlog: null,
    mode: null,
    keepAliveMs: null,
    maxConnections: 1000,
    transparent: false,
    sources: { allow: [], deny: [] },
    connectionRate: null,
    proxyHeaders: null,
    firstBytesMs: 10_000,
    silenceMs: null,
    chains: [
      {
        match: { transport: "any", serverNames: [], alpn: [], sources: [] },
        tls: null,
        handler: {
          kind: "http",
          version: "http1",
          routes: name,
          forwarded: {
            trusted: [],
            xForwarded: "keep",
            forwarded: "keep",
            requestId: "keep",
            via: false,
            clientCertificate: { policy: "sanitize", details: [] },
          },
          paths: { mergeSlashes: false },
          underscores: "drop",
          limits: {
            headBytes: 16 * 1024,
            requestLineBytes: 8 * 1024,
            fields: 64,
            bodyBytes: 1024 * 1024,
            requestsPerConnection: null,
          },
          http2: {
            concurrentStreams: 16,
            keepAlive: null,
          },
          timeouts: {
            idleMs: 60_000,
            headMs: 10_000,
            bodyMs: 10_000,
            streamIdleMs: 60_000,
            tunnelIdleMs: 60_000,
            maxConnectionMs: null,
          },
        },
      },
    ],
  };
}

function table(name: string, handler: string): RouteTableSpec {
  const none = { remove: [], set: [], add: [] };
  const route: RouteSpec = {
    name,
    match: [{ path: null, methods: [], headers: [], query: [] }],
    action: { kind: "handler", name: handler },
    requestHeaders: none,
    responseHeaders: none,
    timeoutMs: null,
    responseHeadMs: 60_000,
    timeoutHeader: null,
    bodyBytes: null,
    filters: [],
    grpc: { maxTimeoutMs: null, methods: [] },
    allowPath: { encodedSlash: false, backslash: false, nul: false },
  };
  return { name, order: "listed", virtualHosts: [{ name, hosts: ["*"], routes: [route] }] };
}

/** For messages. */
export function bindLabel(a: BoundAddress | null): string {
  if (a === null) return "nowhere";
  return a.kind === "udp" ? `${addressText(a)}/udp` : addressText(a);
}
