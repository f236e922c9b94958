/** Shares by hash instead of by turns: a key always has the same one, and moves to a neighbour only as far as shares change. */
export class HashShares {
  /** Sums of the shares up to and with each, as parts of 2 ** 32. */
  readonly #bounds: Float64Array;

  /** `shares` are from 0 on, with one above 0 at least. */
  constructor(shares: readonly number[]) {
    const sum = shares.reduce((a, b) => a + b);
    let upTo = 0;
    this.#bounds = Float64Array.from(shares, (share) => {
      upTo += share;
      return (upTo / sum) * 2 ** 32;
    });
  }

  /** The index for an unsigned 32-bit hash. */
  at(hash: number): number {
    const bounds = this.#bounds;
    const last = bounds.length - 1;
    let i = 0;
    while (i < last && hash >= bounds[i]!) i++;
    return i;
  }
}
