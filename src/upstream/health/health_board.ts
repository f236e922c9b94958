/** What checks found of one host. `healthy` null: nothing is known any more, for it is not checked. */
export interface HealthRecord {
  readonly cluster: string;
  /** See `keyOf` in `host_set.ts`. */
  readonly host: string;
  readonly healthy: boolean | null;
  /** Of the last answer that was not good; "" when there was none since. */
  readonly why: string;
}

export type OnRecord = (r: HealthRecord) => void;

/**
 * What is known of the health of all hosts of a weir. Whoever checks writes here, and clusters read: in one process both do, and with
 * several the supervisor's board is told to the workers'. It outlives clusters, so that a new config and a new process begin with what was known.
 */
export class HealthBoard {
  readonly #clusters = new Map<string, Map<string, HealthRecord>>();
  readonly #watchers = new Map<string, Set<OnRecord>>();
  readonly #all = new Set<OnRecord>();

  constructor(records: readonly HealthRecord[] = []) {
    for (const r of records) this.put(r);
  }

  get(cluster: string, host: string): HealthRecord | null {
    return this.#clusters.get(cluster)?.get(host) ?? null;
  }

  put(r: HealthRecord): void {
    if (r.healthy === null) this.#forget(r);
    else this.#of(r.cluster).set(r.host, r);
    for (const f of this.#watchers.get(r.cluster) ?? []) f(r);
    for (const f of this.#all) f(r);
  }

  /** All that is known takes the place of what was. */
  replace(records: readonly HealthRecord[]): void {
    const told = new Set(records.map((r) => `${r.cluster}\n${r.host}`));
    for (const r of this.records()) if (!told.has(`${r.cluster}\n${r.host}`)) this.put({ ...r, healthy: null });
    for (const r of records) this.put(r);
  }

  records(): readonly HealthRecord[] {
    return [...this.#clusters.values()].flatMap((hosts) => [...hosts.values()]);
  }

  /** Forgets clusters that are in no config any more. */
  retain(clusters: { has(name: string): boolean }): void {
    for (const [name, hosts] of [...this.#clusters]) {
      if (!clusters.has(name)) for (const r of [...hosts.values()]) this.put({ ...r, healthy: null });
    }
  }

  /** Calls `f` with each record of the cluster that comes; of all clusters where `cluster` is null. */
  watch(cluster: string | null, f: OnRecord): () => void {
    const watchers = cluster === null ? this.#all : this.#watchersOf(cluster);
    watchers.add(f);
    return () => {
      watchers.delete(f);
      if (cluster !== null && watchers.size === 0) this.#watchers.delete(cluster);
    };
  }

  #of(cluster: string): Map<string, HealthRecord> {
    const hosts = this.#clusters.get(cluster) ?? new Map<string, HealthRecord>();
    this.#clusters.set(cluster, hosts);
    return hosts;
  }

  #watchersOf(cluster: string): Set<OnRecord> {
    const watchers = this.#watchers.get(cluster) ?? new Set<OnRecord>();
    this.#watchers.set(cluster, watchers);
    return watchers;
  }

  #forget({ cluster, host }: HealthRecord): void {
    const hosts = this.#clusters.get(cluster);
    if (hosts?.delete(host) === true && hosts.size === 0) this.#clusters.delete(cluster);
  }
}
