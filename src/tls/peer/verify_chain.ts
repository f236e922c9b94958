import { CHAIN_SIGNATURES, PEER_CERTIFICATES, RSA_BITS } from "../limits.ts";
import { nameText } from "../x509/distinguished_name.ts";
import { EXTENDED_KEY_USAGE, isFor, KEY_USAGE } from "../x509/extensions.ts";
import { equal, type ParsedCertificate, parseCertificate } from "../x509/parse_certificate.ts";
import { authorityFault, type PathRules } from "./authority_fault.ts";
import { SignatureChecks } from "./signature_checks.ts";
import type { TrustStore } from "./trust_store.ts";

/** What a peer's certificate is shown for: to whom Weir is a server, or a client. */
export type PeerRole = "client" | "server";

export interface VerifiedChain {
  readonly kind: "good";
  readonly leaf: ParsedCertificate;
  /** When the first certificate of the path expires: milliseconds since 1970. */
  readonly expires: number;
}

export interface RefusedChain {
  readonly kind: "refused";
  /** For the log; no final period. A stranger is not told. */
  readonly reason: string;
}

/**
 * Looks for a path from a peer's certificate to one that is trusted (RFC 5280 6.1), for a runtime can take a ticket of another listener
 * for a proof. `chain` is DER, the peer's own first, the others in any order;
 * `now` in milliseconds since 1970. Each certificate of the path is in date, each above the first is an authority that may sign what is
 * below, and no critical extension is unknown. Nothing is asked of the network: there is no revocation.
 */
export function verifyChain(
  chain: readonly Uint8Array[],
  role: PeerRole,
  trust: TrustStore,
  now: number,
): VerifiedChain | RefusedChain {
  if (chain.length > PEER_CERTIFICATES) return refused(`more than ${PEER_CERTIFICATES} certificates`);
  const parsed: ParsedCertificate[] = [];
  for (const [i, der] of chain.entries()) {
    const c = parseCertificate(der);
    if (c === null) return refused(`certificate ${i + 1} can't be read`);
    parsed.push(c);
  }
  const [leaf, ...others] = parsed;
  if (leaf === undefined) return refused("no certificate");
  const use = role === "client" ? EXTENDED_KEY_USAGE.clientAuth : EXTENDED_KEY_USAGE.serverAuth;
  const fault = leafFault(leaf, role, use, now);
  if (fault !== null) return refused(fault);
  // Named by the operator, byte for byte: it needs nobody to vouch for it.
  if (trust.has(leaf)) return { kind: "good", leaf, expires: leaf.notAfter };
  const found = new PathSearch(others, trust, { use, now }).from([leaf]);
  return typeof found === "string" ? refused(found) : { kind: "good", leaf, expires: found };
}

function refused(reason: string): RefusedChain {
  return { kind: "refused", reason };
}

function leafFault(c: ParsedCertificate, role: PeerRole, use: string, now: number): string | null {
  if (now < c.notBefore) return "the certificate is not good yet";
  if (now > c.notAfter) return "the certificate has expired";
  // RFC 5280 4.2: what is critical and not known refuses.
  if (c.unknownCritical.length > 0) return `the certificate has critical extension ${c.unknownCritical[0]}, which is not known`;
  if (!isFor(c, use)) return `the certificate is not made for a ${role}`;
  // RFC 8446 4.4.2.2: the key signs the handshake. Of servers the runtime asks it, by the suite that it chose.
  if (role === "client" && c.keyUsage !== null && (c.keyUsage & KEY_USAGE.digitalSignature) === 0)
    return "the certificate's key is not for signatures";
  if (c.keyType === null) return "the certificate's key is of an unknown kind";
  if (c.rsaBits > 0 && c.rsaBits < RSA_BITS) return `the certificate's key has ${c.rsaBits} bits`;
  return null;
}

/** Goes up from a certificate by issuers' names, trusted ones first, and turns back where an authority may not sign. */
class PathSearch {
  readonly #others: readonly ParsedCertificate[];
  readonly #trust: TrustStore;
  readonly #rules: PathRules;
  readonly #signatures = new SignatureChecks(CHAIN_SIGNATURES);
  #reason = "";

  constructor(others: readonly ParsedCertificate[], trust: TrustStore, rules: PathRules) {
    this.#others = others;
    this.#trust = trust;
    this.#rules = rules;
  }

  /** When the first of a path's certificates expires; a reason when there is no path. `below` begins with the leaf. */
  from(below: readonly ParsedCertificate[]): number | string {
    const last = below.at(-1)!;
    for (const anchor of this.#trust.named(last.issuer))
      if (this.#maySign(anchor, below)) return Math.min(anchor.notAfter, ...below.map((c) => c.notAfter));
    for (const c of this.#others) {
      if (!equal(c.subject, last.issuer) || below.some((b) => equal(b.der, c.der))) continue;
      if (!this.#maySign(c, below)) continue;
      const found = this.from([...below, c]);
      if (typeof found === "number") return found;
    }
    this.#reason ||= `nobody who is trusted issued ${JSON.stringify(nameText(last.subject))}`;
    return this.#reason;
  }

  #maySign(authority: ParsedCertificate, below: readonly ParsedCertificate[]): boolean {
    const fault = authorityFault(authority, below, this.#rules) ?? this.#signatures.fault(below.at(-1)!, authority);
    if (fault === null) return true;
    if (this.#signatures.exhausted) this.#reason = fault;
    this.#reason ||= fault;
    return false;
  }
}
