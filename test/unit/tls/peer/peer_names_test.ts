import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../../../src/base/cidr.ts";
import type { SanMatchSpec } from "../../../../src/config/tls_model.ts";
import { hasAllowedName, isForHost } from "../../../../src/tls/peer/peer_names.ts";
import { type AltNames, NO_NAMES } from "../../../../src/tls/x509/general_names.ts";

function names(...texts: readonly string[]): AltNames {
  const ips = texts.filter((t) => parseAddress(t) !== null).map((t) => parseAddress(t)!.subarray(t.includes(":") ? 0 : 12));
  const uris = texts.filter((t) => t.includes("://"));
  return { ...NO_NAMES, dns: texts.filter((t) => parseAddress(t) === null && !t.includes("://")), uris, ips };
}

const hosts: readonly (readonly [rule: string, cert: readonly string[], host: string, want: boolean])[] = [
  ["RFC 9525 6.3", ["a.example"], "a.example", true],
  ["RFC 9525 6.3", ["A.Example"], "a.eXample", true],
  ["RFC 9525 6.3", ["a.example"], "b.example", false],
  ["RFC 9525 6.3", ["x.org", "a.example"], "a.example", true],
  ["RFC 9525 6.3", ["*.example.com"], "a.example.com", true],
  ["RFC 9525 6.3", ["*.example.com"], "example.com", false],
  ["RFC 9525 6.3", ["*.example.com"], "b.a.example.com", false],
  ["RFC 9525 6.3", ["*.example.com"], ".example.com", false],
  ["RFC 9525 6.3", ["a*.example.com"], "ab.example.com", false],
  ["RFC 9525 6.3", ["a.*.com"], "a.b.com", false],
  ["RFC 9525 6.3", ["*"], "localhost", false],
  ["RFC 9525 6.3", ["*.com"], "example.com", false],
  ["RFC 9525 6.3", ["*.*.com"], "a.b.com", false],
  ["RFC 9525 6.3", ["a.example."], "a.example", false],
  ["RFC 9525 6.1", [], "a.example", false],
  ["RFC 9525 6.1", ["a.example"], "", false],
  ["RFC 9525 6.5", ["10.0.0.1"], "10.0.0.1", true],
  ["RFC 9525 6.5", ["10.0.0.1"], "10.0.0.2", false],
  ["RFC 9525 6.5", ["2001:db8::1"], "2001:DB8:0::1", true],
  ["RFC 9525 6.5", ["::ffff:10.0.0.1"], "10.0.0.1", false],
  ["RFC 9525 6.3", ["*.0.0.1"], "10.0.0.1", false],
];

describe("the certificate of a server", () => {
  for (const [rule, cert, host, want] of hosts)
    test(`for ${cert.join(", ") || "nobody"} is ${want ? "" : "not "}the one of ${JSON.stringify(host)} (${rule})`, () => {
      expect(isForHost(names(...cert), host)).toBe(want);
    });
});

const uri = (value: string, match: "exact" | "prefix" = "exact"): SanMatchSpec => ({ type: "uri", match, value });
const dns = (value: string): SanMatchSpec => ({ type: "dns", match: value.startsWith("*.") ? "oneLabel" : "exact", value });
const EDGE = "spiffe://example.org/ns/edge/";

const allowed: readonly (readonly [cert: readonly string[], allow: readonly SanMatchSpec[], want: boolean])[] = [
  [["spiffe://example.org/ns/edge/sa/web"], [uri("spiffe://example.org/ns/edge/sa/web")], true],
  [["spiffe://example.org/ns/edge/sa/Web"], [uri("spiffe://example.org/ns/edge/sa/web")], false],
  [["spiffe://example.net/ns/edge/sa/web"], [uri("spiffe://example.org/ns/edge/sa/web")], false],
  [["spiffe://example.org/ns/edge/sa/web"], [uri(EDGE, "prefix")], true],
  [["spiffe://example.org/ns/edge"], [uri(EDGE, "prefix")], false],
  [["spiffe://example.org/ns/edge/"], [uri(EDGE, "prefix")], false],
  [["spiffe://example.org/ns/edges/a"], [uri(EDGE, "prefix")], false],
  [["spiffe://example.org.evil/ns/edge/a"], [uri(EDGE, "prefix")], false],
  [["spiffe://example.org/ns/edge/../shop/a"], [uri(EDGE, "prefix")], false],
  [["spiffe://example.org/ns/edge/%2E%2e/shop"], [uri(EDGE, "prefix")], false],
  [["spiffe://example.org/ns/edge/./a"], [uri(EDGE, "prefix")], false],
  [["spiffe://example.org/ns/edge/.."], [uri(EDGE, "prefix")], false],
  [["spiffe://example.org/ns/edge/a?b"], [uri(EDGE, "prefix")], false],
  [["a.example"], [uri(EDGE, "prefix"), dns("a.example")], true],
  [["A.example"], [dns("a.example")], true],
  [["a.clients.example"], [dns("*.clients.example")], true],
  [["b.a.clients.example"], [dns("*.clients.example")], false],
  [["clients.example"], [dns("*.clients.example")], false],
  [["*.clients.example"], [dns("a.clients.example")], false],
  [["10.0.0.7"], [{ type: "ip", match: "exact", value: "10.0.0.7" }], true],
  [["2001:db8::7"], [{ type: "ip", match: "exact", value: "2001:db8::7" }], true],
  [["10.0.0.7"], [dns("10.0.0.7")], false],
  [["spiffe://example.org/a"], [], false],
  [[], [dns("a.example")], false],
];

describe("the certificate of a client", () => {
  for (const [cert, allow, want] of allowed)
    test(`for ${cert.join(", ") || "nobody"} is ${want ? "" : "not "}one of ${allow.map((a) => a.value).join(", ") || "none"}`, () => {
      expect(hasAllowedName(names(...cert), allow)).toBe(want);
    });
});
