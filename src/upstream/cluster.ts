import type { ProxyError } from "../base/error.ts";
import type { Slab } from "../base/slab.ts";
import { encodeTagged } from "../base/tagged_json.ts";
import type { ClusterSpec } from "../config/model.ts";
import type { StreamReader } from "../http/codec.ts";
import { DEFAULT_H1_LIMITS } from "../http/h1/limits.ts";
import { HeaderBlock } from "../http/h2/hpack/header_block.ts";
import { DEFAULT_H2_LIMITS } from "../http/h2/limits.ts";
import type { ResponseHead } from "../http/head.ts";
import type { DialHandler, Platform, Timer, UdpHandler, UdpPort } from "../platform/types.ts";
import type { Priority } from "../telemetry/breaker_metrics.ts";
import type { EventLog } from "../telemetry/event_log.ts";
import type { HostState } from "../telemetry/health_cells.ts";
import type { ClusterMetrics } from "../telemetry/metrics.ts";
import { type LinkEnv, WRITE_STALL_MS } from "../wire/link.ts";
import { Breaker } from "./breaker.ts";
import { CountedDial } from "./counted_dial.ts";
import { dialHost, hostDialOptions, optionsFor } from "./dialer.ts";
import { ClusterDiscovery } from "./discovery/cluster_discovery.ts";
import type { OpenEndpoints } from "./discovery/endpoint_source.ts";
import { ClusterChecks } from "./health/cluster_checks.ts";
import { ClusterHealth } from "./health/cluster_health.ts";
import type { HealthPlace } from "./health/health_place.ts";
import { HostStates } from "./host_states.ts";
import { OutlierDetector } from "./outlier/outlier_detector.ts";
import { compilePicker, type PickerEnv } from "./picker/compile_picker.ts";
import { OriginalDestination } from "./picker/original_destination.ts";
import { samePicking } from "./picker/same_picking.ts";
import { ClusterPools } from "./pool/cluster_pools.ts";
import type { PoolEnv } from "./pool/host_pool.ts";
import type { Cluster, DialClient, Host, LeaseClient, LeaseWaiter, Picker, UpstreamTls } from "./types.ts";
import { connectUdpHost } from "./udp_dial.ts";

export interface ClusterEnv {
  readonly platform: Platform;
  readonly link: LinkEnv;
  readonly slab: Slab;
  readonly log: EventLog;
  readonly health: HealthPlace;
  readonly openEndpoints: OpenEndpoints;
}

/** Between two pickers for changes of hosts' states: results of checks come in crowds. */
const REBUILD_MS = 5;

/** A cluster in force: its hosts as discovery finds them, the picker over them, and a pool for each. It outlives config changes. */
export class UpstreamCluster implements Cluster {
  readonly metrics: ClusterMetrics;
  spec: ClusterSpec;
  picker: Picker;
  readonly #env: ClusterEnv;
  readonly #discovery: ClusterDiscovery;
  readonly #default: ClusterPools;
  readonly #high: ClusterPools;
  readonly #picking: PickerEnv;
  #pool: PoolEnv;
  readonly #states: HostStates;
  /** null: hosts are not asked how they are. */
  #health: ClusterHealth | null = null;
  /** null: and not by this process. */
  #checks: ClusterChecks | null = null;
  readonly #outlier: OutlierDetector;
  /** No longer named, and not told so yet. */
  readonly #gone: Host[] = [];
  /** States of hosts are being told: the picker is made when all are. */
  #changing = false;
  #rebuilt = Number.NEGATIVE_INFINITY;
  #rebuild: Timer | null = null;

  constructor(env: ClusterEnv, spec: ClusterSpec, metrics: ClusterMetrics, tls: UpstreamTls | null) {
    this.#env = env;
    this.spec = spec;
    this.metrics = metrics;
    this.#pool = poolEnv(env, spec, metrics, tls);
    this.#default = new ClusterPools(this.#pool, new Breaker(metrics, "default"), spec.breakers.default);
    this.#high = new ClusterPools(this.#pool, new Breaker(metrics, "high"), spec.breakers.high);
    this.#picking = { clock: env.link.flusher, random: Math.random, panics: metrics.panics };
    this.picker = this.#pickerOf([]);
    const now = (): number => env.platform.now();
    this.#states = new HostStates(
      now,
      () => this.#stateChanged(),
      (state, n) => metrics.hosts(state, n),
    );
    this.#outlier = new OutlierDetector({ now, link: env.link, log: env.log, metrics, cluster: spec.name, states: this.#states });
    this.#outlier.become(spec.outlier);
    this.#followHealth(null);
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

  /** Resolves when every name has answered or failed to, and every host its first check. */
  get ready(): Promise<void> {
    return this.#discovery.ready.then(() => this.#health?.ready);
  }

  /** Each host with its state, and why it is so; "" where there is nothing to say. */
  showHosts(): { readonly address: string; readonly state: HostState; readonly why: string }[] {
    return this.hosts.map((h) => ({ address: h.label, ...this.#states.show(h) }));
  }

  start(): void {
    this.#discovery.start();
  }

  /** Takes over a changed config; hosts that stay keep their connections. */
  update(spec: ClusterSpec, tls: UpstreamTls | null): void {
    const before = this.spec;
    const pool = this.#pool;
    this.spec = spec;
    this.#pool = poolEnv(this.#env, spec, this.metrics, tls);
    this.#default.become(this.#pool, spec.breakers.default);
    this.#high.become(this.#pool, spec.breakers.high);
    if (!samePicking(before, spec)) this.#hostsChanged();
    this.#outlier.become(spec.outlier);
    if (!sameChecks(before, spec) || pool.tls !== tls) this.#followHealth(before);
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

  choosable(): readonly Host[] {
    return this.hosts.filter((h) => h.available && h.endpoint.weight > 0 && this.#states.checkOf(h) !== "pending");
  }

  close(): void {
    this.#discovery.close();
    this.#rebuild?.cancel();
    this.#checks?.close();
    this.#health?.close();
    this.#outlier.close();
    this.#states.close();
    this.#default.close();
    this.#high.close();
  }

  #of(p: Priority): ClusterPools {
    return p === "high" ? this.#high : this.#default;
  }

  #setHosts(hosts: readonly Host[], gone: readonly Host[]): void {
    this.#changing = true;
    this.#states.setHosts(hosts, gone);
    this.#outlier.setHosts(hosts, gone);
    this.#health?.setHosts(hosts);
    this.#checks?.setHosts(hosts);
    this.#changing = false;
    this.#gone.push(...gone);
    this.#hostsChanged();
  }

  /** Hosts came or went, or other ones may be chosen. */
  #hostsChanged(): void {
    this.#rebuild?.cancel();
    this.#rebuild = null;
    this.#rebuilt = this.#env.platform.now();
    // A host whose first check is under way is not there yet: panic would give it traffic.
    const there = this.#health === null ? this.hosts : this.hosts.filter((h) => this.#states.checkOf(h) !== "pending");
    // None is there yet: those of before serve until one is, so that hosts that are all new make no gap.
    if (there.length === 0 && this.hosts.length > 0 && this.#gone.length > 0) return;
    this.picker = this.#pickerOf(there);
    for (const h of this.#gone.splice(0)) {
      this.#default.leave(h);
      this.#high.leave(h);
    }
  }

  #stateChanged(): void {
    if (this.#changing || this.#rebuild !== null) return;
    const left = this.#rebuilt + REBUILD_MS - this.#env.platform.now();
    if (left <= 0) this.#hostsChanged();
    else this.#rebuild = this.#env.platform.setTimer(left, () => this.#hostsChanged());
  }

  /** Begins, goes on with or ends checks as the config in force says. */
  #followHealth(before: ClusterSpec | null): void {
    const { platform, link, log, health } = this.#env;
    const spec = this.spec.health;
    if (spec === null) {
      this.#checks?.close();
      this.#health?.close();
      this.#checks = this.#health = null;
      return;
    }
    const began = this.#health === null;
    this.#health ??= new ClusterHealth(platform, health.board, this.name, this.#states, spec.timeoutMs);
    this.#health.become(spec.timeoutMs);
    const plan = { spec, pool: this.#pool };
    if (this.#checks !== null) this.#checks.become(plan);
    else if (health.checks) {
      const { board, pacer, uncounted, random } = health;
      const env = { now: () => platform.now(), link, log, board, pacer, uncounted, random };
      this.#checks = new ClusterChecks(env, this.name, this.metrics, plan);
    }
    if (!began || before === null) return;
    this.#health.setHosts(this.hosts, true);
    this.#checks?.setHosts(this.hosts);
  }

  #pickerOf(hosts: readonly Host[]): Picker {
    if (this.spec.hosts === "originalDestination") return new OriginalDestination();
    return compilePicker(this.spec, hosts, this.#picking);
  }
}

/** Whether checks go on as they are: what they ask, how often, and how they connect. */
function sameChecks(a: ClusterSpec, b: ClusterSpec): boolean {
  const of = (s: ClusterSpec): string => encodeTagged([s.health, s.protocol, s.source, s.proxyHeader, s.keepAliveMs]);
  return of(a) === of(b);
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
