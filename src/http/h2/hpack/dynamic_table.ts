import { NO_BYTES } from "../../../base/bytes.ts";

/** What an entry counts for besides its name and value (RFC 7541 4.1). */
export const ENTRY_OVERHEAD = 32;
/** SETTINGS_HEADER_TABLE_SIZE before any was heard of (RFC 9113 6.5.2). */
export const DEFAULT_TABLE_BYTES = 4096;

/** Numbers an entry in `columns`: where its line starts in `bytes`, the lengths of its name and value, two numbers of the owner's. */
const COLUMNS = 5;
const FIRST_SLOTS = 16;
const FIRST_BYTES = 1024;
const LINE_OVERHEAD = 4;

/**
 * The dynamic table of RFC 7541 2.3.2, oldest out first. An entry is a line `name: value CRLF` in one array, so that a field is copied
 * from it at once. Both grow with what is in them: a connection that never indexes has none.
 *
 * Entries are told by their number, which counts insertions from 1 on; the newest has `inserted`.
 */
export class DynamicTable {
  bytes: Uint8Array = NO_BYTES;
  inserted = 0;
  count = 0;
  /** RFC 7541 4.1: names, values and overhead. */
  size = 0;
  max: number;
  /** A power of two of slots; an entry's is its number modulo that. */
  #columns: Int32Array = new Int32Array(0);
  #slotMask = -1;
  /** First free byte. */
  #end = 0;

  constructor(max: number) {
    this.max = max;
  }

  /** Start of the entry's columns; pass it to the methods below. The entry must be there: `inserted − count < number ≤ inserted`. */
  slotOf(number: number): number {
    return (number & this.#slotMask) * COLUMNS;
  }

  lineAt(slot: number): number {
    return this.#columns[slot]!;
  }

  nameLength(slot: number): number {
    return this.#columns[slot + 1]!;
  }

  valueLength(slot: number): number {
    return this.#columns[slot + 2]!;
  }

  meta(slot: number): number {
    return this.#columns[slot + 3]!;
  }

  link(slot: number): number {
    return this.#columns[slot + 4]!;
  }

  /**
   * Makes room for an entry and counts it in. Returns where in `bytes` the caller is to write its line, −1 when there is no entry: one
   * larger than the table empties it and is no error (RFC 7541 4.4). The line must not be read from this table, as it may move or go.
   */
  insert(nameLength: number, valueLength: number, meta: number, link: number): number {
    const size = nameLength + valueLength + ENTRY_OVERHEAD;
    this.#evict(this.max - size);
    if (size > this.max) return -1;
    const length = nameLength + valueLength + LINE_OVERHEAD;
    if (this.#end + length > this.bytes.length) this.#makeRoom(length);
    if (this.count > this.#slotMask) this.#addSlots();
    const at = this.#end;
    const columns = this.#columns;
    const slot = this.slotOf(++this.inserted);
    columns[slot] = at;
    columns[slot + 1] = nameLength;
    columns[slot + 2] = valueLength;
    columns[slot + 3] = meta;
    columns[slot + 4] = link;
    this.#end = at + length;
    this.size += size;
    this.count++;
    return at;
  }

  /** RFC 7541 4.3. */
  resize(max: number): void {
    this.max = max;
    this.#evict(max);
    if (this.count === 0) {
      this.bytes = NO_BYTES;
      this.#end = 0;
    }
  }

  #evict(until: number): void {
    while (this.size > until && this.count > 0) {
      const slot = this.slotOf(this.inserted - this.count + 1);
      this.size -= this.#columns[slot + 1]! + this.#columns[slot + 2]! + ENTRY_OVERHEAD;
      this.count--;
    }
    if (this.count === 0) this.#end = 0;
  }

  /** Moves the lines to the front, of a larger array when they would soon have to move again. */
  #makeRoom(length: number): void {
    const { bytes, count } = this;
    const columns = this.#columns;
    const from = count === 0 ? this.#end : columns[this.slotOf(this.inserted - count + 1)]!;
    const live = this.#end - from;
    // Twice the table at most, so that a line moves no more than once while as much again as the table holds is inserted.
    const wanted = Math.min(Math.max(FIRST_BYTES, 2 * (live + length)), 2 * this.max);
    if (wanted > bytes.length) {
      this.bytes = new Uint8Array(wanted);
      this.bytes.set(bytes.subarray(from, this.#end));
    } else {
      bytes.copyWithin(0, from, this.#end);
    }
    for (let i = this.inserted - count + 1; i <= this.inserted; i++) columns[this.slotOf(i)]! -= from;
    this.#end = live;
  }

  #addSlots(): void {
    const old = this.#columns;
    const slots = Math.max(FIRST_SLOTS, (old.length / COLUMNS) * 2);
    const columns = new Int32Array(slots * COLUMNS);
    for (let i = this.inserted - this.count + 1; i <= this.inserted; i++) {
      const from = this.slotOf(i);
      columns.set(old.subarray(from, from + COLUMNS), (i & (slots - 1)) * COLUMNS);
    }
    this.#columns = columns;
    this.#slotMask = slots - 1;
  }
}
