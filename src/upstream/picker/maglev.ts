import { xxHash32 } from "../../base/xxhash32.ts";
import type { Host, Picker, PickInput } from "../types.ts";
import { type WeightedChoice, weightedChoice } from "../weighted.ts";
import { hashNames, randomKey } from "./hash_names.ts";
import { hasUntried, type PolicyEnv } from "./policy.ts";

/**
 * A table of slots that hosts fill in turn, each in an order of its own, and a key has a slot (Eisenbud et al., NSDI 2016, 3.4): O(1), and
 * shares as even as the table is fine. A host that goes moves its own keys and a few others. The table is made with the first pick.
 * `slots` is a prime, and well above the number of hosts.
 */
export function maglev(hosts: readonly Host[], weights: readonly number[], slots: number, env: PolicyEnv): Picker {
  return new MaglevPicker(hosts, weights, slots, env.random);
}

class MaglevPicker implements Picker {
  readonly #hosts: readonly Host[];
  readonly #weights: readonly number[];
  readonly #slots: number;
  readonly #random: () => number;
  #table: Slots | null = null;

  constructor(hosts: readonly Host[], weights: readonly number[], slots: number, random: () => number) {
    this.#hosts = hosts;
    this.#weights = weights;
    this.#slots = slots;
    this.#random = random;
  }

  pick({ hash, exclude }: PickInput): Host {
    this.#table ??= buildMaglev(this.#hosts, this.#weights, this.#slots);
    const table = this.#table;
    const key = hash === 0 ? randomKey(this.#random) : hash;
    // The whole part of key / 2^32 × slots: exact, and cheaper than a remainder.
    let slot = Math.floor(key * (this.#slots / 2 ** 32));
    const first = this.#hosts[table[slot]!]!;
    if (exclude === null || !exclude.includes(first) || !hasUntried(this.#hosts, exclude)) return first;
    for (let n = this.#slots; n > 0; n--) {
      if (++slot === this.#slots) slot = 0;
      const host = this.#hosts[table[slot]!]!;
      if (!exclude.includes(host)) return host;
    }
    return first;
  }
}

/** The index of a host for each slot, in as few bytes as tell all hosts: there may be a thousand clusters. */
export type Slots = Uint8Array | Uint16Array | Uint32Array;

const OFFSET_SEED = 0;
const SKIP_SEED = 0x4d61676c;

export function buildMaglev(hosts: readonly Host[], weights: readonly number[], slots: number): Slots {
  const n = hosts.length;
  const names = hashNames(hosts);
  // In the order of names, so that the order of the config moves no key.
  const order = Int32Array.from(names, (_, i) => i).sort((a, b) => (names[a]! < names[b]! ? -1 : 1));
  const next = Int32Array.from(order, (i) => xxHash32(names[i]!, OFFSET_SEED) % slots);
  const skips = Int32Array.from(order, (i) => (xxHash32(names[i]!, SKIP_SEED) % (slots - 1)) + 1);
  const table: Slots = n <= 0x100 ? new Uint8Array(slots) : n <= 0x10000 ? new Uint16Array(slots) : new Uint32Array(slots);
  const counts = fill(table, order, next, skips, turnsOf(Array.from(order, (i) => weights[i]!)));
  if (n <= slots) for (let k = 0; k < n; k++) if (counts[order[k]!] === 0) takeOne(table, counts, order[k]!, next[k]!, skips[k]!);
  return table;
}

/** How many slots each host has. Most steps find a slot taken: those marks are bits, so that they stay in the processor's first cache. */
function fill(table: Slots, order: Int32Array, next: Int32Array, skips: Int32Array, turns: WeightedChoice | null): Int32Array {
  const slots = table.length;
  const n = order.length;
  const taken = new Int32Array((slots >>> 5) + 1);
  const counts = new Int32Array(n);
  let k = -1;
  for (let filled = 0; filled < slots; filled++) {
    if (turns !== null) k = turns.next();
    else if (++k === n) k = 0;
    const skip = skips[k]!;
    let slot = next[k]!;
    while ((taken[slot >>> 5]! & (1 << (slot & 31))) !== 0) {
      slot += skip;
      if (slot >= slots) slot -= slots;
    }
    taken[slot >>> 5]! |= 1 << (slot & 31);
    next[k] = slot;
    const host = order[k]!;
    table[slot] = host;
    counts[host]!++;
  }
  return counts;
}

/** null: all have the same weight, and turns are in order. */
function turnsOf(weights: readonly number[]): WeightedChoice | null {
  return weights.every((w) => w === weights[0]) ? null : weightedChoice(weights);
}

/** A host too light for a slot gets one all the same: a weight above 0 takes something. */
function takeOne(table: Slots, counts: Int32Array, i: number, offset: number, skip: number): void {
  let slot = offset;
  while (counts[table[slot]!]! < 2) {
    slot += skip;
    if (slot >= table.length) slot -= table.length;
  }
  counts[table[slot]!]!--;
  table[slot] = i;
  counts[i] = 1;
}
