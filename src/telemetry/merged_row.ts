import type { MergedFamily } from "./merged_family.ts";
import type { Labels, MetricRow, ShownRow, SlotRange } from "./metric_family.ts";
import type { MetricHandle } from "./metric_handles.ts";

/** Values of one process that are part of a merged row. */
export interface RowPart {
  readonly range: SlotRange;
  readonly slots: number;
  /** Where each slot belongs in the merged row; null: at the same place. */
  readonly map: Int32Array | null;
}

/** The part that a running process's row is. */
export interface LivePart extends RowPart {
  readonly row: MetricRow;
}

/** Rows of several processes that have the same labels, and what those that are gone have counted. */
export class MergedRow implements ShownRow {
  readonly family: MergedFamily;
  readonly labels: Labels;
  /** In the order in which they came. */
  readonly parts: LivePart[] = [];
  #base: Float64Array | null = null;

  constructor(family: MergedFamily, labels: Labels) {
    this.family = family;
    this.labels = labels;
  }

  /** The values of now, in memory that is the family's: read them before another row is asked. */
  get metric(): MetricHandle {
    return this.family.total(this);
  }

  /** What processes that are gone have counted; null: nothing. May be shorter than the row, whose metric was given cells since. */
  get base(): Float64Array | null {
    return this.#base;
  }

  /** Adds what was counted to the base. */
  keep(part: RowPart): void {
    const { slots } = this.family;
    if (this.#base === null || this.#base.length < slots) {
      const longer = new Float64Array(slots);
      if (this.#base !== null) longer.set(this.#base);
      this.#base = longer;
    }
    addPart(this.#base, part);
  }

  part(row: MetricRow): LivePart | null {
    return this.parts.find((p) => p.row === row) ?? null;
  }

  remove(part: LivePart): void {
    this.parts.splice(this.parts.indexOf(part), 1);
  }
}

export function addPart(sum: Float64Array, { range: { values, at }, slots, map }: RowPart): void {
  for (let i = 0; i < slots; i++) sum[map === null ? i : map[i]!]! += values[at + i]!;
}
