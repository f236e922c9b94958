import { allOf, TOKEN, VALUE } from "../base/ascii.ts";
import type { Fields } from "../http/fields.ts";

/**
 * What is wrong with the fields that filters have added; null: nothing. A line break in one would be a field, or a message, of its own, and
 * so would a character above U+00FF of which one byte is sent (RFC 9110 5.5). Received ones were read as fields.
 */
export function fieldFault({ added }: Fields): string | null {
  if (added === null) return null;
  for (let i = 0; i < added.length; i += 2) {
    const name = added[i]!;
    if (name === "" || !allOf(name, TOKEN)) return `give a field a name of token characters, found ${JSON.stringify(name)}`;
    const value = added[i + 1]!;
    if (!allOf(value, VALUE))
      return `give the field ${name} a value without control characters and those above U+00FF, found ${JSON.stringify(value)}`;
    // RFC 9113 8.2.1: it would make a message of HTTP/2 malformed.
    if (isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(value.length - 1)))
      return `give the field ${name} a value without a blank at its ends, found ${JSON.stringify(value)}`;
  }
  return null;
}

/** NaN, of an empty value, is none. */
function isBlank(c: number): boolean {
  return c === 0x20 || c === 0x09;
}
