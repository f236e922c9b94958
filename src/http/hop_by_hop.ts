import { equalsIgnoreCase } from "../base/bytes.ts";
import { connectionOptions } from "./connection_options.ts";
import { type Fields, STRIDE } from "./fields.ts";
import { ID, type KnownName } from "./names.ts";

/** Fields that concern one connection only, whether Connection names them or not (RFC 9110 7.6.1 and its list of older ones). */
const HOP_NAMES: readonly KnownName[] = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "proxy-authenticate",
  "proxy-authorization",
];
const HOP_MASK = HOP_NAMES.reduce((mask, name) => mask | (1 << ID[name]), 0);

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

/** Removes hop-by-hop fields, those that Connection names too. */
export function removeHopByHop(f: Fields): void {
  if ((f.mask & HOP_MASK) === 0) return;
  if ((f.mask & CONNECTION_BIT) !== 0 && namesOthers(f)) removeNamed(f);
  const s = f.spans;
  for (let i = 4; i < s.length; i += STRIDE) {
    const id = s[i]!;
    if (id > 0 && (HOP_MASK & (1 << id)) !== 0) s[i] = -1;
  }
  // What a handler inside the process says of a connection or a framing is no truer than a peer's word.
  if (f.added !== null) for (const name of HOP_NAMES) f.remove(name);
  f.mask &= ~HOP_MASK;
}

/** Whether Connection may name more than itself; nearly always it is one of two words. */
function namesOthers(f: Fields): boolean {
  if (f.added !== null) return true;
  const { raw, spans: s } = f;
  for (let i = 0; i < s.length; i += STRIDE) {
    if (s[i + 4] !== ID.connection) continue;
    const from = s[i + 2]!;
    const to = s[i + 3]!;
    if (!equalsIgnoreCase(raw, from, to, "keep-alive") && !equalsIgnoreCase(raw, from, to, "close")) return true;
  }
  return false;
}

function removeNamed(f: Fields): void {
  for (const option of connectionOptions(f)) {
    if (option === "close" || option === "keep-alive" || option === "upgrade" || NOT_BY_NAME.has(option)) continue;
    f.remove(option);
  }
}
