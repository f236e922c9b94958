import { RE2JS, RE2JSException } from "re2js";
import type { RewriteSpec } from "../config/model.ts";
import { normalizePath, pathNeedsWork } from "../http/path.ts";
import { wirePath, wireQuery } from "./byte_text.ts";

/** Gives the path and query to send on. `matchedPrefix` is that of the route's match; null: the path is another one by now. */
export type RewritePath = (path: string, matchedPrefix: string | null) => string;

/**
 * Compiles a path rewrite. The query is kept, unless a full replacement brings its own.
 *
 * - `full` replaces the whole path.
 * - `prefix` replaces what the route matched (Gateway API ReplacePrefixMatch): `/foo` replaced by `/xyz` or `/xyz/` makes `/xyz/bar` of
 *   `/foo/bar`, and an empty replacement or `/` makes `/bar` of it and `/` of `/foo`.
 * - `regex` replaces each match in the path by the substitution, in which `\1` to `\9` are groups, `\0` the match and `\\` a backslash (RE2,
 *   Envoy).
 *
 * Throws a TypeError for a pattern or a substitution that is none; a config source asks `rewriteProblem` first.
 */
export function compileRewrite(spec: RewriteSpec["path"]): RewritePath {
  if (spec === null) return keepPath;
  switch (spec.kind) {
    case "full":
      return replaceFull(spec.value);
    case "prefix":
      return replacePrefix(spec.value);
    case "regex": {
      const problem = rewriteProblem(spec);
      if (problem !== null) throw new TypeError(problem);
      return replaceRegex(RE2JS.compile(spec.pattern), readSubstitution(spec.substitution) ?? []);
    }
  }
}

/** Why a rewrite can't be compiled; null when it can. */
export function rewriteProblem(spec: RewriteSpec["path"]): string | null {
  if (spec === null || spec.kind !== "regex") return null;
  let groups: number;
  try {
    groups = RE2JS.compile(spec.pattern).groupCount();
  } catch (e) {
    if (!(e instanceof RE2JSException)) throw e;
    return `write a pattern of RE2's syntax, found ${JSON.stringify(spec.pattern)}: ${e.message}`;
  }
  const parts = readSubstitution(spec.substitution);
  const found = `found ${JSON.stringify(spec.substitution)}`;
  if (parts === null) return `write \\0 to \\9 for groups and \\\\ for a backslash, ${found}`;
  const highest = parts.reduce<number>((n, p) => (typeof p === "number" ? Math.max(n, p) : n), 0);
  if (highest <= groups) return null;
  return `name a group of the pattern, which has ${groups}, ${found} with \\${highest}`;
}

function keepPath(path: string): string {
  return path;
}

function replaceFull(value: string): RewritePath {
  const own = value.indexOf("?");
  if (own >= 0) {
    const target = withSlash(wireOf(value.slice(0, own))) + wireQuery(value.slice(own));
    return () => target;
  }
  const whole = withSlash(wireOf(value));
  return (path) => whole + path.slice(queryAt(path));
}

function replacePrefix(value: string): RewritePath {
  const whole = wireOf(value);
  const trimmed = whole.endsWith("/") ? whole.slice(0, -1) : whole;
  return (path, matchedPrefix) => {
    if (matchedPrefix === null) return path;
    const rest = path.slice(matchedPrefix.length);
    return rest.startsWith("/") ? withSlash(trimmed + rest) : settle(whole + rest);
  };
}

function replaceRegex(re: RE2JS, parts: readonly (string | number)[]): RewritePath {
  return (path) => {
    const query = queryAt(path);
    const text = path.slice(0, query);
    const matcher = re.matcher(text);
    let out = "";
    let from = 0;
    while (matcher.find()) {
      out += text.slice(from, matcher.start());
      for (const p of parts) out += typeof p === "string" ? p : (matcher.group(p) ?? "");
      from = matcher.end();
    }
    return settle(out + text.slice(from) + path.slice(query));
  };
}

/** Literal texts and group numbers; null for a backslash before anything else. */
function readSubstitution(s: string): (string | number)[] | null {
  const parts: (string | number)[] = [];
  let literal = "";
  for (let i = 0; i < s.length; i++) {
    if (s[i] !== "\\") {
      literal += s[i];
      continue;
    }
    const next = s[++i];
    if (next === "\\") literal += "\\";
    else if (next !== undefined && next >= "0" && next <= "9") {
      if (literal !== "") parts.push(wireOf(literal));
      literal = "";
      parts.push(Number(next));
    } else return null;
  }
  if (literal !== "") parts.push(wireOf(literal));
  return parts;
}

/** A `%` that starts no percent-encoding is meant as itself. */
function wireOf(path: string): string {
  return wirePath(path) ?? wirePath(path.replaceAll("%", "%25")) ?? "";
}

/** A target in origin-form starts with a slash (RFC 9112 3.2.1). */
function withSlash(path: string): string {
  return path.charCodeAt(0) === 0x2f ? path : `/${path}`;
}

/** A text cut within a segment can make dot segments of what was none: `/static../x` with `/static` replaced by `/` is `/../x`. */
function settle(path: string): string {
  const target = { path: withSlash(path), pathFlags: 0 };
  if (pathNeedsWork(target.path)) normalizePath(target, false);
  return target.path;
}

function queryAt(path: string): number {
  const at = path.indexOf("?");
  return at < 0 ? path.length : at;
}
