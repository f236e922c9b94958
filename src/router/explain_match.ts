import type { MatchSpec, ValueMatchSpec } from "../config/model.ts";
import { hostKey } from "../http/authority.ts";
import type { RequestHead } from "../http/head.ts";
import type { Candidate } from "./candidate.ts";
import type { ValueTest } from "./value_condition.ts";

/** Candidates of one host that lost by their path alone and are told one by one; the rest is counted. */
const TOLD_BY_PATH = 20;
const FURTHER_DOWN = "it stands further down";

/** A host that a request is tried on. */
export interface TriedHost<Rule> {
  readonly pattern: string;
  /** In the order in which they win. */
  readonly candidates: readonly Candidate<Rule>[];
}

/** The decision of a table in sentences, hosts best first. Walks all candidates, so it is for people and not for the data path. */
export function explainMatch<Rule>(head: RequestHead, hosts: readonly TriedHost<Rule>[], listed: boolean): readonly string[] {
  const host = hostKey(head.authority);
  if (hosts.length === 0) return [`no host of this table matches ${quote(host)}`];
  const out: string[] = [];
  for (let i = 0; i < hosts.length; i++) {
    const { pattern, candidates } = hosts[i]!;
    const next = hosts[i + 1];
    const n = candidates.length;
    const covers = pattern === host ? "" : ` covers ${quote(host)}`;
    out.push(`host ${quote(pattern)}${covers}: ${n} ${n === 1 ? "candidate" : "candidates"}`);
    if (explainHost(candidates, head, listed, out)) {
      if (next !== undefined) out.push(`host ${quote(next.pattern)} is not asked: a better host has a winner`);
      return out;
    }
    if (next !== undefined) out.push(`no route of host ${quote(pattern)} matches, going on with the next host`);
  }
  out.push("no route matches");
  return out;
}

/** Whether there is a winner. */
function explainHost<Rule>(candidates: readonly Candidate<Rule>[], head: RequestHead, listed: boolean, out: string[]): boolean {
  const query = head.path.indexOf("?");
  const end = query < 0 ? head.path.length : query;
  let winner: Candidate<Rule> | null = null;
  let told = 0;
  let untold = 0;
  for (const c of candidates) {
    const name = `  route ${quote(c.route.name)} (${describeMatch(c.spec)})`;
    if (!c.pathHolds(head.path, end)) {
      if (told++ < TOLD_BY_PATH) out.push(`${name}: lost, ${pathReason(c, head.path.slice(0, end))}`);
      else untold++;
      continue;
    }
    const reason = conditionReason(c, head);
    if (reason !== null) out.push(`${name}: lost, ${reason}`);
    else if (winner !== null)
      out.push(`${name}: matches too, but comes later: ${listed ? FURTHER_DOWN : laterReason(winner, c)}`);
    else {
      winner = c;
      out.push(`${name}: wins`);
    }
  }
  if (untold > 0) out.push(`  and ${untold} more whose path differs`);
  return winner !== null;
}

function pathReason<Rule>(c: Candidate<Rule>, path: string): string {
  const spec = c.spec.path;
  if (c.kind === "never" || spec === null) return `its ${spec?.kind ?? "path"} can't be read, so it never matches`;
  switch (spec.kind) {
    case "exact":
      return `the path is ${quote(path)}`;
    case "prefix":
      return `the path ${quote(path)} does not start with these whole segments`;
    case "rawPrefix":
      return `the path ${quote(path)} does not start so`;
    case "regex":
      return `the path ${quote(path)} is not matched in full`;
  }
}

function conditionReason<Rule>(c: Candidate<Rule>, head: RequestHead): string | null {
  if (c.methods.length > 0 && !c.methods.includes(head.method)) return `the method is ${head.method}`;
  return valueReason(c.headers, "header", head) ?? valueReason(c.query, "query parameter", head);
}

function valueReason(tests: readonly ValueTest[], what: string, head: RequestHead): string | null {
  for (const t of tests) {
    if (t.holds(head)) continue;
    const found = t.read(head);
    return `${what} ${quote(t.spec.name)} is ${found === null ? "absent" : quote(found)}, wanted ${describeValue(t.spec)}`;
  }
  return null;
}

/** The first point in which the winner is better. */
function laterReason<Rule>(winner: Candidate<Rule>, c: Candidate<Rule>): string {
  if (winner.kind !== c.kind) return `${pathWord(winner)} goes before ${pathWord(c)}`;
  if (winner.kind === "prefix" && winner.text.length > c.text.length) return "its prefix is shorter";
  if (winner.methods.length > 0 && c.methods.length === 0) return "it names no method";
  if (winner.headers.length > c.headers.length) return "it asks for fewer headers";
  if (winner.query.length > c.query.length) return "it asks for fewer query parameters";
  return FURTHER_DOWN;
}

function pathWord<Rule>(c: Candidate<Rule>): string {
  switch (c.kind) {
    case "exact":
      return "an exact path";
    case "prefix":
      return "a prefix";
    case "regex":
      return "a regex";
    default:
      return "no path";
  }
}

/** A match in one line, such as `prefix "/api", method GET or POST, header "x-tenant" = "acme"`. */
export function describeMatch(m: MatchSpec): string {
  const parts: string[] = [];
  if (m.path !== null) parts.push(`${m.path.kind} ${quote(m.path.value)}${m.path.ignoreCase ? " in any case" : ""}`);
  if (m.methods.length > 0) parts.push(`method ${m.methods.join(" or ")}`);
  for (const h of m.headers) parts.push(`header ${quote(h.name)} ${describeValue(h)}`);
  for (const q of m.query) parts.push(`query parameter ${quote(q.name)} ${describeValue(q)}`);
  return parts.length === 0 ? "any request" : parts.join(", ");
}

function describeValue(v: ValueMatchSpec): string {
  const not = v.invert ? "not " : "";
  switch (v.kind) {
    case "present":
    case "absent":
      return not + v.kind;
    case "exact":
      return `${not}${quote(v.value)}`;
    default:
      return `${not}${v.kind} ${quote(v.value)}`;
  }
}

function quote(s: string): string {
  return JSON.stringify(s);
}
