/** Where in a source a problem stands; lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The line itself, without its line break. */
  readonly text: string;
  /** How many characters the caret underlines. */
  readonly length: number;
}

/** One thing wrong with a configuration. All of them are told at once. */
export interface Problem {
  readonly severity: "error" | "warning";
  /** Path of keys to the value, such as `routes[0].match[0].prefix`. */
  readonly path: string;
  /** What to do first, then what was found and what was wanted; no final period. */
  readonly message: string;
  /** A likely intention, such as `did you mean "hosts"?`; "" when there is none. */
  readonly hint: string;
  readonly place: Place | null;
}
