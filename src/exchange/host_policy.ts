import type { RequestHead } from "../http/head.ts";
import { ID } from "../http/names.ts";
import type { RewriteHost } from "./site.ts";

/**
 * Sets Host by policy (RFC 9110 7.2). A client of HTTP/1.0 may have sent none: it is made of the target's authority or the endpoint's
 * (RFC 9112 3.2.2).
 */
export function setHost(head: RequestHead, policy: RewriteHost, endpoint: string): void {
  const { fields } = head;
  if (policy.kind !== "pass") fields.set("Host", policy.kind === "endpoint" ? endpoint : policy.value);
  else if (!fields.hasId(ID.host)) fields.add("Host", head.authority === "" ? endpoint : head.authority);
}
