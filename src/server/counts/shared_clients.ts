import { keyedHash } from "../../base/keyed_hash.ts";
import type { ClientCounts } from "./connection_counts.ts";
import { AT_KEY, CLIENT_WAYS, rowAt, rowsInUse, setOf } from "./counts_layout.ts";

/**
 * Connections by client address. An address is known by a keyed hash of 32 bits: two that fall together count as one. An address that
 * finds its set full of others counts in this process alone until all its connections here are gone.
 */
export class SharedClients implements ClientCounts {
  readonly #words: Int32Array;
  /** First word of the own row. */
  readonly #own: number;
  readonly #key0: number;
  readonly #key1: number;
  /** What found no place. */
  readonly #outside = new Map<string, number>();

  constructor(words: Int32Array, row: number) {
    this.#words = words;
    this.#own = rowAt(row);
    this.#key0 = words[AT_KEY]!;
    this.#key1 = words[AT_KEY + 1]!;
  }

  take(client: string, max: number): boolean {
    const key = keyedHash(client, this.#key0, this.#key1);
    const outside = this.#outside.get(client) ?? 0;
    if (max !== Number.POSITIVE_INFINITY && outside + this.#sum(key) >= max) return false;
    const at = outside > 0 ? -1 : this.#placeFor(key);
    if (at < 0) {
      this.#outside.set(client, outside + 1);
      return true;
    }
    Atomics.add(this.#words, at, 1);
    if (max === Number.POSITIVE_INFINITY || this.#sum(key) <= max) return true;
    Atomics.sub(this.#words, at, 1);
    return false;
  }

  give(client: string): void {
    const outside = this.#outside.get(client);
    if (outside === undefined) {
      const at = this.#placeOf(keyedHash(client, this.#key0, this.#key1));
      if (at >= 0) Atomics.sub(this.#words, at, 1);
    } else if (outside === 1) this.#outside.delete(client);
    else this.#outside.set(client, outside - 1);
  }

  /** Where the own row counts this key; −1: it does not. */
  #placeOf(key: number): number {
    const words = this.#words;
    const set = this.#own + setOf(key);
    for (let at = set; at < set + CLIENT_WAYS; at++)
      if (words[at] === key && words[at + CLIENT_WAYS]! > 0) return at + CLIENT_WAYS;
    return -1;
  }

  /** The same, with a place that is free when there is none yet; −1: all are others'. */
  #placeFor(key: number): number {
    const words = this.#words;
    const found = this.#placeOf(key);
    if (found >= 0) return found;
    const set = this.#own + setOf(key);
    for (let at = set; at < set + CLIENT_WAYS; at++) {
      if (words[at + CLIENT_WAYS] !== 0) continue;
      Atomics.store(words, at, key);
      return at + CLIENT_WAYS;
    }
    return -1;
  }

  #sum(key: number): number {
    const words = this.#words;
    const set = setOf(key);
    let sum = 0;
    for (let row = rowsInUse(words) - 1; row >= 0; row--) {
      const first = rowAt(row) + set;
      for (let at = first; at < first + CLIENT_WAYS; at++) if (words[at] === key) sum += openAt(words, at, key);
    }
    return sum;
  }
}

/** A place may become another address's at any moment: its count belongs to the key that stands there before and after. */
function openAt(words: Int32Array, at: number, key: number): number {
  if (Atomics.load(words, at) !== key) return 0;
  const open = Atomics.load(words, at + CLIENT_WAYS);
  return Atomics.load(words, at) === key ? open : 0;
}
