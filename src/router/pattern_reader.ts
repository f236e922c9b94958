import { addRange, type CharSet, complementOf, emptySet, foldSet, setOf, unionOf } from "./char_set.ts";

/** What a simple pattern is made of: single chars repeated, and groups that are there once or, when optional, not at all. */
export type Part = Repeat | Group;
export interface Repeat {
  readonly kind: "repeat";
  readonly set: CharSet;
  readonly min: number;
  /** Infinity: no end. */
  readonly max: number;
}
export interface Group {
  readonly kind: "group";
  /** Alternatives, each a sequence. */
  readonly options: readonly (readonly Part[])[];
  readonly optional: boolean;
}

/** RE2's limit of a counted repetition. */
const MOST_REPEATS = 1000;

const DIGITS = range(0x30, 0x39);
const WORDS = unionOf(unionOf(DIGITS, setOf("_")), unionOf(range(0x41, 0x5a), range(0x61, 0x7a)));
const SPACES = setOf("\t\n\f\r ");
const CLASSES: ReadonlyMap<string, CharSet> = new Map([
  ["d", DIGITS],
  ["D", complementOf(DIGITS)],
  ["w", WORDS],
  ["W", complementOf(WORDS)],
  ["s", SPACES],
  ["S", complementOf(SPACES)],
]);
const CONTROLS: ReadonlyMap<string, string> = new Map([
  ["t", "\t"],
  ["n", "\n"],
  ["r", "\r"],
  ["f", "\f"],
  ["v", "\v"],
]);
const ANY = complementOf(setOf("\n"));
/** Chars that mean something in a pattern, or may; as literals they are read by RE2 alone. */
const SPECIAL = "\\^$.[]|()?*+{}";

function range(from: number, to: number): CharSet {
  const s = emptySet();
  addRange(s, from, to);
  return s;
}

/**
 * Reads the part of RE2's syntax that means the same without doubt: ASCII literals, escapes, classes, `.`, groups, alternatives and
 * greedy or lazy repetition of single chars. Anything else, valid or not, is null and belongs to RE2.
 */
export function readPattern(pattern: string, ignoreCase: boolean): Group | null {
  let text = pattern;
  if (text.startsWith("^")) text = text.slice(1);
  // An anchor at an end of the whole says nothing new there, but belongs to one alternative where there are several.
  const last = text.length - 1;
  const anchored = text.length < pattern.length || (text.endsWith("$") && text[last - 1] !== "\\");
  if (text.endsWith("$") && text[last - 1] !== "\\") text = text.slice(0, -1);
  const reader = new PatternReader(text, ignoreCase);
  const options = reader.readOptions(0);
  if (options === null || !reader.atEnd || (anchored && options.length > 1)) return null;
  return { kind: "group", options, optional: false };
}

const DEEPEST = 20;

class PatternReader {
  readonly #text: string;
  readonly #ignoreCase: boolean;
  #at = 0;

  constructor(text: string, ignoreCase: boolean) {
    this.#text = text;
    this.#ignoreCase = ignoreCase;
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  readOptions(depth: number): Part[][] | null {
    if (depth > DEEPEST) return null;
    const options: Part[][] = [];
    do {
      const sequence = this.#readSequence(depth);
      if (sequence === null) return null;
      options.push(sequence);
    } while (this.#take("|"));
    return options;
  }

  #readSequence(depth: number): Part[] | null {
    const parts: Part[] = [];
    while (!this.atEnd && this.#peek() !== "|" && this.#peek() !== ")") {
      const part = this.#take("(") ? this.#readGroup(depth) : this.#readRepeat();
      if (part === null) return null;
      parts.push(part);
    }
    return parts;
  }

  #readGroup(depth: number): Group | null {
    if (this.#take("?") && !this.#take(":")) return null;
    const options = this.readOptions(depth + 1);
    if (options === null || !this.#take(")")) return null;
    const optional = this.#take("?");
    if (optional) this.#take("?");
    return "*+?{".includes(this.#peek()) && !this.atEnd ? null : { kind: "group", options, optional };
  }

  #readRepeat(): Repeat | null {
    const set = this.#readSet();
    if (set === null) return null;
    const counts = this.#readCounts();
    if (counts === null) return null;
    return { kind: "repeat", set, min: counts[0], max: counts[1] };
  }

  #readCounts(): readonly [min: number, max: number] | null {
    let counts: readonly [number, number] = [1, 1];
    if (this.#take("*")) counts = [0, Infinity];
    else if (this.#take("+")) counts = [1, Infinity];
    else if (this.#take("?")) counts = [0, 1];
    else if (this.#peek() === "{") {
      const m = /^\{(\d{1,4})(,(\d{1,4})?)?\}/.exec(this.#text.slice(this.#at));
      if (m === null) return null;
      const min = Number(m[1]);
      const max = m[2] === undefined ? min : m[3] === undefined ? Infinity : Number(m[3]);
      if (min > MOST_REPEATS || max < min || (max !== Infinity && max > MOST_REPEATS)) return null;
      this.#at += m[0].length;
      counts = [min, max];
    } else return counts;
    // Lazy or not is the same for a match of the whole.
    this.#take("?");
    return !this.atEnd && "*+?{".includes(this.#peek()) ? null : counts;
  }

  #readSet(): CharSet | null {
    const c = this.#text[this.#at++]!;
    if (c === ".") return ANY;
    if (c === "[") return this.#readClass();
    const set = c === "\\" ? this.#readEscape() : SPECIAL.includes(c) || c > "~" ? null : setOf(c);
    return set !== null && this.#ignoreCase ? foldSet(set) : set;
  }

  /** Behind a backslash. */
  #readEscape(): CharSet | null {
    const c = this.#text[this.#at++];
    if (c === undefined) return null;
    const named = CLASSES.get(c);
    if (named !== undefined) return named;
    const control = CONTROLS.get(c);
    if (control !== undefined) return setOf(control);
    return /[\x21-\x7e]/.test(c) && !/[0-9A-Za-z]/.test(c) ? setOf(c) : null;
  }

  /** Behind the opening bracket. */
  #readClass(): CharSet | null {
    const negated = this.#take("^");
    // A bracket in the first place is itself in RE2 and ends an empty class natively.
    if (this.#peek() === "]") return null;
    let set = emptySet();
    let first = true;
    while (!this.#take("]")) {
      const from = this.#readClassChar(first);
      first = false;
      if (from === null) return null;
      if (typeof from !== "number") {
        set = unionOf(set, from);
        if (this.#peek() === "-") return null;
        continue;
      }
      let to = from;
      if (this.#peek() === "-" && this.#text[this.#at + 1] !== "]") {
        this.#at++;
        const end = this.#readClassChar(false);
        if (typeof end !== "number" || end < from) return null;
        to = end;
      }
      addRange(set, from, to);
    }
    if (this.#ignoreCase) set = foldSet(set);
    return negated ? complementOf(set) : set;
  }

  /** A char's code, or the set of an escape such as `\d`. */
  #readClassChar(first: boolean): number | CharSet | null {
    const c = this.#text[this.#at++];
    if (c === undefined || c === "[" || c > "~" || c === "]") return null;
    // A dash in the middle is read in two ways by the many engines; at an end it is itself.
    if (c === "-" && !first && this.#peek() !== "]") return null;
    if (c !== "\\") return c.charCodeAt(0);
    const at = this.#at;
    const set = this.#readEscape();
    if (set === null || CLASSES.has(this.#text[at]!)) return set;
    return set.indexOf(1);
  }

  #peek(): string {
    return this.#text[this.#at] ?? "";
  }

  #take(c: string): boolean {
    if (this.#text[this.#at] !== c) return false;
    this.#at++;
    return true;
  }
}
