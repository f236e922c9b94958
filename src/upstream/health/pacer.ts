/** First checks a millisecond: a core makes about ten connections in it. */
const A_MS = 4;

/** Spreads what all clusters would begin at once: a few begin now, thousands over the next seconds. */
export class Pacer {
  #next = 0;

  /** When the one that asks may begin, `now` or later. */
  take(now: number): number {
    const at = Math.max(now, this.#next);
    this.#next = at + 1 / A_MS;
    return at;
  }
}
