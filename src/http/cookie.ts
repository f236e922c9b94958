import type { Fields } from "./fields.ts";
import { ID } from "./names.ts";

/** The value of the first cookie of that name (RFC 6265 4.2.1), as it was sent, quotes included; null: there is none. Names are told by case. */
export function cookieValue(fields: Fields, name: string): string | null {
  if (!fields.hasId(ID.cookie)) return null;
  // HTTP/2 may cut the list into several fields (RFC 9113 8.2.3).
  for (const list of fields.getAll("cookie")) {
    const value = valueIn(list, name);
    if (value !== null) return value;
  }
  return null;
}

function valueIn(list: string, name: string): string | null {
  let at = 0;
  while (at < list.length) {
    while (isBlank(list.charCodeAt(at))) at++;
    let end = list.indexOf(";", at);
    if (end < 0) end = list.length;
    const next = end + 1;
    if (list.startsWith(name, at) && list.charCodeAt(at + name.length) === EQUALS && at + name.length < end) {
      while (end > at && isBlank(list.charCodeAt(end - 1))) end--;
      return list.slice(at + name.length + 1, end);
    }
    at = next;
  }
  return null;
}

const EQUALS = 0x3d;

function isBlank(c: number): boolean {
  return c === 0x20 || c === 0x09;
}

/** What a cookie says of itself to who keeps it (RFC 6265 4.1). */
export interface CookieTerms {
  /** Milliseconds, told in whole seconds; null: as long as the browser runs. */
  readonly ttlMs: number | null;
  readonly path: string;
  readonly httpOnly: boolean;
  readonly secure: boolean;
  /** null: the browser's rule. */
  readonly sameSite: "strict" | "lax" | "none" | null;
}

const SAME_SITE = { strict: "Strict", lax: "Lax", none: "None" } as const;

/** The value of a Set-Cookie field. */
export function setCookie(name: string, value: string, t: CookieTerms): string {
  let line = `${name}=${value}; Path=${t.path}`;
  if (t.ttlMs !== null) line += `; Max-Age=${Math.ceil(t.ttlMs / 1000)}`;
  if (t.httpOnly) line += "; HttpOnly";
  if (t.secure) line += "; Secure";
  if (t.sameSite !== null) line += `; SameSite=${SAME_SITE[t.sameSite]}`;
  return line;
}
