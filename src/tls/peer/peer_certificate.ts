import { createHash } from "node:crypto";
import { nameText } from "../x509/distinguished_name.ts";
import { parseCertificate } from "../x509/parse_certificate.ts";

/** What is told to others of a peer's certificate. */
export interface PeerCertificate {
  /** DER, the peer's own first. */
  readonly chain: readonly Uint8Array[];
  /** SHA-256 of the certificate's DER, hex. */
  readonly hash: string;
  /** RFC 4514: printable ASCII. */
  readonly subject: string;
  /** Printable ASCII without spaces. */
  readonly uris: readonly string[];
  readonly dns: readonly string[];
  /** Hex, upper case. */
  readonly serial: string;
}

/** Reads a chain that was verified; null: there is none, or it can't be read. */
export function readPeerCertificate(chain: readonly Uint8Array[]): PeerCertificate | null {
  const [der] = chain;
  const parsed = der === undefined ? null : parseCertificate(der);
  if (parsed === null) return null;
  return {
    chain,
    hash: createHash("sha256").update(parsed.der).digest("hex"),
    subject: nameText(parsed.subject),
    uris: parsed.names.uris,
    dns: parsed.names.dns,
    serial: parsed.serial,
  };
}
