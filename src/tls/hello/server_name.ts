import { isIP } from "node:net";

/** Octets of a name and of a label in its text form (RFC 1035 2.3.4). */
const NAME_BYTES = 253;
const LABEL_BYTES = 63;
const DOT = 0x2e;
const DASH = 0x2d;
const UNDERSCORE = 0x5f;

/**
 * Whether a lower-case text is a name that a client may ask for (RFC 6066 3): LDH labels (RFC 1123 2.1) and, as resolvers and certificates
 * do, `_`, without a dot at its end, and no IPv4 address. A last label of digits alone would be read as an address by some (RFC 3696 2), so
 * it is none either.
 */
export function isServerName(name: string): boolean {
  const n = name.length;
  if (n === 0 || n > NAME_BYTES) return false;
  let label = 0;
  for (let i = 0; i < n; i++) {
    const c = name.charCodeAt(i);
    if (c === DOT) {
      if (!isLabel(name, label, i)) return false;
      label = i + 1;
    } else if (!isLabelChar(c)) return false;
  }
  return isLabel(name, label, n) && !isNumber(name, label);
}

function isLabel(name: string, from: number, to: number): boolean {
  return to > from && to - from <= LABEL_BYTES && name.charCodeAt(from) !== DASH && name.charCodeAt(to - 1) !== DASH;
}

function isLabelChar(c: number): boolean {
  return (c >= 0x61 && c <= 0x7a) || isDigit(c) || c === DASH || c === UNDERSCORE;
}

/** Whether the last label is a number to those who read addresses: decimal, octal or hexadecimal. */
function isNumber(name: string, from: number): boolean {
  return isDigit(name.charCodeAt(from)) && /^(?:[0-9]+|0x[0-9a-f]*)$/.test(name.slice(from));
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

/** Whether a text is an address as RFC 6066 3 means it: all four numbers of IPv4 in decimal, or IPv6 without brackets and zone. */
export function isAddressLiteral(name: string): boolean {
  return isIP(name) !== 0 && !name.includes("%");
}
