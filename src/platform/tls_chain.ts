/** A certificate as `getPeerCertificate` gives it. */
export interface LinkedCertificate {
  readonly raw?: Uint8Array;
  readonly fingerprint256?: string;
  readonly issuerCertificate?: LinkedCertificate;
}

/** More than any chain has: what a peer sends is at most this long here. */
const LONGEST = 100;

/** The DER of a certificate and of those above it, as far as the runtime has them. */
export function chainOf(leaf: LinkedCertificate | null | undefined): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let last = "";
  for (let at = leaf; at?.raw !== undefined && chain.length < LONGEST; at = at.issuerCertificate) {
    // A root is its own issuer.
    if (at.fingerprint256 === last) break;
    last = at.fingerprint256 ?? "";
    chain.push(new Uint8Array(at.raw));
  }
  return chain;
}
