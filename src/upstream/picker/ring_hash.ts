import { xxHash32 } from "../../base/xxhash32.ts";
import type { Host, Picker, PickInput } from "../types.ts";
import { hashNames, randomKey } from "./hash_names.ts";
import { hasUntried, type PolicyEnv } from "./policy.ts";

/**
 * A ring of points, a host's in number as its weight is (`points` for an average one), and a key goes to the next point on (Karger et al.,
 * 1997; ketama). A host that goes hands its keys to the others and moves no other key. O(log n). The ring is made with the first pick.
 */
export function ringHash(hosts: readonly Host[], weights: readonly number[], points: number, env: PolicyEnv): Picker {
  return new RingPicker(hosts, weights, points, env.random);
}

class RingPicker implements Picker {
  readonly #hosts: readonly Host[];
  readonly #weights: readonly number[];
  readonly #points: number;
  readonly #random: () => number;
  #ring: Ring | null = null;

  constructor(hosts: readonly Host[], weights: readonly number[], points: number, random: () => number) {
    this.#hosts = hosts;
    this.#weights = weights;
    this.#points = points;
    this.#random = random;
  }

  pick({ hash, exclude }: PickInput): Host {
    this.#ring ??= buildRing(this.#hosts, this.#weights, this.#points);
    const { at, owners } = this.#ring;
    let i = nextPoint(at, hash === 0 ? randomKey(this.#random) : hash);
    const first = this.#hosts[owners[i]!]!;
    if (exclude === null || !exclude.includes(first) || !hasUntried(this.#hosts, exclude)) return first;
    for (let n = at.length; n > 0; n--) {
      if (++i === at.length) i = 0;
      const host = this.#hosts[owners[i]!]!;
      if (!exclude.includes(host)) return host;
    }
    return first;
  }
}

export interface Ring {
  /** Points in their order. */
  readonly at: Uint32Array;
  /** Index of the host of each. */
  readonly owners: Uint16Array | Uint32Array;
}

/** A point and its owner in one number: 32 bits and 21, which a double holds. */
const OWNERS = 2 ** 21;

export function buildRing(hosts: readonly Host[], weights: readonly number[], points: number): Ring {
  const mean = weights.reduce((a, b) => a + b) / weights.length;
  const counts = weights.map((w) => Math.max(1, Math.round((points * w) / mean)));
  const packed = new Float64Array(counts.reduce((a, b) => a + b));
  const names = hashNames(hosts);
  let n = 0;
  for (let i = 0; i < hosts.length; i++) {
    const name = names[i]!;
    for (let k = 0; k < counts[i]!; k++) packed[n++] = xxHash32(name, k) * OWNERS + i;
  }
  packed.sort();
  const at = new Uint32Array(n);
  const owners = hosts.length <= 0x10000 ? new Uint16Array(n) : new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    at[i] = Math.floor(packed[i]! / OWNERS);
    owners[i] = packed[i]! % OWNERS;
  }
  return { at, owners };
}

/** Index of the first point at or behind the key; behind the last one comes the first. */
function nextPoint(at: Uint32Array, key: number): number {
  let low = 0;
  let high = at.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low === at.length ? 0 : low;
}
