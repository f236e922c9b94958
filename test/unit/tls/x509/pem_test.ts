import { describe, expect, test } from "bun:test";
import { PEM_BLOCKS, PEM_BYTES } from "../../../../src/tls/limits.ts";
import { type PemBlock, readPem, readPemCertificates } from "../../../../src/tls/x509/pem.ts";

const A = "-----BEGIN CERTIFICATE-----\nQUE=\n-----END CERTIFICATE-----\n";
const B = "-----BEGIN CERTIFICATE-----\nQUFB\nQUE=\n-----END CERTIFICATE-----\n";
const KEY = "-----BEGIN PRIVATE KEY-----\nQUE=\n-----END PRIVATE KEY-----\n";

const rows: readonly (readonly [name: string, text: string, want: readonly string[] | string])[] = [
  ["one block", A, ["CERTIFICATE AA"]],
  ["several blocks", A + KEY + B, ["CERTIFICATE AA", "PRIVATE KEY AA", "CERTIFICATE AAAAA"]],
  ["text around them", `subject: a\n${A}\nissuer: b\n${B}end`, ["CERTIFICATE AA", "CERTIFICATE AAAAA"]],
  ["line breaks of two bytes", A.replaceAll("\n", "\r\n"), ["CERTIFICATE AA"]],
  ["headers of RFC 1421", KEY.replace("\n", "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES\n\n"), ["PRIVATE KEY AA"]],
  ["nothing", "", []],
  ["no end", A.slice(0, 40), "block 1 has no end"],
  ["no end of the second", A + B.slice(0, 50), "block 2 has no end"],
  ["another end", A.replace("END CERT", "END CARD"), "block 1 has no end"],
  ["no base64", A.replace("QUE=", "QU*E"), "the CERTIFICATE that is block 1 is not base64"],
  ["an empty block", A.replace("QUE=\n", ""), "the CERTIFICATE that is block 1 is not base64"],
];

describe("a PEM text with", () => {
  for (const [name, text, want] of rows)
    test(`${name} (RFC 7468)`, () => {
      const found = readPem(text);
      expect(typeof found === "string" ? found : found.map(shown)).toEqual(want as string[]);
    });

  test("more than the limits", () => {
    expect(readPem(A.repeat(PEM_BLOCKS)).length).toBe(PEM_BLOCKS);
    expect(readPem(A.repeat(PEM_BLOCKS + 1))).toContain("more than");
    expect(readPem("x".repeat(PEM_BYTES + 1))).toContain("at most");
  });

  test("no certificate", () => {
    expect(readPemCertificates(KEY)).toBe("found no certificate");
    expect(readPemCertificates(KEY + A)).toHaveLength(1);
  });
});

function shown(b: PemBlock): string {
  return `${b.label} ${new TextDecoder().decode(b.der)}`;
}
