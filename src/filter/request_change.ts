import { allOf, TARGET, TOKEN } from "../base/ascii.ts";
import { isAuthority } from "../http/authority.ts";
import type { RequestHead } from "../http/head.ts";
import { normalizePath } from "../http/path.ts";

/** What of a request's head is to be another; absent: stays. */
export interface RequestChange {
  readonly method?: string;
  /** Path and query. It is brought to the one form that a client's own is. */
  readonly path?: string;
  /** Host follows it. */
  readonly authority?: string;
  readonly scheme?: string;
}

/** What a listener and a route take of a client's request, and so of a changed one. */
export interface RequestPolicy {
  readonly mergeSlashes: boolean;
  /** Bits of `RequestHead.pathFlags`. */
  readonly refusedPath: number;
  readonly pathBytes: number;
}

/** As of codecs. */
const METHOD_BYTES = 32;

/** Changes a head, or says what to give instead and changes nothing; null: done. */
export function changeRequest(head: RequestHead, change: RequestChange, policy: RequestPolicy): string | null {
  const { method = head.method, path, authority, scheme } = change;
  // A tunnel's head says where it goes and nothing else, and what is none can't become one here.
  if (head.method === "CONNECT" || method === "CONNECT") return "leave CONNECT as it is: no request is made one, nor changed";
  if (!isMethod(method)) return `give a method of 1 to ${METHOD_BYTES} token characters (RFC 9110 9.1), found ${shown(method)}`;
  const target = { path: head.path, pathFlags: head.pathFlags };
  if (path !== undefined && path !== head.path) {
    if (path.length > policy.pathBytes) return `give a path of at most ${policy.pathBytes} bytes, found ${path.length}`;
    target.path = path;
    if (!isTarget(path) || !normalizePath(target, policy.mergeSlashes))
      return `give a path that begins with / and is percent-encoded (RFC 3986 3.3), found ${shown(path)}`;
    if ((target.pathFlags & policy.refusedPath) !== 0)
      return `give a path without encoded slash, backslash or NUL: the route takes none, found ${shown(path)}`;
  }
  // RFC 9110 9.3.7.
  if (target.path === "*" && method !== "OPTIONS") return `give a path too: * is one of OPTIONS alone, found ${shown(method)}`;
  if (authority !== undefined && authority !== head.authority && !isAuthority(authority))
    return `give an authority of a host with an optional port (RFC 9110 7.2), found ${shown(authority)}`;
  if (scheme !== undefined && scheme !== "http" && scheme !== "https")
    return `give http or https as the scheme, found ${shown(scheme)}`;
  head.method = method;
  head.path = target.path;
  head.pathFlags = target.pathFlags;
  if (authority !== undefined && authority !== head.authority) {
    head.authority = authority;
    head.fields.set("Host", authority);
  }
  if (scheme !== undefined) head.scheme = scheme;
  return null;
}

function isMethod(s: string): boolean {
  return s.length > 0 && s.length <= METHOD_BYTES && allOf(s, TOKEN);
}

/** As `readRequestLine` has it: a fragment is no part of a target. */
function isTarget(s: string): boolean {
  return allOf(s, TARGET) && !s.includes("#");
}

function shown(s: string): string {
  return JSON.stringify(s.length > 80 ? `${s.slice(0, 80)}…` : s);
}
