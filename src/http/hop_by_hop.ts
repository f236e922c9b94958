import { connectionOptions } from "./connection_options.ts";
import { type Fields, STRIDE } from "./fields.ts";
import { ID } from "./names.ts";

/** Fields that concern one connection only, whether Connection names them or not (RFC 9110 7.6.1 and its list of older ones). */
const HOP_MASK =
  (1 << ID.connection) |
  (1 << ID["keep-alive"]) |
  (1 << ID["proxy-connection"]) |
  (1 << ID.te) |
  (1 << ID["transfer-encoding"]) |
  (1 << ID.upgrade) |
  (1 << ID["http2-settings"]) |
  (1 << ID["proxy-authenticate"]) |
  (1 << ID["proxy-authorization"]);

/** Connection may name any field, but a client must not take away what frames or routes the message, or what Weir is to say of it. */
const NOT_BY_NAME: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "content-type",
  "authorization",
  "cookie",
  "date",
  "expect",
]);
const CONNECTION_BIT = 1 << ID.connection;

/** Removes hop-by-hop fields of a received message, those that its Connection field names too. */
export function removeHopByHop(f: Fields): void {
  if ((f.mask & HOP_MASK) === 0) return;
  if ((f.mask & CONNECTION_BIT) !== 0) removeNamed(f);
  const s = f.spans;
  for (let i = 4; i < s.length; i += STRIDE) {
    const id = s[i]!;
    if (id > 0 && (HOP_MASK & (1 << id)) !== 0) s[i] = -1;
  }
  f.mask &= ~HOP_MASK;
}

function removeNamed(f: Fields): void {
  for (const option of connectionOptions(f)) {
    if (option === "close" || option === "keep-alive" || option === "upgrade" || NOT_BY_NAME.has(option)) continue;
    f.remove(option);
  }
}
