import type { Place } from "../../config/problem.ts";

/** A file's text with the offsets of its lines. */
export class SourceText {
  readonly name: string;
  readonly text: string;
  readonly #lines: number[] = [0];

  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
    for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) this.#lines.push(i + 1);
  }

  /** Where `[start, end)` stands; an end on a later line is cut to the end of the first. */
  place(start: number, end: number): Place {
    const at = Math.min(Math.max(start, 0), this.text.length);
    const line = this.#lineOf(at);
    const from = this.#lines[line]!;
    const next = this.#lines[line + 1];
    const text = this.text.slice(from, next === undefined ? this.text.length : next - 1).replace(/\r$/, "");
    const column = Math.min(at - from, text.length);
    const length = Math.max(1, Math.min(end - at, text.length - column));
    return { file: this.name, line: line + 1, column: column + 1, text, length };
  }

  #lineOf(at: number): number {
    let low = 0;
    let high = this.#lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lines[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** A stretch of a file. */
export interface Span {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
}

export function placeOf(span: Span): Place {
  return span.source.place(span.start, span.end);
}
