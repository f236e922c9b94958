import { Buffer } from "node:buffer";
import { isIP } from "node:net";
import { type DecodedPacket, decode, encode, RECURSION_DESIRED, streamEncode } from "dns-packet";
import type { SrvRecord } from "./types.ts";

export type DnsType = "A" | "AAAA" | "SRV";

export interface DnsQuestion {
  /** Without a dot at its end. */
  readonly name: string;
  readonly type: DnsType;
  /** What ties an answer to its question, with the name: 0 to 65535, not to be guessed. */
  readonly id: number;
}

/** Names of one answer are followed through this many aliases. */
const ALIASES = 16;

/** What a server said. `none`: there is no such name, or it has no records of the type. `broken`: nothing that can be relied on. */
export type DnsSaying =
  | { readonly kind: "addresses"; readonly records: readonly { address: string; ttl: number }[] }
  | { readonly kind: "services"; readonly records: readonly SrvRecord[] }
  | { readonly kind: "none"; readonly code: "ENOTFOUND" | "ENODATA" }
  | { readonly kind: "truncated" }
  | { readonly kind: "broken"; readonly error: string };

/** Whether it can be asked for at all (RFC 1035 2.3.4); `dns-packet` would write a longer label as it comes. */
export function isDnsName(name: string): boolean {
  if (name.length === 0 || name.length > 253) return false;
  return name.split(".").every((label) => /^[\x21-\x7e]{1,63}$/.test(label));
}

/** A query in the form of UDP; in that of TCP its length comes first (RFC 1035 4.2.2). */
export function encodeQuestion({ id, name, type }: DnsQuestion, over: "udp" | "tcp"): Uint8Array {
  const packet = { type: "query" as const, id, flags: RECURSION_DESIRED, questions: [{ name, type }] };
  return over === "udp" ? encode(packet) : streamEncode(packet);
}

/** Reads an answer; null: it is none to this question, and another may still come (RFC 5452 9.1). */
export function readAnswer(b: Uint8Array, q: DnsQuestion): DnsSaying | null {
  let packet: DecodedPacket;
  try {
    packet = decode(Buffer.from(b.buffer, b.byteOffset, b.byteLength));
  } catch {
    return null;
  }
  const asked = packet.questions?.[0];
  if (packet.type !== "response" || packet.id !== q.id || packet.questions?.length !== 1) return null;
  if (asked!.type !== q.type || !sameName(asked!.name, q.name)) return null;
  if (packet.flag_tc) return { kind: "truncated" };
  const rcode: string = (packet as unknown as { rcode: string }).rcode;
  if (rcode === "NXDOMAIN") return { kind: "none", code: "ENOTFOUND" };
  if (rcode !== "NOERROR") return { kind: "broken", error: rcode };
  return q.type === "SRV" ? services(packet, q) : addresses(packet, q);
}

function addresses(packet: DecodedPacket, q: DnsQuestion): DnsSaying {
  const { name, ttl } = alias(packet, q.name);
  const records: { address: string; ttl: number }[] = [];
  const family = q.type === "A" ? 4 : 6;
  for (const a of packet.answers ?? []) {
    if ((a.type !== "A" && a.type !== "AAAA") || a.type !== q.type || !sameName(a.name, name)) continue;
    // `dns-packet` reads an address beyond the end of a message that was cut.
    if (isIP(a.data) !== family) return { kind: "broken", error: "EBADRESP" };
    records.push({ address: a.data, ttl: Math.min(ttl, a.ttl ?? 0) });
  }
  return records.length === 0 ? { kind: "none", code: "ENODATA" } : { kind: "addresses", records };
}

function services(packet: DecodedPacket, q: DnsQuestion): DnsSaying {
  const { name, ttl } = alias(packet, q.name);
  const records: SrvRecord[] = [];
  for (const a of packet.answers ?? []) {
    if (a.type !== "SRV" || !sameName(a.name, name)) continue;
    const { target, port, priority, weight } = a.data;
    // "." says that the service is not to be had (RFC 2782).
    if (target !== "." && isDnsName(target))
      records.push({ target, port, priority: priority ?? 0, weight: weight ?? 0, ttl: Math.min(ttl, a.ttl ?? 0) });
  }
  return records.length === 0 ? { kind: "none", code: "ENODATA" } : { kind: "services", records };
}

/** What the name is an alias of in the end, within this answer, and how long that is so (RFC 1034 3.6.2). */
function alias(packet: DecodedPacket, asked: string): { readonly name: string; readonly ttl: number } {
  let name = asked;
  let ttl = Number.POSITIVE_INFINITY;
  for (let i = 0; i < ALIASES; i++) {
    const next = packet.answers?.find((a) => a.type === "CNAME" && sameName(a.name, name));
    if (next === undefined || next.type !== "CNAME") break;
    name = next.data;
    ttl = Math.min(ttl, next.ttl ?? 0);
  }
  return { name, ttl };
}

/** Case tells nothing (RFC 4343). */
function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
