import { Buffer } from "node:buffer";
import { constants, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** A part of DER as bytes, or a text of chars below 0x100. */
export type Der = Uint8Array;

export interface MintWish {
  /** Common name. */
  readonly name: string;
  /** Whose name and key stand above; absent: its own. */
  readonly issuer?: Minted;
  /** Its key pair instead of a new one. */
  readonly keyOf?: Minted;
  readonly key?: "p256" | "p384" | "p521" | "ed25519" | "rsa2048" | "rsa1024";
  /** Milliseconds since 1970; by default 2020 to 2040. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** DER of each Extension; null: version 1, without the list. */
  readonly extensions?: readonly Der[] | null;
  /** Replaces parts of what is signed, for certificates that nobody should make. */
  readonly serial?: Der;
  readonly version?: Der;
  readonly validity?: Der;
  readonly algorithm?: Der;
  readonly outerAlgorithm?: Der;
  readonly subjectName?: Der;
  readonly issuerName?: Der;
  /** SHA-1 instead of SHA-256. */
  readonly weak?: boolean;
  /** The issuer's RSA key signs by PSS. */
  readonly pss?: boolean;
  /** Bytes behind the last field of what is signed. */
  readonly tail?: Der;
}

export interface Minted {
  readonly der: Uint8Array;
  readonly pem: string;
  readonly keyPem: string;
  readonly subjectName: Der;
  readonly key: KeyObject;
}

export const MINTED_AT = Date.UTC(2030, 0, 1);

/** Makes a certificate byte by byte, malformed ones too, in a millisecond; `issue` of certificates.ts makes those that OpenSSL would. */
export function mint(w: MintWish): Minted {
  const privateKey = w.keyOf?.key ?? newKey(w.key ?? "p256");
  const publicKey = createPublicKey(privateKey);
  const subjectName = w.subjectName ?? commonName(w.name);
  const signer = w.issuer?.key ?? privateKey;
  const algorithm = w.algorithm ?? algorithmOf(signer, w);
  const fields = [
    w.version ?? (w.extensions === null ? bytes("") : tlv(0xa0, integer(2))),
    w.serial ?? integer(77),
    algorithm,
    w.issuerName ?? w.issuer?.subjectName ?? subjectName,
    w.validity ?? sequence(utcTime(w.notBefore ?? Date.UTC(2020, 0, 1)), utcTime(w.notAfter ?? Date.UTC(2040, 0, 1))),
    subjectName,
    new Uint8Array(publicKey.export({ type: "spki", format: "der" })),
    ...((w.extensions ?? []).length === 0 ? [] : [tlv(0xa3, sequence(...w.extensions!))]),
    w.tail ?? bytes(""),
  ];
  const tbs = sequence(...fields);
  const hash = signer.asymmetricKeyType === "ed25519" ? null : w.weak === true ? "sha1" : "sha256";
  const signature = new Uint8Array(
    sign(hash, tbs, w.pss === true ? { key: signer, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : signer),
  );
  const der = sequence(tbs, w.outerAlgorithm ?? algorithm, bitString(signature));
  return {
    der,
    pem: pemOf(der),
    keyPem: String(privateKey.export({ type: "pkcs8", format: "pem" })),
    subjectName,
    key: privateKey,
  };
}

export function pemOf(der: Uint8Array): string {
  const base64 = Buffer.from(der).toString("base64").replaceAll(/.{64}/g, "$&\n").replace(/\n$/, "");
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
}

// ---- extensions ----

export function extension(oid: string, value: Der, critical = false): Der {
  return sequence(objectId(oid), ...(critical ? [tlv(1, bytes("\xff"))] : []), tlv(4, value));
}

export function authority(pathLength?: number, critical = true): Der {
  const length = pathLength === undefined ? [] : [integer(pathLength)];
  return extension("2.5.29.19", sequence(tlv(1, bytes("\xff")), ...length), critical);
}

/** `bits` of RFC 5280 4.2.1.3 by their number. */
export function keyUsage(...bits: readonly number[]): Der {
  const highest = Math.max(...bits);
  const b = new Uint8Array(2 + (highest >> 3));
  for (const bit of bits) b[1 + (bit >> 3)]! |= 0x80 >> (bit & 7);
  b[0] = 7 - (highest & 7);
  return extension("2.5.29.15", tlv(3, b), true);
}

export function uses(...oids: readonly string[]): Der {
  return extension("2.5.29.37", sequence(...oids.map(objectId)));
}

/** Tag and content of each name. */
export function altNames(...names: readonly (readonly [number, string])[]): Der {
  return extension("2.5.29.17", sequence(...names.map(([tag, text]) => tlv(tag, bytes(text)))));
}

export function dns(...names: readonly string[]): Der {
  return altNames(...names.map((n) => [0x82, n] as const));
}

export function nameConstraints(permitted: readonly Der[], excluded: readonly Der[] = []): Der {
  const part = (tag: number, list: readonly Der[]): Der[] =>
    list.length === 0 ? [] : [tlv(tag, ...list.map((d) => sequence(d)))];
  return extension("2.5.29.30", sequence(...part(0xa0, permitted), ...part(0xa1, excluded)), true);
}

// ---- DER ----

export function bytes(text: string): Der {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

export function tlv(tag: number, ...parts: readonly Der[]): Der {
  const content = Buffer.concat(parts);
  const n = content.length;
  const length =
    n < 0x80 ? [n] : n < 0x100 ? [0x81, n] : n < 0x10000 ? [0x82, n >> 8, n & 0xff] : [0x83, n >> 16, (n >> 8) & 0xff, n & 0xff];
  return new Uint8Array(Buffer.concat([Uint8Array.from([tag, ...length]), content]));
}

export function sequence(...parts: readonly Der[]): Der {
  return tlv(0x30, ...parts);
}

export function integer(n: number): Der {
  const content: number[] = [];
  for (let left = n; left > 0; left = Math.floor(left / 256)) content.unshift(left & 0xff);
  if (content.length === 0 || content[0]! >= 0x80) content.unshift(0);
  return tlv(2, Uint8Array.from(content));
}

export function objectId(dotted: string): Der {
  const [first, second, ...rest] = dotted.split(".").map(Number) as [number, number, ...number[]];
  const content: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left % 128) + 128);
    content.push(...groups);
  }
  return tlv(6, Uint8Array.from(content));
}

export function utcTime(ms: number): Der {
  const text = new Date(ms)
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(/[-:T]/g, "");
  return tlv(0x17, bytes(text.slice(2)));
}

/** A Name of attributes, each with its string's tag. */
export function distinguishedName(...parts: readonly (readonly [oid: string, tag: number, text: string])[]): Der {
  return sequence(...parts.map(([oid, tag, text]) => tlv(0x31, sequence(objectId(oid), tlv(tag, bytes(text))))));
}

export function commonName(name: string): Der {
  return distinguishedName(["2.5.4.3", 0x0c, name]);
}

function bitString(b: Uint8Array): Der {
  return tlv(3, bytes("\0"), b);
}

function algorithmOf(key: KeyObject, { weak, pss }: MintWish): Der {
  const nothing = tlv(5);
  if (pss === true) {
    const hash = sequence(objectId(weak === true ? "1.3.14.3.2.26" : "2.16.840.1.101.3.4.2.1"), nothing);
    const mask = sequence(objectId("1.2.840.113549.1.1.8"), hash);
    return sequence(objectId("1.2.840.113549.1.1.10"), sequence(tlv(0xa0, hash), tlv(0xa1, mask), tlv(0xa2, integer(32))));
  }
  switch (key.asymmetricKeyType) {
    case "rsa":
      return sequence(objectId(weak === true ? "1.2.840.113549.1.1.5" : "1.2.840.113549.1.1.11"), nothing);
    case "ed25519":
      return sequence(objectId("1.3.101.112"));
    default:
      return sequence(objectId(weak === true ? "1.2.840.10045.4.1" : "1.2.840.10045.4.3.2"));
  }
}

function newKey(kind: NonNullable<MintWish["key"]>): KeyObject {
  switch (kind) {
    case "ed25519":
      return generateKeyPairSync("ed25519").privateKey;
    case "rsa2048":
      return generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    case "rsa1024":
      return generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
    default:
      return generateKeyPairSync("ec", { namedCurve: { p256: "P-256", p384: "P-384", p521: "P-521" }[kind] }).privateKey;
  }
}
