/**
 * Numbers that the hot path writes and a scrape reads. A number is a slot of a Float64Array; a chunk of slots never moves, so a handle
 * taken when the config is compiled stays good for its life. Names and labels are known to the catalogue alone.
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

/** Bucket counts, then count and sum, in `bounds.length + 2` slots; counts are per bucket and made cumulative at scrape. */
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
    this.#values[this.#at + i]! += 1;
    this.#values[this.#at + bounds.length + 1]! += v;
  }

  /** Counts per bucket, the one above the last bound included. */
  get counts(): readonly number[] {
    return Array.from(this.#values.subarray(this.#at, this.#at + this.bounds.length + 1));
  }

  get sum(): number {
    return this.#values[this.#at + this.bounds.length + 1]!;
  }
}

export type Labels = Readonly<Record<string, string>>;
export type MetricKind = "counter" | "gauge" | "histogram";

/** One metric with all its label sets. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly kind: MetricKind;
  readonly labelNames: readonly string[];
  readonly bounds: readonly number[];
  readonly rows: Map<string, { readonly labels: Labels; readonly metric: Counter | Histogram }>;
}

const CHUNK_SLOTS = 4096;

/** The catalogue: hands out slots and remembers their names. The same name and labels give the same slot, so counters rise over a reload. */
export class Numbers {
  readonly families: Map<string, MetricFamily> = new Map();
  #chunk = new Float64Array(CHUNK_SLOTS);
  #used = 0;

  counter(name: string, help: string, labels: Labels = {}): Counter {
    return this.#row(name, help, "counter", [], labels) as Counter;
  }

  gauge(name: string, help: string, labels: Labels = {}): Counter {
    return this.#row(name, help, "gauge", [], labels) as Counter;
  }

  /** `bounds` are upper bounds in rising order, in the unit of the name (seconds). */
  histogram(name: string, help: string, bounds: readonly number[], labels: Labels = {}): Histogram {
    return this.#row(name, help, "histogram", bounds, labels) as Histogram;
  }

  /** Forgets a label set, so that metrics of what was removed from the config do not stay for ever. */
  forget(name: string, labels: Labels): void {
    this.families.get(name)?.rows.delete(keyOf(labels));
  }

  #row(name: string, help: string, kind: MetricKind, bounds: readonly number[], labels: Labels): Counter | Histogram {
    let family = this.families.get(name);
    if (family === undefined) {
      family = { name, help, kind, labelNames: Object.keys(labels), bounds, rows: new Map() };
      this.families.set(name, family);
    }
    const key = keyOf(labels);
    const known = family.rows.get(key);
    if (known !== undefined) return known.metric;
    const at = this.#take(kind === "histogram" ? bounds.length + 2 : 1);
    const metric = kind === "histogram" ? new Histogram(this.#chunk, at, family.bounds) : new Counter(this.#chunk, at);
    family.rows.set(key, { labels, metric });
    return metric;
  }

  #take(slots: number): number {
    if (this.#used + slots > CHUNK_SLOTS) {
      this.#chunk = new Float64Array(CHUNK_SLOTS);
      this.#used = 0;
    }
    const at = this.#used;
    this.#used += slots;
    return at;
  }
}

function keyOf(labels: Labels): string {
  return Object.values(labels).join("\u0000");
}
