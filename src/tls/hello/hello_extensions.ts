import { latin1 } from "../../base/bytes.ts";
import { ALPN_NAMES } from "../limits.ts";
import type { Cursor } from "./cursor.ts";
import { type HelloFault, illegal, malformed } from "./hello_fault.ts";
import { isAddressLiteral, isServerName } from "./server_name.ts";

/** Numbers of the extensions that are read (IANA, TLS ExtensionType Values). */
export const EXTENSION = Object.freeze({
  serverName: 0,
  supportedGroups: 10,
  signatureAlgorithms: 13,
  alpn: 16,
  sessionTicket: 35,
  preSharedKey: 41,
  supportedVersions: 43,
});

const HOST_NAME = 0;

/** The name in a `server_name` extension (RFC 6066 3), lower case; null: an address, which names nobody. */
export function readServerName(c: Cursor): string | HelloFault | null {
  const list = c.vector(2);
  const type = list.u8();
  const name = list.vector(2);
  if (c.failed || list.failed || c.left > 0) return malformed("server_name");
  // RFC 6066 3: one name of a type at most; there is one type, and what another one's bytes would mean is not known.
  if (type !== HOST_NAME || list.left > 0) return illegal("the ClientHello names no host, or more than one");
  const text = latin1(name.bytes, name.at, name.end).toLowerCase();
  // RFC 6066 3: addresses are not permitted, but some clients send the one that they connect to. It is nobody's name, whoever reads it.
  if (isAddressLiteral(text)) return null;
  // Two parsers that read an odd name in two ways would choose two policies.
  return isServerName(text) ? text : illegal("the ClientHello names a host that is no DNS name");
}

/** The protocols in an `application_layer_protocol_negotiation` extension (RFC 7301 3.1). */
export function readAlpn(c: Cursor): string[] | HelloFault {
  const list = c.vector(2);
  const names: string[] = [];
  while (list.left > 0 && !list.failed) {
    const name = list.vector(1);
    if (list.failed || name.left === 0) return malformed("ALPN list");
    if (names.length === ALPN_NAMES) return illegal(`the ClientHello offers more than ${ALPN_NAMES} protocols`);
    names.push(latin1(name.bytes, name.at, name.end));
  }
  return c.done && names.length > 0 ? names : malformed("ALPN list");
}

/** A list of 16-bit numbers behind its length; `what` names it in a fault. */
export function readNumbers(c: Cursor, lengthBytes: 1 | 2, what: string): number[] | HelloFault {
  const list = c.vector(lengthBytes);
  if (!c.done || list.left === 0 || list.left % 2 !== 0) return malformed(what);
  return list.numbers();
}
