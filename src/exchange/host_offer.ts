import type { ChoosableHost, HostChoice } from "../filter/types.ts";
import type { Cluster, Host } from "../upstream/types.ts";

/** What filters are asked when a host is wanted. */
export class HostOffer implements HostChoice {
  readonly attempt: number;
  readonly #cluster: Cluster;
  readonly #exclude: readonly Host[] | null;

  constructor(cluster: Cluster, attempt: number, exclude: readonly Host[] | null) {
    this.#cluster = cluster;
    this.attempt = attempt;
    this.#exclude = exclude;
  }

  get cluster(): string {
    return this.#cluster.name;
  }

  get hosts(): readonly ChoosableHost[] {
    const all = this.#cluster.choosable();
    const fresh = this.#exclude === null ? all : all.filter((h) => !this.#exclude!.includes(h));
    return (fresh.length > 0 ? fresh : all).map(({ label, active, endpoint: { weight, zone, metadata } }) => ({
      address: label,
      weight,
      active,
      zone,
      metadata,
    }));
  }
}
