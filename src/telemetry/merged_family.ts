import { addPart, MergedRow } from "./merged_row.ts";
import {
  type FamilySpec,
  handleAt,
  type Labels,
  type MergeRule,
  type MetricKind,
  type ShownFamily,
  type ShowZeros,
  slotsOf,
} from "./metric_family.ts";
import type { MetricHandle } from "./metric_handles.ts";
import { labelValues } from "./row_records.ts";

/** One metric of several processes. Its help, bounds and rule are those of the first that told of it. */
export class MergedFamily implements ShownFamily {
  readonly name: string;
  readonly help: string;
  readonly kind: MetricKind;
  readonly labelNames: readonly string[];
  readonly bounds: readonly number[];
  readonly cellLabel: string;
  readonly zeros: ShowZeros;
  readonly merge: MergeRule;
  readonly rows: Map<string, MergedRow> = new Map();
  #cellNames: readonly string[];
  #scratch: Float64Array;
  #handle: MetricHandle;

  constructor(spec: FamilySpec) {
    this.name = spec.name;
    this.help = spec.help;
    this.kind = spec.kind;
    this.labelNames = spec.labelNames;
    this.bounds = spec.bounds;
    this.cellLabel = spec.cellLabel;
    this.zeros = spec.zeros;
    this.merge = spec.merge;
    this.#cellNames = spec.cellNames;
    this.#scratch = new Float64Array(slotsOf(this));
    this.#handle = handleAt(this, { values: this.#scratch, at: 0 });
  }

  get cellNames(): readonly string[] {
    return this.#cellNames;
  }

  get slots(): number {
    return this.#scratch.length;
  }

  /**
   * Where the slots of another process's rows belong here: null for the same places, false when the two can't be added. They differ when
   * an upgrade has changed the metric. Cells go by their names, and new ones are taken up; a bucket goes to the least one that holds it,
   * so that a histogram's count and sum stay right.
   */
  adopt(spec: FamilySpec): Int32Array | null | false {
    if (spec.kind !== this.kind || spec.cellLabel !== this.cellLabel || !same(spec.labelNames, this.labelNames)) return false;
    if (this.kind === "histogram") return same(spec.bounds, this.bounds) ? null : this.#mapBounds(spec.bounds);
    if (same(spec.cellNames, this.#cellNames)) return null;
    const added = spec.cellNames.filter((n) => !this.#cellNames.includes(n));
    if (added.length > 0) {
      this.#cellNames = [...this.#cellNames, ...added];
      this.#scratch = new Float64Array(slotsOf(this));
      this.#handle = handleAt(this, { values: this.#scratch, at: 0 });
    }
    return Int32Array.from(spec.cellNames, (n) => this.#cellNames.indexOf(n));
  }

  keyOf(labels: Labels): string {
    return labelValues(this, labels).join("\u0000");
  }

  /** The row with these labels, made if need be. */
  row(labels: Labels): MergedRow {
    const key = this.keyOf(labels);
    let row = this.rows.get(key);
    if (row === undefined) {
      row = new MergedRow(this, labels);
      this.rows.set(key, row);
    }
    return row;
  }

  total({ base, parts }: MergedRow): MetricHandle {
    const sum = this.#scratch;
    if (this.kind === "gauge" && this.merge !== "sum") {
      const values = parts.map(({ row: { range } }) => range.values[range.at]!);
      // By the rule "control" there is but one.
      sum[0] = this.merge === "min" ? Math.min(...values) : Math.max(...values);
      return this.#handle;
    }
    sum.fill(0);
    if (base !== null) sum.set(base);
    for (const part of parts) addPart(sum, part);
    return this.#handle;
  }

  #mapBounds(bounds: readonly number[]): Int32Array {
    const map = new Int32Array(bounds.length + 2);
    for (let i = 0; i <= bounds.length; i++) {
      const at = i < bounds.length ? this.bounds.findIndex((b) => b >= bounds[i]!) : -1;
      map[1 + i] = 1 + (at < 0 ? this.bounds.length : at);
    }
    return map;
  }
}

function same<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}
