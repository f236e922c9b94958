import type { DerReader } from "./der.ts";
import { TAG } from "./der.ts";
import { readOid } from "./der_values.ts";

const PSS = "1.2.840.113549.1.1.10";
/** With SHA-256 or longer hashes; SHA-1 and MD5 can be forged (RFC 9155). */
const SOUND: ReadonlySet<string> = new Set([
  "1.2.840.113549.1.1.11",
  "1.2.840.113549.1.1.12",
  "1.2.840.113549.1.1.13",
  "1.2.840.10045.4.3.2",
  "1.2.840.10045.4.3.3",
  "1.2.840.10045.4.3.4",
  "1.3.101.112",
  "1.3.101.113",
]);
const SOUND_HASHES: ReadonlySet<string> = new Set(["2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3"]);

/** Whether the content of an AlgorithmIdentifier is a signature that can be trusted. */
export function readIsSound(algorithm: DerReader): boolean {
  const oid = readOid(algorithm);
  if (oid !== PSS) {
    algorithm.rest();
    return SOUND.has(oid);
  }
  // RFC 4055 3.1: the hash is SHA-1 when it is left out.
  const parameters = algorithm.optional(TAG.sequence);
  const hash = parameters?.optional(0xa0)?.optional(TAG.sequence);
  parameters?.rest();
  return hash !== undefined && hash !== null && SOUND_HASHES.has(readOid(hash));
}
