import type { RequestHead } from "../../http/head.ts";
import type { Match } from "../protocol/match.ts";

/** Whether a plugin has to do with a request: one of its alternatives holds. null: it has to do with all. */
export function requestMatcher(alternatives: readonly Match[] | undefined): ((head: RequestHead) => boolean) | null {
  if (alternatives === undefined || alternatives.length === 0) return null;
  const tests = alternatives.map(alternative);
  return (head) => tests.some((holds) => holds(head));
}

function alternative(m: Match): (head: RequestHead) => boolean {
  const methods = m.methods === undefined ? null : new Set(m.methods);
  const paths = m.paths === undefined ? null : new Set(m.paths);
  const prefixes = m.prefixes?.map((p) => (p.endsWith("/") ? p.slice(0, -1) : p)) ?? null;
  const fields = Object.entries(m.fields ?? {});
  return (head) => {
    if (methods !== null && !methods.has(head.method)) return false;
    if (paths !== null || prefixes !== null) {
      const path = withoutQuery(head.path);
      if (paths !== null && !paths.has(path)) return false;
      if (prefixes !== null && !prefixes.some((p) => path.startsWith(p) && (path.length === p.length || path[p.length] === "/")))
        return false;
    }
    for (const [name, value] of fields) {
      const found = head.fields.get(name);
      if (found === null || (value !== null && found !== value)) return false;
    }
    return true;
  };
}

function withoutQuery(path: string): string {
  const at = path.indexOf("?");
  return at < 0 ? path : path.slice(0, at);
}
