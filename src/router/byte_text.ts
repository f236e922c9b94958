import { CLASS, TARGET } from "../base/ascii.ts";
import { latin1 } from "../base/bytes.ts";
import { hexValue, normalizePercent } from "../http/path.ts";

const encoder = new TextEncoder();

/** Text of the config as it looks on the wire: its UTF-8 bytes, one char a byte, as field values and queries are. */
export function wireText(s: string): string {
  for (let i = 0; i < s.length; i++) {
    if (s.charCodeAt(i) < 0x80) continue;
    const b = encoder.encode(s);
    return latin1(b, 0, b.length);
  }
  return s;
}

/**
 * A path of the config in the form that requests' paths have once normalised: what a target can't hold is percent-encoded, so that
 * `/café` is `/caf%C3%A9`. null, which nothing equals, for a `%` without two hex digits.
 */
export function wirePath(s: string): string | null {
  const bytes = wireText(s);
  let out = "";
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes.charCodeAt(i);
    const stays = (CLASS[c]! & TARGET) !== 0 && c !== QUESTION && c !== HASH;
    out += stays ? bytes[i] : percentOf(c);
  }
  return normalizePercent(out);
}

/** A query of the config, `?` included, as a target can hold it. */
export function wireQuery(s: string): string {
  const bytes = wireText(s);
  let out = "";
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes.charCodeAt(i);
    out += (CLASS[c]! & TARGET) !== 0 && c !== HASH ? bytes[i] : percentOf(c);
  }
  return out;
}

function percentOf(c: number): string {
  return `%${c.toString(16).toUpperCase().padStart(2, "0")}`;
}

const QUESTION = 0x3f;
const EQUALS = 0x3d;
const HASH = 0x23;
const PERCENT = 0x25;

/** Decodes each `%` that has two hex digits; any other stays. */
export function decodePercent(s: string): string {
  let at = s.indexOf("%");
  if (at < 0) return s;
  let out = "";
  let from = 0;
  while (at >= 0) {
    const value = byteAt(s, at + 1);
    if (value >= 0) {
      out += s.slice(from, at) + String.fromCharCode(value);
      from = at + 3;
      at = s.indexOf("%", from);
    } else at = s.indexOf("%", at + 1);
  }
  return out + s.slice(from);
}

function byteAt(s: string, at: number): number {
  const a = s.charCodeAt(at);
  const b = s.charCodeAt(at + 1);
  return isHexDigit(a) && isHexDigit(b) ? hexValue(a) * 16 + hexValue(b) : -1;
}

function isHexDigit(c: number): boolean {
  return (c >= 0x30 && c <= 0x39) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x66);
}

/**
 * The first parameter of that name in the query of a target, decoded; "" for a name without `=`, null when there is none.
 * `+` stays a plus: only forms write a space so, and a target is no form.
 */
export function queryValue(target: string, query: number, name: string): string | null {
  let at = query + 1;
  while (query >= 0 && at <= target.length) {
    let end = target.indexOf("&", at);
    if (end < 0) end = target.length;
    // Not by indexOf, which would look to the end of a target without `=` for each of its parameters.
    let equals = at;
    while (equals < end && target.charCodeAt(equals) !== EQUALS) equals++;
    if (nameIs(target, at, equals, name)) return equals === end ? "" : decodePercent(target.slice(equals + 1, end));
    at = end + 1;
  }
  return null;
}

function nameIs(s: string, from: number, to: number, name: string): boolean {
  if (to - from === name.length) return s.startsWith(name, from);
  if (to - from < name.length) return false;
  for (let i = from; i < to; i++) if (s.charCodeAt(i) === PERCENT) return decodePercent(s.slice(from, to)) === name;
  return false;
}
