import type { ActionSpec, HeaderOpsSpec, MatchSpec, RouteSpec } from "../../../config/model.ts";
import type { Reporter } from "../problem_list.ts";
import type { HeaderOps } from "../schema/header.ts";
import type { RouteConfig } from "../schema/route.ts";
import { lowerForward, lowerRedirect, lowerRespond } from "./action.ts";
import { lowerFilters } from "./filters.ts";
import type { Lowering } from "./lowering.ts";
import { lowerMatch } from "./match.ts";
import { lowerHandler } from "./module.ts";
import { lowerStatic } from "./static.ts";

const EVERYTHING: MatchSpec = { path: null, methods: [], headers: [], query: [] };

/** null when the route does not say what to do; that has been told. */
export function lowerRoute(name: string, c: RouteConfig, to: Lowering, report: Reporter): RouteSpec | null {
  const match = lowerMatches(c, report);
  const action = lowerAction(c, match, to, report);
  if (action === null) return null;
  return {
    name,
    match,
    action,
    filters: lowerFilters(c.filters, to, report),
    requestHeaders: lowerHeaderOps(c.requestHeaders),
    responseHeaders: lowerHeaderOps(c.responseHeaders),
    timeoutMs: c.timeout,
    responseHeadMs: c.timeouts.responseHead,
    timeoutHeader: c.timeouts.fromHeader ?? null,
    bodyBytes: lowerBodyLimit(c),
    grpc: { maxTimeoutMs: c.grpc.maxTimeout, methods: [...new Set(c.grpc.methods)] },
    allowPath: { encodedSlash: c.allow.encodedSlash, backslash: c.allow.backslash, nul: c.allow.nul },
  };
}

export function hostsOf(c: RouteConfig): readonly string[] {
  if (c.hosts === undefined) return ["*"];
  return typeof c.hosts === "string" ? [c.hosts] : [...new Set(c.hosts)];
}

function lowerMatches(c: RouteConfig, report: Reporter): MatchSpec[] {
  if (c.match === undefined) return [EVERYTHING];
  if (!Array.isArray(c.match)) return [lowerMatch(c.match, ["match"], report)];
  return c.match.map((m, i) => lowerMatch(m, ["match", i], report));
}

function lowerAction(c: RouteConfig, match: readonly MatchSpec[], to: Lowering, report: Reporter): ActionSpec | null {
  const prefixes = match.every((m) => m.path?.kind === "prefix" || m.path?.kind === "rawPrefix");
  if (c.to !== undefined) return lowerForward(c.to, c, match, prefixes, report);
  if (c.respond !== undefined) return lowerRespond(c.respond, report);
  if (c.redirect !== undefined) return lowerRedirect(c.redirect, prefixes, report);
  if (c.handler !== undefined) return lowerHandler(c.handler, to, report);
  if (c.static !== undefined) return lowerStatic(c.static, to, report);
  return null;
}

function lowerHeaderOps(c: HeaderOps): HeaderOpsSpec {
  const add: [string, string][] = [];
  for (const [name, values] of Object.entries(c.add ?? {}))
    for (const value of typeof values === "string" ? [values] : values) add.push([name, value]);
  return { remove: c.remove ?? [], set: Object.entries(c.set ?? {}), add };
}

/** A route can lift its listener's limit: `false` is more than any body has. */
function lowerBodyLimit(c: RouteConfig): number | null {
  const own = c.limits.body;
  if (own === undefined) return null;
  return own === null ? Number.MAX_SAFE_INTEGER : own;
}
