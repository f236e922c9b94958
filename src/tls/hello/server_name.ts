import { isIP } from "node:net";

/** LDH labels (RFC 1123 2.1) and, as resolvers and certificates do, `_`. */
const NAME = /^(?=.{1,253}$)(?:(?!-)[a-z0-9_-]{1,63}(?<!-)\.)*(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/**
 * Whether a lower-case text is a name that a client may ask for (RFC 6066 3): a DNS name in ASCII, without a dot at its end, and no IPv4
 * address. A last label of digits alone would be read as an address by some (RFC 3696 2), so it is none either.
 */
export function isServerName(name: string): boolean {
  return NAME.test(name) && !/(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/.test(name);
}

/** Whether a text is an address as RFC 6066 3 means it: all four numbers of IPv4 in decimal, or IPv6 without brackets and zone. */
export function isAddressLiteral(name: string): boolean {
  return isIP(name) !== 0 && !name.includes("%");
}
