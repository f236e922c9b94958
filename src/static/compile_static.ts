import type { RouteSpec, StaticSpec } from "../config/model.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { ServeAction } from "../exchange/site.ts";
import { StaticCall, type StaticSite } from "./static_call.ts";

/**
 * Files below a folder by what stands behind the prefix that matched. A route that matches a whole path or a regular expression takes the
 * whole path, for nothing of it is the place of the folder.
 */
export function compileStatic(spec: StaticSpec, match: RouteSpec["match"], env: Omit<StaticSite, "spec">): ServeAction {
  const site: StaticSite = { ...env, spec };
  const exact = match.map((m) => m.path).filter((p) => p?.kind === "exact");
  return {
    kind: "serve",
    serve: (x: Exchange, matchedPrefix: string | null) => {
      const { path } = x.head;
      const whole = matchedPrefix === null || exact.some((p) => isWhole(path, p!.value, p!.ignoreCase));
      return new StaticCall(x, site, whole ? path : path.slice(matchedPrefix.length));
    },
  };
}

function isWhole(path: string, value: string, ignoreCase: boolean): boolean {
  const query = path.indexOf("?");
  const asked = query < 0 ? path : path.slice(0, query);
  return ignoreCase ? asked.toLowerCase() === value.toLowerCase() : asked === value;
}
