import type { ForwardSpec, MatchSpec, RedirectSpec, RespondSpec, RewriteSpec } from "../../../config/model.ts";
import { rewriteProblem } from "../../../router/rewrite.ts";
import type { Reporter } from "../problem_list.ts";
import type { ForwardToConfig, PathChange, RedirectConfig, RespondConfig, RewriteConfig, ToConfig } from "../schema/action.ts";
import type { RouteConfig } from "../schema/route.ts";
import type { Path } from "../tree.ts";
import { lowerHashKeys, lowerSticky } from "./hash_keys.ts";
import { lowerHedge } from "./hedge.ts";
import { hostPolicy } from "./host_policy.ts";
import { lowerMirrors } from "./mirror.ts";
import { lowerRetry } from "./retry.ts";

const TEXT = "text/plain; charset=utf-8";

/** The clusters of a `to` at `at`, with their weights. */
export function lowerTargets(to: ToConfig, at: Path, report: Reporter): { cluster: string; weight: number }[] {
  const targets = (Array.isArray(to) ? to : [to]).map((t) => (typeof t === "string" ? { cluster: t, weight: 1 } : t));
  if (targets.every((t) => t.weight === 0)) report.error(at, "raise a weight above 0: found none that takes traffic");
  return targets;
}

export function lowerForward(
  to: ForwardToConfig,
  c: RouteConfig,
  match: readonly MatchSpec[],
  prefixes: boolean,
  report: Reporter,
): ForwardSpec {
  return {
    kind: "forward",
    to: lowerForwardTargets(to, report),
    sticky: lowerSticky(c.sticky, ["sticky"], report),
    hash: c.hash === undefined ? null : lowerHashKeys(c.hash, ["hash"], report),
    priority: c.priority,
    retry: lowerRetry(c.retry, c.timeout, report),
    hedge: lowerHedge(c.hedge, match, report),
    mirrors: lowerMirrors(c.mirror, report),
    rewrite: lowerRewrite(c.rewrite, prefixes, report),
    upgrades: [...new Set(c.upgrade)],
    connect: c.connect,
  };
}

function lowerForwardTargets(to: ForwardToConfig, report: Reporter): ForwardSpec["to"] {
  const all = Array.isArray(to) ? to : [to];
  return lowerTargets(to, ["to"], report).map(({ cluster, weight }, i) => {
    const t = all[i]!;
    const subset = typeof t === "string" || t.subset === undefined ? null : new Map(Object.entries(t.subset));
    return { cluster, weight, subset };
  });
}

function lowerRewrite(c: RewriteConfig | undefined, prefixes: boolean, report: Reporter): RewriteSpec {
  if (c === undefined) return { path: null, host: null };
  return { path: lowerPathChange(c, ["rewrite"], prefixes, report), host: c.host === undefined ? null : hostPolicy(c.host) };
}

export function lowerRespond(c: RespondConfig, report: Reporter): RespondSpec {
  const body = new TextEncoder().encode(c.body);
  // RFC 9110 15.3.5, 15.3.6 and 15.4.5: these end with their head.
  if (body.length > 0 && [204, 205, 304].includes(c.status))
    report.error(["respond", "body"], `remove the body: found one for status ${c.status}, which has none`);
  return { kind: "respond", status: c.status, body, contentType: c.contentType ?? (body.length > 0 ? TEXT : null) };
}

export function lowerRedirect(c: RedirectConfig, prefixes: boolean, report: Reporter): RedirectSpec {
  const path = lowerPathChange(c, ["redirect"], prefixes, report);
  if (c.scheme === undefined && c.host === undefined && c.port === undefined && path === null && !c.stripQuery)
    report.error(
      ["redirect"],
      "say where to go: found no scheme, host, port or path, and a redirect to the same place would never end",
    );
  return {
    kind: "redirect",
    status: c.status,
    scheme: c.scheme ?? null,
    host: c.host ?? null,
    port: c.port ?? null,
    path,
    stripQuery: c.stripQuery,
  };
}

function lowerPathChange(c: PathChange, at: Path, prefixes: boolean, report: Reporter): RewriteSpec["path"] {
  const given = (["path", "prefix", "regex"] as const).filter((k) => c[k] !== undefined);
  const second = given[1];
  if (second !== undefined)
    report.errorAtKey(
      [...at, second],
      `keep one of ${given.map((k) => JSON.stringify(k)).join(" and ")}: a path is changed in one way`,
    );
  if (c.regex === undefined && c.substitution !== undefined)
    report.errorAtKey([...at, "substitution"], 'add "regex": found a substitution for nothing');
  if (c.path !== undefined) return { kind: "full", value: c.path };
  if (c.prefix !== undefined) {
    if (!prefixes)
      report.error(
        [...at, "prefix"],
        'match by "prefix": found a match without, and there is no prefix to replace',
        `{ path: ${JSON.stringify(c.prefix)} } replaces the whole path`,
      );
    return { kind: "prefix", value: c.prefix };
  }
  if (c.regex === undefined) return null;
  if (c.substitution === undefined)
    report.error(at, 'add "substitution": found a regex alone', 'substitution: "" removes what matches');
  const change = { kind: "regex", pattern: c.regex, substitution: c.substitution ?? "" } as const;
  const problem = rewriteProblem(change);
  if (problem !== null) report.error([...at, "substitution"], problem);
  return change;
}
