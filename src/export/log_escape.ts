import { latin1 } from "../base/bytes.ts";

const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
const HEX2: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).toUpperCase().padStart(2, "0"));

/** Whether a value can stand between quotes as it is: printable ASCII without `"` and `\`. */
export function isPlain(s: string): boolean {
  return PLAIN.test(s);
}

/** A string of bytes for a text line: quotes, backslashes, controls and bytes above 0x7E become `\xNN`, so no peer can forge a line or a field. */
export function escapeText(bytes: string): string {
  let out = "";
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes.charCodeAt(i);
    if (c < 0x20 || c > 0x7e || c === 0x22 || c === 0x5c) out += `\\x${HEX2[c & 0xff]!}`;
    else out += bytes[i]!;
  }
  return out;
}

/**
 * The inside of a JSON string in ASCII (RFC 8259 section 7). A byte above 0x7E becomes `\u00NN`: one escape a byte, so what was on
 * the wire can be had back whatever its encoding was.
 */
export function escapeJson(s: string): string {
  let out = "";
  for (let i = 0; i < s.length; i++) {
    const c = s.charCodeAt(i);
    if (c === 0x22) out += '\\"';
    else if (c === 0x5c) out += "\\\\";
    else if (c < 0x20 || c > 0x7e) out += `\\u${HEX2[c >> 8]!}${HEX2[c & 0xff]!}`;
    else out += s[i]!;
  }
  return out;
}

/** Text as a string of its UTF-8 bytes. */
export function utf8Bytes(s: string): string {
  const b = new TextEncoder().encode(s);
  return latin1(b, 0, b.length);
}
