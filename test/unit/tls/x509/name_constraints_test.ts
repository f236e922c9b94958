import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../../../src/base/cidr.ts";
import { NAME_COMPARISONS } from "../../../../src/tls/limits.ts";
import { NO_NAMES } from "../../../../src/tls/x509/general_names.ts";
import { permits } from "../../../../src/tls/x509/name_constraints.ts";
import { parseCertificate } from "../../../../src/tls/x509/parse_certificate.ts";
import { authority, bytes, type Der, integer, mint, nameConstraints, sequence, tlv } from "../../../support/mint.ts";

const dns = (text: string): Der => tlv(0x82, bytes(text));
const uri = (text: string): Der => tlv(0x86, bytes(text));
const ip = (...range: readonly number[]): Der => tlv(0x87, Uint8Array.from(range));
const v4 = (text: string): Uint8Array => parseAddress(text)!.subarray(12);
const mail = (text: string): Der => tlv(0x81, bytes(text));
const TEN = ip(10, 0, 0, 0, 255, 0, 0, 0);

interface Names {
  readonly dns?: readonly string[];
  readonly uris?: readonly string[];
  readonly ips?: readonly Uint8Array[];
  readonly emails?: readonly string[];
}

const rows: readonly (readonly [
  name: string,
  permitted: readonly Der[],
  excluded: readonly Der[],
  names: Names,
  want: boolean,
])[] = [
  ["a name within", [dns("example.com")], [], { dns: ["a.example.com"] }, true],
  ["the name itself", [dns("example.com")], [], { dns: ["example.com"] }, true],
  ["a name in capitals", [dns("Example.com")], [], { dns: ["A.EXAMPLE.com"] }, true],
  ["a name outside", [dns("example.com")], [], { dns: ["example.org"] }, false],
  ["a name that only ends alike", [dns("example.com")], [], { dns: ["badexample.com"] }, false],
  ["one of two outside", [dns("example.com")], [], { dns: ["a.example.com", "b.org"] }, false],
  ["one of two permitted", [dns("example.com"), dns("example.org")], [], { dns: ["a.example.org"] }, true],
  ["a dot in front is for what lies below", [dns(".example.com")], [], { dns: ["a.example.com"] }, true],
  ["and not for the name itself", [dns(".example.com")], [], { dns: ["example.com"] }, false],
  ["a wildcard within", [dns("example.com")], [], { dns: ["*.example.com"] }, true],
  ["a wildcard wider than what is permitted", [dns("a.example.com")], [], { dns: ["*.example.com"] }, false],
  ["an excluded name", [], [dns("example.com")], { dns: ["a.example.com"] }, false],
  ["a name beside what is excluded", [], [dns("example.com")], { dns: ["a.example.org"] }, true],
  ["a wildcard that may stand for what is excluded", [], [dns("a.example.com")], { dns: ["*.example.com"] }, false],
  ["excluded within permitted", [dns("example.com")], [dns("b.example.com")], { dns: ["x.b.example.com"] }, false],
  ["every name excluded", [], [dns("")], { dns: ["a.example"] }, false],
  ["every name permitted", [dns("")], [], { dns: ["a.example"] }, true],
  ["names of a kind that is not constrained", [dns("example.com")], [], { uris: ["spiffe://a/b"], ips: [v4("1.2.3.4")] }, true],
  ["an address within", [TEN], [], { ips: [v4("10.1.2.3")] }, true],
  ["an address outside", [TEN], [], { ips: [v4("11.1.2.3")] }, false],
  ["an address of the other family", [TEN], [], { ips: [parseAddress("::1")!] }, false],
  ["an excluded address", [], [TEN], { ips: [v4("10.1.2.3")] }, false],
  ["a URI's host", [uri("example.org")], [], { uris: ["spiffe://example.org/ns/a"] }, true],
  ["a URI's host with user and port", [uri("example.org")], [], { uris: ["https://u@Example.org:8443/"] }, true],
  ["a URI's host below", [uri("example.org")], [], { uris: ["spiffe://a.example.org/"] }, false],
  ["a URI's host below, with a dot in front", [uri(".example.org")], [], { uris: ["spiffe://a.example.org/"] }, true],
  ["a URI without a host", [uri("example.org")], [], { uris: ["urn:example.org"] }, false],
  ["a URI without a host where one is excluded", [], [uri("example.org")], { uris: ["urn:example.net"] }, false],
  ["a directory name, which Weir can't judge", [tlv(0xa4, sequence())], [], { dns: ["a.example"] }, false],
  ["another name, which Weir can't judge", [], [tlv(0x88, bytes("\x2a\x03"))], { dns: ["a.example"] }, false],
  ["a mailbox", [mail("Ann@example.com")], [], { emails: ["Ann@EXAMPLE.com"] }, true],
  ["another mailbox", [mail("Ann@example.com")], [], { emails: ["ann@example.com"] }, false],
  ["a mailbox of the host", [mail("example.com")], [], { emails: ["ann@example.com"] }, true],
  ["a mailbox below the host", [mail("example.com")], [], { emails: ["ann@mail.example.com"] }, false],
  ["a mailbox below the host, with a dot in front", [mail(".example.com")], [], { emails: ["ann@mail.example.com"] }, true],
  ["an excluded mailbox", [], [mail("example.com")], { emails: ["ann@example.com"] }, false],
  ["what is no mailbox", [mail("ann@example.com")], [], { emails: ["ann"] }, false],
  ["a mask with holes", [ip(10, 0, 0, 0, 255, 0, 255, 0)], [], {}, false],
  ["a range of five bytes", [ip(10, 0, 0, 0, 255)], [], {}, false],
  [
    "a least distance",
    [Uint8Array.from([...dns("example.com"), ...tlv(0x80, integer(1).subarray(2))])],
    [],
    { dns: ["a.example.com"] },
    false,
  ],
  ["no names at all", [dns("example.com")], [], {}, true],
];

test("more comparisons than the limit are refused", () => {
  const many = (n: number): Der[] => Array.from({ length: n }, (_, i) => dns(`${i}.example.com`));
  const { nameConstraints: c } = parseCertificate(
    mint({ name: "ca", extensions: [authority(), nameConstraints([], many(512))] }).der,
  )!;
  const names = (n: number): string[] => Array.from({ length: n }, (_, i) => `${i}.example.org`);
  expect(permits(c!, { ...NO_NAMES, dns: names(NAME_COMPARISONS / 512) })).toBe(true);
  expect(permits(c!, { ...NO_NAMES, dns: names(NAME_COMPARISONS / 512 + 1) })).toBe(false);
});

describe("name constraints (RFC 5280 4.2.1.10):", () => {
  for (const [name, permitted, excluded, names, want] of rows)
    test(name, () => {
      const { der } = mint({ name: "ca", extensions: [authority(), nameConstraints(permitted, excluded)] });
      expect(permits(parseCertificate(der)!.nameConstraints!, { ...NO_NAMES, ...names })).toBe(want);
    });
});
