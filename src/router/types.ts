import type { ActionSpec, RouteSpec } from "../config/model.ts";
import type { RequestHead } from "../http/head.ts";

/** What the router sees of a request. `path` and `authority` are read from the head; nothing is changed. */
export interface RouteInput {
  readonly head: RequestHead;
}

/** A rule that won. `rule` is what the compiler of the table attached to the route: handles resolved once, never looked up again. */
export interface RouteMatch<Rule> {
  readonly rule: Rule;
  /** What an exact or prefix rule matched, for prefix rewrites (a whole-segment prefix without its last slash); "" for other rules. */
  readonly matchedPrefix: string;
}

export interface RouteTable<Rule> {
  /** Makes no promise and, for exact and prefix rules, no object but the answer; null: no route. */
  match(i: RouteInput): RouteMatch<Rule> | null;
  /** The same decision told in sentences: hosts tried, candidates in order, which won and why others lost. */
  explain(i: RouteInput): readonly string[];
}

/** Turns a route of the model into what the data path wants to have at hand. Called once for each route of a table. */
export type BindRoute<Rule> = (route: RouteSpec) => Rule;
export type { ActionSpec };
