import { CERTIFICATE_BYTES } from "../limits.ts";
import { DerReader, TAG } from "./der.ts";
import { readInteger, readOctetBits, readSmallInteger, readTime } from "./der_values.ts";
import { hexOf } from "./distinguished_name.ts";
import { type Extensions, NO_EXTENSIONS, readExtensions } from "./extensions.ts";
import { type KeyType, readPublicKey } from "./public_key.ts";
import { readIsSound } from "./signature_algorithm.ts";

/** An X.509 certificate (RFC 5280 4.1), read and not yet believed. */
export interface ParsedCertificate extends Extensions {
  readonly der: Uint8Array;
  /** Hex, upper case, as OpenSSL shows it. */
  readonly serial: string;
  /** DER of the Name. */
  readonly issuer: Uint8Array;
  /** DER of the Name. */
  readonly subject: Uint8Array;
  /** Milliseconds since 1970; the first and the last in which it is good. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** null: of a kind that TLS has no use for. */
  readonly keyType: KeyType | null;
  readonly rsaBits: number;
  /** Whether its signature is of a kind that can be trusted. */
  readonly soundSignature: boolean;
}

const VERSION = 0xa0;
const ISSUER_ID = 0x81;
const SUBJECT_ID = 0x82;
const EXTENSIONS = 0xa3;
const V3 = 2;

/** null: the bytes are no certificate, or one that two parsers could read in two ways. */
export function parseCertificate(der: Uint8Array): ParsedCertificate | null {
  if (der.length > CERTIFICATE_BYTES) return null;
  const outer = new DerReader(der);
  const certificate = outer.read(TAG.sequence);
  outer.close();
  const tbs = certificate.read(TAG.sequence);
  const outerAlgorithm = certificate.whole(TAG.sequence);
  readOctetBits(certificate);
  certificate.close();

  const version = versionOf(tbs);
  const serial = readInteger(tbs);
  // RFC 5280 4.1.2.2: it is not negative.
  if ((serial[0] ?? 0) >= 0x80) tbs.fail();
  const algorithm = tbs.whole(TAG.sequence);
  const issuer = tbs.whole(TAG.sequence);
  const validity = tbs.read(TAG.sequence);
  const notBefore = readTime(validity);
  const notAfter = readTime(validity);
  validity.close();
  const subject = tbs.whole(TAG.sequence);
  const key = readPublicKey(tbs.read(TAG.sequence));
  tbs.optional(ISSUER_ID);
  tbs.optional(SUBJECT_ID);
  const tagged = tbs.optional(EXTENSIONS);
  // RFC 5280 4.1.2.1: extensions are of version 3.
  if (tagged !== null && version !== V3) tbs.fail();
  const extensions = tagged === null ? NO_EXTENSIONS : readExtensions(tagged);
  tbs.close();
  const soundSignature = readIsSound(new DerReader(algorithm).read(TAG.sequence));
  // RFC 5280 4.1.1.2: the algorithm that is signed is the one that signs.
  if (outer.failed || !equal(algorithm, outerAlgorithm)) return null;
  return {
    ...pick(extensions),
    der,
    serial: hexOf(serial[0] === 0 && serial.length > 1 ? serial.subarray(1) : serial).toUpperCase(),
    issuer,
    subject,
    notBefore,
    // The last second counts whole.
    notAfter: notAfter + 999,
    keyType: key.type,
    rsaBits: key.rsaBits,
    soundSignature,
  };
}

/** 0 is version 1. */
function versionOf(tbs: DerReader): number {
  const tagged = tbs.optional(VERSION);
  if (tagged === null) return 0;
  const version = readSmallInteger(tagged);
  tagged.close();
  // X.690 11.5: what is the default is left out.
  if (version < 1 || version > V3) tbs.fail();
  return version;
}

function pick(e: Extensions): Extensions {
  const { isCa, pathLength, keyUsage, extendedKeyUsage, names, nameConstraints, unknownCritical } = e;
  return { isCa, pathLength, keyUsage, extendedKeyUsage, names, nameConstraints, unknownCritical };
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
