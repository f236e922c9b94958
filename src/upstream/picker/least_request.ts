import type { Host, Picker, PickInput } from "../types.ts";
import type { PolicyEnv } from "./policy.ts";

export interface LeastRequestOptions {
  /** Hosts that are drawn for a request; 2 or more. */
  readonly choices: number;
  /** How much what is in flight counts against a weight; 0: not at all. */
  readonly activeBias: number;
}

/**
 * Where weights are equal: the host with the fewest requests of some that are drawn. Two are enough to keep clear of the busiest, without
 * all going for the idlest at once. Where they differ: turns by weight / (requests + 1) ^ activeBias, worked out anew with each turn, as Envoy does.
 */
export function leastRequest(hosts: readonly Host[], weights: readonly number[], o: LeastRequestOptions, env: PolicyEnv): Picker {
  return weights.every((w) => w === weights[0])
    ? new FewestPicker(hosts, o.choices, env.random)
    : new TurnsPicker(hosts, weights, o.activeBias, env.random);
}

class FewestPicker implements Picker {
  readonly #hosts: readonly Host[];
  readonly #choices: number;
  readonly #random: () => number;

  constructor(hosts: readonly Host[], choices: number, random: () => number) {
    this.#hosts = hosts;
    this.#choices = choices;
    this.#random = random;
  }

  pick({ exclude }: PickInput): Host {
    const hosts = this.#hosts;
    const n = hosts.length;
    if (exclude !== null && exclude.length > 0) return this.#fewest(exclude) ?? this.#fewest(NONE)!;
    if (n <= this.#choices) return this.#fewest(NONE)!;
    let best = hosts[Math.floor(this.#random() * n)]!;
    for (let i = 1; i < this.#choices; i++) {
      const host = hosts[Math.floor(this.#random() * n)]!;
      if (host.active < best.active) best = host;
    }
    return best;
  }

  /** Of all that were not tried, from a place drawn by chance on; null: there is none. */
  #fewest(exclude: readonly Host[]): Host | null {
    const hosts = this.#hosts;
    const n = hosts.length;
    let at = Math.floor(this.#random() * n);
    let best: Host | null = null;
    for (let i = 0; i < n; i++) {
      const host = hosts[at]!;
      if (++at === n) at = 0;
      if ((best === null || host.active < best.active) && !exclude.includes(host)) best = host;
    }
    return best;
  }
}

const NONE: readonly Host[] = [];

/** Turns are told by growing numbers; from here on they begin again near 0, while small steps still count. */
const FAR = 1e6;

/** The earliest turn goes first; the next one of the same host comes the later, the less it weighs and the more it has in flight. */
class TurnsPicker implements Picker {
  readonly #hosts: readonly Host[];
  /** Parts of the largest. */
  readonly #weights: Float64Array;
  readonly #bias: number;
  readonly #due: Float64Array;
  /** Indexes of hosts, the earliest due on top. */
  readonly #heap: Int32Array;

  constructor(hosts: readonly Host[], weights: readonly number[], bias: number, random: () => number) {
    this.#hosts = hosts;
    this.#bias = bias;
    const largest = weights.reduce((a, b) => Math.max(a, b));
    this.#weights = Float64Array.from(weights, (w) => w / largest);
    // As if turns had been taken for a while: nobody is due first because a picker is new.
    this.#due = this.#weights.map((w) => random() / w);
    this.#heap = Int32Array.from(hosts, (_, i) => i).sort((a, b) => this.#due[a]! - this.#due[b]!);
  }

  pick({ exclude }: PickInput): Host {
    const position = exclude === null || exclude.length === 0 ? 0 : this.#lightest(exclude);
    const i = this.#heap[position]!;
    const host = this.#hosts[i]!;
    if (this.#due[i]! > FAR) this.#near(this.#due[this.#heap[0]!]!);
    this.#due[i]! += this.#load(host.active + 1) / this.#weights[i]!;
    this.#sift(position);
    return host;
  }

  #load(requests: number): number {
    if (this.#bias === 1) return requests;
    return this.#bias === 0 ? 1 : requests ** this.#bias;
  }

  #near(by: number): void {
    for (let i = 0; i < this.#due.length; i++) this.#due[i]! -= by;
  }

  /** Position of the one that was not tried and has the least in flight for its weight; the first when all were tried. */
  #lightest(exclude: readonly Host[]): number {
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let p = 0; p < this.#heap.length; p++) {
      const i = this.#heap[p]!;
      const host = this.#hosts[i]!;
      const load = this.#load(host.active + 1) / this.#weights[i]!;
      if (load >= least || exclude.includes(host)) continue;
      best = p;
      least = load;
    }
    return best;
  }

  #sift(from: number): void {
    const heap = this.#heap;
    const due = this.#due;
    const n = heap.length;
    const i = heap[from]!;
    let p = from;
    for (;;) {
      let child = 2 * p + 1;
      if (child >= n) break;
      if (child + 1 < n && due[heap[child + 1]!]! < due[heap[child]!]!) child++;
      if (due[heap[child]!]! >= due[i]!) break;
      heap[p] = heap[child]!;
      p = child;
    }
    heap[p] = i;
  }
}
