import type { BalanceSpec, HashKeySpec, StickySpec } from "../config/traffic_model.ts";
import type { Fields } from "../http/fields.ts";
import { HashShares } from "../upstream/hash_shares.ts";
import { isByHash } from "../upstream/picker/policies.ts";
import { subsetKey } from "../upstream/picker/subset_picker.ts";
import type { Host, PickInput } from "../upstream/types.ts";
import type { WeightedChoice } from "../upstream/weighted.ts";
import { HashKeys, type KeySource } from "./hash_keys.ts";
import { MintedCookies } from "./minted_cookies.ts";

/** One item of a route's `to`, with the policy of its cluster. */
export interface KeyedTarget {
  readonly weight: number;
  readonly subset: ReadonlyMap<string, string> | null;
  readonly balance: BalanceSpec;
}

/** Of what a sticky share is chosen, apart from what a host is chosen of. */
const STICKY_SEED = 0x53746963;

/** What of a request says where it goes, on a route of which it does: its share of `to`, its host's subset, and its hash. */
export class RouteKeys {
  readonly #choice: WeightedChoice | null;
  readonly #sticky: { readonly keys: HashKeys; readonly shares: HashShares } | null;
  /** For each item of `to`. */
  readonly #hashes: readonly (HashKeys | null)[];
  readonly #subsets: readonly (string | null)[];

  /** `hash`: keys instead of those of a cluster's policy; null: those. `choice` takes turns; null: there is one item. */
  constructor(
    to: readonly KeyedTarget[],
    sticky: StickySpec | null,
    hash: readonly HashKeySpec[] | null,
    choice: WeightedChoice | null,
  ) {
    this.#choice = choice;
    this.#sticky =
      sticky === null || choice === null
        ? null
        : { keys: new HashKeys([sticky.on], STICKY_SEED), shares: new HashShares(to.map((t) => t.weight)) };
    this.#hashes = to.map((t) => hashKeysOf(t.balance, hash));
    this.#subsets = to.map((t) => (t.subset === null ? null : subsetKey(t.subset)));
  }

  /** Whether a route has use for it. */
  static isWanted(to: readonly KeyedTarget[], sticky: StickySpec | null): boolean {
    return (sticky !== null && to.length > 1) || to.some((t) => t.subset !== null || isByHash(t.balance));
  }

  /** Reads the request, as it came: before its head is made the one that goes on. `share`: the item of `to` where it goes; null: it is chosen here. */
  open(x: KeySource, share: number | null = null): RequestKeys {
    const minted = new MintedCookies();
    const index = share ?? this.#share(x, minted);
    const keys = this.#hashes[index] ?? null;
    const hash = keys === null ? 0 : keys.hash(x, minted);
    return new RequestKeys(index, hash, this.#subsets[index] ?? null, minted.lines);
  }

  #share(x: KeySource, minted: MintedCookies): number {
    if (this.#choice === null) return 0;
    const hash = this.#sticky === null ? 0 : this.#sticky.keys.hash(x, minted);
    return hash === 0 ? this.#choice.next() : this.#sticky!.shares.at(hash);
  }
}

function hashKeysOf(balance: BalanceSpec, own: readonly HashKeySpec[] | null): HashKeys | null {
  return balance.kind === "ringHash" || balance.kind === "maglev" ? new HashKeys(own ?? balance.on) : null;
}

/** What one request's keys came to. It is what a picker is asked with. */
export class RequestKeys implements PickInput {
  /** Of `to`. */
  readonly index: number;
  readonly hash: number;
  readonly subset: string | null;
  exclude: readonly Host[] | null = null;
  readonly #cookies: readonly string[];

  constructor(index: number, hash: number, subset: string | null, cookies: readonly string[]) {
    this.index = index;
    this.hash = hash;
    this.subset = subset;
    this.#cookies = cookies;
  }

  /** Gives the client the cookies that it lacked. */
  setCookies(reply: Fields): void {
    for (const line of this.#cookies) reply.add("Set-Cookie", line);
  }
}
