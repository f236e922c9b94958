import { CHAIN_DEPTH, RSA_BITS } from "../limits.ts";
import { nameText } from "../x509/distinguished_name.ts";
import { isFor, KEY_USAGE } from "../x509/extensions.ts";
import { permits } from "../x509/name_constraints.ts";
import { equal, type ParsedCertificate } from "../x509/parse_certificate.ts";

export interface PathRules {
  /** Object identifier of the extended key usage. */
  readonly use: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Why an authority may not stand above these certificates, of which the first is the leaf (RFC 5280 6.1.4); null: it may. */
export function authorityFault(c: ParsedCertificate, below: readonly ParsedCertificate[], rules: PathRules): string | null {
  const fault = faultOf(c, below, rules);
  return fault === null ? null : `${JSON.stringify(nameText(c.subject))} ${fault}`;
}

function faultOf(c: ParsedCertificate, below: readonly ParsedCertificate[], { use, now }: PathRules): string | null {
  if (below.length > CHAIN_DEPTH) return "stands too far up";
  if (now < c.notBefore) return "is not good yet";
  if (now > c.notAfter) return "has expired";
  // RFC 5280 4.1.2.6: an authority has a name, for paths go by names. An empty Name is two bytes.
  if (c.subject.length === 2) return "has no name";
  // RFC 5280 6.1.4 (k): version 1 says nothing of itself, and so is no authority.
  if (!c.isCa) return "is no authority";
  // RFC 5280 6.1.4 (n).
  if (c.keyUsage !== null && (c.keyUsage & KEY_USAGE.keyCertSign) === 0) return "has a key that is not for certificates";
  // RFC 5280 6.1.4 (l) and (m): those that name themselves as their issuer do not count.
  const between = below.slice(1).filter((b) => !isSelfIssued(b)).length;
  if (c.pathLength !== null && between > c.pathLength) return `may have ${c.pathLength} authorities below it`;
  // Beyond RFC 5280, as all of the field does: what an authority is made for, those below it are at most.
  if (!isFor(c, use)) return "is not made for this";
  if (c.unknownCritical.length > 0) return `has critical extension ${c.unknownCritical[0]}, which is not known`;
  if (c.keyType === null) return "has a key of an unknown kind";
  if (c.rsaBits > 0 && c.rsaBits < RSA_BITS) return `has a key of ${c.rsaBits} bits`;
  const { nameConstraints } = c;
  // RFC 5280 6.1.3 (b) and (c): those that name themselves as their issuer are passed over, the leaf never.
  if (nameConstraints !== null && !below.every((b, i) => (i > 0 && isSelfIssued(b)) || permits(nameConstraints, b.names)))
    return "may not vouch for these names";
  return null;
}

function isSelfIssued(c: ParsedCertificate): boolean {
  return equal(c.subject, c.issuer);
}
