import { xxHash32 } from "../../base/xxhash32.ts";
import { reduceWeights, SmoothHeap } from "../smooth_heap.ts";
import type { Host, Picker, PickInput } from "../types.ts";
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
  const offsets = Float64Array.from(names, (name) => xxHash32(name, OFFSET_SEED) % slots);
  const skips = Float64Array.from(names, (name) => (xxHash32(name, SKIP_SEED) % (slots - 1)) + 1);
  // In the order of names, so that the order of the config moves no key.
  const order = Array.from(names, (_, i) => i).sort((a, b) => (names[a]! < names[b]! ? -1 : 1));
  const table: Slots = n <= 0x100 ? new Uint8Array(slots) : n <= 0x10000 ? new Uint16Array(slots) : new Uint32Array(slots);
  const taken = new Uint8Array(slots);
  const counts = new Int32Array(n);
  const turns = turnsOf(order.map((i) => weights[i]!));
  for (let filled = 0; filled < slots; filled++) {
    const i = order[turns()]!;
    let slot = offsets[i]!;
    while (taken[slot] === 1) {
      slot += skips[i]!;
      if (slot >= slots) slot -= slots;
    }
    taken[slot] = 1;
    table[slot] = i;
    offsets[i] = slot;
    counts[i]!++;
  }
  if (n <= slots) for (const i of order) if (counts[i] === 0) takeOne(table, counts, i, offsets[i]!, skips[i]!);
  return table;
}

function turnsOf(weights: readonly number[]): () => number {
  const reduced = reduceWeights(weights);
  if (reduced.some((w) => w !== 1)) {
    const heap = new SmoothHeap(reduced);
    return () => heap.next();
  }
  let at = -1;
  return () => {
    if (++at === reduced.length) at = 0;
    return at;
  };
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
