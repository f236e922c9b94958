import type { HeaderOpsSpec } from "../config/model.ts";
import type { Fields } from "../http/fields.ts";
import type { RequestHead } from "../http/head.ts";
import { removeHopByHop } from "../http/hop_by_hop.ts";
import { ID } from "../http/names.ts";
import type { ConnInfo } from "../platform/types.ts";
import type { Peer } from "./forwarded.ts";
import type { ForwardAction, RouteRule, Site } from "./site.ts";
import { websocketKey } from "./websocket.ts";

/** Whose head goes on. */
export interface Forwarded {
  readonly site: Site;
  readonly peer: Peer;
  readonly conn: ConnInfo;
  readonly head: RequestHead;
  /** As the client sent it. */
  readonly authority: string;
  /** "": it has none yet. */
  requestId: string;
}

/** Makes a received head the one that goes on: hop-by-hop fields out, forwarding fields in, the route's changes. `matchedPrefix` null: the path is not below it any more. */
export function forwardHead(x: Forwarded, action: ForwardAction, rule: RouteRule, matchedPrefix: string | null): void {
  const { head, site } = x;
  const f = head.fields;
  const te = f.hasId(ID.te) && wantsTrailers(f.list("te") ?? "");
  removeHopByHop(f);
  if (head.upgrade !== "" && !mayUpgrade(head, action)) head.upgrade = "";
  if (head.upgrade !== "") {
    f.add("Upgrade", head.upgrade);
    // RFC 8441 5: a stream of HTTP/2 has no key, and an upstream on HTTP/1.1 wants one.
    if (head.upgrade === "websocket" && head.protocol === "HTTP/2") f.set("Sec-WebSocket-Key", websocketKey());
  }
  // RFC 9110 10.1.4: the member that says that trailers are welcome; Weir passes them.
  if (te) f.add("TE", "trailers");
  if (head.upgrade !== "") f.add("Connection", te ? "upgrade, TE" : "upgrade");
  else if (te) f.add("Connection", "TE");
  x.requestId = site.forwarded.apply(x.peer, head, x.conn, x.authority, x.requestId);
  if (rule.requestOps !== null) applyOps(f, rule.requestOps);
  if (action.rewrite !== null) head.path = action.rewrite(head.path, matchedPrefix);
}

function wantsTrailers(te: string): boolean {
  return te === "trailers" || /(^|,)\s*trailers\s*(;|,|$)/i.test(te);
}

/** An upgrade goes on where the route allows all that it names; otherwise the request is an ordinary one (RFC 9110 7.8). */
function mayUpgrade(head: RequestHead, action: ForwardAction): boolean {
  return action.upgrades.has("*") || head.upgrade.split(", ").every((t) => action.upgrades.has(t));
}

/** Remove, set, add, in this order. */
export function applyOps(f: Fields, ops: HeaderOpsSpec): void {
  for (const name of ops.remove) f.remove(name);
  for (const [name, value] of ops.set) f.set(name, value);
  for (const [name, value] of ops.add) f.add(name, value);
}
