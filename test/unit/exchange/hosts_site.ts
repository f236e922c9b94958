import type { Model } from "../../../src/config/model.ts";
import { createMemoryPlatform, type MemoryPlatform } from "../../../src/platform/memory.ts";
import type { Provision } from "../../../src/server/kept_filters.ts";
import { Server } from "../../../src/server/server.ts";
import { parseConfig } from "../../../src/source/file/load_config.ts";
import type { Facts } from "../../../src/telemetry/event_log.ts";
import { Peer } from "./site.ts";

export interface HostsOptions {
  /** Further keys of the route, in YAML's flow style. */
  readonly route?: string;
  readonly listener?: string;
  readonly cluster?: string;
  /** Ports of the cluster `app`'s hosts; 9001 alone when absent. */
  readonly hosts?: readonly number[];
  /** Further clusters. */
  readonly clusters?: string;
  /** Ranges whose forwarding fields are believed. */
  readonly trusted?: string;
  /** Other keys of `forwarded`; what came is kept when absent. */
  readonly forwarded?: string;
  /** Further routes, before the one to `app`. */
  readonly routes?: string;
}

/** One host: Weir's connections to it, the oldest first. */
export class MemoryHost {
  readonly peers: Peer[] = [];

  /** Its newest connection. */
  get last(): Peer {
    return this.peers[this.peers.length - 1]!;
  }

  get open(): number {
    return this.peers.filter((p) => !p.gone).length;
  }
}

/** A Weir in memory with a cluster of several hosts, each of which the test plays. The clock stands. */
export class HostsSite {
  readonly platform: MemoryPlatform = createMemoryPlatform();
  readonly server: Server;
  readonly hosts = new Map<number, MemoryHost>();
  /** Errors that were logged. */
  readonly errors: string[] = [];
  protected readonly log = {
    log: (level: string, event: string, facts: Facts = {}): void => {
      if (level === "error") this.errors.push(`${event}: ${facts["reason"]}`);
    },
  };

  /** `provision`: what filters of routes are. */
  constructor(provision?: Provision) {
    const { platform } = this;
    const build = { version: "0", commit: "test" };
    this.server = new Server({ platform, log: this.log, build, ...(provision === undefined ? {} : { provision }) });
  }

  static async start(o: HostsOptions): Promise<HostsSite> {
    const site = new HostsSite();
    await site.apply(o);
    return site;
  }

  async apply({
    route = "",
    listener = "",
    cluster = "",
    hosts = [9001],
    clusters = "",
    routes = "",
    trusted = "",
    forwarded = "xForwarded: keep, requestId: keep",
  }: HostsOptions): Promise<void> {
    const text = `
admin: false
listeners: { web: { address: "127.0.0.1:8080", forwarded: { ${forwarded}, trustedProxies: [${trusted}] } ${listener} } }
routes:
${routes}
  - { name: up, to: app ${route} }
clusters:
  app: { endpoints: [${hosts.map((p) => `"127.0.0.1:${p}"`).join(", ")}] ${cluster} }
${clusters}
`;
    const files = { read: () => Promise.reject(new Error("no file")), list: () => Promise.resolve([]) };
    const { model, problems } = await parseConfig(text, "weir.yaml", {}, files);
    if (model === null) throw new Error(JSON.stringify(problems));
    const receipt = await this.server.apply(model as Model);
    if (receipt.problems.length > 0) throw new Error(JSON.stringify(receipt.problems));
  }

  /** Lets the host be: until then its connections are refused. */
  async listen(port: number): Promise<MemoryHost> {
    const host = new MemoryHost();
    this.hosts.set(port, host);
    await this.platform.listen({ kind: "tcp", host: "127.0.0.1", port }, {}, (c) => {
      const peer = new Peer();
      peer.conn = c;
      host.peers.push(peer);
      return peer;
    });
    return host;
  }

  async client(text = ""): Promise<Peer> {
    const peer = new Peer();
    this.platform.dial({ kind: "tcp", host: "127.0.0.1", port: 8080 }, {}, peer);
    await this.settled();
    if (text !== "") peer.send(text);
    await this.settled();
    return peer;
  }

  settled(): Promise<void> {
    return this.platform.settled();
  }

  advance(ms: number): Promise<void> {
    return this.platform.advance(ms);
  }

  get metrics(): ReturnType<Server["metrics"]["cluster"]> {
    return this.server.metrics.cluster("app");
  }

  /** What was refused because of a limit. */
  overflows(limit: string, priority: "default" | "high" = "default"): number {
    const { overflows } = this.metrics.breaker(priority);
    return overflows.valueAt(overflows.names.indexOf(limit));
  }

  /** A gauge of the breaker as metrics show it; NaN: there is none. */
  gauge(name: "remaining" | "open", limit: string, priority = "default"): number {
    const family = this.server.metrics.numbers.families.get(`weir_cluster_breaker_${name}`);
    for (const { labels, metric } of family?.rows.values() ?? [])
      if (labels["cluster"] === "app" && labels["limit"] === limit && labels["priority"] === priority)
        return (metric as { value: number }).value;
    return Number.NaN;
  }

  /** Exchanges, attempts and copies in flight: none may be left over. */
  get active(): readonly number[] {
    return [this.server.metrics.listener("web").requestsActive.value, this.metrics.requestsActive.value];
  }
}
