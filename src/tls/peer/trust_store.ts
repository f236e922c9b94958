import { createHash } from "node:crypto";
import { hexOf, nameText } from "../x509/distinguished_name.ts";
import { equal, type ParsedCertificate, parseCertificate } from "../x509/parse_certificate.ts";
import { readPemCertificates } from "../x509/pem.ts";

/** Certificates that are believed without being signed by another: authorities, and single certificates that are trusted as themselves. */
export class TrustStore {
  /** All of them, for a TLS context. */
  readonly pem: string;
  /** SHA-256 of `pem`, hex. */
  readonly version: string;
  readonly anchors: readonly ParsedCertificate[];
  /** What is wrong with it though it can be used; in the style of problems. */
  readonly warnings: readonly string[];
  readonly #bySubject = new Map<string, ParsedCertificate[]>();

  constructor(pem: string, anchors: readonly ParsedCertificate[], now: number) {
    this.pem = pem;
    this.version = createHash("sha256").update(pem).digest("hex");
    this.anchors = anchors;
    for (const a of anchors) {
      const key = hexOf(a.subject);
      const there = this.#bySubject.get(key);
      if (there === undefined) this.#bySubject.set(key, [a]);
      else there.push(a);
    }
    this.warnings = anchors
      .filter((a) => now > a.notAfter)
      .map((a) => `remove the expired certificate of ${JSON.stringify(nameText(a.subject))}: nothing that it signed is taken`);
  }

  /** Those with this subject. */
  named(subject: Uint8Array): readonly ParsedCertificate[] {
    return this.#bySubject.get(hexOf(subject)) ?? [];
  }

  has(c: ParsedCertificate): boolean {
    return this.named(c.subject).some((a) => equal(a.der, c.der));
  }
}

/** Reads a PEM bundle: `now` is in milliseconds since 1970. A sentence says why it can't be used. */
export function loadTrustStore(pem: string, now: number): TrustStore | string {
  const blocks = readPemCertificates(pem);
  if (typeof blocks === "string") return `give the authorities in PEM: ${blocks}`;
  const anchors: ParsedCertificate[] = [];
  for (const [i, block] of blocks.entries()) {
    const parsed = parseCertificate(block.der);
    if (parsed === null) return `remove or replace certificate ${i + 1} of the file: it can't be read`;
    anchors.push(parsed);
  }
  return new TrustStore(blocks.map((b) => b.text).join(""), anchors, now);
}
