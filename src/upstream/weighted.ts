import { reduceWeights, SmoothHeap } from "./smooth_heap.ts";

/** Up to this period the order of turns is worked out beforehand: a draw is then one read of an array of at most 8 KiB. */
export const MAX_SEQUENCE = 4096;

/** Draws indexes of a list of weights, in proportion and evenly spread. Made once for a route, asked once a request. */
export interface WeightedChoice {
  /** The next index; −1 when every weight is 0. */
  next(): number;
}

/**
 * Shares are exact over each period: over any 100,000 draws they are within 0.1 % of the weights. `start`, from 0 to below 1, is the part
 * of the period to begin at, so that many choices with the same weights do not go in step. Weights: whole numbers from 0 on, else RangeError.
 *
 * @example
 * ```ts
 * const choice = weightedChoice([90, 10]);
 * const cluster = clusters[choice.next()];
 * ```
 */
export function weightedChoice(weights: readonly number[], start = 0): WeightedChoice {
  const reduced = reduceWeights(weights);
  const order = smoothOrder(reduced);
  if (order === null) return new SmoothHeap(reduced, start);
  if (order.length === 0) return new FixedChoice(-1);
  if (order.length === 1) return new FixedChoice(order[0]!);
  return new SequenceChoice(order, start);
}

/** One period of turns; empty when all weights are 0, null when it would be longer than `MAX_SEQUENCE`. */
export function smoothOrder(reduced: readonly number[]): Uint16Array | null {
  const period = reduced.reduce((sum, w) => sum + w, 0);
  if (period === 0) return new Uint16Array(0);
  // More indexes than the sequence's elements can tell: only with weights of 0 in between.
  if (period > MAX_SEQUENCE || reduced.length > 0x10000) return null;
  const order = new Uint16Array(period);
  const heap = new SmoothHeap(reduced);
  for (let i = 0; i < period; i++) order[i] = heap.next();
  return order;
}

class FixedChoice implements WeightedChoice {
  readonly #index: number;

  constructor(index: number) {
    this.#index = index;
  }

  next(): number {
    return this.#index;
  }
}

class SequenceChoice implements WeightedChoice {
  readonly #order: Uint16Array;
  #at: number;

  constructor(order: Uint16Array, start: number) {
    this.#order = order;
    this.#at = Math.floor(start * order.length);
  }

  next(): number {
    const at = this.#at;
    this.#at = at + 1 === this.#order.length ? 0 : at + 1;
    return this.#order[at]!;
  }
}
