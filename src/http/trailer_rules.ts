import { type Fields, STRIDE } from "./fields.ts";
import { ID, idOfName } from "./names.ts";

/** Fields that frame or route (RFC 9110 6.5.1): a trailer section that holds one is refused. */
export const FORBIDDEN_TRAILERS: number =
  (1 << ID["transfer-encoding"]) | (1 << ID["content-length"]) | (1 << ID.host) | (1 << ID.trailer) | (1 << ID.upgrade);

/** Who merges trailers into the head, as some servers do, would take these for what Weir or another trusted hop has said of the request. */
const DROPPED_TRAILERS =
  (1 << ID.forwarded) |
  (1 << ID["x-forwarded-for"]) |
  (1 << ID["x-forwarded-proto"]) |
  (1 << ID["x-forwarded-host"]) |
  (1 << ID["x-forwarded-client-cert"]) |
  (1 << ID["x-request-id"]) |
  (1 << ID.via) |
  (1 << ID.expect) |
  (1 << ID["max-forwards"]) |
  (1 << ID.cookie) |
  (1 << ID.authorization) |
  (1 << ID["content-type"]);

/** RFC 9110 6.5.1: fields of routing, control, authentication or content are no trailers; takes those out that need not be refused. */
export function dropForbiddenTrailers(f: Fields): void {
  if ((f.mask & DROPPED_TRAILERS) === 0) return;
  const s = f.spans;
  for (let i = 4; i < s.length; i += STRIDE) {
    const id = s[i]!;
    if (id > 0 && (DROPPED_TRAILERS & (1 << id)) !== 0) s[i] = -1;
  }
  f.mask &= ~DROPPED_TRAILERS;
}

/** The same of trailers that Weir's own side has a hand in: what a peer's are refused for is taken out of them. */
export function settleTrailers(f: Fields): void {
  const mask = f.mask & (FORBIDDEN_TRAILERS | DROPPED_TRAILERS);
  if (mask === 0) return;
  const names = new Set<string>();
  f.forEach((name) => {
    if ((mask & (1 << idOfName(name)) & ~1) !== 0) names.add(name);
  });
  for (const name of names) f.remove(name);
}
