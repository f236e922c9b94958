/** Draws indexes by chance in proportion to their weights, each draw on its own: the alias method (A. J. Walker, 1977; M. D. Vose, 1991), O(1). */
export class WeightedDraw {
  readonly #random: () => number;
  readonly #size: number;
  /** Below this part of its column an index stands for itself, above it for its alias; null: the weights are equal. */
  readonly #own: Float64Array | null;
  readonly #alias: Int32Array;

  /** `weights` are above 0; one at least. */
  constructor(weights: readonly number[], random: () => number) {
    this.#random = random;
    const n = weights.length;
    this.#size = n;
    this.#alias = new Int32Array(weights.every((w) => w === weights[0]) ? 0 : n);
    this.#own = this.#alias.length === 0 ? null : this.#fill(weights);
  }

  next(): number {
    const at = this.#random() * this.#size;
    const column = Math.floor(at);
    const own = this.#own;
    return own === null || at - column < own[column]! ? column : this.#alias[column]!;
  }

  #fill(weights: readonly number[]): Float64Array {
    const n = weights.length;
    const mean = weights.reduce((a, b) => a + b) / n;
    const own = Float64Array.from(weights, (w) => w / mean);
    const small: number[] = [];
    const large: number[] = [];
    for (let i = 0; i < n; i++) (own[i]! < 1 ? small : large).push(i);
    while (small.length > 0 && large.length > 0) {
      const s = small.pop()!;
      const l = large.at(-1)!;
      this.#alias[s] = l;
      own[l] = own[l]! - (1 - own[s]!);
      if (own[l]! >= 1) continue;
      large.pop();
      small.push(l);
    }
    // What rounding leaves over is a whole column.
    for (const i of small) own[i] = 1;
    for (const i of large) own[i] = 1;
    return own;
  }
}
