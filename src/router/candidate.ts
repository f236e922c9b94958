import { LOWER } from "../base/ascii.ts";
import type { MatchSpec, RouteSpec } from "../config/model.ts";
import type { RequestHead } from "../http/head.ts";
import { wirePath } from "./byte_text.ts";
import { compileRegex, type Regex } from "./regex.ts";
import type { RouteMatch } from "./types.ts";
import { headerTest, queryTest, type ValueTest } from "./value_condition.ts";

const SLASH = 0x2f;

/** How a candidate looks at the path; smaller wins. */
export type PathKind = "exact" | "prefix" | "regex" | "any" | "never";

/** One alternative of a route's match, with everything that its test needs at hand. */
export class Candidate<Rule> {
  readonly route: RouteSpec;
  readonly spec: MatchSpec;
  /** Place in the file, over all hosts, routes and alternatives. */
  readonly order: number;
  /** The answer when it wins, made once. */
  readonly answer: RouteMatch<Rule>;
  readonly kind: PathKind;
  /** Path or prefix in the form of a normalised path; a whole-segment prefix is without its last slash, so `/` is "". */
  readonly text: string;
  /** A prefix that need not end with a segment. */
  readonly raw: boolean;
  readonly ignoreCase: boolean;
  readonly regex: Regex | null;
  readonly methods: readonly string[];
  readonly headers: readonly ValueTest[];
  readonly query: readonly ValueTest[];
  /** Method, headers or query must be looked at. */
  readonly conditional: boolean;

  constructor(route: RouteSpec, spec: MatchSpec, order: number, rule: Rule) {
    const path = spec.path;
    const wire = path === null || path.kind === "regex" ? "" : wirePath(path.value);
    const regex = path?.kind === "regex" ? compileRegex(path.value, { ignoreCase: path.ignoreCase }) : null;
    this.route = route;
    this.spec = spec;
    this.order = order;
    this.regex = regex === null || "problem" in regex ? null : regex;
    this.kind = kindOf(spec, wire, this.regex);
    this.text = path?.kind === "prefix" ? (wire ?? "").replace(/\/$/, "") : (wire ?? "");
    this.raw = path?.kind === "rawPrefix";
    this.ignoreCase = path?.ignoreCase ?? false;
    this.methods = spec.methods;
    this.headers = spec.headers.map(headerTest);
    this.query = spec.query.map(queryTest);
    this.conditional = this.methods.length + this.headers.length + this.query.length > 0;
    const matched = this.kind === "exact" || this.kind === "prefix" ? this.text : "";
    this.answer = Object.freeze({ rule, matchedPrefix: matched });
  }

  /** Whether the path meets this candidate; `end` is the offset of the query or the path's length. */
  pathHolds(path: string, end: number): boolean {
    switch (this.kind) {
      case "exact":
        return this.text.length === end && this.#startsPath(path);
      case "prefix":
        return this.#startsPath(path) && (this.raw || this.#endsSegment(path, end));
      case "regex":
        return this.regex!.test(end === path.length ? path : path.slice(0, end));
      case "any":
        return true;
      case "never":
        return false;
    }
  }

  /** Whether method, headers and query parameters meet it. */
  conditionsHold(head: RequestHead): boolean {
    if (!this.conditional) return true;
    const { methods, headers, query } = this;
    if (methods.length > 0 && !methods.includes(head.method)) return false;
    for (let i = 0; i < headers.length; i++) if (!headers[i]!.holds(head)) return false;
    for (let i = 0; i < query.length; i++) if (!query[i]!.holds(head)) return false;
    return true;
  }

  #startsPath(path: string): boolean {
    const text = this.text;
    return this.ignoreCase ? startsFolded(path, text) : path.startsWith(text);
  }

  /** A prefix of whole segments ends where the path does, or before a slash. */
  #endsSegment(path: string, end: number): boolean {
    const n = this.text.length;
    return n === end ? n > 0 : path.charCodeAt(n) === SLASH;
  }
}

function kindOf(spec: MatchSpec, wire: string | null, regex: Regex | null): PathKind {
  if (spec.path === null) return "any";
  switch (spec.path.kind) {
    case "exact":
      return wire === null ? "never" : "exact";
    case "prefix":
    case "rawPrefix":
      return wire === null ? "never" : "prefix";
    case "regex":
      // A pattern that can't be compiled must not make the route wider.
      return regex === null ? "never" : "regex";
  }
}

/** ASCII letters in lower case. */
export function foldCase(s: string): string {
  let out = "";
  for (let i = 0; i < s.length; i++) out += String.fromCharCode(foldCode(s.charCodeAt(i)));
  return out;
}

export function foldCode(c: number): number {
  return c < 256 ? LOWER[c]! : c;
}

/** Whether `s` starts with `text`, whatever the case of ASCII letters. */
function startsFolded(s: string, text: string): boolean {
  const n = text.length;
  if (s.length < n) return false;
  for (let i = 0; i < n; i++) if (foldCode(s.charCodeAt(i)) !== foldCode(text.charCodeAt(i))) return false;
  return true;
}

const KIND_RANK: Readonly<Record<PathKind, number>> = { exact: 0, prefix: 1, regex: 2, any: 3, never: 4 };

/** The Gateway API's order among the routes of one host (HTTPRouteRule, "matches"): negative when `a` goes before `b`. */
export function compareSpecificity<Rule>(a: Candidate<Rule>, b: Candidate<Rule>): number {
  const kind = KIND_RANK[a.kind] - KIND_RANK[b.kind];
  if (kind !== 0) return kind;
  if (a.kind === "prefix" && a.text.length !== b.text.length) return b.text.length - a.text.length;
  const method = Number(b.methods.length > 0) - Number(a.methods.length > 0);
  if (method !== 0) return method;
  if (a.headers.length !== b.headers.length) return b.headers.length - a.headers.length;
  if (a.query.length !== b.query.length) return b.query.length - a.query.length;
  return a.order - b.order;
}

export function compareListed<Rule>(a: Candidate<Rule>, b: Candidate<Rule>): number {
  return a.order - b.order;
}
