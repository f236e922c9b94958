import { describe, expect, test } from "bun:test";
import { CertificateChoice, type Choosable, type UnknownName } from "../../../src/tls/certificate_choice.ts";
import type { ClientHello } from "../../../src/tls/hello/client_hello.ts";
import type { VersionRange } from "../../../src/tls/key_fit.ts";
import type { KeyType } from "../../../src/tls/x509/public_key.ts";

interface Named extends Choosable {
  readonly id: string;
}

function cert(id: string, keyType: KeyType, ...names: readonly string[]): Named {
  return { id, keyType, names };
}

const SITE = cert("site", "rsa", "site.example");
const SHOP_RSA = cert("shop rsa", "rsa", "shop.example");
const SHOP_EC = cert("shop ec", "p256", "shop.example");
const SHOP_ED = cert("shop ed", "ed25519", "shop.example");
const WILD = cert("wild", "p256", "*.shop.example", "shop.example");
const ALL = [SITE, SHOP_RSA, SHOP_EC, SHOP_ED, WILD];
const BOTH: VersionRange = { minVersion: "1.2", maxVersion: "1.3" };
const ONLY_12: VersionRange = { minVersion: "1.2", maxVersion: "1.2" };

const HELLO: ClientHello = {
  kind: "hello",
  serverName: "shop.example",
  alpn: [],
  versions: [0x0304, 0x0303],
  cipherSuites: [0x1301, 0xc02b, 0xc02f],
  signatureAlgorithms: [0x0403, 0x0804, 0x0401],
  groups: [0x001d, 0x0017],
  resumes: false,
};

interface Row {
  readonly name: string;
  readonly hello: Partial<ClientHello>;
  readonly want: string | null;
  readonly of?: readonly Named[];
  readonly unknownName?: UnknownName;
  readonly range?: VersionRange;
}

const rows: readonly Row[] = [
  { name: "the exact name, ECDSA first", hello: {}, want: "shop ec" },
  { name: "a client of TLS 1.3 without ECDSA", hello: { signatureAlgorithms: [0x0804] }, want: "shop rsa" },
  { name: "a client of TLS 1.3 with Ed25519 and no ECDSA", hello: { signatureAlgorithms: [0x0807, 0x0804] }, want: "shop ed" },
  { name: "PKCS #1 alone does not do for TLS 1.3", hello: { signatureAlgorithms: [0x0401] }, want: "shop ec" },
  {
    name: "P-384 alone does not do for a P-256 key in TLS 1.3",
    hello: { signatureAlgorithms: [0x0503, 0x0804] },
    want: "shop rsa",
  },
  { name: "TLS 1.2 with suites of both", hello: { versions: [0x0303] }, want: "shop ec" },
  { name: "TLS 1.2 with suites of RSA alone", hello: { versions: [0x0303], cipherSuites: [0xc02f] }, want: "shop rsa" },
  { name: "TLS 1.2 without the curve", hello: { versions: [0x0303], groups: [0x001d] }, want: "shop rsa" },
  { name: "TLS 1.2 that names no curves", hello: { versions: [0x0303], groups: null }, want: "shop ec" },
  { name: "TLS 1.2 that names no signatures", hello: { versions: [0x0303], signatureAlgorithms: null }, want: "shop rsa" },
  { name: "TLS 1.2 with ECDSA and SHA-384 alone", hello: { versions: [0x0303], signatureAlgorithms: [0x0503] }, want: "shop ec" },
  {
    name: "a listener of TLS 1.2 alone goes by the suites",
    hello: { cipherSuites: [0x1301, 0xc02f] },
    range: ONLY_12,
    want: "shop rsa",
  },
  { name: "TLS 1.1 gets the first, and fails", hello: { versions: [0x0302] }, want: "shop ec" },
  { name: "a wildcard's name", hello: { serverName: "a.shop.example" }, want: "wild" },
  { name: "two labels are not a wildcard's", hello: { serverName: "b.a.shop.example" }, want: "site" },
  {
    name: "the exact name over the wildcard",
    hello: { serverName: "shop.example", signatureAlgorithms: [0x0403] },
    want: "shop ec",
  },
  { name: "an unknown name", hello: { serverName: "other.example" }, want: "site" },
  { name: "no name", hello: { serverName: null }, want: "site" },
  { name: "an unknown name, refused", hello: { serverName: "other.example" }, unknownName: "refuse", want: null },
  { name: "no name, refused", hello: { serverName: null }, unknownName: "refuse", want: null },
  { name: "a known name where others are refused", hello: {}, unknownName: "refuse", want: "shop ec" },
  {
    name: "the default's other key",
    hello: { serverName: null, signatureAlgorithms: [0x0403] },
    of: [SHOP_RSA, SITE, SHOP_EC],
    want: "shop ec",
  },
  { name: "the default stays the first", hello: { serverName: null }, of: [SITE, SHOP_EC], want: "site" },
  {
    name: "the earlier of two alike",
    hello: {},
    of: [cert("one", "p256", "shop.example"), cert("two", "p384", "shop.example")],
    want: "one",
  },
  {
    name: "a certificate without names as the default",
    hello: { serverName: "x.example" },
    of: [cert("none", "p256")],
    want: "none",
  },
];

describe("a certificate is chosen:", () => {
  for (const { name, hello, want, of, unknownName, range } of rows)
    test(name, () => {
      const choice = new CertificateChoice(of ?? ALL, unknownName ?? "default", range ?? BOTH);
      expect(choice.choose({ ...HELLO, ...hello })?.id ?? null).toBe(want);
    });
});
