import type { HealthCheckSpec } from "../../config/traffic_model.ts";
import type { Address } from "../../platform/types.ts";
import type { ClusterMetrics } from "../../telemetry/metrics.ts";
import { UpstreamHost } from "../host.ts";
import type { PoolEnv } from "../pool/host_pool.ts";
import type { Host } from "../types.ts";

/**
 * How checks connect: as the cluster does, but they count for nobody, keep one connection as long as it lasts, and have the check's time
 * alone. gRPC is HTTP/2 whatever the cluster speaks.
 */
export function probePoolEnv(cluster: PoolEnv, spec: HealthCheckSpec, uncounted: ClusterMetrics): PoolEnv {
  const never = Number.POSITIVE_INFINITY;
  return {
    ...cluster,
    protocol: spec.probe.kind === "grpc" ? "h2" : cluster.protocol,
    h1: { ...cluster.h1, maxRequests: never },
    h2: { ...cluster.h2, maxRequests: never, idleMs: spec.reuse ? never : 0, onBudget: ignore },
    // Later than the check gives up, which tells why in its own words.
    dial: { ...cluster.dial, connectTimeoutMs: 2 * spec.timeoutMs },
    metrics: uncounted,
    idleMs: spec.reuse ? never : 0,
    maxIdle: 1,
  };
}

/** A stand-in that checks connect to: another port where the config says so, and no count of streams that a policy would look at. */
export function probeHost(h: Host, port: number | null): Host {
  return new UpstreamHost(h.endpoint, port === null ? h.addresses : h.addresses.map((a) => withPort(a, port)));
}

function withPort(a: Address, port: number): Address {
  return a.kind === "tcp" ? { ...a, port } : a;
}

function ignore(): void {}
