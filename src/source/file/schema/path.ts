import { type Leaf, leaf, type Refusal, refuse } from "./leaf.ts";
import { wantText } from "./scalar.ts";

/** A path to compare with, or to send on. The router brings it to the normalised form that requests' paths have. */
export function path(): Leaf<string> {
  return leaf({ type: "string", pattern: "^/|\\$\\{", examples: ["/api"] }, (v) => {
    if (typeof v !== "string") return wantText(WANTED, v);
    const mark = /[?#]/.exec(v);
    if (mark !== null)
      return refuse(
        `end the path before the ${JSON.stringify(mark[0])}: found ${JSON.stringify(v)}`,
        'query parameters are matched by "query"',
      );
    return readPath(v);
  });
}

/** A path to send on; a query behind it replaces the request's. */
export function newPath(): Leaf<string> {
  return leaf({ type: "string", pattern: "^/|\\$\\{", examples: ["/v2/items", "/search?kind=all"] }, (v) => {
    if (typeof v !== "string") return wantText(WANTED, v);
    if (v.includes("#")) return refuse(`remove the fragment: found ${JSON.stringify(v)}, and a request has none`);
    return readPath(v);
  });
}

/** What takes the place of a prefix; "" takes it away. */
export function newPrefix(): Leaf<string> {
  return leaf({ type: "string", pattern: "^(/|$)|\\$\\{", examples: ["/", "/v2"] }, (v) => {
    if (typeof v !== "string") return wantText(WANTED, v);
    if (/[?#]/.test(v)) return refuse(`end the prefix before the query: found ${JSON.stringify(v)}`);
    return v === "" ? v : readPath(v);
  });
}

const WANTED = 'a path such as "/api"';

function readPath(v: string): string | Refusal {
  const found = `found ${JSON.stringify(v)}`;
  if (!v.startsWith("/"))
    return refuse(`begin the path with "/": ${found}`, v === "" || v === "*" ? "" : `did you mean ${JSON.stringify(`/${v}`)}?`);
  if (/[\0-\x1f\x7f]/.test(v)) return refuse(`remove the control character from the path: ${found}`);
  const only = v.replace(/\?.*$/, "");
  if (/%(?![0-9A-Fa-f]{2})/.test(only)) return refuse(`write "%25" for the percent sign: ${found}`);
  // Requests' paths hold none once normalised, so such a rule could never match.
  if (/\/(?:\.|%2e){1,2}(?:\/|$)/i.test(only)) return refuse(`remove the dot segments: ${found}`);
  return v;
}
