import ipaddr from "ipaddr.js";
import { type Leaf, leaf, mismatch, refuse } from "./leaf.ts";

/** Names for ranges that nobody wants to look up (RFC 1918, 4193, 3927, 4291, 1122). */
const NAMED: ReadonlyMap<string, readonly string[]> = new Map([
  ["loopback", ["127.0.0.0/8", "::1/128"]],
  ["private", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"]],
]);
const WANTED = 'a range such as "10.0.0.0/8", an IP address, "private" or "loopback"';

/** Ranges in CIDR form; an address alone is a range of one. */
export const ipRange: Leaf<readonly string[]> = leaf(
  { id: "IpRange", type: "string", examples: ["10.0.0.0/8", "2001:db8::/32", "private", "loopback"] },
  (v) => {
    if (typeof v !== "string") return mismatch(WANTED);
    const named = NAMED.get(v);
    if (named !== undefined) return named;
    const ip = /^([0-9a-fA-F:.]+)(?:\/([0-9]{1,3}))?$/.exec(v);
    if (ip === null || !isIp(ip[1]!)) return mismatch(WANTED);
    const address = ipaddr.parse(ip[1]!);
    const bits = address.kind() === "ipv4" ? 32 : 128;
    const prefix = ip[2] === undefined ? bits : Number(ip[2]);
    if (prefix > bits) return refuse(`shorten the prefix: found /${prefix}, wanted at most /${bits}`);
    const network = networkOf(address, prefix);
    if (network !== address.toString())
      return refuse(
        `clear the bits behind the prefix: found ${JSON.stringify(v)}`,
        `the range is "${network}/${prefix}", the one address "${address}"`,
      );
    return [`${network}/${prefix}`];
  },
);

/** One IP address, without a port. */
export function ipAddress(): Leaf<string> {
  return leaf({ type: "string", examples: ["10.0.0.5"] }, (v) =>
    typeof v === "string" && isIp(v) ? ipaddr.parse(v).toString() : mismatch('an IP address such as "10.0.0.5"'),
  );
}

/** Whether it is an address of either family, an IPv6 one without brackets. */
export function isIp(s: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(s) || (s.includes(":") && ipaddr.IPv6.isValid(s));
}

function networkOf(address: ipaddr.IPv4 | ipaddr.IPv6, prefix: number): string {
  const bytes = address.toByteArray();
  for (let bit = prefix; bit < bytes.length * 8; bit++) bytes[bit >> 3]! &= ~(0x80 >> (bit & 7));
  return ipaddr.fromByteArray(bytes).toString();
}
