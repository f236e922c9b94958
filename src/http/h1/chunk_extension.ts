import { CLASS, TOKEN, VALUE } from "../../base/ascii.ts";

/*
 * Chunk extensions byte by byte (RFC 9112 7.1.1): ";" name [ "=" ( token | quoted-string ) ], again and again, then CR. They are dropped,
 * but read to the letter: a line that two parsers end at two places is how bodies are smuggled. White space stands only before a
 * name or a value, where nobody can take it for an end.
 *
 *   nameDue ──▶ name ──"="──▶ valueDue ──▶ value ──┬─";"─▶ nameDue …
 *                 │               └─'"'─▶ quoted ─'"'─▶ quotedEnd ─┤
 *                 └───────────────────────────────────────────────┴─CR─▶ end
 */
export const X_NAME_DUE = 0;
const X_NAME = 1;
const X_VALUE_DUE = 2;
const X_VALUE = 3;
const X_QUOTED = 4;
const X_QUOTED_PAIR = 5;
const X_QUOTED_END = 6;
/** The CR has been read. */
export const X_END = 7;
export const X_BAD = 8;

const CR = 13;
const HTAB = 9;
const SP = 32;
const QUOTE = 0x22;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;

/** The state after the byte `c`. */
export function nextExtension(state: number, c: number): number {
  switch (state) {
    case X_NAME_DUE:
      return isToken(c) ? X_NAME : c === SP || c === HTAB ? X_NAME_DUE : X_BAD;
    case X_NAME:
      return isToken(c) ? X_NAME : c === EQUALS ? X_VALUE_DUE : endOf(c);
    case X_VALUE_DUE:
      return isToken(c) ? X_VALUE : c === QUOTE ? X_QUOTED : c === SP || c === HTAB ? X_VALUE_DUE : X_BAD;
    case X_VALUE:
      return isToken(c) ? X_VALUE : endOf(c);
    case X_QUOTED:
      return c === QUOTE ? X_QUOTED_END : c === BACKSLASH ? X_QUOTED_PAIR : (CLASS[c]! & VALUE) !== 0 ? X_QUOTED : X_BAD;
    case X_QUOTED_PAIR:
      return (CLASS[c]! & VALUE) !== 0 ? X_QUOTED : X_BAD;
    case X_QUOTED_END:
      return endOf(c);
    default:
      return X_BAD;
  }
}

function isToken(c: number): boolean {
  return (CLASS[c]! & TOKEN) !== 0;
}

function endOf(c: number): number {
  return c === SEMICOLON ? X_NAME_DUE : c === CR ? X_END : X_BAD;
}
