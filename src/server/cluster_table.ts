import type { Model } from "../config/model.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { UpstreamCluster } from "../upstream/cluster.ts";
import { same } from "./same.ts";
import type { ClusterTls } from "./tls/cluster_tls.ts";

type ClusterEnv = ConstructorParameters<typeof UpstreamCluster>[0];
type TlsByName = ReadonlyMap<string, ClusterTls>;

/** The clusters of a config that is prepared. */
export interface NextClusters {
  readonly all: ReadonlyMap<string, UpstreamCluster>;
  /** Those that are new; they have to be started, or closed when the config comes to nothing. */
  readonly made: readonly UpstreamCluster[];
}

/** The clusters in force. One whose name stays over a reload stays, with its hosts, pools and health. */
export class ClusterTable {
  readonly #env: ClusterEnv;
  readonly #metrics: Metrics;
  readonly #inForce = new Map<string, UpstreamCluster>();
  #tls: TlsByName = new Map();

  constructor(env: ClusterEnv, metrics: Metrics) {
    this.#env = env;
    this.#metrics = metrics;
  }

  /** What connections to them are secured with. */
  get tls(): TlsByName {
    return this.#tls;
  }

  get all(): ReadonlyMap<string, UpstreamCluster> {
    return this.#inForce;
  }

  values(): Iterable<UpstreamCluster> {
    return this.#inForce.values();
  }

  prepare(specs: Model["clusters"], tls: TlsByName): NextClusters {
    const all = new Map<string, UpstreamCluster>();
    const made: UpstreamCluster[] = [];
    for (const [name, spec] of specs) {
      let c = this.#inForce.get(name);
      if (c === undefined) {
        c = new UpstreamCluster(this.#env, spec, this.#metrics.cluster(name), tls.get(name) ?? null);
        made.push(c);
      }
      all.set(name, c);
    }
    return { all, made };
  }

  commit(specs: Model["clusters"], { all }: NextClusters, tls: TlsByName): void {
    for (const [name, c] of [...this.#inForce]) {
      if (all.has(name)) continue;
      this.#inForce.delete(name);
      c.close();
    }
    for (const [name, before] of this.#tls) if (tls.get(name) !== before) before.close();
    this.#tls = tls;
    for (const [name, c] of all) {
      const spec = specs.get(name)!;
      if (!same(c.spec, spec)) c.update(spec, tls.get(name) ?? null);
      this.#inForce.set(name, c);
    }
  }

  close(): void {
    for (const c of this.#inForce.values()) c.close();
  }
}
