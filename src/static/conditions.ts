import type { Fields } from "../http/fields.ts";

/** What a file is known by. */
export interface Validators {
  /** A strong entity tag with its quotes. */
  readonly etag: string;
  /** Milliseconds since the epoch, whole seconds. */
  readonly modifiedMs: number;
}

/** What a request's preconditions come to for GET and HEAD, in the order of RFC 9110 13.2.2. null: it is to be answered. */
export function judgeConditions(f: Fields, v: Validators): 304 | 412 | null {
  const match = f.list("if-match");
  if (match !== null) {
    if (!namesTag(match, v.etag, false)) return 412;
  } else {
    const since = dateIn(f, "if-unmodified-since");
    if (since !== null && v.modifiedMs > since) return 412;
  }
  const noneMatch = f.list("if-none-match");
  if (noneMatch !== null) return namesTag(noneMatch, v.etag, true) ? 304 : null;
  const since = dateIn(f, "if-modified-since");
  return since !== null && v.modifiedMs <= since ? 304 : null;
}

/** Whether Range may be followed (RFC 9110 13.1.5). `wall` is milliseconds since the epoch. */
export function rangeHolds(f: Fields, v: Validators, wall: number): boolean {
  const condition = f.get("if-range");
  if (condition === null) return true;
  if (condition.startsWith('"') || condition.startsWith("W/")) return condition.trim() === v.etag;
  // A date is a strong validator only when the file could not have changed twice in it (8.8.2.2).
  return parseHttpDate(condition) === v.modifiedMs && v.modifiedMs + 1000 <= wall;
}

/** Whether a list of entity tags, or `*`, names this one (RFC 9110 8.8.3.2). */
function namesTag(list: string, etag: string, weak: boolean): boolean {
  if (list.trim() === "*") return true;
  for (const m of list.matchAll(/(W\/)?("[^"]*")/g)) if (m[2] === etag && (weak || m[1] === undefined)) return true;
  return false;
}

function dateIn(f: Fields, name: string): number | null {
  const text = f.get(name);
  return text === null ? null : parseHttpDate(text);
}

/** RFC 9110 5.6.7, the form that is sent; null: it is none, and the field is ignored. */
function parseHttpDate(text: string): number | null {
  if (
    !/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/.test(
      text.trim(),
    )
  )
    return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
