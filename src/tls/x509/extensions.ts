import { type DerReader, type DerReader as Reader, TAG } from "./der.ts";
import { readBoolean, readNamedBits, readOid, readSmallInteger } from "./der_values.ts";
import { type AltNames, NO_NAMES, readGeneralNames } from "./general_names.ts";
import { type NameConstraints, readNameConstraints } from "./name_constraints.ts";

/** What a certificate's extensions say (RFC 5280 4.2). */
export interface Extensions {
  /** Whether basic constraints say that it is an authority. */
  readonly isCa: boolean;
  /** How many authorities may stand below it; null: any number. */
  readonly pathLength: number | null;
  /** Bits of `KEY_USAGE`; null: for everything. */
  readonly keyUsage: number | null;
  /** Object identifiers; null: for everything. */
  readonly extendedKeyUsage: readonly string[] | null;
  readonly names: AltNames;
  readonly nameConstraints: NameConstraints | null;
  /** Object identifiers of critical extensions that Weir does not know. */
  readonly unknownCritical: readonly string[];
}

export const KEY_USAGE = Object.freeze({ digitalSignature: 1 << 0, keyCertSign: 1 << 5 });
export const EXTENDED_KEY_USAGE = Object.freeze({
  any: "2.5.29.37.0",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
});

export const NO_EXTENSIONS: Extensions = Object.freeze({
  isCa: false,
  pathLength: null,
  keyUsage: null,
  extendedKeyUsage: null,
  names: NO_NAMES,
  nameConstraints: null,
  unknownCritical: [],
});

/** Whether a certificate may be used so (RFC 5280 4.2.1.12). */
export function isFor(e: Pick<Extensions, "extendedKeyUsage">, use: string): boolean {
  const { extendedKeyUsage: uses } = e;
  return uses === null || uses.includes(use) || uses.includes(EXTENDED_KEY_USAGE.any);
}

/** Critical or not, there is nothing in them that a chain could break: Weir asks for no policy, and takes what it is given. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  // certificatePolicies
  "2.5.29.32",
]);

/** The content of the Extensions' explicit tag. */
export function readExtensions(outer: DerReader): Extensions {
  const list = outer.read(TAG.sequence);
  outer.close();
  const read = new Found();
  const seen = new Set<string>();
  if (list.isEmpty) list.fail();
  while (!list.isEmpty && !list.failed) {
    const e = list.read(TAG.sequence);
    const oid = readOid(e);
    const critical = e.tag === TAG.boolean ? readBoolean(e) : false;
    const value = e.read(TAG.octetString);
    e.close();
    // RFC 5280 4.2: each stands once. Of two, two readers could take one each.
    if (seen.has(oid)) list.fail();
    seen.add(oid);
    if (!read.take(oid, value) && critical && !WITHOUT_EFFECT.has(oid)) read.unknownCritical.push(oid);
  }
  return read;
}

class Found implements Extensions {
  isCa = false;
  pathLength: number | null = null;
  keyUsage: number | null = null;
  extendedKeyUsage: readonly string[] | null = null;
  names: AltNames = NO_NAMES;
  nameConstraints: NameConstraints | null = null;
  readonly unknownCritical: string[] = [];

  /** false: it is not known. */
  take(oid: string, value: Reader): boolean {
    switch (oid) {
      case "2.5.29.19":
        this.#basicConstraints(value.read(TAG.sequence));
        break;
      case "2.5.29.15":
        this.keyUsage = readNamedBits(value);
        break;
      case "2.5.29.37":
        this.extendedKeyUsage = oidsOf(value.read(TAG.sequence));
        break;
      case "2.5.29.17":
        this.names = readGeneralNames(value);
        break;
      case "2.5.29.30":
        this.nameConstraints = readNameConstraints(value);
        break;
      default:
        return false;
    }
    value.close();
    return true;
  }

  #basicConstraints(c: Reader): void {
    this.isCa = c.tag === TAG.boolean ? readBoolean(c) : false;
    if (c.tag === TAG.integer) this.pathLength = readSmallInteger(c);
    c.close();
  }
}

function oidsOf(list: Reader): string[] {
  const oids: string[] = [];
  if (list.isEmpty) list.fail();
  while (!list.isEmpty && !list.failed) oids.push(readOid(list));
  return oids;
}
