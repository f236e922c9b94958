import type { Address } from "../base/address.ts";
import { encodeLatin1, NO_BYTES } from "../base/bytes.ts";
import { parseAddress } from "../base/cidr.ts";
import { ipText } from "../base/ip_text.ts";
import type { Tlv } from "../base/tlv.ts";
import { crc32c } from "./crc32c.ts";
import { FAMILY, type ProxiedEnds, TLV, UNIX_BYTES, V2_FIXED_BYTES, V2_LOCAL, V2_PROXY, V2_SIGNATURE } from "./header.ts";

const TLV_HEAD_BYTES = 3;

/** A line of version 1 (2.1). `ends` null, and what the line has no words for: UNKNOWN. */
export function writeV1(ends: ProxiedEnds | null): Uint8Array {
  const block = ends === null ? null : inetBlock(ends);
  if (block === null) return encodeLatin1("PROXY UNKNOWN\r\n");
  const { family, source, destination, ports } = block;
  const word = family === FAMILY.tcp4 ? "TCP4" : "TCP6";
  return encodeLatin1(`PROXY ${word} ${ipText(source)} ${ipText(destination)} ${ports[0]} ${ports[1]}\r\n`);
}

/** A header of version 2 (2.2). With `checksum` the last TLV is the header's CRC-32C. The TLVs of a header that was read fit in 64 KiB. */
export function writeV2(ends: ProxiedEnds, tlvs: readonly Tlv[], checksum: boolean): Uint8Array {
  const { family, bytes: addresses } = addressBlock(ends);
  let size = V2_FIXED_BYTES + addresses.length + (checksum ? TLV_HEAD_BYTES + 4 : 0);
  for (const t of tlvs) size += TLV_HEAD_BYTES + t.value.length;
  const out = fixed(V2_PROXY, family, size);
  out.set(addresses, V2_FIXED_BYTES);
  let at = V2_FIXED_BYTES + addresses.length;
  for (const t of tlvs) at = putTlv(out, at, t.type, t.value);
  if (!checksum) return out;
  // 2.2.3: over the whole header, with zeros in the checksum's place.
  putTlv(out, at, TLV.crc32c, new Uint8Array(4));
  new DataView(out.buffer).setUint32(size - 4, crc32c(out));
  return out;
}

/** What a proxy says of a connection of its own (2.2), such as a health check. */
export function writeLocal(version: 1 | 2): Uint8Array {
  return version === 1 ? writeV1(null) : fixed(V2_LOCAL, FAMILY.unspecified, V2_FIXED_BYTES);
}

function fixed(command: number, family: number, size: number): Uint8Array {
  const out = new Uint8Array(size);
  out.set(V2_SIGNATURE);
  out[12] = command;
  out[13] = family;
  out[14] = (size - V2_FIXED_BYTES) >> 8;
  out[15] = (size - V2_FIXED_BYTES) & 0xff;
  return out;
}

function putTlv(out: Uint8Array, at: number, type: number, value: Uint8Array): number {
  out[at] = type;
  out[at + 1] = value.length >> 8;
  out[at + 2] = value.length & 0xff;
  out.set(value, at + TLV_HEAD_BYTES);
  return at + TLV_HEAD_BYTES + value.length;
}

function addressBlock(ends: ProxiedEnds): { readonly family: number; readonly bytes: Uint8Array } {
  const inet = inetBlock(ends);
  if (inet !== null) {
    const { source, destination, ports } = inet;
    const n = source.length;
    const bytes = new Uint8Array(2 * n + 4);
    bytes.set(source);
    bytes.set(destination, n);
    const view = new DataView(bytes.buffer);
    view.setUint16(2 * n, ports[0]);
    view.setUint16(2 * n + 2, ports[1]);
    return { family: inet.family, bytes };
  }
  const { source, destination } = ends;
  const from = pathBytes(source);
  const to = pathBytes(destination);
  if (from !== null && to !== null) {
    const bytes = new Uint8Array(2 * UNIX_BYTES);
    bytes.set(from);
    bytes.set(to, UNIX_BYTES);
    return { family: FAMILY.unixStream, bytes };
  }
  return { family: FAMILY.unspecified, bytes: NO_BYTES };
}

interface InetBlock {
  readonly family: number;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly ports: readonly [number, number];
}

/** Both ends in one family: where they differ, IPv4 mapped into IPv6 (RFC 4291 2.5.5.2). null: they are no ends of TCP. */
function inetBlock({ source, destination }: ProxiedEnds): InetBlock | null {
  if (source.kind !== "tcp" || destination.kind !== "tcp") return null;
  const from = parseAddress(bare(source.host));
  const to = parseAddress(bare(destination.host));
  if (from === null || to === null) return null;
  const ports = [source.port, destination.port] as const;
  if (isV6(source) || isV6(destination)) return { family: FAMILY.tcp6, source: from, destination: to, ports };
  return { family: FAMILY.tcp4, source: from.subarray(12), destination: to.subarray(12), ports };
}

function isV6(a: Address): boolean {
  return a.kind === "tcp" && a.host.includes(":");
}

/** A zone means nothing on another machine (RFC 4007 6). */
function bare(host: string): string {
  const zone = host.indexOf("%");
  return zone < 0 ? host : host.slice(0, zone);
}

/** null: it is none of a unix socket, or longer than the block. */
function pathBytes(a: Address): Uint8Array | null {
  if (a.kind !== "unix") return null;
  const bytes = new TextEncoder().encode(a.path);
  return bytes.length > UNIX_BYTES ? null : bytes;
}
