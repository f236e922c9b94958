import type { ProxyError } from "../base/error.ts";
import type { Fields } from "../http/fields.ts";
import type { Cluster, Host } from "../upstream/types.ts";
import { ExchangeTimes } from "./exchange_times.ts";
import type { RequestKeys } from "./route_keys.ts";
import type { ForwardAction } from "./site.ts";

/** Where a request goes: its share of the route, and a host for each of its attempts. */
export abstract class KeyedExchange extends ExchangeTimes {
  /** What of the request says where it goes; null: nothing. */
  #keys: RequestKeys | null = null;

  /** The index of its cluster. Called once, while the request is as it came. */
  protected choose({ keys, choice }: ForwardAction): number {
    if (keys === null) return choice === null ? 0 : choice.next();
    this.#keys = keys.open(this);
    return this.#keys.index;
  }

  /** The host of the next attempt, which is not one of `exclude` while there is another; null: none was tried. */
  pick(cluster: Cluster, exclude: readonly Host[] | null): Host | ProxyError {
    this.attempts++;
    this.cluster = cluster.name;
    const keys = this.#keys;
    if (keys !== null) keys.exclude = exclude;
    const host = cluster.picker.pick(keys ?? (exclude === null ? PICK : { hash: 0, exclude }));
    if (!(host instanceof Error)) this.endpoint = host.label;
    return host;
  }

  /** Gives the client, with a reply that is not Weir's own, what its next request is to bring. */
  protected setCookies(reply: Fields): void {
    if (this.#keys !== null) this.#keys.setCookies(reply);
  }
}

const PICK = { hash: 0, exclude: null };
