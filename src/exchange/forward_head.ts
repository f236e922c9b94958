import type { HeaderOpsSpec } from "../config/model.ts";
import type { Fields } from "../http/fields.ts";
import type { RequestHead } from "../http/head.ts";
import { removeHopByHop } from "../http/hop_by_hop.ts";
import { ID } from "../http/names.ts";
import type { ConnInfo } from "../platform/types.ts";
import type { Peer } from "./forwarded.ts";
import type { ForwardAction, RouteRule, Site } from "./site.ts";

/** Makes a received head the one that goes on: hop-by-hop fields out, forwarding fields in, the route's changes. Returns the request id. */
export function forwardHead(
  head: RequestHead,
  site: Site,
  peer: Peer,
  info: ConnInfo,
  action: ForwardAction,
  rule: RouteRule,
  matchedPrefix: string,
): string {
  const f = head.fields;
  const te = f.hasId(ID.te) && /(^|,)\s*trailers\s*(;|,|$)/i.test(f.list("te") ?? "");
  removeHopByHop(f);
  if (head.upgrade !== "" && !mayUpgrade(head, action)) head.upgrade = "";
  if (head.upgrade !== "") f.add("Upgrade", head.upgrade);
  // RFC 9110 10.1.4: the member that says that trailers are welcome; Weir passes them.
  if (te) f.add("TE", "trailers");
  if (head.upgrade !== "") f.add("Connection", te ? "upgrade, TE" : "upgrade");
  else if (te) f.add("Connection", "TE");
  const requestId = site.forwarded.apply(peer, head, info);
  if (rule.requestOps !== null) applyOps(f, rule.requestOps);
  if (action.rewrite !== null) head.path = action.rewrite(head.path, matchedPrefix);
  return requestId;
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
