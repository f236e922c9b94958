import type { ProxyError } from "../base/error.ts";
import type { Slab } from "../base/slab.ts";
import type { ClusterSpec } from "../config/model.ts";
import type { StreamReader } from "../http/codec.ts";
import { DEFAULT_H1_LIMITS } from "../http/h1/limits.ts";
import { HeaderBlock } from "../http/h2/hpack/header_block.ts";
import { DEFAULT_H2_LIMITS } from "../http/h2/limits.ts";
import type { ResponseHead } from "../http/head.ts";
import type { DialHandler, Platform, UdpHandler, UdpPort } from "../platform/types.ts";
import type { Priority } from "../telemetry/breaker_metrics.ts";
import type { EventLog } from "../telemetry/event_log.ts";
import type { ClusterMetrics } from "../telemetry/metrics.ts";
import { type LinkEnv, WRITE_STALL_MS } from "../wire/link.ts";
import { Breaker } from "./breaker.ts";
import { CountedDial } from "./counted_dial.ts";
import { dialHost, hostDialOptions, optionsFor } from "./dialer.ts";
import { ClusterDiscovery } from "./discovery/cluster_discovery.ts";
import type { OpenEndpoints } from "./discovery/endpoint_source.ts";
import { OriginalDestination } from "./picker/original_destination.ts";
import { roundRobin } from "./picker/round_robin.ts";
import { ClusterPools } from "./pool/cluster_pools.ts";
import type { PoolEnv } from "./pool/host_pool.ts";
import type { Cluster, DialClient, Host, LeaseClient, LeaseWaiter, Picker, UpstreamTls } from "./types.ts";
import { connectUdpHost } from "./udp_dial.ts";

export interface ClusterEnv {
  readonly platform: Platform;
  readonly link: LinkEnv;
  readonly slab: Slab;
  readonly log: EventLog;
  readonly openEndpoints: OpenEndpoints;
}

/** A cluster in force: its hosts as discovery finds them, the picker over them, and a pool for each. It outlives config changes. */
export class UpstreamCluster implements Cluster {
  readonly metrics: ClusterMetrics;
  spec: ClusterSpec;
  picker: Picker;
  readonly #env: ClusterEnv;
  readonly #discovery: ClusterDiscovery;
  readonly #default: ClusterPools;
  readonly #high: ClusterPools;
  #pool: PoolEnv;

  constructor(env: ClusterEnv, spec: ClusterSpec, metrics: ClusterMetrics, tls: UpstreamTls | null) {
    this.#env = env;
    this.spec = spec;
    this.metrics = metrics;
    this.#pool = poolEnv(env, spec, metrics, tls);
    this.#default = new ClusterPools(this.#pool, new Breaker(metrics, "default"), spec.breakers.default);
    this.#high = new ClusterPools(this.#pool, new Breaker(metrics, "high"), spec.breakers.high);
    this.picker = pickerOf(spec, [], 0);
    const { platform, log, openEndpoints } = env;
    this.#discovery = new ClusterDiscovery({ platform, log, open: openEndpoints }, spec, (hosts, gone) =>
      this.#setHosts(hosts, gone),
    );
  }

  get name(): string {
    return this.spec.name;
  }

  get hosts(): readonly Host[] {
    return this.#discovery.hosts;
  }

  /** Resolves when every name has answered or failed to. */
  get ready(): Promise<void> {
    return this.#discovery.ready;
  }

  start(): void {
    this.#discovery.start();
  }

  /** Takes over a changed config; hosts that stay keep their connections. */
  update(spec: ClusterSpec, tls: UpstreamTls | null): void {
    const was = this.spec.hosts === "originalDestination";
    this.spec = spec;
    this.#pool = poolEnv(this.#env, spec, this.metrics, tls);
    this.#default.become(this.#pool, spec.breakers.default);
    this.#high.become(this.#pool, spec.breakers.high);
    if ((spec.hosts === "originalDestination") !== was) this.picker = pickerOf(spec, this.hosts, Math.random());
    void this.#discovery.update(spec);
  }

  breaker(p: Priority): Breaker {
    return this.#of(p).breaker;
  }

  lease(
    h: Host,
    fresh: boolean,
    reader: StreamReader<ResponseHead>,
    w: LeaseWaiter,
    client: LeaseClient,
    p: Priority = "default",
  ): { cancel(): void } | null {
    return this.#of(p).lease(h, fresh, reader, w, client);
  }

  dial(h: Host, handler: DialHandler, client: DialClient | null, p: Priority = "default"): { cancel(): void } | ProxyError {
    const { gate, breaker } = this.#of(p);
    if (!gate.enter()) return breaker.refuse("connections");
    const dial = new CountedDial(gate, handler);
    return dial.started(dialHost(this.#env.platform, h, optionsFor(this.#pool, h, client), dial));
  }

  hungUp(p: Priority = "default"): void {
    this.#of(p).gate.leave();
  }

  openUdp(h: Host, handler: UdpHandler): UdpPort {
    return connectUdpHost(this.#env.platform, h, this.spec.source, handler);
  }

  has(h: Host): boolean {
    return this.hosts.includes(h);
  }

  close(): void {
    this.#discovery.close();
    this.#default.close();
    this.#high.close();
  }

  #of(p: Priority): ClusterPools {
    return p === "high" ? this.#high : this.#default;
  }

  #setHosts(hosts: readonly Host[], gone: readonly Host[]): void {
    // Not the first host again: it would be favoured whenever hosts come and go.
    this.picker = pickerOf(this.spec, hosts, Math.random());
    for (const h of gone) {
      this.#default.leave(h);
      this.#high.leave(h);
    }
  }
}

function pickerOf(spec: ClusterSpec, hosts: readonly Host[], start: number): Picker {
  return spec.hosts === "originalDestination" ? new OriginalDestination() : roundRobin(hosts, start);
}

/** From the connection's opening to the upstream's SETTINGS, and for a frame from its first byte to its last. */
const UPSTREAM_SETTINGS_MS = 10_000;

function poolEnv(env: ClusterEnv, spec: ClusterSpec, metrics: ClusterMetrics, tls: UpstreamTls | null): PoolEnv {
  const maxRequests = spec.requestsPerConnection ?? Number.POSITIVE_INFINITY;
  return {
    platform: env.platform,
    link: env.link,
    protocol: spec.protocol === "h2c" ? "h2" : spec.protocol,
    h1: { limits: DEFAULT_H1_LIMITS, maxRequests, slab: env.slab },
    h2: {
      limits: DEFAULT_H2_LIMITS,
      block: new HeaderBlock({ fieldBytes: DEFAULT_H2_LIMITS.headBytes, fields: DEFAULT_H2_LIMITS.fields }, "keep"),
      scheme: spec.tls === null ? "http" : "https",
      maxStreams: spec.http2.concurrentStreams,
      maxRequests,
      // Told by the pool: an unused connection is closed after this, or at once.
      idleMs: spec.idleMs ?? 0,
      headMs: UPSTREAM_SETTINGS_MS,
      stallMs: WRITE_STALL_MS,
      keepaliveMs: spec.http2.keepAlive?.idleMs ?? Number.POSITIVE_INFINITY,
      keepaliveTimeoutMs: spec.http2.keepAlive?.timeoutMs ?? Number.POSITIVE_INFINITY,
      slab: env.slab,
      clock: env.link.flusher,
      onBudget: () => metrics.floods.add(1),
    },
    dial: hostDialOptions(spec),
    tls,
    proxyHeader: spec.proxyHeader,
    metrics,
    idleMs: spec.idleMs ?? 0,
    maxIdle: spec.maxIdle,
    maxAgeMs: spec.maxConnectionMs ?? Number.POSITIVE_INFINITY,
  };
}
