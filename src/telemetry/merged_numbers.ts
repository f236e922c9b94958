import { MergedFamily } from "./merged_family.ts";
import type { LivePart, MergedRow } from "./merged_row.ts";
import {
  type FamilySpec,
  type MetricFamily,
  type MetricRow,
  type RowListener,
  type RowSource,
  type ShownNumbers,
  slotsOf,
} from "./metric_family.ts";
import {
  BATCH_RECORDS,
  type BaseBatch,
  type BaseRecord,
  type FamilyRecord,
  familyRecord,
  LAYOUT_VERSION,
  labelsOf,
  labelValues,
  layoutFault,
} from "./row_records.ts";

/** Whether a process controls the others, as this one or one before an upgrade, or serves for one that does. */
export type ProcessRole = "control" | "worker";

/** The id of this process. */
const OWN = "";

interface Member {
  readonly leave: () => void;
  readonly rows: Map<MetricRow, MergedRow>;
}

/**
 * Numbers of all processes of a weir: those that run, by id, and a base of what those that are gone have counted. Counters and histograms
 * add up; gauges go by the rule of their metric and end with their process. It has the shape of `Numbers` and makes a page as they do.
 */
export class MergedNumbers implements ShownNumbers {
  readonly families: Map<string, MergedFamily> = new Map();
  readonly #members: Map<string, Member> = new Map();
  /** Names in force, by the label that they are values of. */
  readonly #retained: Map<string, { has(name: string): boolean }> = new Map();

  /** `own` are the numbers of this process, which is of the control side. */
  constructor(own: RowSource | null = null) {
    if (own !== null) this.#join(OWN, own, "control");
  }

  /** Ids of the processes that were added and not folded. */
  get ids(): readonly string[] {
    return [...this.#members.keys()].filter((id) => id !== OWN);
  }

  /** A process has begun. `id` is its own among all processes of all generations, and not empty. An id in use is folded first. */
  add(id: string, source: RowSource, role: ProcessRole): void {
    this.fold(id);
    this.#join(id, source, role);
  }

  /** A process has ended, and all that it sent has been read: what it counted is kept, its gauges are gone. */
  fold(id: string): void {
    const member = id === OWN ? undefined : this.#members.get(id);
    if (member === undefined) return;
    member.leave();
    this.#members.delete(id);
    for (const [row, merged] of member.rows) {
      const part = merged.part(row)!;
      if (merged.family.kind !== "gauge") merged.keep(part);
      merged.remove(part);
      this.#dropUnlessHeld(merged, false);
    }
  }

  /**
   * Says which names a label of the config has now, as `Metrics.retain` does: what processes that are gone have counted under others is
   * dropped, once no other process has it.
   */
  retain(label: string, names: { has(name: string): boolean }): void {
    this.#retained.set(label, names);
    for (const family of this.families.values()) {
      if (family.labelNames[0] !== label) continue;
      for (const row of [...family.rows.values()]) this.#dropUnlessHeld(row, false);
    }
  }

  /** The base, for a successor, which adds the processes that run itself. Nothing changes here. */
  dump(): BaseBatch[] {
    const batches: BaseBatch[] = [];
    let families: FamilyRecord[] = [];
    let rows: BaseRecord[] = [];
    for (const family of this.families.values()) {
      let id = -1;
      for (const { base, labels } of family.rows.values()) {
        if (base === null) continue;
        if (rows.length === 0 || id < 0) {
          id = families.length;
          families.push(familyRecord(id, family));
        }
        rows.push([id, labelValues(family, labels), Array.from(base)]);
        if (rows.length < BATCH_RECORDS) continue;
        batches.push({ layout: LAYOUT_VERSION, families, rows });
        families = [];
        rows = [];
      }
    }
    if (rows.length > 0) batches.push({ layout: LAYOUT_VERSION, families, rows });
    return batches;
  }

  /** Adds a part of a predecessor's base. Else why it can't be read; nothing of it was taken then. */
  load(batch: BaseBatch): string | null {
    const fault = layoutFault(batch.layout);
    if (fault !== null) return fault;
    const specs = new Map(batch.families.map((f) => [f.id, f]));
    const places = new Map(batch.families.map((f) => [f.id, this.#place(f)]));
    for (const [id, values, counted] of batch.rows) {
      const place = places.get(id);
      const spec = specs.get(id);
      if (place === undefined || spec === undefined || place.map === false) continue;
      const range = { values: Float64Array.from(counted), at: 0 };
      const merged = place.family.row(labelsOf(spec, values));
      merged.keep({ range, slots: Math.min(counted.length, slotsOf(spec)), map: place.map });
      this.#dropUnlessHeld(merged, false);
    }
    return null;
  }

  #join(id: string, source: RowSource, role: ProcessRole): void {
    const rows: Map<MetricRow, MergedRow> = new Map();
    const places: Map<MetricFamily, Place> = new Map();
    const listener: RowListener = {
      onRow: (family, row) => {
        let place = places.get(family);
        if (place === undefined) {
          place = this.#place(family);
          places.set(family, place);
        }
        if (place.map === false || !tells(place.family, id, role)) return;
        const merged = place.family.row(row.labels);
        merged.parts.push({ row, range: row.range, slots: slotsOf(family), map: place.map });
        rows.set(row, merged);
      },
      onForget: (_, row) => {
        const merged = rows.get(row);
        if (merged === undefined) return;
        rows.delete(row);
        this.#forget(merged, merged.part(row)!);
      },
    };
    const leave = source.watch(listener);
    this.#members.set(id, { leave, rows });
  }

  #place(spec: FamilySpec): Place {
    let family = this.families.get(spec.name);
    if (family === undefined) {
      family = new MergedFamily(spec);
      this.families.set(spec.name, family);
    }
    return { family, map: family.adopt(spec) };
  }

  /** While others still have the row, what one has counted stays: a counter that fell would be taken for a restart. */
  #forget(merged: MergedRow, part: LivePart): void {
    merged.remove(part);
    if (merged.parts.length > 0 && merged.family.kind !== "gauge") merged.keep(part);
    this.#dropUnlessHeld(merged, true);
  }

  /** `forgotten`: the last process that had the row has let it go because the config did. */
  #dropUnlessHeld(row: MergedRow, forgotten: boolean): void {
    if (row.parts.length > 0) return;
    const { family, labels } = row;
    const label = family.labelNames[0];
    const names = label === undefined ? undefined : this.#retained.get(label);
    const gone = forgotten || row.base === null || (names !== undefined && !names.has(labels[label!]!));
    if (gone) family.rows.delete(family.keyOf(labels));
  }
}

/** Whether what this process has of a metric is shown. */
function tells({ kind, merge }: FamilySpec, id: string, role: ProcessRole): boolean {
  if (merge !== "control") return true;
  return kind === "gauge" ? id === OWN : role === "control";
}

interface Place {
  readonly family: MergedFamily;
  readonly map: Int32Array | null | false;
}
