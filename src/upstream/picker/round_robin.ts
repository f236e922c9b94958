import { reduceWeights, SmoothHeap } from "../smooth_heap.ts";
import type { Host, Picker, PickInput } from "../types.ts";
import { smoothOrder } from "../weighted.ts";
import { NoHostPicker } from "./no_host.ts";
import { weightsOf } from "./policy.ts";

/**
 * Hosts in turn, in proportion to their weights and evenly spread; a plain rotation where the weights are equal. A weight of 0 takes nothing.
 * `start`, from 0 to below 1, is the part of the period to begin at: give a random one, or every replaced picker favours the first host.
 * `given`: weights other than the hosts' own.
 */
export function roundRobin(hosts: readonly Host[], start = 0, given: readonly number[] = weightsOf(hosts)): Picker {
  const taking = hosts.filter((_, i) => given[i]! > 0);
  if (taking.length === 0) return new NoHostPicker();
  const weights = reduceWeights(given.filter((w) => w > 0));
  if (weights.every((w) => w === 1)) return new SequencePicker(taking, start);
  const order = smoothOrder(weights);
  if (order === null) return new HeapPicker(taking, weights, start);
  return new SequencePicker(
    Array.from(order, (i) => taking[i]!),
    start,
  );
}

/** One period worked out beforehand: a pick is one read. */
class SequencePicker implements Picker {
  readonly #turns: readonly Host[];
  #at: number;

  constructor(turns: readonly Host[], start: number) {
    this.#turns = turns;
    this.#at = Math.floor(start * turns.length);
  }

  pick(p: PickInput): Host {
    const first = this.#next();
    if (p.exclude === null || !p.exclude.includes(first)) return first;
    for (let i = 1; i < this.#turns.length; i++) {
      const host = this.#next();
      if (!p.exclude.includes(host)) return host;
    }
    return first;
  }

  #next(): Host {
    const at = this.#at;
    this.#at = at + 1 === this.#turns.length ? 0 : at + 1;
    return this.#turns[at]!;
  }
}

/** For weights whose period is too long to be worked out. */
class HeapPicker implements Picker {
  readonly #hosts: readonly Host[];
  readonly #heap: SmoothHeap;

  constructor(hosts: readonly Host[], weights: readonly number[], start: number) {
    this.#hosts = hosts;
    this.#heap = new SmoothHeap(weights, start);
  }

  pick(p: PickInput): Host {
    const { exclude } = p;
    if (exclude !== null && exclude.length > 0) {
      const other = this.#heap.nextExcept((i) => exclude.includes(this.#hosts[i]!));
      if (other >= 0) return this.#hosts[other]!;
    }
    return this.#hosts[this.#heap.next()]!;
  }
}
