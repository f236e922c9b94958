import type { ClusterSpec, EndpointSpec } from "../../config/model.ts";
import type { Address, Platform } from "../../platform/types.ts";
import type { EventLog } from "../../telemetry/event_log.ts";
import { ipFamily, type UpstreamHost } from "../host.ts";
import { type HostDraft, reconcile } from "../host_set.ts";
import type { Host } from "../types.ts";
import { type DnsPolicy, samePolicy, type WatchEnv } from "./dns_policy.ts";
import type { EndpointSink, EndpointSource, OpenEndpoints } from "./endpoint_source.ts";
import { ListedEndpoints } from "./listed_endpoints.ts";
import { NameWatch } from "./name_watch.ts";
import { SrvSource } from "./srv_source.ts";

/**
 * Hears of a cluster's hosts, all of them, whenever one came, went or changed. A host that stays is the same object.
 * `gone`: those that are no longer named: close what is idle to them, let streams end.
 */
export type OnHosts = (hosts: readonly Host[], gone: readonly Host[]) => void;

export interface DiscoveryEnv {
  readonly platform: Platform;
  readonly log: EventLog;
  /** Opens what neither the config nor DNS tells. */
  readonly open: OpenEndpoints;
  /** Counts a failure to learn of hosts. */
  readonly failed: () => void;
  /** 0 to below 1; Math.random when absent. */
  readonly random?: () => number;
}

/**
 * Finds the hosts of one cluster. A source tells its endpoints, all sources alike; those by address stand for themselves, names among them
 * are resolved and watched here.
 *
 * @example
 * ```ts
 * const discovery = new ClusterDiscovery(env, spec, (hosts, gone) => cluster.setHosts(hosts, gone));
 * discovery.start();
 * await discovery.ready; // the source has told its endpoints, and every name has answered, or failed to
 * await discovery.update(newSpec);
 * discovery.close();
 * ```
 */
export class ClusterDiscovery {
  readonly #env: DiscoveryEnv;
  readonly #names: WatchEnv;
  readonly #onHosts: OnHosts;
  readonly #watches = new Map<string, NameWatch>();
  #spec: ClusterSpec;
  #source: EndpointSource;
  /** Of this source: what it tells is heard. */
  #feed = 0;
  /** The source has told something, or that it can't. */
  #told = false;
  /** The set in force. */
  #endpoints: readonly EndpointSpec[] = [];
  /** A set whose new names have not answered yet; the one in force stays until they have, so that a change of name makes no gap. */
  #pending: readonly EndpointSpec[] | null = null;
  #hosts: readonly UpstreamHost[] = [];
  #waiters: (() => void)[] = [];
  #closed = false;

  constructor(env: DiscoveryEnv, spec: ClusterSpec, onHosts: OnHosts) {
    const { platform, log, failed, random } = env;
    this.#env = env;
    this.#names = { platform, log, failed, cluster: spec.name, random: random ?? Math.random };
    this.#spec = spec;
    this.#onHosts = onHosts;
    this.#source = this.#open(spec);
  }

  get hosts(): readonly Host[] {
    return this.#hosts;
  }

  /**
   * Resolves when the source has told its endpoints, or that it can't, and every name of the newest set has answered or failed to; after
   * `close` too. With DNS that takes 20 s at most.
   */
  get ready(): Promise<void> {
    return this.#isSettled() ? Promise.resolve() : new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Begins; `onHosts` is called before this returns when the source tells of endpoints by address at once, as a list does. */
  start(): void {
    this.#source.start(this.#sink());
  }

  /**
   * Takes another config of the same cluster. It is in force at once when all its endpoints are known, else when source and names have
   * answered or failed to; the promise tells when. A newer one replaces one that waits.
   */
  update(spec: ClusterSpec): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const before = this.#spec;
    this.#spec = spec;
    if (!sameSource(before, spec)) {
      this.#source.close();
      this.#pending = null;
      this.#told = false;
      this.#source = this.#open(spec);
      this.#source.start(this.#sink());
    } else if (!samePolicy(before.dns, spec.dns)) this.#set(this.#pending ?? this.#endpoints);
    return this.ready;
  }

  /** Ends all watching; hosts stay as they are and nothing is told any more. */
  close(): void {
    this.#closed = true;
    this.#source.close();
    for (const w of this.#watches.values()) w.close();
    this.#watches.clear();
    this.#release();
  }

  #open(spec: ClusterSpec): EndpointSource {
    const { hosts } = spec;
    if (hosts === "listed" || hosts === "originalDestination") return new ListedEndpoints(spec.endpoints);
    return hosts.kind === "srv" ? new SrvSource(this.#names, hosts.name, spec.dns) : this.#env.open(spec, this.#names);
  }

  #sink(): EndpointSink {
    const feed = ++this.#feed;
    const isHeard = (): boolean => !this.#closed && this.#feed === feed;
    return {
      set: (endpoints) => {
        if (!isHeard()) return;
        this.#told = true;
        this.#set(endpoints);
      },
      lacking: () => {
        if (!isHeard()) return;
        this.#told = true;
        // Names that only the source before had told of are not asked for any more.
        if (this.#pending === null) this.#forget(this.#endpoints);
        this.#settle();
      },
    };
  }

  #set(endpoints: readonly EndpointSpec[]): void {
    this.#pending = endpoints;
    this.#watch(endpoints);
    this.#settle();
    // What is known of a first set need not wait for the rest.
    if (this.#pending !== null && this.#endpoints.length === 0) this.#apply(this.#pending);
  }

  /** Watches the names of a set; a change of the DNS policy asks anew and keeps what is known until the answer. */
  #watch(endpoints: readonly EndpointSpec[]): void {
    const policy: DnsPolicy = this.#spec.dns;
    for (const { address } of endpoints) {
      const name = nameOf(address);
      if (name === null) continue;
      const known = this.#watches.get(name);
      if (known !== undefined && samePolicy(known.policy, policy)) continue;
      known?.close();
      const watch = new NameWatch(this.#names, name, policy, known?.pairs ?? [], () => this.#changed());
      this.#watches.set(name, watch);
      watch.start();
    }
  }

  #changed(): void {
    if (this.#closed) return;
    this.#apply(this.#endpoints.length === 0 ? (this.#pending ?? []) : this.#endpoints);
    this.#settle();
  }

  #isSettled(): boolean {
    return this.#closed || (this.#told && this.#pending === null && this.#hasAnswers(this.#endpoints));
  }

  #hasAnswers(endpoints: readonly EndpointSpec[]): boolean {
    return endpoints.every((e) => {
      const name = nameOf(e.address);
      return name === null || this.#watches.get(name)?.settled === true;
    });
  }

  /** Puts what waits in force once every name has answered. */
  #settle(): void {
    const next = this.#pending;
    if (next !== null && this.#hasAnswers(next)) {
      this.#pending = null;
      this.#endpoints = next;
      this.#forget(next);
      this.#apply(next);
    }
    if (this.#isSettled()) this.#release();
  }

  #forget(endpoints: readonly EndpointSpec[]): void {
    const wanted = new Set(endpoints.map((e) => nameOf(e.address)));
    for (const [name, watch] of this.#watches) {
      if (wanted.has(name)) continue;
      watch.close();
      this.#watches.delete(name);
    }
  }

  #release(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  #apply(endpoints: readonly EndpointSpec[]): void {
    const { hosts, gone, changed } = reconcile(
      this.#hosts,
      endpoints.flatMap((e) => this.#drafts(e)),
    );
    if (!changed) return;
    this.#hosts = hosts;
    this.#onHosts(hosts, gone);
  }

  #drafts(endpoint: EndpointSpec): HostDraft[] {
    const { address } = endpoint;
    const name = nameOf(address);
    if (name === null || address.kind === "unix") return [{ endpoint, addresses: [address] }];
    const pairs = this.#watches.get(name)?.pairs ?? [];
    return pairs.map((pair) => ({ endpoint, addresses: pair.map((host) => ({ kind: "tcp", host, port: address.port })) }));
  }
}

/** The name to resolve, null for what needs no resolving. Names are alike in any case (RFC 4343). */
function nameOf(a: Address): string | null {
  return a.kind === "tcp" && ipFamily(a.host) === 0 ? a.host.toLowerCase() : null;
}

/** Whether what a source has told, and is to tell, is what the other config asks for too. */
function sameSource(a: ClusterSpec, b: ClusterSpec): boolean {
  const [from, to] = [a.hosts, b.hosts];
  if (typeof from === "string" || typeof to === "string") return from === to && a.endpoints === b.endpoints;
  if (from.kind === "srv") return to.kind === "srv" && from.name === to.name && samePolicy(a.dns, b.dns);
  if (from.kind === "plugin")
    return to.kind === "plugin" && from.plugin === to.plugin && JSON.stringify(from.config) === JSON.stringify(to.config);
  return to.kind === "file" && from.path === to.path;
}
