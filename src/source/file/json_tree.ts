import type { SourceText, Span } from "./source_text.ts";
import type { ConfNode, MapEntry, ScalarNode } from "./tree.ts";

/** Nesting that no config needs. */
const DEPTH = 100;
/** Digits up to which a number is exact however it is read. */
const EXACT_DIGITS = 15;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
/** Signs that a string holds as escapes alone. */
const CONTROL = /[\0-\x1f]/;
const SPACE = /[ \t\r\n]*/y;
const WORDS: readonly (readonly [string, boolean | null])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
];

/**
 * The tree of a JSON text (RFC 8259), the same that the YAML reader makes of it and in a fraction of its time. null when the text is
 * anything else, a key stands twice or it nests too deeply: the YAML reader then tells what is wrong.
 */
export function readJson(source: SourceText): ConfNode | null {
  return new JsonReader(source).document();
}

class JsonReader {
  readonly #source: SourceText;
  readonly #text: string;
  #at = 0;

  constructor(source: SourceText) {
    this.#source = source;
    this.#text = source.text;
  }

  document(): ConfNode | null {
    const node = this.#value(0);
    this.#skipSpace();
    return this.#at === this.#text.length ? node : null;
  }

  #value(depth: number): ConfNode | null {
    if (depth > DEPTH) return null;
    this.#skipSpace();
    const start = this.#at;
    switch (this.#text[start]) {
      case "{":
        return this.#map(start, depth);
      case "[":
        return this.#list(start, depth);
      case '"': {
        const value = this.#string();
        return value === null ? null : this.#scalar(start, value);
      }
      default:
        return this.#wordOrNumber(start);
    }
  }

  #map(start: number, depth: number): ConfNode | null {
    const entries = new Map<string, MapEntry>();
    this.#at++;
    if (this.#takes("}")) return { kind: "map", span: this.#span(start), entries };
    do {
      this.#skipSpace();
      const keyStart = this.#at;
      const name = this.#string();
      if (name === null || entries.has(name)) return null;
      const key = this.#span(keyStart);
      if (!this.#takes(":")) return null;
      const value = this.#value(depth + 1);
      if (value === null) return null;
      entries.set(name, { key, value });
    } while (this.#takes(","));
    return this.#takes("}") ? { kind: "map", span: this.#span(start), entries } : null;
  }

  #list(start: number, depth: number): ConfNode | null {
    const items: ConfNode[] = [];
    this.#at++;
    if (this.#takes("]")) return { kind: "list", span: this.#span(start), items };
    do {
      const item = this.#value(depth + 1);
      if (item === null) return null;
      items.push(item);
    } while (this.#takes(","));
    return this.#takes("]") ? { kind: "list", span: this.#span(start), items } : null;
  }

  #string(): string | null {
    const text = this.#text;
    const start = this.#at;
    if (text[start] !== '"') return null;
    let end = start;
    do end = text.indexOf('"', end + 1);
    while (end > 0 && isEscaped(text, end));
    if (end < 0) return null;
    const token = text.slice(start, end + 1);
    this.#at = end + 1;
    if (!token.includes("\\")) return CONTROL.test(token) ? null : token.slice(1, -1);
    try {
      return JSON.parse(token) as string;
    } catch {
      return null;
    }
  }

  #wordOrNumber(start: number): ConfNode | null {
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, start)) continue;
      this.#at += word.length;
      return this.#scalar(start, value);
    }
    NUMBER.lastIndex = start;
    if (!NUMBER.test(this.#text) || NUMBER.lastIndex - start > EXACT_DIGITS) return null;
    this.#at = NUMBER.lastIndex;
    return this.#scalar(start, Number(this.#text.slice(start, this.#at)));
  }

  /** Whether the next sign is this one; it is then behind. */
  #takes(sign: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
  }

  #scalar(start: number, value: ScalarNode["value"]): ScalarNode {
    return { kind: "scalar", span: this.#span(start), value };
  }

  #span(start: number): Span {
    return { source: this.#source, start, end: this.#at };
  }
}

/** Whether an odd number of backslashes stands before the sign. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text[first - 1] === "\\") first--;
  return (at - first) % 2 === 1;
}
