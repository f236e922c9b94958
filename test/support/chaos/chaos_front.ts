import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../deadline.ts";
import { freePort } from "../ports.ts";
import type { Pair } from "../tls_pki.ts";
import { openScratch, startArgs, textOf, type Weir } from "../weir.ts";
import type { Upstream } from "./upstream.ts";

/** What is tried: a cluster over all upstreams, and a route to it by a prefix that is its name. */
export interface Policy {
  readonly route?: Readonly<Record<string, unknown>>;
  /** Instead of `to` the cluster. */
  readonly to?: unknown;
  /** Endpoints are there already. */
  readonly cluster?: Readonly<Record<string, unknown>>;
}

export type Policies = Readonly<Record<string, Policy>>;

export interface FrontOptions {
  readonly workers: number;
  readonly policies: Policies;
  readonly upstreams: readonly Upstream[];
  readonly certificate: Pair;
}

interface HostStatus {
  readonly address: string;
  readonly state: string;
}

const START_MS = 30_000;
const LOG_FORMAT = "{request.header.x-id}\t{status} {flags} {attempts} attempts, {endpoint}, {duration_ms} ms";

/** A weir in front of upstreams. */
export class ChaosFront implements AsyncDisposable {
  /** For ids and messages. */
  readonly name: string;
  readonly weir: Weir;
  /** Of HTTP/1.1 without TLS. */
  readonly port: number;
  readonly tlsPort: number;
  readonly #things: AsyncDisposableStack;
  readonly #logPath: string;

  private constructor(o: Pick<ChaosFront, "name" | "weir" | "port" | "tlsPort">, things: AsyncDisposableStack, logPath: string) {
    this.name = o.name;
    this.weir = o.weir;
    this.port = o.port;
    this.tlsPort = o.tlsPort;
    this.#things = things;
    this.#logPath = logPath;
  }

  static async start(o: FrontOptions): Promise<ChaosFront> {
    await using things = new AsyncDisposableStack();
    const { dir } = things.use(openScratch());
    const [port, tlsPort, adminPort] = (await Promise.all(Array.from({ length: 3 }, freePort))) as [number, number, number];
    const logPath = join(dir, "access.log");
    const timeouts = { idle: "1h" };
    const policies = Object.entries(o.policies);
    const endpoints = o.upstreams.map((u) => u.address);
    const config = {
      admin: { address: `127.0.0.1:${adminPort}` },
      control: join(dir, "weir.sock"),
      accessLog: { to: { file: logPath }, format: LOG_FORMAT },
      workers: { orphanLimit: "5s" },
      listeners: {
        web: { address: `127.0.0.1:${port}`, timeouts },
        tls: { address: `127.0.0.1:${tlsPort}`, tls: { certificates: [o.certificate] }, timeouts },
      },
      routes: policies.map(([name, { to, route }]) => ({ name, match: { prefix: `/${name}` }, to: to ?? name, ...route })),
      clusters: Object.fromEntries(
        policies.map(([name, { cluster }]) => [
          name,
          { ...(cluster !== undefined && "srv" in cluster ? {} : { endpoints }), ...cluster },
        ]),
      ),
    };
    writeFileSync(join(dir, "weir.yaml"), textOf(config));
    const args = ["run", join(dir, "weir.yaml"), "--workers", String(o.workers)];
    const weir = things.use(await startArgs(args, { dir, adminPort, ms: START_MS }));
    return new ChaosFront({ name: `workers${o.workers}`, weir, port, tlsPort }, things.move(), logPath);
  }

  /** What weir says of one upstream in a cluster; `absent`: nothing. */
  async state(cluster: string, of: Upstream): Promise<string> {
    const { clusters } = JSON.parse((await this.weir.admin("/status")).body) as {
      clusters: { name: string; hosts: HostStatus[] }[];
    };
    const host = clusters.find((c) => c.name === cluster)!.hosts.find((h) => h.address.includes(of.address));
    return host?.state ?? "absent";
  }

  becomes(cluster: string, of: Upstream, state: string, ms: number): Promise<void> {
    return this.untilState(cluster, of, (now) => now === state, ms);
  }

  async untilState(cluster: string, of: Upstream, holds: (state: string) => boolean, ms: number): Promise<void> {
    let last = "";
    const asked = async (): Promise<boolean> => {
      last = await this.state(cluster, of);
      return holds(last);
    };
    await until(`another state of ${of.name} in ${cluster} of ${this.name}`, asked, ms).catch((e: Error) => {
      throw new Error(`${e.message}; it is ${last}`);
    });
  }

  /** By the ids of requests, what the access log has of each: status, flags, attempts and the last endpoint. */
  logged(): Map<string, string[]> {
    const all = new Map<string, string[]>();
    for (const line of readFileSync(this.#logPath, "utf8").split("\n").slice(0, -1)) {
      const [id, what] = line.split("\t") as [string, string];
      all.set(id, [...(all.get(id) ?? []), what]);
    }
    return all;
  }

  metric(name: string, cluster: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    return this.weir.metric(`weir_cluster_${name}`, { cluster, ...labels });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#things.disposeAsync();
  }
}
