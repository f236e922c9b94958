import type { BalanceSpec, HashKeySpec } from "../config/traffic_model.ts";
import { isByHash } from "../upstream/picker/policies.ts";
import type { Cluster } from "../upstream/types.ts";
import type { KeySource } from "./hash_keys.ts";
import { type RequestKeys, RouteKeys } from "./route_keys.ts";

/** What requests of a route are hashed by in clusters that are none of its own, to which a filter has sent them. Made for each when it is first one. */
export class AwayKeys {
  readonly #hash: readonly HashKeySpec[] | null;
  readonly #made = new WeakMap<BalanceSpec, RouteKeys>();

  /** `hash`: the route's own keys, which go before those of a cluster's policy; null: it has none. */
  constructor(hash: readonly HashKeySpec[] | null) {
    this.#hash = hash;
  }

  /** null: the cluster's policy asks for none. */
  open(x: KeySource, { spec: { balance } }: Cluster): RequestKeys | null {
    if (!isByHash(balance)) return null;
    let keys = this.#made.get(balance);
    if (keys === undefined) {
      keys = new RouteKeys([{ weight: 1, subset: null, balance }], null, this.#hash, null);
      this.#made.set(balance, keys);
    }
    return keys.open(x);
  }
}
