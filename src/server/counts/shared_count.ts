import type { OpenCount } from "./connection_counts.ts";
import { rowAt, rowsInUse } from "./counts_layout.ts";

/** One number of a row, and the sum of it over all rows. */
export class SharedCount implements OpenCount {
  readonly #words: Int32Array;
  /** In each row. */
  readonly #offset: number;
  /** Of the own row. */
  readonly #at: number;

  constructor(words: Int32Array, row: number, offset: number) {
    this.#words = words;
    this.#offset = offset;
    this.#at = rowAt(row) + offset;
  }

  get value(): number {
    return this.#sum();
  }

  take(max: number): boolean {
    const words = this.#words;
    if (max === Number.POSITIVE_INFINITY) {
      Atomics.add(words, this.#at, 1);
      return true;
    }
    // Counting in what will be refused would keep others from the place that comes free meanwhile.
    if (this.#sum() >= max) return false;
    Atomics.add(words, this.#at, 1);
    if (this.#sum() <= max) return true;
    Atomics.sub(words, this.#at, 1);
    return false;
  }

  add(n: number): void {
    Atomics.add(this.#words, this.#at, n);
  }

  #sum(): number {
    const words = this.#words;
    let sum = 0;
    for (let row = rowsInUse(words) - 1; row >= 0; row--) sum += words[rowAt(row) + this.#offset]!;
    return sum;
  }
}
