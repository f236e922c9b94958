import type { MatchSpec, PathMatchSpec, RouteTableSpec, ValueMatchSpec } from "../../../src/config/model.ts";
import type { RequestHead } from "../../../src/http/head.ts";

/** A route table as plainly as it can be said: every route is looked at, nothing is prepared, no code is shared with the product. */
export function matchLinearly(table: RouteTableSpec, head: RequestHead): { route: string; matched: string } | null {
  const winners = table.order === "listed" ? listed(table, head) : bySpecificity(table, head);
  const best = winners[0];
  return best === undefined ? null : { route: best.route, matched: matchedOf(best.match.path) };
}

interface Found {
  readonly route: string;
  readonly match: MatchSpec;
  readonly rank: readonly number[];
}

function listed(table: RouteTableSpec, head: RequestHead): Found[] {
  let best: { rank: readonly number[]; host: RouteTableSpec["virtualHosts"][number] } | null = null;
  for (const host of table.virtualHosts) {
    for (const pattern of host.hosts) {
      const rank = hostRank(pattern, head);
      if (rank !== null && (best === null || compare(rank, best.rank) < 0)) best = { rank, host };
    }
  }
  const routes = best?.host.routes ?? [];
  return routes.flatMap((r) => r.match.filter((m) => matches(m, head)).map((match) => ({ route: r.name, match, rank: [] })));
}

function bySpecificity(table: RouteTableSpec, head: RequestHead): Found[] {
  const found: Found[] = [];
  for (const host of table.virtualHosts) {
    for (const pattern of host.hosts) {
      const rank = hostRank(pattern, head);
      if (rank === null) continue;
      for (const r of host.routes) {
        for (const match of r.match) {
          if (matches(match, head)) found.push({ route: r.name, match, rank: [...rank, ...matchRank(match)] });
        }
      }
    }
  }
  // A stable sort keeps the order of the file among equals.
  return found.sort((a, b) => compare(a.rank, b.rank));
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}

/** Smaller is better; null when the host is not meant. */
function hostRank(pattern: string, head: RequestHead): number[] | null {
  const wanted = splitPort(pattern.toLowerCase());
  const found = splitPort(head.authority.toLowerCase());
  const port = found.port === "" ? (head.scheme === "https" ? "443" : "80") : found.port;
  if (wanted.port !== "" && wanted.port !== port) return null;
  const portRank = wanted.port === "" ? 1 : 0;
  if (wanted.host === "*") return [2, 0, portRank];
  if (wanted.host.startsWith("*.")) {
    const suffix = wanted.host.slice(1);
    return found.host.length > suffix.length && found.host.endsWith(suffix) ? [1, -suffix.length, portRank] : null;
  }
  return wanted.host === found.host ? [0, 0, portRank] : null;
}

function splitPort(s: string): { host: string; port: string } {
  const m = /^(\[[^\]]*\]|[^:]*?)\.?(?::(\d*))?$/.exec(s)!;
  return { host: m[1]!, port: m[2] ?? "" };
}

function matchRank(m: MatchSpec): number[] {
  const kind = m.path === null ? 3 : m.path.kind === "exact" ? 0 : m.path.kind === "regex" ? 2 : 1;
  const length = kind === 1 ? -matchedOf(m.path).length : 0;
  return [kind, length, m.methods.length > 0 ? 0 : 1, -m.headers.length, -m.query.length];
}

function encoded(path: string): string {
  return encodeURI(path)
    .replace(/%25/g, "%")
    .replace(/%7e/gi, "~")
    .replace(/%[0-9a-f]{2}/gi, (x) => x.toUpperCase());
}

function matchedOf(path: PathMatchSpec | null): string {
  if (path === null || path.kind === "regex") return "";
  return path.kind === "prefix" ? encoded(path.value).replace(/\/$/, "") : encoded(path.value);
}

function matches(m: MatchSpec, head: RequestHead): boolean {
  const [path, query] = splitQuery(head.path);
  if (m.path !== null && !pathMatches(m.path, path)) return false;
  if (m.methods.length > 0 && !m.methods.includes(head.method)) return false;
  return (
    m.headers.every((h) => valueMatches(h, header(head, h.name))) &&
    m.query.every((q) => valueMatches(q, parameter(query, q.name)))
  );
}

function splitQuery(target: string): [path: string, query: string | null] {
  const at = target.indexOf("?");
  return at < 0 ? [target, null] : [target.slice(0, at), target.slice(at + 1)];
}

function pathMatches(spec: PathMatchSpec, found: string): boolean {
  if (spec.kind === "regex") return wholeMatch(spec.value, found, spec.ignoreCase);
  if (/%(?![0-9a-f]{2})/i.test(spec.value)) return false;
  const fold = (s: string): string => (spec.ignoreCase ? s.toLowerCase() : s);
  const wanted = fold(matchedOf(spec));
  const path = fold(found);
  if (spec.kind === "exact") return path === wanted;
  if (spec.kind === "rawPrefix") return path.startsWith(wanted);
  return (path === wanted && path !== "") || path.startsWith(`${wanted}/`);
}

/** Only for the patterns of tests: this engine backtracks. */
function wholeMatch(pattern: string, s: string, ignoreCase: boolean): boolean {
  // RE2 has no references to groups.
  if (/\\[1-9]/.test(pattern)) return false;
  try {
    return new RegExp(`^(?:${pattern})$`, ignoreCase ? "i" : "").test(s);
  } catch {
    return false;
  }
}

function isPattern(pattern: string): boolean {
  try {
    new RegExp(pattern);
    return true;
  } catch {
    return false;
  }
}

function header(head: RequestHead, name: string): string | null {
  if (name === "host" || name === ":authority") return head.authority;
  const all = head.fields.getAll(name);
  return all.length === 0 ? null : all.join(",");
}

function parameter(query: string | null, name: string): string | null {
  for (const pair of (query ?? "").split("&")) {
    const at = pair.indexOf("=");
    const key = at < 0 ? pair : pair.slice(0, at);
    if (query !== null && decoded(key) === name) return at < 0 ? "" : decoded(pair.slice(at + 1));
  }
  return null;
}

function decoded(s: string): string {
  return s.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function valueMatches(spec: ValueMatchSpec, found: string | null): boolean {
  if (spec.kind === "present") return (found !== null) !== spec.invert;
  if (spec.kind === "absent") return (found === null) !== spec.invert;
  if (found === null) return false;
  const wanted = String.fromCharCode(...new TextEncoder().encode(spec.value));
  switch (spec.kind) {
    case "exact":
      return (found === wanted) !== spec.invert;
    case "prefix":
      return found.startsWith(wanted) !== spec.invert;
    case "suffix":
      return found.endsWith(wanted) !== spec.invert;
    case "regex":
      return isPattern(spec.value) && wholeMatch(spec.value, found, false) !== spec.invert;
  }
}
