import { describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { CERTIFICATE_BYTES } from "../../../../src/tls/limits.ts";
import { type ParsedCertificate, parseCertificate } from "../../../../src/tls/x509/parse_certificate.ts";
import { readPemCertificates } from "../../../../src/tls/x509/pem.ts";
import {
  altNames,
  authority,
  bytes,
  type Der,
  dns,
  extension,
  integer,
  keyUsage,
  type MintWish,
  mint,
  nameConstraints,
  objectId,
  sequence,
  tlv,
  uses,
  utcTime,
} from "../../../support/mint.ts";

const SERVER = "1.3.6.1.5.5.7.3.1";
const TRUE = tlv(1, bytes("\xff"));
const TIME = utcTime(Date.UTC(2025, 0, 1));
const ROOT = mint({ name: "root" });
const SHA256_ECDSA = sequence(objectId("1.2.840.10045.4.3.2"));

const read: readonly (readonly [name: string, rule: string, wish: Partial<MintWish>, want: Partial<ParsedCertificate>])[] = [
  ["version 1", "4.1.2.1", { extensions: null }, { isCa: false, keyUsage: null }],
  ["a serial of 20 bytes", "4.1.2.2", { serial: tlv(2, bytes("\x7f".repeat(20))) }, { serial: "7F".repeat(20) }],
  ["a serial with a leading zero", "X.690 8.3", { serial: tlv(2, bytes("\0\xff")) }, { serial: "FF" }],
  ["a serial of 0", "4.1.2.2", { serial: integer(0) }, { serial: "00" }],
  ["times of 1970", "4.1.2.5.1", { validity: sequence(tlv(0x17, bytes("700101000000Z")), TIME) }, { notBefore: 0 }],
  [
    "times of 1950",
    "4.1.2.5.1",
    { validity: sequence(tlv(0x17, bytes("500101000000Z")), TIME) },
    { notBefore: Date.UTC(1950, 0, 1) },
  ],
  [
    "times of 2049",
    "4.1.2.5.1",
    { validity: sequence(TIME, tlv(0x17, bytes("491231235959Z"))) },
    { notAfter: Date.UTC(2050, 0, 1) - 1 },
  ],
  [
    "times of 9999",
    "4.1.2.5",
    { validity: sequence(TIME, tlv(0x18, bytes("99991231235959Z"))) },
    { notAfter: Date.UTC(10000, 0, 1) - 1 },
  ],
  [
    "a leap day",
    "4.1.2.5",
    { validity: sequence(tlv(0x17, bytes("240229000000Z")), TIME) },
    { notBefore: Date.UTC(2024, 1, 29) },
  ],
  ["an authority", "4.2.1.9", { extensions: [authority()] }, { isCa: true, pathLength: null }],
  ["an authority of depth 2", "4.2.1.9", { extensions: [authority(2)] }, { isCa: true, pathLength: 2 }],
  ["no authority", "4.2.1.9", { extensions: [extension("2.5.29.19", sequence())] }, { isCa: false, pathLength: null }],
  ["key usage", "4.2.1.3", { extensions: [keyUsage(0, 5)] }, { keyUsage: 0b100001 }],
  ["key usage of nine bits", "4.2.1.3", { extensions: [keyUsage(8)] }, { keyUsage: 1 << 8 }],
  [
    "extended key usage",
    "4.2.1.12",
    { extensions: [uses(SERVER, "2.5.29.37.0")] },
    { extendedKeyUsage: [SERVER, "2.5.29.37.0"] },
  ],
  [
    "names",
    "4.2.1.6",
    { extensions: [altNames([0x82, "A.example"], [0x86, "spiffe://a/b"], [0x81, "a@b"], [0x87, "\x7f\0\0\x01"])] },
    { names: { dns: ["A.example"], uris: ["spiffe://a/b"], emails: ["a@b"], ips: [bytes("\x7f\0\0\x01")], others: false } },
  ],
  [
    "names of other kinds",
    "4.2.1.6",
    { extensions: [altNames([0x88, "\x2a\x03"])] },
    { names: { dns: [], uris: [], emails: [], ips: [], others: true } },
  ],
  ["an unknown extension", "4.2", { extensions: [extension("1.2.3.4", tlv(5))] }, { unknownCritical: [] }],
  [
    "an unknown critical extension",
    "4.2",
    { extensions: [extension("1.2.3.4", tlv(5), true)] },
    { unknownCritical: ["1.2.3.4"] },
  ],
  ["critical policies", "4.2.1.4", { extensions: [extension("2.5.29.32", sequence(), true)] }, { unknownCritical: [] }],
  [
    "critical policy constraints",
    "4.2.1.11",
    { extensions: [extension("2.5.29.36", sequence(), true)] },
    { unknownCritical: ["2.5.29.36"] },
  ],
  [
    "a FALSE that is written out",
    "X.690 11.5",
    { extensions: [sequence(objectId("1.2.3.4"), tlv(1, bytes("\0")), tlv(4, tlv(5)))] },
    { unknownCritical: [] },
  ],
  [
    "name constraints",
    "4.2.1.10",
    { extensions: [nameConstraints([tlv(0x82, bytes(".Example"))])] },
    {
      nameConstraints: {
        permitted: { dns: [".example"], ips: [], uris: [], emails: [] },
        excluded: { dns: [], ips: [], uris: [], emails: [] },
        unreadable: false,
      },
    },
  ],
  [
    "name constraints on directory names",
    "4.2.1.10",
    { extensions: [nameConstraints([tlv(0xa4, sequence())])] },
    {
      nameConstraints: {
        permitted: { dns: [], ips: [], uris: [], emails: [] },
        excluded: { dns: [], ips: [], uris: [], emails: [] },
        unreadable: true,
      },
    },
  ],
  ["a P-384 key", "RFC 5480 2.1.1", { key: "p384" }, { keyType: "p384", rsaBits: 0 }],
  ["a P-521 key", "RFC 5480 2.1.1", { key: "p521", issuer: ROOT }, { keyType: "p521" }],
  ["an Ed25519 key", "RFC 8410 3", { key: "ed25519" }, { keyType: "ed25519", soundSignature: true }],
  ["an RSA key", "RFC 3279 2.3.1", { key: "rsa2048" }, { keyType: "rsa", rsaBits: 2048, soundSignature: true }],
  ["a short RSA key", "RFC 3279 2.3.1", { key: "rsa1024" }, { keyType: "rsa", rsaBits: 1024 }],
  ["a PSS signature", "RFC 4055 3.1", { key: "rsa2048", pss: true }, { soundSignature: true }],
  ["a PSS signature with SHA-1", "RFC 4055 3.1", { key: "rsa2048", pss: true, weak: true }, { soundSignature: false }],
  ["a signature with SHA-1", "RFC 9155", { weak: true }, { soundSignature: false }],
];

const refused: readonly (readonly [name: string, rule: string, wish: Partial<MintWish>])[] = [
  ["version 2 with extensions", "4.1.2.1", { version: tlv(0xa0, integer(1)), extensions: [dns("a.example")] }],
  ["version 1 written out", "X.690 11.5", { version: tlv(0xa0, integer(0)) }],
  ["version 4", "4.1.2.1", { version: tlv(0xa0, integer(3)) }],
  ["another algorithm outside", "4.1.1.2", { outerAlgorithm: sequence(objectId("1.2.840.10045.4.3.3")) }],
  ["bytes behind what is signed", "4.1", { tail: bytes("x") }],
  ["a serial in too many bytes", "X.690 8.3.2", { serial: tlv(2, bytes("\0\x01")) }],
  ["a negative serial", "4.1.2.2", { serial: tlv(2, bytes("\x90")) }],
  ["an empty serial", "X.690 8.3.1", { serial: tlv(2) }],
  ["a month 13", "4.1.2.5", { validity: sequence(tlv(0x17, bytes("251301000000Z")), TIME) }],
  ["a 30th of February", "4.1.2.5", { validity: sequence(tlv(0x17, bytes("250230000000Z")), TIME) }],
  ["an hour 24", "4.1.2.5", { validity: sequence(tlv(0x17, bytes("250101240000Z")), TIME) }],
  ["a time without seconds", "4.1.2.5.1", { validity: sequence(tlv(0x17, bytes("2501010000Z")), TIME) }],
  ["a time with an offset", "4.1.2.5.1", { validity: sequence(tlv(0x17, bytes("250101000000+0100")), TIME) }],
  ["a time with fractions", "4.1.2.5.2", { validity: sequence(tlv(0x18, bytes("20250101000000.5Z")), TIME) }],
  ["a third time", "4.1.2.5", { validity: sequence(TIME, TIME, TIME) }],
  ["the same extension twice", "4.2", { extensions: [dns("a.example"), dns("b.example")] }],
  ["no name in the list of names", "4.2.1.6", { extensions: [altNames()] }],
  ["a NUL in a name", "4.2.1.6", { extensions: [dns("a.example\0.b")] }],
  ["a space in a name", "4.2.1.6", { extensions: [dns("a example")] }],
  ["a line break in a URI", "4.2.1.6", { extensions: [altNames([0x86, "spiffe://a\r\nx"])] }],
  ["an empty name", "4.2.1.6", { extensions: [dns("")] }],
  ["an address of five bytes", "4.2.1.6", { extensions: [altNames([0x87, "12345"])] }],
  ["a name longer than its list", "X.690 8.1", { extensions: [extension("2.5.29.17", sequence(bytes("\x82\x40a")))] }],
  ["no use in the list of uses", "4.2.1.12", { extensions: [uses()] }],
  [
    "bytes behind basic constraints",
    "4.2.1.9",
    { extensions: [extension("2.5.29.19", Uint8Array.from([...sequence(TRUE), 0]))] },
  ],
  [
    "an authority that is neither TRUE nor FALSE",
    "X.690 11.1",
    { extensions: [extension("2.5.29.19", sequence(tlv(1, bytes("\x01"))))] },
  ],
  ["a negative depth", "4.2.1.9", { extensions: [extension("2.5.29.19", sequence(TRUE, tlv(2, bytes("\xff"))))] }],
  [
    "an identifier with a leading zero",
    "X.690 8.19.2",
    { extensions: [sequence(tlv(6, bytes("\x2a\x80\x03")), tlv(4, tlv(5)))] },
  ],
  ["an identifier that does not end", "X.690 8.19.2", { extensions: [sequence(tlv(6, bytes("\x2a\x83")), tlv(4, tlv(5)))] }],
  ["an extension that is no sequence", "4.2", { extensions: [tlv(0x31)] }],
  ["bytes behind an extension", "4.2", { extensions: [sequence(objectId("1.2.3.4"), tlv(4), TRUE)] }],
  ["name constraints without any", "4.2.1.10", { extensions: [nameConstraints([])] }],
  ["an algorithm that is no sequence", "4.1.1.2", { algorithm: tlv(0x31), outerAlgorithm: SHA256_ECDSA }],
];

function parse(wish: Partial<MintWish>): ParsedCertificate | null {
  return parseCertificate(mint({ name: "a", ...wish }).der);
}

describe("a certificate with", () => {
  for (const [name, rule, wish, want] of read)
    test(`${name} (RFC 5280 ${rule}) is read`, () => {
      expect(parse(wish)).toMatchObject(want as Record<string, unknown>);
    });
  for (const [name, rule, wish] of refused)
    test(`${name} (RFC 5280 ${rule}) is refused`, () => {
      expect(parse(wish)).toBeNull();
    });

  test("any byte missing is refused", () => {
    const { der } = mint({ name: "a", extensions: [dns("a.example"), authority(1)] });
    for (let n = 0; n < der.length; n++) expect(parseCertificate(der.subarray(0, n))).toBeNull();
    expect(parseCertificate(Uint8Array.from([...der, 0]))).toBeNull();
  });

  test("lengths in another form (X.690 10.1) is refused", () => {
    const { der } = mint({ name: "a" });
    const withLength = (...length: readonly number[]): Der => Uint8Array.from([0x30, ...length, ...der.subarray(4)]);
    const n = der.length - 4;
    expect(parseCertificate(withLength(0x82, n >> 8, n & 0xff))).not.toBeNull();
    expect(parseCertificate(withLength(0x83, 0, n >> 8, n & 0xff))).toBeNull();
    expect(parseCertificate(Uint8Array.from([...withLength(0x80), 0, 0]))).toBeNull();
    expect(parseCertificate(withLength(0x85, 0, 0, 0, n >> 8, n & 0xff))).toBeNull();
  });

  test("more bytes than the limit is refused", () => {
    const long = (n: number): Der => mint({ name: "a", extensions: [extension("1.2.3.4", bytes("x".repeat(n)))] }).der;
    expect(parseCertificate(long(CERTIFICATE_BYTES - 1000))).not.toBeNull();
    expect(parseCertificate(long(CERTIFICATE_BYTES))).toBeNull();
  });
});

test("every root of this runtime is read, and as the runtime reads it", () => {
  expect(rootCertificates.length).toBeGreaterThan(50);
  for (const pem of rootCertificates) {
    const [block] = readPemCertificates(pem) as readonly { der: Uint8Array }[];
    const own = parseCertificate(block!.der);
    const its = new X509Certificate(pem);
    const { notBefore, notAfter, unknownCritical, serial } = own!;
    expect([notBefore, notAfter - 999, unknownCritical, serial.replace(/^0+/, "")]).toEqual([
      Date.parse(its.validFrom),
      Date.parse(its.validTo),
      [],
      its.serialNumber.replace(/^0+/, ""),
    ]);
  }
});
