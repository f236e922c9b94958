import type { Host, Picker, PickInput } from "../types.ts";
import type { PolicyEnv } from "./policy.ts";
import { WeightedDraw } from "./weighted_draw.ts";

/** By chance, in proportion to the weights. Several weirs need not agree, and nothing goes in step. */
export function randomHost(hosts: readonly Host[], weights: readonly number[], env: PolicyEnv): Picker {
  return new RandomPicker(hosts, weights, env.random);
}

class RandomPicker implements Picker {
  readonly #hosts: readonly Host[];
  readonly #weights: readonly number[];
  readonly #random: () => number;
  readonly #draw: WeightedDraw;

  constructor(hosts: readonly Host[], weights: readonly number[], random: () => number) {
    this.#hosts = hosts;
    this.#weights = weights;
    this.#random = random;
    this.#draw = new WeightedDraw(weights, random);
  }

  pick({ exclude }: PickInput): Host {
    const host = this.#hosts[this.#draw.next()]!;
    return exclude === null || !exclude.includes(host) ? host : (this.#other(exclude) ?? host);
  }

  /** Among those that were not tried the weights hold, too. */
  #other(exclude: readonly Host[]): Host | null {
    let sum = 0;
    for (let i = 0; i < this.#hosts.length; i++) if (!exclude.includes(this.#hosts[i]!)) sum += this.#weights[i]!;
    let left = this.#random() * sum;
    let last: Host | null = null;
    for (let i = 0; i < this.#hosts.length; i++) {
      const host = this.#hosts[i]!;
      if (exclude.includes(host)) continue;
      last = host;
      left -= this.#weights[i]!;
      if (left < 0) return host;
    }
    return last;
  }
}
