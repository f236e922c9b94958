import {
  type FamilySpec,
  handleAt,
  keyOf,
  type Labels,
  type MergeRule,
  type MetricFamily,
  type MetricRow,
  type RowListener,
  type RowSource,
  type ShowZeros,
  slotsOf,
  tellAll,
} from "./metric_family.ts";
import type { Counter, CounterVector, Histogram, MetricHandle } from "./metric_handles.ts";
import { NumberMemory } from "./number_memory.ts";

export type { Labels, MergeRule, MetricFamily, MetricKind, MetricRow, ShowZeros } from "./metric_family.ts";
export { Counter, CounterVector, Histogram, type MetricHandle } from "./metric_handles.ts";

/** The label of a vector's cells and its values. All rows of a metric have the same. */
export interface CellSpec {
  readonly label: string;
  readonly names: readonly string[];
}

const NO_CELLS: CellSpec = { label: "", names: [] };

/** The catalogue: hands out slots and remembers their names. The same name and labels give the same slot, so counters rise over a reload. */
export class Numbers implements RowSource {
  readonly families: Map<string, MetricFamily> = new Map();
  readonly memory: NumberMemory;
  readonly #listeners: Set<RowListener> = new Set();

  constructor(memory: NumberMemory = new NumberMemory()) {
    this.memory = memory;
  }

  counter(name: string, help: string, labels: Labels = {}, zeros: ShowZeros = "always", merge: MergeRule = "sum"): Counter {
    return this.#row<Counter>(this.#family({ name, help, kind: "counter", zeros, merge }, labels), labels);
  }

  gauge(name: string, help: string, labels: Labels = {}, merge: MergeRule = "sum"): Counter {
    return this.#row<Counter>(this.#family({ name, help, kind: "gauge", zeros: "always", merge }, labels), labels);
  }

  vector(
    name: string,
    help: string,
    cells: CellSpec,
    labels: Labels = {},
    zeros: ShowZeros = "always",
    merge: MergeRule = "sum",
  ): CounterVector {
    return this.#row<CounterVector>(this.#family({ name, help, kind: "counter", zeros, merge }, labels, cells), labels);
  }

  /** `bounds` are upper bounds in rising order, in the unit of the name (seconds). */
  histogram(name: string, help: string, bounds: readonly number[], labels: Labels = {}, zeros: ShowZeros = "always"): Histogram {
    const family = this.#family({ name, help, kind: "histogram", zeros, merge: "sum" }, labels, NO_CELLS, bounds);
    return this.#row<Histogram>(family, labels);
  }

  /** Forgets a label set, so that metrics of what was removed from the config do not stay for ever. Handles go on working, unseen. */
  forget(name: string, labels: Labels): void {
    const family = this.families.get(name);
    if (family !== undefined) this.#forget(family, keyOf(labels));
  }

  /** Forgets every label set in which `label` has one of these values. */
  forgetAll(name: string, label: string, values: ReadonlySet<string>): void {
    const family = this.families.get(name);
    if (family === undefined) return;
    for (const [key, row] of family.rows) if (values.has(row.labels[label] ?? "")) this.#forget(family, key);
  }

  watch(listener: RowListener): () => void {
    tellAll(this.families, listener);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #family(
    about: Pick<FamilySpec, "name" | "help" | "kind" | "zeros" | "merge">,
    labels: Labels,
    cells: CellSpec = NO_CELLS,
    bounds: readonly number[] = [],
  ): MetricFamily {
    const known = this.families.get(about.name);
    if (known !== undefined) return known;
    const labelNames = Object.keys(labels);
    const family = { ...about, labelNames, bounds, cellLabel: cells.label, cellNames: cells.names, rows: new Map() };
    this.families.set(about.name, family);
    return family;
  }

  #row<M extends MetricHandle>(family: MetricFamily, labels: Labels): M {
    const key = keyOf(labels);
    const known = family.rows.get(key);
    if (known !== undefined) return known.metric as M;
    const range = this.memory.take(slotsOf(family));
    const row: MetricRow = { labels, metric: handleAt(family, range), range };
    family.rows.set(key, row);
    for (const l of this.#listeners) l.onRow(family, row);
    return row.metric as M;
  }

  #forget(family: MetricFamily, key: string): void {
    const row = family.rows.get(key);
    if (row === undefined) return;
    family.rows.delete(key);
    for (const l of this.#listeners) l.onForget(family, row);
    this.memory.release(row.range, slotsOf(family), row.metric);
  }
}
