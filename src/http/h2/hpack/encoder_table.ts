import { LOWER } from "../../../base/ascii.ts";
import { putBytes } from "../../../base/bytes.ts";
import { DEFAULT_TABLE_BYTES, DynamicTable, ENTRY_OVERHEAD } from "./dynamic_table.ts";
import { CHAIN_STEPS } from "./limits.ts";
import { STATIC_COUNT } from "./static_table.ts";

const BUCKET_BITS = 6;
/** Fields remembered as seen once: those of a few heads. */
const SEEN_FIELDS = 64;
const COLON = 0x3a;
const SP = 32;
const CR = 13;
const LF = 10;

/**
 * The encoder's dynamic table, in which fields are found. A field gets into it when it comes the second time: what never comes again
 * neither costs an insertion nor pushes out what does.
 *
 * A name is told by its key (`encoder_names.ts`), or by its hash and its bytes when it has none; it may have upper case, entries have not.
 */
export class EncoderTable {
  /** An entry's meta is its name's key or hash, its link the number of the entry before it in its bucket. */
  readonly entries: DynamicTable = new DynamicTable(DEFAULT_TABLE_BYTES);
  /** Number of each bucket's newest entry. */
  readonly #newest: Int32Array = new Int32Array(1 << BUCKET_BITS);
  /** Hashes of fields that came, the oldest at `#seenAt`. */
  readonly #seen: Int32Array = new Int32Array(SEEN_FIELDS);
  #seenAt = 0;

  /** Index of the entry that is the field; negative, of one that has its name; 0, of none. */
  find(b: Uint8Array, name: number, nameEnd: number, value: number, valueEnd: number, key: number, hash: number): number {
    const { entries } = this;
    const gone = entries.inserted - entries.count;
    const nameLength = nameEnd - name;
    const valueLength = valueEnd - value;
    const wanted = key === 0 ? hash : key;
    let named = 0;
    let number = this.#newest[bucketOf(wanted)]!;
    for (let steps = CHAIN_STEPS; number > gone && steps > 0; steps--) {
      const slot = entries.slotOf(number);
      if (entries.meta(slot) === wanted) {
        const line = entries.lineAt(slot);
        if (key !== 0 || (entries.nameLength(slot) === nameLength && equalsLower(entries.bytes, line, b, name, nameLength))) {
          const index = STATIC_COUNT + 1 + entries.inserted - number;
          const same = entries.valueLength(slot) === valueLength;
          if (same && equalBytes(entries.bytes, line + nameLength + 2, b, value, valueLength)) return index;
          if (named === 0) named = -index;
        }
      }
      number = entries.link(slot);
    }
    return named;
  }

  /** Whether a field that was not found is to be inserted. Half of the table for one field is too much. */
  wants(b: Uint8Array, nameLength: number, value: number, valueEnd: number, key: number, hash: number): boolean {
    if (nameLength + valueEnd - value + ENTRY_OVERHEAD > this.entries.max >>> 1) return false;
    let h = key === 0 ? hash : key;
    for (let i = value; i < valueEnd; i++) h = Math.imul(h ^ b[i]!, 0x01000193);
    const seen = this.#seen;
    if (seen.indexOf(h) >= 0) return true;
    seen[this.#seenAt] = h;
    this.#seenAt = (this.#seenAt + 1) % SEEN_FIELDS;
    return false;
  }

  insert(b: Uint8Array, name: number, nameEnd: number, value: number, valueEnd: number, key: number, hash: number): void {
    const { entries } = this;
    const nameLength = nameEnd - name;
    const wanted = key === 0 ? hash : key;
    const bucket = bucketOf(wanted);
    const at = entries.insert(nameLength, valueEnd - value, wanted, this.#newest[bucket]!);
    if (at < 0) return;
    this.#newest[bucket] = entries.inserted;
    const { bytes } = entries;
    for (let i = 0; i < nameLength; i++) bytes[at + i] = LOWER[b[name + i]!]!;
    bytes[at + nameLength] = COLON;
    bytes[at + nameLength + 1] = SP;
    const end = putBytes(bytes, at + nameLength + 2, b, value, valueEnd);
    bytes[end] = CR;
    bytes[end + 1] = LF;
  }
}

export function equalBytes(a: Uint8Array, i: number, b: Uint8Array, j: number, n: number): boolean {
  for (let k = 0; k < n; k++) if (a[i + k] !== b[j + k]) return false;
  return true;
}

function equalsLower(lower: Uint8Array, i: number, b: Uint8Array, j: number, n: number): boolean {
  for (let k = 0; k < n; k++) if (lower[i + k] !== LOWER[b[j + k]!]) return false;
  return true;
}

function bucketOf(key: number): number {
  return Math.imul(key, 0x9e3779b1) >>> (32 - BUCKET_BITS);
}
