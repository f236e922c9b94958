import { describe, expect, test } from "bun:test";
import { renderCerts } from "../../../../src/cli/render/render_certs.ts";
import type { CertificateStatus } from "../../../../src/tls/store/certs_status.ts";

const SITE: CertificateStatus = {
  certificate: "tls/site.pem",
  usedBy: ["listener secure", "listener other"],
  names: ["a.example", "*.a.example"],
  subject: "CN=a",
  issuer: "CN=ca,O=Example",
  serial: "03A1",
  keyType: "p256",
  fingerprint: "00",
  notBefore: "2029-12-01T00:00:00.000Z",
  notAfter: "2030-03-01T00:00:00.999Z",
  daysLeft: 59,
  cert: "tls/site.pem",
  key: "tls/site.key",
  problem: null,
};

function linesOf(...certificates: readonly CertificateStatus[]): string[] {
  return renderCerts({ certificates, authorities: [] }).split("\n");
}

describe("certificates in use are told", () => {
  test("each in a few lines", () => {
    expect(linesOf(SITE)).toEqual([
      "tls/site.pem: 59 days left, until 2030-03-01T00:00:00Z, used by listener secure, listener other",
      "  for a.example, *.a.example",
      "  issued by CN=ca,O=Example, serial 03A1, key p256",
      "",
    ]);
  });

  test("with their problem, their file and the first of their names", () => {
    const names = Array.from({ length: 9 }, (_, i) => `${i}.example`);
    expect(linesOf({ ...SITE, certificate: "site", names, issuer: "", daysLeft: 1, problem: "do this: found that" })).toEqual([
      "site: 1 day left, until 2030-03-01T00:00:00Z, used by listener secure, listener other",
      "  for 0.example, 1.example, 2.example, 3.example, 4.example, 5.example and 3 more",
      "  from tls/site.pem",
      "  issued by nobody by name, serial 03A1, key p256",
      "  problem: do this: found that",
      "",
    ]);
  });

  test("when they have expired", () => {
    expect(linesOf({ ...SITE, daysLeft: -1, names: [] }).slice(0, 2)).toEqual([
      "tls/site.pem: expired, until 2030-03-01T00:00:00Z, used by listener secure, listener other",
      "  for nobody by name",
    ]);
  });

  test("with the authorities", () => {
    const ca = {
      file: "tls/ca.pem",
      usedBy: ["cluster app"],
      certificates: 1,
      firstExpiry: "2030-03-01T00:00:00.999Z",
      problem: null,
    };
    expect(renderCerts({ certificates: [], authorities: [ca, { ...ca, certificates: 2, problem: "do this: found that" }] })).toBe(
      "tls/ca.pem: 1 authority, the first expires 2030-03-01T00:00:00Z, used by cluster app\n" +
        "tls/ca.pem: 2 authorities, the first expires 2030-03-01T00:00:00Z, used by cluster app\n  problem: do this: found that\n",
    );
  });

  test("when there are none", () => {
    expect(renderCerts({ certificates: [], authorities: [] })).toBe("no certificates are in use\n");
  });
});
