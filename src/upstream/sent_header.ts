import { encodeLatin1 } from "../base/bytes.ts";
import type { Tlv } from "../base/tlv.ts";
import type { SentProxyHeaderSpec } from "../config/model.ts";
import { TLV } from "../proxy_protocol/header.ts";
import { writeLocal, writeV1, writeV2 } from "../proxy_protocol/write_header.ts";
import type { DialClient } from "./types.ts";

/** The header of a connection that is made for this client; null: it is Weir's own, such as a health check's. */
export function sentHeader(spec: SentProxyHeaderSpec, client: DialClient | null): Uint8Array {
  if (client === null) return writeLocal(spec.version);
  const { remote, local } = client.conn.info;
  const ends = { source: remote, destination: local };
  return spec.version === 1 ? writeV1(ends) : writeV2(ends, tlvsFor(spec, client), spec.checksum);
}

/** What was seen here stands in the place of what was told: a header has one name and one protocol. */
function tlvsFor({ tlvs }: SentProxyHeaderSpec, client: DialClient): Tlv[] {
  const { tls, info } = client.conn;
  const seen: Tlv[] = [];
  if (tlvs.includes("alpn") && tls !== null && tls.alpn !== "") seen.push({ type: TLV.alpn, value: encodeLatin1(tls.alpn) });
  if (tlvs.includes("authority") && client.serverName !== "")
    seen.push({ type: TLV.authority, value: encodeLatin1(client.serverName) });
  if (!tlvs.includes("received") || info.proxied === undefined) return seen;
  return [...seen, ...info.proxied.tlvs.filter((t) => !seen.some((s) => s.type === t.type))];
}
