/** Weights above this are scaled down together: products of two of them stay exact, and no share moves by more than a millionth. */
const MAX_REDUCED = 1 << 20;

/**
 * Divides weights by what they have in common, so that the period is as short as it can be. Weights are whole numbers from 0 on.
 * Throws RangeError for others: whoever reads a config has refused them before.
 */
export function reduceWeights(weights: readonly number[]): number[] {
  let common = 0;
  let largest = 0;
  for (const w of weights) {
    if (!Number.isSafeInteger(w) || w < 0) throw new RangeError(`Give a whole number from 0 on as weight: found "${w}"`);
    common = gcd(common, w);
    if (w > largest) largest = w;
  }
  if (largest === 0) return weights.map(() => 0);
  const top = largest / common;
  if (top <= MAX_REDUCED) return weights.map((w) => w / common);
  return weights.map((w) => (w === 0 ? 0 : Math.max(1, Math.round((w / largest) * MAX_REDUCED))));
}

function gcd(a: number, b: number): number {
  let x = a;
  let y = b;
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

/**
 * Draws indexes in proportion to their weights and spread evenly: the k-th turn of an index of weight w is due at (k − ½)/w of a period,
 * the earliest goes first. Over one period (the sum of the reduced weights) every index comes exactly `weight` times.
 * Whole numbers all the way, so nothing drifts; a draw costs one sift of a heap and allocates nothing.
 */
export class SmoothHeap {
  /** Draws in a period. */
  readonly period: number;
  readonly #weights: Float64Array;
  /** 2k − 1 for the next turn, the k-th, of each index. */
  readonly #turns: Float64Array;
  readonly #heap: Int32Array;
  #left: number;

  /** `weights` are reduced, with one above 0 at least; `start`, from 0 to below 1, is the part of the period taken as gone. */
  constructor(weights: readonly number[], start = 0) {
    const taking: number[] = [];
    let sum = 0;
    for (let i = 0; i < weights.length; i++) {
      sum += weights[i]!;
      if (weights[i]! > 0) taking.push(i);
    }
    if (sum === 0) throw new RangeError("Give one weight above 0 at least: found none");
    this.period = sum;
    this.#weights = Float64Array.from(weights);
    this.#turns = new Float64Array(weights.length).fill(1);
    this.#heap = Int32Array.from(taking);
    this.#left = sum;
    for (const i of taking) {
      const gone = Math.floor(start * weights[i]! + 0.5);
      this.#turns[i] = 2 * gone + 1;
      this.#left -= gone;
    }
    if (this.#left <= 0) this.#renew();
    this.#order();
  }

  next(): number {
    const i = this.#heap[0]!;
    this.#taken(0, i);
    return i;
  }

  /** The first in turn that is not skipped, −1 when all are. Looks at every index: for the rare draw. */
  nextExcept(skip: (index: number) => boolean): number {
    const heap = this.#heap;
    let best = -1;
    for (let p = 0; p < heap.length; p++) {
      if (skip(heap[p]!)) continue;
      if (best < 0 || this.#before(heap[p]!, heap[best]!)) best = p;
    }
    if (best < 0) return -1;
    const i = heap[best]!;
    this.#taken(best, i);
    return i;
  }

  #taken(position: number, index: number): void {
    if (--this.#left === 0) {
      this.#renew();
      this.#order();
      return;
    }
    this.#turns[index]! += 2;
    this.#sift(position);
  }

  #renew(): void {
    this.#turns.fill(1);
    this.#left = this.period;
  }

  #order(): void {
    for (let p = (this.#heap.length >> 1) - 1; p >= 0; p--) this.#sift(p);
  }

  #sift(from: number): void {
    const heap = this.#heap;
    const n = heap.length;
    const i = heap[from]!;
    let p = from;
    for (;;) {
      let child = 2 * p + 1;
      if (child >= n) break;
      if (child + 1 < n && this.#before(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#before(heap[child]!, i)) break;
      heap[p] = heap[child]!;
      p = child;
    }
    heap[p] = i;
  }

  #before(a: number, b: number): boolean {
    const left = this.#turns[a]! * this.#weights[b]!;
    const right = this.#turns[b]! * this.#weights[a]!;
    return left < right || (left === right && a < b);
  }
}
