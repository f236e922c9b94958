import type { ClusterSpec, EndpointSpec } from "../../config/model.ts";
import type { Address, Platform } from "../../platform/types.ts";
import type { EventLog } from "../../telemetry/event_log.ts";
import { ipFamily, type UpstreamHost } from "../host.ts";
import { type HostDraft, reconcile } from "../host_set.ts";
import type { Host } from "../types.ts";
import { NameWatch, type WatchEnv } from "./name_watch.ts";

/**
 * Hears of a cluster's hosts, all of them, whenever one came, went or changed. A host that stays is the same object.
 * `gone`: those that are no longer named: close what is idle to them, let streams end.
 */
export type OnHosts = (hosts: readonly Host[], gone: readonly Host[]) => void;

/**
 * Finds the hosts of one cluster: addresses stand for themselves, names are resolved and watched.
 *
 * @example
 * ```ts
 * const discovery = new ClusterDiscovery(platform, log, spec, (hosts, gone) => cluster.setHosts(hosts, gone));
 * discovery.start();
 * await discovery.ready; // every name has answered, or failed to
 * await discovery.update(newSpec);
 * discovery.close();
 * ```
 */
export class ClusterDiscovery {
  readonly #env: WatchEnv;
  readonly #onHosts: OnHosts;
  readonly #watches = new Map<string, NameWatch>();
  #spec: ClusterSpec;
  /** A config whose new names have not answered yet; the one in force stays until they have, so that a change of name makes no gap. */
  #pending: ClusterSpec | null = null;
  #hosts: readonly UpstreamHost[] = [];
  #waiters: (() => void)[] = [];
  #closed = false;

  constructor(platform: Platform, log: EventLog, spec: ClusterSpec, onHosts: OnHosts, random: () => number = Math.random) {
    this.#env = { platform, log, cluster: spec.name, random };
    this.#spec = spec;
    this.#onHosts = onHosts;
  }

  get hosts(): readonly Host[] {
    return this.#hosts;
  }

  /** Resolves when every name of the newest config has answered or failed to, which takes 10 s at most; after `close` too. */
  get ready(): Promise<void> {
    return this.#isSettled() ? Promise.resolve() : new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Begins to resolve; `onHosts` is called before this returns when there are endpoints by address. */
  start(): void {
    this.#watch(this.#spec);
    this.#apply();
  }

  /**
   * Takes another config of the same cluster. It is in force at once when all its names are known, else when the new ones have answered or
   * failed to; the promise tells when. A newer one replaces one that waits.
   */
  update(spec: ClusterSpec): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#pending = spec;
    this.#watch(spec);
    this.#settle();
    return this.ready;
  }

  /** Ends all watching; hosts stay as they are and nothing is told any more. */
  close(): void {
    this.#closed = true;
    for (const w of this.#watches.values()) w.close();
    this.#watches.clear();
    this.#release();
  }

  /** Watches the names of a config; a change of the DNS policy asks anew and keeps what is known until the answer. */
  #watch(spec: ClusterSpec): void {
    for (const { address } of spec.endpoints) {
      const name = nameOf(address);
      if (name === null) continue;
      const known = this.#watches.get(name);
      if (known !== undefined && samePolicy(known.policy, spec.dns)) continue;
      known?.close();
      const watch = new NameWatch(this.#env, name, spec.dns, known?.pairs ?? [], () => this.#changed());
      this.#watches.set(name, watch);
      watch.start();
    }
  }

  #changed(): void {
    if (this.#closed) return;
    this.#apply();
    this.#settle();
  }

  #isSettled(): boolean {
    return this.#closed || (this.#pending === null && this.#hasAnswers(this.#spec));
  }

  #hasAnswers(spec: ClusterSpec): boolean {
    return spec.endpoints.every((e) => {
      const name = nameOf(e.address);
      return name === null || this.#watches.get(name)?.settled === true;
    });
  }

  /** Puts what waits in force once every name has answered. */
  #settle(): void {
    const next = this.#pending;
    if (next !== null && this.#hasAnswers(next)) {
      this.#pending = null;
      this.#spec = next;
      this.#forget(next);
      this.#apply();
    }
    if (this.#isSettled()) this.#release();
  }

  #forget(spec: ClusterSpec): void {
    const wanted = new Set(spec.endpoints.map((e) => nameOf(e.address)));
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

  #apply(): void {
    const { hosts, gone, changed } = reconcile(
      this.#hosts,
      this.#spec.endpoints.flatMap((e) => this.#drafts(e)),
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

function samePolicy(a: ClusterSpec["dns"], b: ClusterSpec["dns"]): boolean {
  return a.families === b.families && a.minTtlMs === b.minTtlMs && a.maxTtlMs === b.maxTtlMs;
}
