import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { certificateWarnings } from "./certificate_warnings.ts";
import { isServerName } from "./hello/server_name.ts";
import { hexOf, nameText } from "./x509/distinguished_name.ts";
import { EXTENDED_KEY_USAGE, isFor } from "./x509/extensions.ts";
import { ipText } from "./x509/general_names.ts";
import { type ParsedCertificate, parseCertificate } from "./x509/parse_certificate.ts";
import { readPem, readPemCertificates } from "./x509/pem.ts";
import type { KeyType } from "./x509/public_key.ts";

/** A certificate with its chain and its key: in date when it was loaded, and the key is the certificate's. */
export interface Certificate {
  /** The certificate and those above it, for a TLS context. */
  readonly certPem: string;
  readonly keyPem: string;
  /** DNS names that it is for, lower case; `*.` stands for one label. */
  readonly names: readonly string[];
  readonly ips: readonly string[];
  readonly uris: readonly string[];
  /** RFC 4514. */
  readonly subject: string;
  readonly issuer: string;
  /** Hex, upper case. */
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly keyType: KeyType;
  /** SHA-256 of the certificate's DER, hex. */
  readonly fingerprint: string;
  /** SHA-256 of all that a context is made of, hex: what is the same needs no new context. */
  readonly version: string;
  /** Whether its extended key usage lets servers, and clients, use it. */
  readonly forServers: boolean;
  readonly forClients: boolean;
  /** What will make trouble though it works here; in the style of problems. */
  readonly warnings: readonly string[];
}

/** Why a pair of files can't be served. */
export interface CertificateProblem {
  readonly kind: "unreadable" | "mismatch" | "notYetValid" | "expired";
  readonly file: "cert" | "key";
  /** What to do first; no final period. */
  readonly message: string;
  readonly hint: string;
}

/** Loads a pair: `now` is in milliseconds since 1970. */
export function loadCertificate(certPem: string, keyPem: string, now: number): Certificate | CertificateProblem {
  const chain = readChain(certPem);
  if ("kind" in chain) return chain;
  const key = readKey(keyPem);
  if ("kind" in key) return key;
  const [leaf] = chain.parsed;
  const { keyType } = leaf!;
  if (keyType === null)
    return unreadable("cert", "make a certificate for an ECDSA, RSA or Ed25519 key: found a key of another kind");
  const mismatch = checkKey(chain.texts, key.pem);
  if (mismatch !== null) return mismatch;
  const outOfDate = checkDates(leaf!, now);
  if (outOfDate !== null) return outOfDate;
  const pem = chain.texts.join("");
  const { dns, ips, uris } = leaf!.names;
  return {
    certPem: pem,
    keyPem: key.pem,
    names: [...new Set(dns.map((n) => n.toLowerCase()))].filter((n) => isServerName(n.replace(/^\*\./, ""))),
    ips: ips.map(ipText),
    uris,
    subject: nameText(leaf!.subject),
    issuer: nameText(leaf!.issuer),
    serial: leaf!.serial,
    notBefore: leaf!.notBefore,
    notAfter: leaf!.notAfter,
    keyType,
    fingerprint: sha256(leaf!.der),
    version: sha256(new TextEncoder().encode(`${pem}\0${key.pem}`)),
    forServers: isFor(leaf!, EXTENDED_KEY_USAGE.serverAuth),
    forClients: isFor(leaf!, EXTENDED_KEY_USAGE.clientAuth),
    warnings: certificateWarnings(chain.parsed, now),
  };
}

function readChain(
  pem: string,
): { readonly parsed: readonly ParsedCertificate[]; readonly texts: readonly string[] } | CertificateProblem {
  const blocks = readPemCertificates(pem);
  if (typeof blocks === "string") return unreadable("cert", `give the certificate in PEM: ${blocks}`, derHint(pem));
  const parsed: ParsedCertificate[] = [];
  for (const [i, block] of blocks.entries()) {
    const certificate = parseCertificate(block.der);
    if (certificate === null) return unreadable("cert", `replace certificate ${i + 1} of the file: it can't be read`);
    parsed.push(certificate);
  }
  return { parsed, texts: blocks.map((b) => b.text) };
}

function readKey(pem: string): { readonly pem: string } | CertificateProblem {
  const blocks = readPem(pem);
  if (typeof blocks === "string") return unreadable("key", `give the key in PEM: ${blocks}`);
  const block = blocks.find((b) => b.label.endsWith("PRIVATE KEY"));
  if (block === undefined) return unreadable("key", "give the key in PEM: found no private key", derHint(pem));
  if (block.label.startsWith("ENCRYPTED") || block.text.includes("Proc-Type: 4,ENCRYPTED"))
    return unreadable(
      "key",
      "give the key without a passphrase: found an encrypted one",
      "openssl pkey -in KEY -out PLAIN takes it off",
    );
  return { pem: block.text };
}

/** The certificate of the key stands first (RFC 8446 4.4.2). */
function checkKey(texts: readonly string[], keyPem: string): CertificateProblem | null {
  let fits: number;
  try {
    const key = createPrivateKey(keyPem);
    fits = texts.findIndex((text) => new X509Certificate(text).checkPrivateKey(key));
  } catch (e) {
    return unreadable("key", `replace the key: it can't be read: ${e instanceof Error ? e.message : String(e)}`);
  }
  if (fits === 0) return null;
  return {
    kind: "mismatch",
    file: fits < 0 ? "key" : "cert",
    message:
      fits < 0
        ? "give the certificate's own key: found the key of another certificate"
        : `place the key's certificate first: found it at place ${fits + 1} of the file`,
    hint: "",
  };
}

function checkDates(c: ParsedCertificate, now: number): CertificateProblem | null {
  if (now < c.notBefore) {
    const message = `wait, or correct the clock: the certificate is good from ${stamp(c.notBefore)} on`;
    return { kind: "notYetValid", file: "cert", message, hint: `the clock says ${stamp(now)}` };
  }
  if (now <= c.notAfter) return null;
  const message = `renew the certificate: it expired on ${stamp(c.notAfter)}`;
  return { kind: "expired", file: "cert", message, hint: `the clock says ${stamp(now)}` };
}

function unreadable(file: "cert" | "key", message: string, hint = ""): CertificateProblem {
  return { kind: "unreadable", file, message, hint };
}

function derHint(pem: string): string {
  return /^0[\x80-\x84\ufffd]/.test(pem)
    ? "the file looks like DER: openssl x509 or openssl pkey, with -inform DER, turns it into PEM"
    : "";
}

function stamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

function sha256(b: Uint8Array): string {
  return hexOf(new Uint8Array(createHash("sha256").update(b).digest()));
}
