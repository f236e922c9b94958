import { latin1 } from "../base/bytes.ts";

/** Bytes that an escaped char takes at most: `\u00NN`. */
export const ESCAPE_BYTES = 6;
const HEX = [...new TextEncoder().encode("0123456789ABCDEF")];
const BACKSLASH = 0x5c;
const QUOTE = 0x22;
const LOWER_U = 0x75;
const LOWER_X = 0x78;
/** 1: stands between quotes as it is: printable ASCII without `"` and `\`. */
const PLAIN: Uint8Array = Uint8Array.from({ length: 256 }, (_, c) =>
  c < 0x20 || c > 0x7e || c === QUOTE || c === BACKSLASH ? 0 : 1,
);

/**
 * Writes a string of bytes to a text line: quotes, backslashes, controls and bytes above 0x7E become `\xNN`, so that no peer can forge
 * a line or a field. The caller has made room.
 */
export function putText(b: Uint8Array, at: number, s: string): number {
  let to = at;
  for (let i = 0; i < s.length; i++) {
    const c = s.charCodeAt(i);
    if (PLAIN[c] === 1) {
      b[to++] = c;
      continue;
    }
    b[to] = BACKSLASH;
    b[to + 1] = LOWER_X;
    b[to + 2] = HEX[(c >> 4) & 15]!;
    b[to + 3] = HEX[c & 15]!;
    to += 4;
  }
  return to;
}

/**
 * Writes the inside of a JSON string in ASCII (RFC 8259 section 7). A byte above 0x7E becomes `\u00NN`: one escape a byte, so what was
 * on the wire can be had back whatever its encoding was. The caller has made room.
 */
export function putJson(b: Uint8Array, at: number, s: string): number {
  let to = at;
  for (let i = 0; i < s.length; i++) {
    const c = s.charCodeAt(i);
    if (PLAIN[c] === 1) {
      b[to++] = c;
      continue;
    }
    b[to++] = BACKSLASH;
    if (c === QUOTE || c === BACKSLASH) {
      b[to++] = c;
      continue;
    }
    b[to] = LOWER_U;
    b[to + 1] = HEX[c >> 12]!;
    b[to + 2] = HEX[(c >> 8) & 15]!;
    b[to + 3] = HEX[(c >> 4) & 15]!;
    b[to + 4] = HEX[c & 15]!;
    to += 5;
  }
  return to;
}

/** Text as a string of its UTF-8 bytes. */
export function utf8Bytes(s: string): string {
  for (let i = 0; i < s.length; i++) if (s.charCodeAt(i) > 0x7f) return encoded(s);
  return s;
}

function encoded(s: string): string {
  const b = new TextEncoder().encode(s);
  return latin1(b, 0, b.length);
}
