/** What a public list of shapes holds, and which rows of the tables stand for it. */
export interface Corpus {
  readonly name: string;
  /** Where the list is, and as of when. */
  readonly source: string;
  readonly entries: readonly CorpusEntry[];
}

/**
 * The list's own name for the shape, what it is, and rows: `TABLE: row`, where a table is `start`, `fields`, `framing`, `chunked` or
 * `replies` (the codecs', at every cut), `e2e` or `e2e replies` (through the whole proxy), or `PATH > part of a test's name`.
 * An entry whose one row begins with `none: ` has no row, for the reason that follows.
 */
export type CorpusEntry = readonly [id: string, what: string, ...rows: string[]];
