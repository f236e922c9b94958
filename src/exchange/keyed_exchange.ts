import type { ProxyError } from "../base/error.ts";
import type { Fields } from "../http/fields.ts";
import type { Cluster, Host } from "../upstream/types.ts";
import { ChangedExchange } from "./changed_exchange.ts";
import { HostOffer } from "./host_offer.ts";
import type { RequestKeys } from "./route_keys.ts";
import type { ForwardAction } from "./site.ts";

/** Where a request goes: its share of the route, and a host for each of its attempts. */
export abstract class KeyedExchange extends ChangedExchange {
  /** What of the request says where it goes; null: nothing. */
  #keys: RequestKeys | null = null;

  /** The index of its cluster. Called once, while the request is as it came. */
  protected choose({ keys, choice }: ForwardAction): number {
    if (keys === null) return choice === null ? 0 : choice.next();
    this.#keys = keys.open(this);
    return this.#keys.index;
  }

  /** Where a filter sends the request instead; null: there is no such cluster. */
  protected elsewhere(action: ForwardAction, name: string): ForwardAction | null {
    const cluster = this.site.clusters.get(name);
    if (cluster === undefined) return null;
    const { keys } = action;
    const index = action.clusters.indexOf(cluster);
    // Of the route's own clusters each has what its requests are hashed by, and its subset.
    if (index < 0) this.#keys = action.away.open(this, cluster);
    else if (keys !== null) this.#keys = keys.open(this, index);
    return { ...action, clusters: [cluster], choice: null, keys: null };
  }

  /**
   * The host of the next attempt, which is not one of `exclude` while there is another; null: none was tried. `address`: what a filter names;
   * null: none does.
   */
  pick(cluster: Cluster, exclude: readonly Host[] | null, address: string | null = null): Host | ProxyError {
    this.attempts++;
    this.cluster = cluster.name;
    const wanted = address ?? (this.extras === null ? null : this.extras.override.host);
    if (wanted !== null) {
      const named = cluster.choosable().find((h) => h.label === wanted || h.authority === wanted);
      if (named !== undefined && exclude?.includes(named) !== true) {
        this.endpoint = named.label;
        return named;
      }
    }
    const keys = this.#keys;
    if (keys !== null) keys.exclude = exclude;
    const host = cluster.picker.pick(keys ?? (exclude === null ? PICK : { hash: 0, exclude }));
    if (!(host instanceof Error)) this.endpoint = host.label;
    return host;
  }

  /** A filter wants to name hosts. */
  get asksForHost(): boolean {
    return this.run?.choosesHost === true;
  }

  /** Gives the next attempt's host to `then` when filters have said which. */
  chooseHost(cluster: Cluster, exclude: readonly Host[] | null, then: (host: Host | ProxyError) => void): void {
    const offer = new HostOffer(cluster, this.attempts + 1, exclude);
    this.run!.chooseHost(offer, (address) => then(this.pick(cluster, exclude, address)));
  }

  /** Gives the client, with a reply that is not Weir's own, what its next request is to bring. */
  protected setCookies(reply: Fields): void {
    if (this.#keys !== null) this.#keys.setCookies(reply);
  }
}

const PICK = { hash: 0, exclude: null };
