import { latin1 } from "../../base/bytes.ts";
import { DerReader, TAG } from "./der.ts";
import { readOid } from "./der_values.ts";

/** Short names of attributes (RFC 4514 3, and what OpenSSL prints). */
const SHORT: ReadonlyMap<string, string> = new Map([
  ["2.5.4.3", "CN"],
  ["2.5.4.4", "SN"],
  ["2.5.4.5", "serialNumber"],
  ["2.5.4.6", "C"],
  ["2.5.4.7", "L"],
  ["2.5.4.8", "ST"],
  ["2.5.4.9", "street"],
  ["2.5.4.10", "O"],
  ["2.5.4.11", "OU"],
  ["2.5.4.12", "title"],
  ["2.5.4.42", "GN"],
  ["2.5.4.97", "organizationIdentifier"],
  ["0.9.2342.19200300.100.1.1", "UID"],
  ["0.9.2342.19200300.100.1.25", "DC"],
  ["1.2.840.113549.1.9.1", "emailAddress"],
]);

/**
 * A Name (RFC 5280 4.1.2.4, in DER) as text of RFC 4514: the most specific part first, `CN=a,O=b`. Only printable ASCII comes out: other
 * characters stand as `\XX` for each byte of their UTF-8. What is no Name reads as "".
 */
export function nameText(der: Uint8Array): string {
  const outer = new DerReader(der);
  const parts: string[] = [];
  for (const name = outer.read(TAG.sequence); !name.isEmpty && !outer.failed; ) {
    const values: string[] = [];
    for (const set = name.read(TAG.set); !set.isEmpty && !outer.failed; ) {
      const pair = set.read(TAG.sequence);
      const type = readOid(pair);
      const from = pair.at;
      const tag = pair.tag;
      const value = pair.any().rest();
      const short = SHORT.get(type);
      const text = short === undefined ? null : stringOf(tag, value);
      values.push(text === null ? `${short ?? type}=#${hexOf(der.subarray(from, pair.at))}` : `${short}=${escaped(text)}`);
      pair.close();
    }
    parts.unshift(values.join("+"));
  }
  return outer.failed ? "" : parts.join(",");
}

/** The characters of a string type; null for another type. */
function stringOf(tag: number, b: Uint8Array): string | null {
  switch (tag) {
    case TAG.utf8String:
      return new TextDecoder().decode(b);
    case TAG.printableString:
    case TAG.ia5String:
    case TAG.teletexString:
      return latin1(b, 0, b.length);
    case TAG.bmpString:
      return unitsOf(b, 2);
    case TAG.universalString:
      return unitsOf(b, 4);
    default:
      return null;
  }
}

function unitsOf(b: Uint8Array, size: 2 | 4): string | null {
  if (b.length % size !== 0) return null;
  let text = "";
  for (let at = 0; at < b.length; at += size) {
    let c = 0;
    for (let i = 0; i < size; i++) c = c * 256 + b[at + i]!;
    if (c > 0x10ffff) return null;
    text += String.fromCodePoint(c);
  }
  return text;
}

/** RFC 4514 2.4, with all that is not printable ASCII escaped too: the text goes into a field value and into logs. */
function escaped(text: string): string {
  let out = "";
  const bytes = new TextEncoder().encode(text);
  for (const [i, byte] of bytes.entries()) {
    const c = String.fromCharCode(byte);
    const atEdge = (i === 0 && (c === "#" || c === " ")) || (i === bytes.length - 1 && c === " ");
    if (byte < 0x20 || byte > 0x7e) out += `\\${hexOf(Uint8Array.of(byte)).toUpperCase()}`;
    else out += atEdge || '"+,;<>\\'.includes(c) ? `\\${c}` : c;
  }
  return out;
}

export function hexOf(b: Uint8Array): string {
  let out = "";
  for (const byte of b) out += byte.toString(16).padStart(2, "0");
  return out;
}
