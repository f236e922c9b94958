import { CLASS, NAME, VALUE } from "../../base/ascii.ts";
import { NO_BYTES } from "../../base/bytes.ts";
import { Fields } from "../fields.ts";
import { knownId } from "../names.ts";
import {
  F_BAD_NAME,
  F_BAD_VALUE,
  F_BARE_CR,
  F_BARE_LF,
  F_EMPTY_NAME,
  F_OBS_FOLD,
  F_SPACE_BEFORE_COLON,
  F_TOO_MANY_FIELDS,
  F_UNDERSCORE,
  MORE,
} from "./faults.ts";

const CR = 13;
const LF = 10;
const SP = 32;
const HTAB = 9;
const COLON = 0x3a;
const UNDERSCORE = 0x5f;

/**
 * Reads field lines (RFC 9112 section 5) in one pass from left to right. When bytes are missing it goes on where it stopped, so that
 * the result does not depend on how the bytes were cut, nor the work on how many pieces there were.
 */
export class FieldReader {
  /** Offset of the next line in the buffer that is handed to `read`. */
  pos = 0;
  spans: number[] = [];
  mask = 0;
  /** Known fields that came more than once. */
  repeated = 0;
  readonly #maxFields: number;
  readonly #underscores: "drop" | "keep" | "refuse";
  #count = 0;
  /** Where a line that is not whole was left, 0 when none was; what is known of it: the ends of its name and of the space before its value, or 0. */
  #at = 0;
  #nameEnd = 0;
  #valueStart = 0;
  #underscore = false;

  constructor(maxFields: number, underscores: "drop" | "keep" | "refuse") {
    this.#maxFields = maxFields;
    this.#underscores = underscores;
  }

  start(pos: number): void {
    this.pos = pos;
    this.spans = [];
    this.mask = 0;
    this.repeated = 0;
    this.#count = 0;
    this.#at = 0;
  }

  /** Offset behind the empty line that ends the section, `MORE`, or a fault. */
  read(b: Uint8Array, end: number): number {
    const spans = this.spans;
    let p = this.pos;
    for (;;) {
      this.pos = p;
      if (p >= end) return MORE;
      if (b[p] === CR) {
        if (p + 1 >= end) return MORE;
        return b[p + 1] === LF ? p + 2 : F_BARE_CR;
      }
      const nameStart = p;
      let nameEnd = 0;
      let valueStart = 0;
      let underscore = false;
      if (this.#at !== 0) {
        p = this.#at;
        nameEnd = this.#nameEnd;
        valueStart = this.#valueStart;
        underscore = this.#underscore;
        this.#at = 0;
      }
      if (nameEnd === 0) {
        for (;;) {
          while (p < end && (CLASS[b[p]!]! & NAME) !== 0) p++;
          if (p >= end) return this.#leave(p, 0, 0, underscore);
          if (b[p] !== UNDERSCORE) break;
          underscore = true;
          p++;
        }
        if (b[p] !== COLON) return nameFault(b[p]!, p === nameStart);
        if (p === nameStart) return F_EMPTY_NAME;
        nameEnd = p;
        p++;
      }
      if (valueStart === 0) {
        while (p < end && (b[p] === SP || b[p] === HTAB)) p++;
        if (p >= end) return this.#leave(p, nameEnd, 0, underscore);
        valueStart = p;
      }
      while (p < end && (CLASS[b[p]!]! & VALUE) !== 0) p++;
      if (p >= end) return this.#leave(p, nameEnd, valueStart, underscore);
      if (b[p] !== CR) return b[p] === LF ? F_BARE_LF : F_BAD_VALUE;
      if (p + 1 >= end) return this.#leave(p, nameEnd, valueStart, underscore);
      if (b[p + 1] !== LF) return F_BARE_CR;
      if (++this.#count > this.#maxFields) return F_TOO_MANY_FIELDS;
      let valueEnd = p;
      while (valueEnd > valueStart && (b[valueEnd - 1] === SP || b[valueEnd - 1] === HTAB)) valueEnd--;
      p += 2;
      if (underscore && this.#underscores !== "keep") {
        if (this.#underscores === "refuse") return F_UNDERSCORE;
        continue;
      }
      const id = knownId(b, nameStart, nameEnd);
      if (id !== 0) {
        const bit = 1 << id;
        if ((this.mask & bit) !== 0) this.repeated |= bit;
        this.mask |= bit;
      }
      spans.push(nameStart, nameEnd, valueStart, valueEnd, id);
    }
  }

  #leave(at: number, nameEnd: number, valueStart: number, underscore: boolean): number {
    this.#at = at;
    this.#nameEnd = nameEnd;
    this.#valueStart = valueStart;
    this.#underscore = underscore;
    return MORE;
  }

  /** The fields read, which keep `b`; the reader holds nothing of them afterwards. */
  take(b: Uint8Array): Fields {
    const f = new Fields(b, this.spans, this.mask);
    this.spans = NO_SPANS;
    return f;
  }
}

const NO_SPANS: number[] = [];

/** An empty section. */
export function noFields(): Fields {
  return new Fields(NO_BYTES, [], 0);
}

function nameFault(c: number, first: boolean): number {
  if (c === LF) return F_BARE_LF;
  if (c === CR) return F_BARE_CR;
  if (c === SP || c === HTAB) return first ? F_OBS_FOLD : F_SPACE_BEFORE_COLON;
  return F_BAD_NAME;
}
