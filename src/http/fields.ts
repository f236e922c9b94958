import { equalsIgnoreCase, latin1 } from "../base/bytes.ts";
import { idOfName } from "./names.ts";

/** Numbers per received field in `Fields.spans`: name start, name end, value start, value end, id (−1: removed). */
export const STRIDE = 5;

/**
 * The fields of one message: an ordered multimap whose names keep the case that they came in and are found whatever their case.
 * Received fields stay bytes until they are asked for; what Weir or a filter adds is kept as strings behind them.
 * Values are strings of bytes (chars below 0x100).
 */
export class Fields {
  /** The bytes that `spans` points into; for codecs. */
  raw: Uint8Array;
  /** `STRIDE` numbers a received field; for codecs. */
  readonly spans: number[];
  /** Bit `id` is set when a known field was received and may still be there; a fast no, never a sure yes. */
  mask: number;
  /** Name, value, name, value…; for codecs. */
  added: string[] | null = null;
  /**
   * Names in lower case, pseudo-header fields among them, whose values may be in no table of HPACK, here or further on (RFC 7541 6.2.3).
   * null: no sender has asked for it. It stays with a name whatever becomes of its value, and means nothing in HTTP/1.x.
   */
  neverIndexed: ReadonlySet<string> | null = null;

  constructor(raw: Uint8Array, spans: number[], mask: number) {
    this.raw = raw;
    this.spans = spans;
    this.mask = mask;
  }

  static empty(): Fields {
    return new Fields(NONE, [], 0);
  }

  /** Fields of name and value pairs, such as `Fields.of("content-type", "text/plain")`. */
  static of(...pairs: string[]): Fields {
    const f = Fields.empty();
    for (let i = 0; i < pairs.length; i += 2) f.add(pairs[i]!, pairs[i + 1]!);
    return f;
  }

  /** The first value of the field, null when there is none. */
  get(name: string): string | null {
    const id = idOfName(name);
    if (id > 0 && (this.mask & (1 << id)) === 0) return null;
    const lower = name.toLowerCase();
    const i = this.#find(lower, id);
    if (i >= 0) return latin1(this.raw, this.spans[i + 2]!, this.spans[i + 3]!);
    const a = this.added;
    if (a !== null) for (let j = 0; j < a.length; j += 2) if (a[j]!.toLowerCase() === lower) return a[j + 1]!;
    return null;
  }

  /** All values in order. */
  getAll(name: string): string[] {
    const id = idOfName(name);
    const out: string[] = [];
    if (id > 0 && (this.mask & (1 << id)) === 0) return out;
    const lower = name.toLowerCase();
    const { raw, spans: s, added: a } = this;
    for (let i = 0; i < s.length; i += STRIDE) {
      if (s[i + 4] === id && (id > 0 || equalsIgnoreCase(raw, s[i]!, s[i + 1]!, lower))) {
        out.push(latin1(raw, s[i + 2]!, s[i + 3]!));
      }
    }
    if (a !== null) for (let j = 0; j < a.length; j += 2) if (a[j]!.toLowerCase() === lower) out.push(a[j + 1]!);
    return out;
  }

  /** All values joined as RFC 9110 5.3 allows, null when there is none. */
  list(name: string): string | null {
    const all = this.getAll(name);
    return all.length === 0 ? null : all.join(", ");
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  /** Whether a known field (an id of `names.ts`) was received or added. One bit test when it was not. */
  hasId(id: number): boolean {
    return (this.mask & (1 << id)) !== 0;
  }

  /** First received or added value of a known field; null when there is none. */
  getId(id: number, lower: string): string | null {
    if ((this.mask & (1 << id)) === 0) return null;
    return this.get(lower);
  }

  add(name: string, value: string): void {
    this.mask |= 1 << idOfName(name);
    if (this.added === null) this.added = [name, value];
    else this.added.push(name, value);
  }

  /** Replaces every field of that name by one. */
  set(name: string, value: string): void {
    this.remove(name);
    this.add(name, value);
  }

  /** Removes every field of that name; whether there was one. */
  remove(name: string): boolean {
    const id = idOfName(name);
    if (id > 0 && (this.mask & (1 << id)) === 0) return false;
    const lower = name.toLowerCase();
    const s = this.spans;
    let found = false;
    for (let i = 0; i < s.length; i += STRIDE) {
      if (s[i + 4] === -1) continue;
      if (id > 0 ? s[i + 4] === id : s[i + 4] === 0 && equalsIgnoreCase(this.raw, s[i]!, s[i + 1]!, lower)) {
        s[i + 4] = -1;
        found = true;
      }
    }
    if (this.#removeAdded(lower)) found = true;
    if (id > 0) this.mask &= ~(1 << id);
    return found;
  }

  /** Calls `f` for each field in order. */
  forEach(f: (name: string, value: string) => void): void {
    const s = this.spans;
    for (let i = 0; i < s.length; i += STRIDE) {
      if (s[i + 4] === -1) continue;
      f(latin1(this.raw, s[i]!, s[i + 1]!), latin1(this.raw, s[i + 2]!, s[i + 3]!));
    }
    const a = this.added;
    if (a !== null) for (let j = 0; j < a.length; j += 2) f(a[j]!, a[j + 1]!);
  }

  /** How many fields there are. */
  count(): number {
    let n = this.added === null ? 0 : this.added.length / 2;
    const s = this.spans;
    for (let i = 4; i < s.length; i += STRIDE) if (s[i] !== -1) n++;
    return n;
  }

  /** A copy that can be changed alone; the received bytes are shared. */
  clone(): Fields {
    const f = new Fields(this.raw, this.spans.slice(), this.mask);
    f.added = this.added === null ? null : this.added.slice();
    f.neverIndexed = this.neverIndexed;
    return f;
  }

  #find(lower: string, id: number): number {
    const s = this.spans;
    for (let i = 0; i < s.length; i += STRIDE) {
      if (id > 0 ? s[i + 4] === id : s[i + 4] === 0 && equalsIgnoreCase(this.raw, s[i]!, s[i + 1]!, lower)) return i;
    }
    return -1;
  }

  #removeAdded(lower: string): boolean {
    const a = this.added;
    if (a === null) return false;
    let kept = 0;
    for (let j = 0; j < a.length; j += 2) {
      if (a[j]!.toLowerCase() === lower) continue;
      a[kept] = a[j]!;
      a[kept + 1] = a[j + 1]!;
      kept += 2;
    }
    if (kept === a.length) return false;
    if (kept === 0) this.added = null;
    else a.length = kept;
    return true;
  }
}

const NONE = new Uint8Array(0);

/** Index in `spans` of the first received field with that id; -1 when there is none. */
export function spanOf(f: Fields, id: number): number {
  const s = f.spans;
  for (let i = 0; i < s.length; i += STRIDE) if (s[i + 4] === id) return i;
  return -1;
}
