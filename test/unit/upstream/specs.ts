import type { ClusterSpec, EndpointSpec } from "../../../src/config/model.ts";
import type { BreakerSpec } from "../../../src/config/traffic_model.ts";
import type { Address } from "../../../src/platform/types.ts";
import { UpstreamHost } from "../../../src/upstream/host.ts";

/** `name:port`, `[::1]:80` or `unix:/path`. */
export function address(text: string): Address {
  if (text.startsWith("unix:")) return { kind: "unix", path: text.slice(5) };
  const colon = text.lastIndexOf(":");
  return { kind: "tcp", host: text.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(text.slice(colon + 1)) };
}

export function endpoint(at: string, more: Partial<EndpointSpec> = {}): EndpointSpec {
  return { address: address(at), weight: 1, metadata: new Map(), zone: "", priority: 0, ...more };
}

export function host(at: string, weight = 1): UpstreamHost {
  const e = endpoint(at, { weight });
  return new UpstreamHost(e, [e.address]);
}

const HTTP2: ClusterSpec["http2"] = {
  concurrentStreams: 100,
  keepAlive: null,
};

/** What a cluster has by default. */
const NO_CAPS: BreakerSpec = {
  connections: Number.POSITIVE_INFINITY,
  pending: Number.POSITIVE_INFINITY,
  requests: Number.POSITIVE_INFINITY,
  retries: { share: 0.2, floor: 3 },
};

export function cluster(endpoints: readonly EndpointSpec[], more: Partial<ClusterSpec> = {}): ClusterSpec {
  return {
    name: "web",
    hosts: "listed",
    endpoints,
    balance: { kind: "roundRobin", slowStart: null },
    sharing: {
      overprovisioning: 1.4,
      panicThreshold: 0.5,
      zoneWeights: null,
      subsets: [],
      subsetFallback: "none",
      fallbackSubset: new Map(),
    },
    health: null,
    outlier: null,
    breakers: { default: NO_CAPS, high: NO_CAPS },
    protocol: "http1",
    tls: null,
    http2: HTTP2,
    connectTimeoutMs: 5000,
    idleMs: 60_000,
    maxIdle: 100,
    requestsPerConnection: null,
    maxConnectionMs: null,
    keepAliveMs: null,
    source: null,
    proxyHeader: null,
    host: { kind: "pass" },
    dns: { families: "auto", minTtlMs: 5000, maxTtlMs: 300_000, servers: [] },
    ...more,
  };
}
