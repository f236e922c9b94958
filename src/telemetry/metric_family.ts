import { Counter, CounterVector, Histogram, type MetricHandle } from "./metric_handles.ts";

export type Labels = Readonly<Record<string, string>>;
export type MetricKind = "counter" | "gauge" | "histogram";
/** Whether a scrape leaves zeros out: 40 fault codes of which a few ever happen, 10,000 routes of which a few are used. */
export type ShowZeros = "always" | "never";

/**
 * How rows of several processes become one. `max` and `min` are for gauges. `control`: the process that controls the others tells it
 * alone, and what workers have of it is not shown. What its predecessors counted is added; their gauges are not.
 */
export type MergeRule = "sum" | "max" | "min" | "control";

/** What is known of a metric before its rows. */
export interface FamilySpec {
  readonly name: string;
  readonly help: string;
  readonly kind: MetricKind;
  readonly labelNames: readonly string[];
  /** Upper bounds of a histogram, rising; else empty. */
  readonly bounds: readonly number[];
  /** The label that a vector's cells differ in; "" for the others. */
  readonly cellLabel: string;
  /** Values of that label, in the order of the cells. */
  readonly cellNames: readonly string[];
  readonly zeros: ShowZeros;
  readonly merge: MergeRule;
}

/** A row's slots: they begin at `values[at]` and never move. */
export interface SlotRange {
  readonly values: Float64Array;
  readonly at: number;
}

export interface MetricRow {
  readonly labels: Labels;
  readonly metric: MetricHandle;
  readonly range: SlotRange;
}

/** One metric with all its label sets, by `keyOf` their labels. */
export interface MetricFamily extends FamilySpec {
  readonly rows: Map<string, MetricRow>;
}

/** What a page needs of a row; good until the next row of its family is asked for. */
export interface ShownRow {
  readonly labels: Labels;
  readonly metric: MetricHandle;
}

export interface ShownFamily extends FamilySpec {
  readonly rows: ReadonlyMap<string, ShownRow>;
}

/** What a page is made of. */
export interface ShownNumbers {
  readonly families: ReadonlyMap<string, ShownFamily>;
}

/** Is told of rows in the order in which they come and go. */
export interface RowListener {
  onRow(family: MetricFamily, row: MetricRow): void;
  /** The row is no longer in its family; its slots still hold what was counted. */
  onForget(family: MetricFamily, row: MetricRow): void;
}

/** Rows of one process. */
export interface RowSource {
  readonly families: ReadonlyMap<string, MetricFamily>;
  /** Tells all rows that there are, then each that comes or goes. What is returned ends it. */
  watch(listener: RowListener): () => void;
}

export function keyOf(labels: Labels): string {
  return Object.values(labels).join("\u0000");
}

/** How many slots each row of the family takes. */
export function slotsOf({ kind, bounds, cellLabel, cellNames }: FamilySpec): number {
  if (kind === "histogram") return bounds.length + 2;
  return cellLabel === "" ? 1 : cellNames.length;
}

export function handleAt({ kind, bounds, cellLabel, cellNames }: FamilySpec, { values, at }: SlotRange): MetricHandle {
  if (kind === "histogram") return new Histogram(values, at, bounds);
  return cellLabel === "" ? new Counter(values, at) : new CounterVector(values, at, cellNames);
}

/** Tells a new listener of all rows that there are. */
export function tellAll(families: ReadonlyMap<string, MetricFamily>, listener: RowListener): void {
  for (const family of families.values()) for (const row of family.rows.values()) listener.onRow(family, row);
}
