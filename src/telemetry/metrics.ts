import { AccessLogMetrics } from "./access_log_metrics.ts";
import { ClusterMetrics } from "./cluster_metrics.ts";
import { DatagramMetrics } from "./datagram_metrics.ts";
import { ListenerMetrics } from "./listener_metrics.ts";
import { Numbers } from "./numbers.ts";
import { OverloadMetrics } from "./overload_metrics.ts";
import { RouteMetrics } from "./route_metrics.ts";
import { ServerMetrics } from "./server_metrics.ts";
import { TlsMetrics } from "./tls_metrics.ts";

export type { AccessLogMetrics, ClusterMetrics, DatagramMetrics, ListenerMetrics, RouteMetrics, ServerMetrics, TlsMetrics };

type Group = "listener" | "route" | "cluster" | "log";

/** All metrics of a weir. A bundle is made when the config is compiled and asked for again by name after a reload. */
export class Metrics {
  readonly numbers: Numbers;
  readonly server: ServerMetrics;
  #tls: TlsMetrics | null = null;
  #overload: OverloadMetrics | null = null;
  readonly #listeners: Map<string, ListenerMetrics> = new Map();
  readonly #datagrams: Map<string, DatagramMetrics> = new Map();
  readonly #routes: Map<string, RouteMetrics> = new Map();
  readonly #clusters: Map<string, ClusterMetrics> = new Map();
  readonly #logs: Map<string, AccessLogMetrics> = new Map();

  constructor(numbers: Numbers = new Numbers()) {
    this.numbers = numbers;
    this.server = new ServerMetrics(numbers);
  }

  get tls(): TlsMetrics {
    this.#tls ??= new TlsMetrics(this.numbers);
    return this.#tls;
  }

  get overload(): OverloadMetrics {
    this.#overload ??= new OverloadMetrics(this.numbers);
    return this.#overload;
  }

  listener(name: string): ListenerMetrics {
    return bundleOf(this.#listeners, name, ListenerMetrics, this.numbers);
  }

  /** Of the listener of this name. */
  datagrams(name: string): DatagramMetrics {
    return bundleOf(this.#datagrams, name, DatagramMetrics, this.numbers);
  }

  route(name: string): RouteMetrics {
    return bundleOf(this.#routes, name, RouteMetrics, this.numbers);
  }

  cluster(name: string): ClusterMetrics {
    return bundleOf(this.#clusters, name, ClusterMetrics, this.numbers);
  }

  accessLog(destination: string): AccessLogMetrics {
    return bundleOf(this.#logs, destination, AccessLogMetrics, this.numbers);
  }

  /** Forgets every name of the group that is not in `names`: call it after a config has been swapped in. */
  retain(group: Group, names: { has(name: string): boolean }): void {
    const bundles = { listener: this.#listeners, route: this.#routes, cluster: this.#clusters, log: this.#logs }[group];
    const gone: string[] = [];
    for (const name of bundles.keys()) if (!names.has(name)) gone.push(name);
    if (gone.length === 0) return;
    for (const name of gone) bundles.delete(name);
    if (group === "listener") for (const name of gone) this.#datagrams.delete(name);
    for (const family of this.numbers.families.values()) {
      if (family.labelNames[0] !== group) continue;
      if (family.labelNames.length > 1) this.numbers.forgetAll(family.name, group, new Set(gone));
      else for (const name of gone) this.numbers.forget(family.name, { [group]: name });
    }
  }
}

function bundleOf<T>(map: Map<string, T>, name: string, kind: new (n: Numbers, name: string) => T, n: Numbers): T {
  const known = map.get(name);
  if (known !== undefined) return known;
  const made = new kind(n, name);
  map.set(name, made);
  return made;
}
