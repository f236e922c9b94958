import { equal, type ParsedCertificate } from "./x509/parse_certificate.ts";

/** Renewing is late from here on: authorities that renew by themselves do so with a third of the time left, of 90 days or less. */
const SOON_MS = 14 * 86_400_000;

/** What is wrong with a chain that can be served all the same. The first is in date. */
export function certificateWarnings(chain: readonly ParsedCertificate[], now: number): string[] {
  const [leaf] = chain;
  const warnings: string[] = [];
  const left = leaf!.notAfter - now;
  // What is made for a few days, as in a mesh, is renewed more often.
  if (left < Math.min(SOON_MS, (leaf!.notAfter - leaf!.notBefore) / 4))
    warnings.push(`renew the certificate soon: it expires in ${spanText(left)}`);
  // OpenSSL, rustls and browsers want two: with one the star would stand for everybody's names.
  const wide = leaf!.names.dns.find((n) => /^\*\.[^.]+$/.test(n));
  if (wide !== undefined)
    warnings.push(`name hosts in the certificate: clients take no wildcard as wide as ${JSON.stringify(wide)}`);
  const misplaced = chain.findIndex((c, i) => i > 0 && !equal(chain[i - 1]!.issuer, c.subject));
  // RFC 8446 4.4.2: each SHOULD certify the one before; some clients take nothing else.
  if (misplaced > 0)
    warnings.push(`put the chain in order: certificate ${misplaced + 1} of the file did not sign the one before it`);
  const expired = chain.findIndex((c, i) => i > 0 && now > c.notAfter);
  if (expired > 0) warnings.push(`replace certificate ${expired + 1} of the file: it has expired`);
  return warnings;
}

/** `3 days`, `5 hours`. */
export function spanText(ms: number): string {
  const hours = Math.floor(ms / 3_600_000);
  if (hours < 1) return "less than an hour";
  if (hours < 48) return hours === 1 ? "1 hour" : `${hours} hours`;
  return `${Math.floor(hours / 24)} days`;
}
