import type { ProxyError } from "../../base/error.ts";
import { mix32 } from "../../base/xxhash32.ts";
import { HashShares } from "../hash_shares.ts";
import type { Host, Picker, PickInput } from "../types.ts";
import { type WeightedChoice, weightedChoice } from "../weighted.ts";
import type { PolicyEnv } from "./policy.ts";

/** Parts of a cluster's hosts: levels of priority, or zones. */
export interface Part {
  readonly picker: Picker;
  /** Share of the requests, whole numbers; 0: only requests whose hosts in other parts were all tried. */
  readonly share: number;
}

/**
 * Chooses a part by its share, and a host in it. Without a hash parts take turns, so that shares are exact; with one a key always has the
 * same part. A host that was tried is passed over for one of another part.
 */
export class PartPicker implements Picker {
  readonly #parts: readonly Part[];
  readonly #turns: WeightedChoice;
  /** null: turns. */
  readonly #byHash: HashShares | null;

  /** One share at least is above 0. */
  constructor(parts: readonly Part[], byHash: boolean, env: PolicyEnv) {
    this.#parts = parts;
    const shares = parts.map((p) => p.share);
    this.#turns = weightedChoice(shares, env.random());
    this.#byHash = byHash ? new HashShares(shares) : null;
  }

  pick(p: PickInput): Host | ProxyError {
    const byHash = this.#byHash;
    // A key's place in a table must say nothing of its part, or a part would have keys of one side of its table only: the bits are mixed.
    const at = byHash === null || p.hash === 0 ? this.#turns.next() : byHash.at(mix32(p.hash));
    const host = this.#parts[at]!.picker.pick(p);
    const { exclude } = p;
    return exclude === null || host instanceof Error || !exclude.includes(host) ? host : this.#other(p, exclude, at, host);
  }

  #other(p: PickInput, exclude: readonly Host[], tried: number, host: Host): Host {
    for (let i = 0; i < this.#parts.length; i++) {
      if (i === tried) continue;
      const other = this.#parts[i]!.picker.pick(p);
      if (!(other instanceof Error || exclude.includes(other))) return other;
    }
    return host;
  }
}
