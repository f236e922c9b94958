import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import type { ForwardedCertificateSpec } from "../../../../src/config/tls_model.ts";
import { type PeerCertificate, readPeerCertificate } from "../../../../src/tls/peer/peer_certificate.ts";
import { forwardedCertificate } from "../../../../src/tls/peer/xfcc.ts";
import { altNames, authority, bytes, distinguishedName, dns, mint } from "../../../support/mint.ts";

const PEER: PeerCertificate = {
  chain: [bytes("leaf?>"), bytes("above")],
  hash: "ab12",
  subject: "CN=web,O=Example",
  uris: ["spiffe://example.org/web"],
  dns: ["a.example", "b.example"],
  serial: "4D",
};
const CAME = 'Hash=00;Subject="CN=before"';
const OWN = 'Hash=ab12;Subject="CN=web,O=Example";URI=spiffe://example.org/web;DNS=a.example;DNS=b.example';
const DETAILS = ["subject", "uri", "dns"] as const;

type Policy = ForwardedCertificateSpec["policy"];
const policies: readonly (readonly [
  policy: Policy,
  received: string | null,
  peer: PeerCertificate | null,
  want: string | null,
])[] = [
  ["sanitize", CAME, PEER, null],
  ["sanitize", CAME, null, null],
  ["sanitize", null, null, null],
  ["forwardOnly", CAME, PEER, CAME],
  ["forwardOnly", null, PEER, null],
  ["forwardOnly", CAME, null, null],
  ["appendForward", CAME, PEER, `${CAME},${OWN}`],
  ["appendForward", null, PEER, OWN],
  ["appendForward", "", PEER, OWN],
  ["appendForward", CAME, null, null],
  ["sanitizeSet", CAME, PEER, OWN],
  ["sanitizeSet", null, PEER, OWN],
  ["sanitizeSet", CAME, null, null],
  ["alwaysForwardOnly", CAME, PEER, CAME],
  ["alwaysForwardOnly", CAME, null, CAME],
  ["alwaysForwardOnly", null, PEER, null],
];

describe("X-Forwarded-Client-Cert", () => {
  for (const [policy, received, peer, want] of policies)
    test(`by ${policy}, ${received === null ? "none came" : JSON.stringify(received)}, ${peer === null ? "without" : "with"} a certificate`, () => {
      expect(forwardedCertificate({ policy, details: DETAILS }, received, peer, [])).toBe(want);
    });

  const set = (
    peer: Partial<PeerCertificate>,
    details: ForwardedCertificateSpec["details"],
    by: readonly string[] = [],
  ): string | null => forwardedCertificate({ policy: "sanitizeSet", details }, null, { ...PEER, ...peer }, by);

  test("tells the hash alone without details, and details in their order", () => {
    expect(set({}, [])).toBe("Hash=ab12");
    expect(set({}, ["dns", "subject"])).toBe('Hash=ab12;DNS=a.example;DNS=b.example;Subject="CN=web,O=Example"');
  });

  test("tells empty subjects and URIs, and no DNS without one", () => {
    expect(set({ subject: "", uris: [], dns: [] }, DETAILS)).toBe('Hash=ab12;Subject="";URI=');
  });

  test("tells who it came to first", () => {
    expect(set({}, [], ["spiffe://example.org/edge"])).toBe("By=spiffe://example.org/edge;Hash=ab12");
  });

  test("has certificates as URL-encoded PEM", () => {
    expect(set({}, ["cert"])).toBe(
      'Hash=ab12;Cert="-----BEGIN%20CERTIFICATE-----%0AbGVhZj8%2B%0A-----END%20CERTIFICATE-----%0A"',
    );
    const chain = /Chain="(.*)"$/.exec(set({}, ["chain"])!)![1]!;
    expect(decodeURIComponent(chain).match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });

  test("lets no name of a certificate make pairs or elements of its own", () => {
    const made = mint({
      name: "",
      subjectName: distinguishedName(["2.5.4.3", 0x0c, 'x";URI=spiffe://evil,Hash=1\r\n\\'], ["2.5.4.10", 0x0c, "\xc3\xbc"]),
      extensions: [altNames([0x86, 'spiffe://a;Hash=0,"b\\'], [0x82, "c.example=d"])],
    });
    const peer = readPeerCertificate([made.der])!;
    const value = set(peer, DETAILS)!;
    expect(value).toMatch(/^[\x20-\x7e]*$/);
    expect(parse(value)).toEqual([
      [
        ["Hash", peer.hash],
        ["Subject", 'O=\\C3\\BC,CN=x"\\;URI=spiffe://evil\\,Hash=1\\0D\\0A\\\\'],
        ["URI", "spiffe://a;Hash=0,%22b%5C"],
        ["DNS", "c.example=d"],
      ],
    ]);
  });
});

describe("a peer's certificate", () => {
  test("is read from its chain", () => {
    const root = mint({ name: "root", extensions: [authority()] });
    const made = mint({ name: "web", issuer: root, extensions: [dns("a.example")] });
    expect(readPeerCertificate([made.der, root.der])).toEqual({
      chain: [made.der, root.der],
      hash: createHash("sha256").update(made.der).digest("hex"),
      subject: "CN=web",
      uris: [],
      dns: ["a.example"],
      serial: "4D",
    });
    expect(readPeerCertificate([])).toBeNull();
    expect(readPeerCertificate([bytes("x")])).toBeNull();
  });
});

/** As Envoy documents the format: elements at commas, pairs at semicolons, values in quotes where `\"` is a quote. */
function parse(text: string): [string, string][][] {
  const elements: [string, string][][] = [[]];
  let at = 0;
  while (at < text.length) {
    const equals = text.indexOf("=", at);
    const key = text.slice(at, equals);
    let value = "";
    at = equals + 1;
    if (text[at] === '"') {
      for (at++; text[at] !== '"'; at++) {
        if (text[at] === "\\" && text[at + 1] === '"') value += text[++at];
        else if (text[at] === "\\") value += text[at]! + text[++at]!;
        else value += text[at];
      }
      at++;
    } else while (at < text.length && !";,".includes(text[at]!)) value += text[at++];
    elements.at(-1)!.push([key, value]);
    if (text[at] === ",") elements.push([]);
    at++;
  }
  return elements;
}
