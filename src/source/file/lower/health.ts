import type { HealthCheckSpec } from "../../../config/traffic_model.ts";
import type { Reporter } from "../problem_list.ts";
import {
  type BytesConfig,
  type HealthConfig,
  type HealthSettings,
  type HttpProbeConfig,
  healthOf,
  httpProbeOf,
  PROBE_KINDS,
} from "../schema/health.ts";

/** What is not healthy is asked more often, unless the config says how often. */
const UNHEALTHY_INTERVAL_MS = 2_000;

/** null: endpoints are not asked, or what is wrong has been told. */
export function lowerHealth(health: HealthConfig | undefined, report: Reporter): HealthCheckSpec | null {
  if (health === undefined || health === null) return null;
  const c = typeof health === "string" ? healthOf(health) : health;
  const given = PROBE_KINDS.filter((k) => c[k] !== undefined);
  if (given.length !== 1) {
    const found = given.length === 0 ? "none" : given.join(" and ");
    report.error(["health"], `name one probe: found ${found}, wanted one of ${PROBE_KINDS.join(", ")}`);
    return null;
  }
  return {
    probe: lowerProbe(c),
    port: c.port ?? null,
    intervalMs: c.interval,
    unhealthyIntervalMs: c.unhealthyInterval ?? Math.min(UNHEALTHY_INTERVAL_MS, c.interval),
    jitter: c.jitter,
    timeoutMs: c.timeout,
    healthyThreshold: c.healthyThreshold,
    unhealthyThreshold: c.unhealthyThreshold,
    reuse: c.reuse,
  };
}

function lowerProbe(c: HealthSettings): HealthCheckSpec["probe"] {
  if (c.tcp !== undefined) return { kind: "tcp", send: bytesOf(c.tcp.send), expect: bytesOf(c.tcp.expect) };
  if (c.grpc !== undefined) return { kind: "grpc", service: c.grpc.service, authority: c.grpc.authority ?? null };
  const http: HttpProbeConfig = typeof c.http === "object" ? c.http : httpProbeOf(c.http ?? "/");
  const { expect } = http;
  return {
    kind: "http",
    path: http.path,
    method: http.method,
    host: http.host ?? null,
    headers: Object.entries(http.headers ?? {}),
    expect: typeof expect[0] === "number" ? [expect as [number, number]] : (expect as [number, number][]),
    body: http.body ?? null,
  };
}

function bytesOf(c: BytesConfig | undefined): Uint8Array | null {
  if (c === undefined) return null;
  if (typeof c === "string") return new TextEncoder().encode(c);
  return Uint8Array.from(c.hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
