/**
 * Numbers that the hot path writes and a scrape reads. A number is a slot of a Float64Array that never moves, so a handle taken when the
 * config is compiled stays good for its life. Names and labels are known to the catalogue alone.
 */
export class Counter {
  readonly #values: Float64Array;
  readonly #at: number;

  constructor(values: Float64Array, at: number) {
    this.#values = values;
    this.#at = at;
  }

  add(n: number): void {
    this.#values[this.#at]! += n;
  }

  get value(): number {
    return this.#values[this.#at]!;
  }

  set value(n: number) {
    this.#values[this.#at] = n;
  }
}

/** Counters that differ in one label with a fixed list of values: one row, one handle, a cell a value. */
export class CounterVector {
  /** Values of the label, in the order of the cells. */
  readonly names: readonly string[];
  readonly #values: Float64Array;
  readonly #at: number;

  constructor(values: Float64Array, at: number, names: readonly string[]) {
    this.#values = values;
    this.#at = at;
    this.names = names;
  }

  /** `cell` is an index of `names`; the caller keeps it in range. */
  add(cell: number, n: number): void {
    this.#values[this.#at + cell]! += n;
  }

  valueAt(cell: number): number {
    return this.#values[this.#at + cell]!;
  }
}

/**
 * The sum, then bucket counts, in `bounds.length + 2` slots: what most values touch stands side by side. Counts are per bucket and made
 * cumulative at scrape.
 */
export class Histogram {
  readonly bounds: readonly number[];
  readonly #values: Float64Array;
  readonly #at: number;

  constructor(values: Float64Array, at: number, bounds: readonly number[]) {
    this.#values = values;
    this.#at = at;
    this.bounds = bounds;
  }

  observe(v: number): void {
    const { bounds } = this;
    let i = 0;
    while (i < bounds.length && v > bounds[i]!) i++;
    this.#values[this.#at]! += v;
    this.#values[this.#at + 1 + i]! += 1;
  }

  /** Counts per bucket, the one above the last bound included. */
  get counts(): readonly number[] {
    return Array.from(this.#values.subarray(this.#at + 1, this.#at + this.bounds.length + 2));
  }

  get sum(): number {
    return this.#values[this.#at]!;
  }
}

export type MetricHandle = Counter | CounterVector | Histogram;
