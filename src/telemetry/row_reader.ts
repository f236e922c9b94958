import {
  handleAt,
  keyOf,
  type MetricFamily,
  type MetricRow,
  type RowListener,
  type RowSource,
  slotsOf,
  tellAll,
} from "./metric_family.ts";
import {
  type FamilyRecord,
  HEADER_SLOTS,
  labelsOf,
  layoutFault,
  type RowBatch,
  type RowChange,
  type RowRecord,
} from "./row_records.ts";

interface Known {
  readonly family: MetricFamily;
  readonly row: MetricRow;
}

/**
 * Rows that another process writes, read from memory that both map, without locks. A value is never torn: slots are aligned to their 8
 * bytes, engines move a float64 with one instruction, and on x86-64 and AArch64 such a move is whole (Intel SDM volume 3, "Guaranteed
 * Atomic Operations"; Arm ARM B2.2.1, "Requirements for single-copy atomicity"). Each value is right, but they are not of one moment: of
 * a request that ends right now some numbers may have it and some not yet.
 */
export class RowReader implements RowSource {
  readonly buffer: ArrayBuffer;
  readonly families: Map<string, MetricFamily> = new Map();
  readonly #values: Float64Array;
  readonly #byId: Map<number, MetricFamily> = new Map();
  readonly #bySlot: Map<number, Known> = new Map();
  readonly #listeners: Set<RowListener> = new Set();
  #fault: string | null = null;

  constructor(buffer: ArrayBuffer) {
    this.buffer = buffer;
    this.#values = new Float64Array(buffer, 0, Math.floor(buffer.byteLength / 8));
  }

  /**
   * Takes what the process's `RowFeed` sent; all batches, in order. Else why it can't be read: another build's layout, or records that
   * do not fit the memory. Rows so far stay, and nothing more is taken.
   */
  apply(batch: RowBatch): string | null {
    this.#fault ??= layoutFault(batch.layout) ?? layoutFault(this.#values[0]);
    for (const change of batch.changes) {
      if (this.#fault !== null) break;
      this.#fault = this.#apply(change);
    }
    return this.#fault;
  }

  watch(listener: RowListener): () => void {
    tellAll(this.families, listener);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #apply(change: RowChange): string | null {
    if (typeof change === "number") this.#forget(change);
    else if (isRow(change)) return this.#add(change);
    else this.#addFamily(change);
    return null;
  }

  #addFamily({ id, ...spec }: FamilyRecord): void {
    let family = this.families.get(spec.name);
    if (family === undefined) {
      family = { ...spec, rows: new Map() };
      this.families.set(spec.name, family);
    }
    this.#byId.set(id, family);
  }

  #add([id, slot, ...values]: RowRecord): string | null {
    const family = this.#byId.get(id);
    if (family === undefined) return `a row of numbers has a family that was not told: found ${id}`;
    const end = slot + slotsOf(family);
    if (!Number.isInteger(slot) || slot < HEADER_SLOTS || end > this.#values.length)
      return `a row of ${family.name} lies outside of its memory: found slots ${slot} to ${end}, wanted ${HEADER_SLOTS} to ${this.#values.length}`;
    const range = { values: this.#values, at: slot };
    const row: MetricRow = { labels: labelsOf(family, values), metric: handleAt(family, range), range };
    const key = keyOf(row.labels);
    // Told twice: by its process and by one that knew of it.
    if (family.rows.get(key)?.range.at === slot) return null;
    family.rows.set(key, row);
    this.#bySlot.set(slot, { family, row });
    for (const l of this.#listeners) l.onRow(family, row);
    return null;
  }

  #forget(slot: number): void {
    const known = this.#bySlot.get(slot);
    if (known === undefined) return;
    const { family, row } = known;
    this.#bySlot.delete(slot);
    family.rows.delete(keyOf(row.labels));
    for (const l of this.#listeners) l.onForget(family, row);
  }
}

function isRow(change: FamilyRecord | RowRecord): change is RowRecord {
  return Array.isArray(change);
}
