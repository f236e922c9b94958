import { expect, test } from "bun:test";
import { chainOf, type LinkedCertificate } from "../../../src/platform/tls_chain.ts";

const link = (n: number, issuerCertificate?: LinkedCertificate): LinkedCertificate => ({
  raw: Uint8Array.of(n),
  fingerprint256: String(n),
  ...(issuerCertificate === undefined ? {} : { issuerCertificate }),
});

test("a chain goes up to where its links end", () => {
  expect(chainOf(link(1, link(2, link(3))))).toEqual([Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)]);
  expect([chainOf(null), chainOf(undefined), chainOf({})]).toEqual([[], [], []]);
});

test("a root that is its own issuer ends it, the same object or not", () => {
  const root: { raw: Uint8Array; fingerprint256: string; issuerCertificate?: LinkedCertificate } = {
    raw: Uint8Array.of(9),
    fingerprint256: "9",
  };
  root.issuerCertificate = root;
  expect(chainOf(link(1, root))).toEqual([Uint8Array.of(1), Uint8Array.of(9)]);
  expect(chainOf(link(1, link(9, link(9))))).toEqual([Uint8Array.of(1), Uint8Array.of(9)]);
});

test("links in a circle end as well", () => {
  const a: { raw: Uint8Array; fingerprint256: string; issuerCertificate?: LinkedCertificate } = {
    raw: Uint8Array.of(1),
    fingerprint256: "1",
  };
  a.issuerCertificate = link(2, a);
  expect(chainOf(a).length).toBeLessThanOrEqual(100);
});
