import { type KeyObject, X509Certificate } from "node:crypto";
import { nameText } from "../x509/distinguished_name.ts";
import type { ParsedCertificate } from "../x509/parse_certificate.ts";

/** Checks signatures of certificates, so many and no more; keys are read once. */
export class SignatureChecks {
  readonly #keys = new Map<ParsedCertificate, KeyObject | null>();
  #left: number;

  constructor(limit: number) {
    this.#left = limit;
  }

  /** Whether more checks were asked for than there may be. */
  get exhausted(): boolean {
    return this.#left < 0;
  }

  /** Why `authority` did not sign `c`; null: it did. */
  fault(c: ParsedCertificate, authority: ParsedCertificate): string | null {
    const name = JSON.stringify(nameText(c.subject));
    if (!c.soundSignature) return `${name} is signed by a method that can be forged, or is not known`;
    if (--this.#left < 0) return "the certificates make too many paths";
    try {
      const key = this.#keyOf(authority);
      if (key !== null && new X509Certificate(c.der).verify(key)) return null;
    } catch {
      // What the runtime can't read it can't vouch for.
    }
    return `${name} has another one's signature`;
  }

  #keyOf(authority: ParsedCertificate): KeyObject | null {
    const known = this.#keys.get(authority);
    if (known !== undefined) return known;
    // Remembered before it is read: a key that can't be read is not tried again.
    this.#keys.set(authority, null);
    const key = new X509Certificate(authority.der).publicKey;
    this.#keys.set(authority, key);
    return key;
  }
}
