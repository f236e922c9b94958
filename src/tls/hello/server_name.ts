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
  // The dot stands for what is before the first label.
  let last = DOT;
  for (let i = 0; i < n; i++) {
    const c = name.charCodeAt(i);
    if (c === DOT) {
      if (last === DOT || last === DASH || i - label > LABEL_BYTES) return false;
      label = i + 1;
    } else if (c === DASH) {
      if (last === DOT) return false;
    } else if (!((c >= 0x61 && c <= 0x7a) || (c >= 0x30 && c <= 0x39) || c === UNDERSCORE)) return false;
    last = c;
  }
  return last !== DOT && last !== DASH && n - label <= LABEL_BYTES && !isNumber(name, label);
}

/** Whether the last label is a number to those who read addresses: decimal, octal or hexadecimal. */
function isNumber(name: string, from: number): boolean {
  const first = name.charCodeAt(from);
  return first >= 0x30 && first <= 0x39 && /^(?:[0-9]+|0x[0-9a-f]*)$/.test(name.slice(from));
}

/** Whether a text is an address as RFC 6066 3 means it: all four numbers of IPv4 in decimal, or IPv6 without brackets and zone. */
export function isAddressLiteral(name: string): boolean {
  return isIP(name) !== 0 && !name.includes("%");
}
