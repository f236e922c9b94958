import { describe, expect, test } from "bun:test";
import { type Certificate, type CertificateProblem, loadCertificate } from "../../../src/tls/certificate.ts";
import { issue, issueRoot } from "../../support/certificates.ts";
import { authority, bytes, dns, MINTED_AT, type MintWish, mint, uses } from "../../support/mint.ts";

const DAY = 86_400_000;
const NOW = MINTED_AT;
const root = mint({ name: "root", extensions: [authority()] });
const intermediate = mint({ name: "intermediate", issuer: root, extensions: [authority(0)] });
const site = mint({ name: "site", issuer: intermediate, extensions: [dns("Site.example", "*.site.example")] });
const other = mint({ name: "other", issuer: intermediate, extensions: [dns("other.example")] });

function load(cert: string, key: string, now = NOW): Certificate | CertificateProblem {
  return loadCertificate(cert, key, now);
}

function good(cert: string, key: string, now = NOW): Certificate {
  const c = load(cert, key, now);
  if ("kind" in c) throw new Error(c.message);
  return c;
}

describe("a pair that can be served", () => {
  test("tells what stands in its certificate", () => {
    const c = good(site.pem + intermediate.pem, site.keyPem);
    expect(c).toMatchObject({
      names: ["site.example", "*.site.example"],
      ips: [],
      uris: [],
      subject: "CN=site",
      issuer: "CN=intermediate",
      serial: "4D",
      notBefore: Date.UTC(2020, 0, 1),
      notAfter: Date.UTC(2040, 0, 1) + 999,
      keyType: "p256",
      warnings: [],
    });
    expect(c.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(c.certPem).toBe(site.pem + intermediate.pem);
  });

  test("is another when its chain is", () => {
    const a = good(site.pem, site.keyPem);
    const b = good(site.pem + intermediate.pem, site.keyPem);
    expect([a.fingerprint === b.fingerprint, a.version === b.version]).toEqual([true, false]);
  });

  test("is what OpenSSL makes, whatever its key", () => {
    const ca = issueRoot("ca");
    for (const key of ["ecdsa", "rsa"] as const) {
      const made = issue({ name: "a", key, issuer: ca, dns: ["a.example"], ip: ["127.0.0.1", "::1"], uri: ["spiffe://a/b"] });
      const c = good(made.chain, made.key, Date.now());
      expect(c).toMatchObject({ names: ["a.example"], ips: ["127.0.0.1", "::1"], uris: ["spiffe://a/b"], issuer: "CN=ca" });
      expect([c.keyType, c.warnings]).toEqual([key === "rsa" ? "rsa" : "p256", []]);
    }
  });

  test("may stand in one file, with text around the blocks", () => {
    const both = `subject=site\r\n${site.keyPem}\nissuer=intermediate\n${site.pem}`;
    expect(good(both, both).names[0]).toBe("site.example");
  });

  test("may have parameters of its curve before the key", () => {
    expect(
      good(site.pem, `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${site.keyPem}`).serial,
    ).toBe("4D");
  });

  test("drops names that nobody can ask for", () => {
    const odd = mint({
      name: "odd",
      extensions: [dns("a.example", "b.example.", "*", "*.*.example", "f*.example", "*.example", "1.2.3.4")],
    });
    expect(good(odd.pem, odd.keyPem).names).toEqual(["a.example", "*.example"]);
  });

  test("takes Ed25519 and P-384", () => {
    for (const key of ["ed25519", "p384"] as const) {
      const made = mint({ name: key, key, extensions: [dns("a.example")] });
      expect(good(made.pem, made.keyPem).keyType).toBe(key);
    }
  });
});

describe("a pair is refused", () => {
  const dates = (notBefore: number, notAfter: number): MintWish => ({ name: "dated", notBefore, notAfter });
  const rows: readonly (readonly [name: string, cert: string, key: string, want: Partial<CertificateProblem>])[] = [
    ["without a certificate", "", site.keyPem, { kind: "unreadable", file: "cert" }],
    ["with a key for a certificate", site.keyPem, site.keyPem, { kind: "unreadable", file: "cert" }],
    ["with a certificate cut short", site.pem.slice(0, 200), site.keyPem, { kind: "unreadable", file: "cert" }],
    ["with a certificate that is no base64", site.pem.replace(/M/, "!"), site.keyPem, { kind: "unreadable", file: "cert" }],
    ["with a certificate of other bytes", site.pem.replace(/\nM/, "\nN"), site.keyPem, { kind: "unreadable", file: "cert" }],
    [
      "with a broken certificate above it",
      site.pem + intermediate.pem.replace(/\nM/, "\nN"),
      site.keyPem,
      { kind: "unreadable", file: "cert" },
    ],
    ["in DER", "0\ufffd\u0001\u0002", site.keyPem, { kind: "unreadable", file: "cert" }],
    ["without a key", site.pem, "", { kind: "unreadable", file: "key" }],
    ["with a certificate for a key", site.pem, site.pem, { kind: "unreadable", file: "key" }],
    ["with a key cut short", site.pem, site.keyPem.slice(0, 90), { kind: "unreadable", file: "key" }],
    ["with a key of other bytes", site.pem, site.keyPem.replace(/\nM/, "\nN"), { kind: "unreadable", file: "key" }],
    [
      "with an encrypted key",
      site.pem,
      site.keyPem.replaceAll("PRIVATE", "ENCRYPTED PRIVATE"),
      { kind: "unreadable", file: "key" },
    ],
    ["with another's key", site.pem, other.keyPem, { kind: "mismatch", file: "key" }],
    ["with another type's key", site.pem, mint({ name: "rsa", key: "rsa2048" }).keyPem, { kind: "mismatch", file: "key" }],
    ["whose chain stands first", intermediate.pem + site.pem, site.keyPem, { kind: "mismatch", file: "cert" }],
    ["that is not good yet", ...pairOf(dates(NOW + DAY, NOW + 9 * DAY)), { kind: "notYetValid", file: "cert" }],
    ["that has expired", ...pairOf(dates(NOW - 9 * DAY, NOW - DAY)), { kind: "expired", file: "cert" }],
    ["that expired a second ago", ...pairOf(dates(NOW - 9 * DAY, NOW - 1000)), { kind: "expired", file: "cert" }],
  ];
  for (const [name, cert, key, want] of rows)
    test(name, () => {
      expect(load(cert, key)).toMatchObject(want);
    });

  test("with advice", () => {
    expect(load(intermediate.pem + site.pem, site.keyPem)).toMatchObject({
      message: "place the key's certificate first: found it at place 2 of the file",
    });
    expect(load(...pairOf(dates(NOW - 9 * DAY, NOW - DAY)))).toMatchObject({
      message: "renew the certificate: it expired on 2029-12-31T00:00:00Z",
      hint: "the clock says 2030-01-01T00:00:00Z",
    });
  });

  test("but not in its last second", () => {
    expect(good(...pairOf(dates(NOW - 9 * DAY, NOW))).serial).toBe("4D");
  });
});

describe("a pair is served with a warning", () => {
  const warned = (cert: string, key: string): string => good(cert, key).warnings.join("; ");
  const lasting = (days: number, left: number): readonly [string, string] =>
    pairOf({ name: "a", notBefore: NOW - (days - left) * DAY, notAfter: NOW + left * DAY });

  test("when it soon expires", () => {
    expect(warned(...lasting(90, 10))).toBe("renew the certificate soon: it expires in 10 days");
    expect(warned(...lasting(90, 1))).toBe("renew the certificate soon: it expires in 24 hours");
    expect(warned(...lasting(90, 15))).toBe("");
  });

  test("but not when it is made for days alone", () => {
    expect(warned(...lasting(1, 0.5))).toBe("");
    expect(warned(...lasting(1, 0.2))).toContain("4 hours");
  });

  test("when a wildcard has one label behind its star", () => {
    const [cert, key] = pairOf({ name: "wide", extensions: [dns("localhost", "*.localhost")] });
    expect(warned(cert, key)).toBe('name hosts in the certificate: clients take no wildcard as wide as "*.localhost"');
  });

  test("when its chain is out of order", () => {
    expect(warned(site.pem + root.pem + intermediate.pem, site.keyPem)).toContain("certificate 2 of the file did not sign");
  });

  test("when a certificate above it has expired", () => {
    const old = mint({ name: "old", issuer: root, notAfter: NOW - DAY, extensions: [authority()] });
    const below = mint({ name: "below", issuer: old, extensions: [dns("a.example"), uses("1.3.6.1.5.5.7.3.1")] });
    expect(warned(below.pem + old.pem, below.keyPem)).toContain("certificate 2 of the file: it has expired");
  });
});

function pairOf(w: MintWish): readonly [cert: string, key: string] {
  const made = mint(w);
  return [made.pem, made.keyPem];
}

test("bytes of a text are its chars", () => {
  expect([...bytes("a\xff")]).toEqual([0x61, 0xff]);
});
