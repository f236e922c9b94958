import { DerReader, TAG } from "./der.ts";
import { oidText, readInteger, readOctetBits, readOid } from "./der_values.ts";

/** Kinds of keys that certificates are made for. */
export type KeyType = "p256" | "p384" | "p521" | "rsa" | "rsaPss" | "ed25519" | "ed448";

export interface PublicKeyInfo {
  /** null: of a kind that TLS has no use for. */
  readonly type: KeyType | null;
  /** Bits of an RSA modulus; 0 for other keys. */
  readonly rsaBits: number;
}

const EC = "1.2.840.10045.2.1";
const CURVES: ReadonlyMap<string, KeyType> = new Map([
  ["1.2.840.10045.3.1.7", "p256"],
  ["1.3.132.0.34", "p384"],
  ["1.3.132.0.35", "p521"],
]);
const KINDS: ReadonlyMap<string, KeyType> = new Map([
  ["1.2.840.113549.1.1.1", "rsa"],
  ["1.2.840.113549.1.1.10", "rsaPss"],
  ["1.3.101.112", "ed25519"],
  ["1.3.101.113", "ed448"],
]);

/** The content of a SubjectPublicKeyInfo (RFC 5280 4.1.2.7, RFC 3279, 5480, 8410). */
export function readPublicKey(info: DerReader): PublicKeyInfo {
  const algorithm = info.read(TAG.sequence);
  const kind = readOid(algorithm);
  const parameters = algorithm.tag === TAG.oid ? algorithm.any() : null;
  const key = readOctetBits(info);
  info.close();
  if (kind === EC) {
    const type = parameters === null ? null : (CURVES.get(oidText(parameters.rest(), info)) ?? null);
    return { type, rsaBits: 0 };
  }
  const type = KINDS.get(kind) ?? null;
  return { type, rsaBits: type === "rsa" || type === "rsaPss" ? modulusBits(key) : 0 };
}

/** RFC 3279 2.3.1. */
function modulusBits(key: Uint8Array): number {
  const outer = new DerReader(key);
  const modulus = readInteger(outer.read(TAG.sequence));
  if (outer.failed) return 0;
  const first = modulus[0] === 0 ? modulus.subarray(1) : modulus;
  return first.length === 0 ? 0 : first.length * 8 - (Math.clz32(first[0]!) - 24);
}
