import type { FamilySpec } from "./metric_family.ts";

/**
 * Version of what stands in memory that others map, and of the records that say where. It stands in slot 0. A reader refuses any other:
 * raise it when a slot, a record or the meaning of one changes.
 */
export const LAYOUT_VERSION = 1;

/** Slots at the start of the memory that are no row's: the version, and room. */
export const HEADER_SLOTS = 8;

/** Told once, before its rows. `id` is the feed's own. */
export interface FamilyRecord extends FamilySpec {
  readonly id: number;
}

/** The family's id, the first slot, the labels' values in the order of the family's `labelNames`. */
export type RowRecord = readonly [family: number, slot: number, ...labels: string[]];

/** A number is the first slot of a row that was forgotten. */
export type RowChange = FamilyRecord | RowRecord | number;

/** Changes of a process's rows, to be applied in order. Plain: structured clone and JSON keep it whole. */
export interface RowBatch {
  readonly layout: number;
  readonly changes: readonly RowChange[];
}

/** A row with what was counted by processes that are gone: the family's id, labels' values, slots. */
export type BaseRecord = readonly [family: number, labels: readonly string[], values: readonly number[]];

/** Part of what `MergedNumbers` hands on. Plain, as a `RowBatch`. */
export interface BaseBatch {
  readonly layout: number;
  readonly families: readonly FamilyRecord[];
  readonly rows: readonly BaseRecord[];
}

/** Changes or rows in one batch: some 30 KB as JSON, so that no message holds others up. */
export const BATCH_RECORDS = 1000;

export function familyRecord(id: number, f: FamilySpec): FamilyRecord {
  const { name, help, kind, labelNames, bounds, cellLabel, cellNames, zeros, merge } = f;
  return { id, name, help, kind, labelNames, bounds, cellLabel, cellNames, zeros, merge };
}

/** The labels' values in the order of `labelNames`. */
export function labelValues({ labelNames }: FamilySpec, labels: Readonly<Record<string, string>>): string[] {
  return labelNames.map((name) => labels[name] ?? "");
}

export function labelsOf({ labelNames }: FamilySpec, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(labelNames.map((name, i) => [name, values[i] ?? ""]));
}

/** What is wrong with a layout, or null. */
export function layoutFault(found: unknown): string | null {
  return found === LAYOUT_VERSION
    ? null
    : `layout of numbers is not known: found version ${String(found)}, wanted ${LAYOUT_VERSION}`;
}
