import { CLASS, HEX, UNRESERVED } from "../base/ascii.ts";

/** What a normalised path still holds that two readers could read two ways: bits of `RequestHead.pathFlags`. */
export const ENCODED_SLASH = 1;
/** A raw `\` or `%5C`: some servers take it for a slash. */
export const BACKSLASH = 2;
/** `%00`: ends the path in programs that keep it as a C string. */
export const ENCODED_NUL = 4;
/** A segment such as `..;x`: Java servers strip the parameter first and then climb. */
export const DOT_PARAMETER = 8;

const SLASH = 0x2f;
const DOT = 0x2e;
const PERCENT = 0x25;
const QUESTION = 0x3f;
const BACK = 0x5c;
const SEMICOLON = 0x3b;

/** What `normalizePath` reads and changes; a `RequestHead` is one. */
export interface TargetPath {
  /** Path and query in origin-form (RFC 9112 3.2.1). */
  path: string;
  pathFlags: number;
}

/**
 * Brings the path to the one form that is matched, seen by filters and sent on: percent-encoding of unreserved characters decoded and
 * hex digits in upper case (RFC 3986 6.2.2), dot segments removed (5.2.4, never above the root), and runs of slashes merged when asked.
 * The query stays as it is. What is left to a route's judgement is kept and told in `pathFlags`.
 *
 * Returns false, with the path unchanged, when it does not start with `/` or holds a `%` without two hex digits: answer 400.
 */
export function normalizePath(into: TargetPath, mergeSlashes: boolean): boolean {
  const target = into.path;
  into.pathFlags = 0;
  if (target.charCodeAt(0) !== SLASH) return false;
  if (!pathNeedsWork(target)) return true;
  const query = target.indexOf("?");
  const encoded = query < 0 ? target : target.slice(0, query);
  const decoded = normalizePercent(encoded);
  if (decoded === null) return false;
  into.pathFlags = flagsOf(decoded);
  let path = removeDotSegments(decoded);
  // Only after the dot segments, as RFC 3986 knows empty segments: `/a//../b` is `/a/b`.
  if (mergeSlashes && path.includes("//")) path = path.replace(/\/{2,}/g, "/");
  into.path = query < 0 ? path : path + target.slice(query);
  return true;
}

/** Whether `normalizePath` may change or flag anything; a fast no for nearly all targets. */
export function pathNeedsWork(target: string): boolean {
  let before = 0;
  for (let i = 0; i < target.length; i++) {
    const c = target.charCodeAt(i);
    if (c === QUESTION) return false;
    if (c === PERCENT || c === BACK) return true;
    if (before === SLASH) {
      if (c === SLASH) return true;
      if (c === DOT && endsDots(target, i + 1)) return true;
    }
    before = c;
  }
  return false;
}

/** Whether what follows a segment's first dot can make it a dot segment; `.well-known` is none. */
function endsDots(target: string, at: number): boolean {
  if (at >= target.length) return true;
  const c = target.charCodeAt(at);
  return c === SLASH || c === DOT || c === PERCENT || c === QUESTION || c === SEMICOLON;
}

/** The flags that a route refuses, all but those it allows. Worked out once a route; then refuse where `head.pathFlags & mask`. */
export function refusedPathFlags(allow: {
  readonly encodedSlash: boolean;
  readonly backslash: boolean;
  readonly nul: boolean;
}): number {
  let mask = DOT_PARAMETER;
  if (!allow.encodedSlash) mask |= ENCODED_SLASH;
  if (!allow.backslash) mask |= BACKSLASH;
  if (!allow.nul) mask |= ENCODED_NUL;
  return mask;
}

/** Decodes unreserved characters and puts hex digits in upper case (RFC 3986 6.2.2.1, 6.2.2.2); null for a `%` without two hex digits. */
export function normalizePercent(path: string): string | null {
  let at = path.indexOf("%");
  if (at < 0) return path;
  let out = "";
  let from = 0;
  while (at >= 0) {
    const high = path.charCodeAt(at + 1);
    const low = path.charCodeAt(at + 2);
    if (!isHex(high) || !isHex(low)) return null;
    const c = hexValue(high) * 16 + hexValue(low);
    out += path.slice(from, at);
    // One pass only: what decoding brings out is never decoded again, so %252e stays.
    out += (CLASS[c]! & UNRESERVED) !== 0 ? String.fromCharCode(c) : path.slice(at, at + 3).toUpperCase();
    from = at + 3;
    at = path.indexOf("%", from);
  }
  return out + path.slice(from);
}

function isHex(c: number): boolean {
  return c < 0x80 && (CLASS[c]! & HEX) !== 0;
}

/** The value of an ASCII hex digit. */
export function hexValue(c: number): number {
  return c <= 0x39 ? c - 0x30 : (c | 0x20) - 0x57;
}

function flagsOf(path: string): number {
  let flags = 0;
  if (path.includes("\\") || path.includes("%5C")) flags |= BACKSLASH;
  if (path.includes("%2F")) flags |= ENCODED_SLASH;
  if (path.includes("%00")) flags |= ENCODED_NUL;
  if (path.includes("/.;") || path.includes("/..;")) flags |= DOT_PARAMETER;
  return flags;
}

/** RFC 3986 5.2.4 for a path that starts with `/`. */
function removeDotSegments(path: string): string {
  if (!path.includes("/.")) return path;
  const segments = path.split("/");
  const kept: string[] = [];
  const last = segments.length - 1;
  // The first is the empty text before the leading slash.
  for (let i = 1; i <= last; i++) {
    const s = segments[i]!;
    if (s === ".." || s === ".") {
      if (s === "..") kept.pop();
      if (i === last) kept.push("");
    } else kept.push(s);
  }
  return `/${kept.join("/")}`;
}
