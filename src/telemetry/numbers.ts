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

export type Labels = Readonly<Record<string, string>>;
export type MetricKind = "counter" | "gauge" | "histogram";
/** Whether a scrape leaves zeros out: 40 fault codes of which a few ever happen, 10,000 routes of which a few are used. */
export type ShowZeros = "always" | "never";
export type MetricHandle = Counter | CounterVector | Histogram;

/** One metric with all its label sets. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly kind: MetricKind;
  readonly labelNames: readonly string[];
  readonly bounds: readonly number[];
  /** The label that a vector's cells differ in; "" for the others. */
  readonly cellLabel: string;
  readonly zeros: ShowZeros;
  readonly rows: Map<string, MetricRow>;
}

export interface MetricRow {
  readonly labels: Labels;
  readonly metric: MetricHandle;
}

/** The label of a vector's cells and its values. */
export interface CellSpec {
  readonly label: string;
  readonly names: readonly string[];
}

// Small enough that one long-lived row among forgotten ones pins little: a chunk is freed with its last handle. Large enough that what
// finds the numbers of thousands of routes (a chunk has an object of its own) stays in the processor's cache.
const CHUNK_SLOTS = 4096;

/** The catalogue: hands out slots and remembers their names. The same name and labels give the same slot, so counters rise over a reload. */
export class Numbers {
  readonly families: Map<string, MetricFamily> = new Map();
  #chunk = new Float64Array(CHUNK_SLOTS);
  #used = 0;

  counter(name: string, help: string, labels: Labels = {}, zeros: ShowZeros = "always"): Counter {
    const f = this.#family(name, help, "counter", [], "", zeros, labels);
    return this.#row(f, labels, 1, (values, at) => new Counter(values, at));
  }

  gauge(name: string, help: string, labels: Labels = {}): Counter {
    const f = this.#family(name, help, "gauge", [], "", "always", labels);
    return this.#row(f, labels, 1, (values, at) => new Counter(values, at));
  }

  vector(name: string, help: string, cells: CellSpec, labels: Labels = {}, zeros: ShowZeros = "always"): CounterVector {
    const f = this.#family(name, help, "counter", [], cells.label, zeros, labels);
    return this.#row(f, labels, cells.names.length, (values, at) => new CounterVector(values, at, cells.names));
  }

  /** `bounds` are upper bounds in rising order, in the unit of the name (seconds). */
  histogram(name: string, help: string, bounds: readonly number[], labels: Labels = {}, zeros: ShowZeros = "always"): Histogram {
    const f = this.#family(name, help, "histogram", bounds, "", zeros, labels);
    return this.#row(f, labels, bounds.length + 2, (values, at) => new Histogram(values, at, f.bounds));
  }

  /** Forgets a label set, so that metrics of what was removed from the config do not stay for ever. Handles go on working, unseen. */
  forget(name: string, labels: Labels): void {
    this.families.get(name)?.rows.delete(keyOf(labels));
  }

  /** Forgets every label set in which `label` has one of these values. */
  forgetAll(name: string, label: string, values: ReadonlySet<string>): void {
    const rows = this.families.get(name)?.rows;
    if (rows === undefined) return;
    for (const [key, row] of rows) if (values.has(row.labels[label] ?? "")) rows.delete(key);
  }

  #family(
    name: string,
    help: string,
    kind: MetricKind,
    bounds: readonly number[],
    cellLabel: string,
    zeros: ShowZeros,
    labels: Labels,
  ): MetricFamily {
    const known = this.families.get(name);
    if (known !== undefined) return known;
    const family = { name, help, kind, labelNames: Object.keys(labels), bounds, cellLabel, zeros, rows: new Map() };
    this.families.set(name, family);
    return family;
  }

  #row<M extends MetricHandle>(family: MetricFamily, labels: Labels, slots: number, make: (v: Float64Array, at: number) => M): M {
    const key = keyOf(labels);
    const known = family.rows.get(key);
    if (known !== undefined) return known.metric as M;
    if (this.#used + slots > CHUNK_SLOTS) {
      this.#chunk = new Float64Array(CHUNK_SLOTS);
      this.#used = 0;
    }
    const metric = make(this.#chunk, this.#used);
    this.#used += slots;
    family.rows.set(key, { labels, metric });
    return metric;
  }
}

function keyOf(labels: Labels): string {
  return Object.values(labels).join("\u0000");
}
