import type { RedirectSpec } from "../config/model.ts";
import { parseAuthority } from "../http/authority.ts";
import type { RequestHead } from "../http/head.ts";
import { compileRewrite } from "./rewrite.ts";

/** Gives the value of Location (RFC 9110 10.2.2). */
export type BuildLocation = (head: RequestHead, matchedPrefix: string | null) => string;

/**
 * Compiles a redirect. Parts that the spec leaves out stay the request's; the port goes with the scheme (Gateway API HTTPRequestRedirectFilter):
 * a new scheme without a port means that scheme's own. A port that the scheme implies is not written.
 *
 * Throws as `compileRewrite`.
 */
export function compileRedirect(spec: RedirectSpec): BuildLocation {
  const rewrite = compileRewrite(spec.path);
  const ownQuery = spec.path?.kind === "full" && spec.path.value.includes("?");
  return (head, matchedPrefix) => {
    let path = rewrite(head.path.startsWith("/") ? head.path : "/", matchedPrefix);
    if (spec.stripQuery && !ownQuery) path = withoutQuery(path);
    const origin = originOf(spec, head);
    if (origin !== "") return origin + path;
    // Without an authority the reference is relative, and `//evil.example` in it would name a host (RFC 3986 4.2).
    return path.startsWith("//") ? `/.${path}` : path;
  };
}

function originOf(spec: RedirectSpec, head: RequestHead): string {
  const from = parseAuthority(head.authority);
  const to = spec.host === null ? from : (parseAuthority(spec.host) ?? { host: spec.host, port: -1 });
  if (to === null) return "";
  const scheme = spec.scheme ?? head.scheme;
  let port = spec.port ?? -1;
  if (port < 0 && spec.host !== null) port = to.port;
  if (port < 0 && spec.scheme === null) port = from?.port ?? -1;
  const implied = port < 0 || (scheme === "http" && port === 80) || (scheme === "https" && port === 443);
  return `${scheme}://${to.host}${implied ? "" : `:${port}`}`;
}

function withoutQuery(path: string): string {
  const at = path.indexOf("?");
  return at < 0 ? path : path.slice(0, at);
}
