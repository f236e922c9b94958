import type { Metric } from "./measure/sample.ts";
import { PLAIN, WITH_POLICIES } from "./works/policies.ts";
import { FEW_ROUTES, MANY_ROUTES } from "./works/routes.ts";
import { ONE_WORKER, TWO_WORKERS } from "./works/workers.ts";

/** A number to reach: `subject`'s metric is at most `limit` times that of `against`, or `limit` itself where nobody stands against it. */
export interface Target {
  readonly work: string;
  readonly subject: string;
  readonly metric: Metric;
  readonly against: string | null;
  readonly limit: number;
}

export const TARGETS: readonly Target[] = [
  at("keepalive", "bun", "cpu", "haproxy", 1.15),
  at("keepalive", "bun", "cpu", "envoy", 0.4),
  at("keepalive", "deno", "cpu", "envoy", 0.6),
  at("64k", "bun", "cpu", "nginx", 1.15),
  at("1m", "bun", "cpu", "nginx", 1.15),
  at("64k", "deno", "cpu", "envoy", 0.8),
  at("1m", "deno", "cpu", "envoy", 0.8),
  at("routes", `bun ${MANY_ROUTES}`, "cpu", `bun ${FEW_ROUTES}`, 1.1),
  at("routes", `deno ${MANY_ROUTES}`, "cpu", `deno ${FEW_ROUTES}`, 1.1),
  at("workers", `bun ${TWO_WORKERS}`, "cpu", `bun ${ONE_WORKER}`, 1.15),
  at("workers", `deno ${TWO_WORKERS}`, "cpu", `deno ${ONE_WORKER}`, 1.15),
  at("idle", "bun", "idle", null, 5_000),
  at("idle", "deno", "idle", null, 10_000),
  at("new", "bun", "cpu", "haproxy", 1.5),
  at("new", "deno", "cpu", "envoy", 1),
  at("latency", "bun", "p50", "envoy", 1),
  at("latency", "bun", "p99", "envoy", 1),
  at("latency", "deno", "p50", "envoy", 1.5),
  at("latency", "deno", "p99", "envoy", 1.5),
  at("tcp", "bun", "cpu", "haproxy", 1.2),
  at("tcp", "deno", "cpu", "haproxy", 1.2),
  at("udp", "bun", "cpu", "nginx", 1),
  at("udp", "deno", "cpu", "nginx", 1.2),
  at("h2", "bun", "cpu", "haproxy", 1.3),
  at("h2", "bun", "cpu", "envoy", 0.5),
  at("h2", "deno", "cpu", "envoy", 1),
  at("grpc", "bun", "cpu", "envoy", 0.5),
  at("grpc", "deno", "cpu", "envoy", 1),
  at("tls", "bun", "cpu", "haproxy", 1.2),
  at("tls", "deno", "cpu", "envoy", 1),
  // As many handshakes a CPU second as Envoy: its microseconds at most.
  at("handshakes", "bun", "cpu", "envoy", 1),
  at("idletls", "bun", "idle", "envoy", 0.7),
  at("idletls", "deno", "idle", "envoy", 1),
  at("policies", `bun ${WITH_POLICIES}`, "cpu", `bun ${PLAIN}`, 1.1),
  at("policies", `deno ${WITH_POLICIES}`, "cpu", `deno ${PLAIN}`, 1.1),
  at("policiesh2", `bun ${WITH_POLICIES}`, "cpu", `bun ${PLAIN}`, 1.1),
  at("policiesh2", `deno ${WITH_POLICIES}`, "cpu", `deno ${PLAIN}`, 1.1),
];

function at(work: string, subject: string, metric: Metric, against: string | null, limit: number): Target {
  return { work, subject, metric, against, limit };
}
