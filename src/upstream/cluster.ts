import type { Slab } from "../base/slab.ts";
import type { ClusterSpec } from "../config/model.ts";
import type { StreamReader } from "../http/codec.ts";
import { DEFAULT_H1_LIMITS } from "../http/h1/limits.ts";
import { HeaderBlock } from "../http/h2/hpack/header_block.ts";
import { DEFAULT_H2_LIMITS } from "../http/h2/limits.ts";
import type { ResponseHead } from "../http/head.ts";
import type { DialHandler, Platform, UdpHandler, UdpPort } from "../platform/types.ts";
import type { EventLog } from "../telemetry/event_log.ts";
import type { ClusterMetrics } from "../telemetry/metrics.ts";
import { type LinkEnv, WRITE_STALL_MS } from "../wire/link.ts";
import { dialHost, hostDialOptions, optionsFor } from "./dialer.ts";
import { ClusterDiscovery } from "./discovery/cluster_discovery.ts";
import type { OpenEndpoints } from "./discovery/endpoint_source.ts";
import { compilePicker, type PickerEnv } from "./picker/compile_picker.ts";
import { OriginalDestination } from "./picker/original_destination.ts";
import { samePicking } from "./picker/same_picking.ts";
import { HostPool, type PoolEnv } from "./pool/host_pool.ts";
import { PrivatePools } from "./pool/private_pools.ts";
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
  readonly #pools = new Map<Host, HostPool>();
  /** For connections that begin with a header. */
  readonly #private = new PrivatePools();
  readonly #picking: PickerEnv;
  #pool: PoolEnv;

  constructor(env: ClusterEnv, spec: ClusterSpec, metrics: ClusterMetrics, tls: UpstreamTls | null) {
    this.#env = env;
    this.spec = spec;
    this.metrics = metrics;
    this.#pool = poolEnv(env, spec, metrics, tls);
    this.#picking = { clock: env.link.flusher, random: Math.random, panics: metrics.panics };
    this.picker = this.#pickerOf([]);
    const { platform, log, openEndpoints } = env;
    this.#discovery = new ClusterDiscovery(
      { platform, log, open: openEndpoints, failed: () => metrics.discoveryFailures.add(1) },
      spec,
      (hosts, gone) => this.#setHosts(hosts, gone),
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
    const before = this.spec;
    this.spec = spec;
    this.#pool = poolEnv(this.#env, spec, this.metrics, tls);
    for (const p of this.#pools.values()) p.become(this.#pool);
    if (!samePicking(before, spec)) this.picker = this.#pickerOf(this.hosts);
    this.#private.become(this.#pool);
    void this.#discovery.update(spec);
  }

  lease(
    h: Host,
    fresh: boolean,
    reader: StreamReader<ResponseHead>,
    w: LeaseWaiter,
    client: LeaseClient,
  ): { cancel(): void } | null {
    if (this.#pool.proxyHeader !== null) return this.#private.pool(client, h, this.#pool).lease(fresh, reader, w);
    let pool = this.#pools.get(h);
    if (pool === undefined) {
      pool = new HostPool(h, this.#pool, null);
      this.#pools.set(h, pool);
    }
    return pool.lease(fresh, reader, w);
  }

  dial(h: Host, handler: DialHandler, client: DialClient | null): { cancel(): void } {
    return dialHost(this.#env.platform, h, optionsFor(this.#pool, h, client), handler);
  }

  openUdp(h: Host, handler: UdpHandler): UdpPort {
    return connectUdpHost(this.#env.platform, h, this.spec.source, handler);
  }

  has(h: Host): boolean {
    return this.hosts.includes(h);
  }

  close(): void {
    this.#discovery.close();
    for (const p of this.#pools.values()) p.close();
    this.#pools.clear();
    this.#private.close();
  }

  /** Hosts have become available or unavailable. */
  healthChanged(): void {
    this.picker = this.#pickerOf(this.hosts);
  }

  #setHosts(hosts: readonly Host[], gone: readonly Host[]): void {
    const now = this.#env.platform.now();
    for (const h of hosts) if (h.since < 0) h.since = now;
    this.picker = this.#pickerOf(hosts);
    for (const h of gone) {
      this.#pools.get(h)?.close();
      this.#pools.delete(h);
      this.#private.leave(h);
    }
  }

  #pickerOf(hosts: readonly Host[]): Picker {
    if (this.spec.hosts === "originalDestination") return new OriginalDestination();
    return compilePicker(this.spec, hosts, this.#picking);
  }
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
  };
}
