import { describe, expect, test } from "bun:test";
import type { Address } from "../../../src/base/address.ts";
import { encodeLatin1, latin1 } from "../../../src/base/bytes.ts";
import type { Tlv } from "../../../src/base/tlv.ts";
import type { ProxiedEnds } from "../../../src/proxy_protocol/header.ts";
import { HeaderReader } from "../../../src/proxy_protocol/header_reader.ts";
import { writeLocal, writeV1, writeV2 } from "../../../src/proxy_protocol/write_header.ts";
import { INET, INET6, SIGNATURE, summed, tlv, unixBlock, v2 } from "./make_header.ts";

const tcp = (host: string, port: number): Address => ({ kind: "tcp", host, port });
const unix = (path: string): Address => ({ kind: "unix", path });
const ends = (source: Address, destination: Address): ProxiedEnds => ({ source, destination });
const V4 = ends(tcp("192.0.2.1", 1000), tcp("198.51.100.2", 443));
const V6 = ends(tcp("2001:db8::1", 1000), tcp("2001:db8::2", 443));
const MIXED = ends(tcp("192.0.2.1", 1000), tcp("2001:db8::2", 443));
const UNIX = ends(unix(""), unix("/run/weir"));
const text = (b: Uint8Array): string => latin1(b, 0, b.length);

const rows: readonly (readonly [name: string, rule: string, of: ProxiedEnds, v1: string, v2: string])[] = [
  ["IPv4", "2.1, 2.2", V4, "PROXY TCP4 192.0.2.1 198.51.100.2 1000 443\r\n", v2()],
  ["IPv6", "2.1, 2.2", V6, "PROXY TCP6 2001:db8::1 2001:db8::2 1000 443\r\n", v2({ family: 0x21, addresses: INET6 })],
  [
    "IPv4 and IPv6: both have to be of one family",
    "2.1, 2.2",
    MIXED,
    "PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 1000 443\r\n",
    v2({ family: 0x21, addresses: `${"\0".repeat(10)}\xff\xff${INET.slice(0, 4)}${INET6.slice(16)}` }),
  ],
  [
    "a zone",
    "RFC 4007 6",
    ends(tcp("fe80::1%eth0", 1), tcp("::1", 2)),
    "PROXY TCP6 fe80::1 ::1 1 2\r\n",
    v2({ family: 0x21, addresses: `\xfe\x80${"\0".repeat(13)}\x01${"\0".repeat(15)}\x01\0\x01\0\x02` }),
  ],
  ["unix sockets", "2.1, 2.2", UNIX, "PROXY UNKNOWN\r\n", v2({ family: 0x31, addresses: unixBlock("", "/run/weir") })],
  [
    "a unix socket and TCP",
    "2.1, 2.2",
    ends(unix("/a"), tcp("1.1.1.1", 1)),
    "PROXY UNKNOWN\r\n",
    v2({ family: 0, addresses: "" }),
  ],
  [
    "a path that is too long",
    "2.2",
    ends(unix("a".repeat(109)), unix("/b")),
    "PROXY UNKNOWN\r\n",
    v2({ family: 0, addresses: "" }),
  ],
  ["an end that is gone", "2.1, 2.2", ends(tcp("", 0), tcp("1.1.1.1", 1)), "PROXY UNKNOWN\r\n", v2({ family: 0, addresses: "" })],
];

describe("a header says", () => {
  for (const [name, rule, of, wanted1, wanted2] of rows)
    test(`${name} (${rule})`, () => {
      expect(text(writeV1(of))).toBe(wanted1);
      expect(text(writeV2(of, [], false))).toBe(wanted2);
    });

  test("LOCAL for what is the proxy's own, in version 1 UNKNOWN (2.1, 2.2)", () => {
    expect(text(writeLocal(1))).toBe("PROXY UNKNOWN\r\n");
    expect(text(writeLocal(2))).toBe(`${SIGNATURE}\x20\0\0\0`);
  });

  test("TLVs in their order, and its sum at the end (2.2.3)", () => {
    const tlvs: Tlv[] = [
      { type: 2, value: encodeLatin1("a.example") },
      { type: 0xe0, value: encodeLatin1("") },
    ];
    const told = tlv(2, "a.example") + tlv(0xe0, "");
    expect(text(writeV2(V4, tlvs, false))).toBe(v2({ tlvs: told }));
    expect(text(writeV2(V4, tlvs, true))).toBe(summed({ tlvs: told }));
  });
});

describe("what is written is read as it was meant", () => {
  for (const of of [V4, V6, UNIX])
    for (const checksum of [false, true])
      test(`${JSON.stringify(of.source)}${checksum ? " with a sum" : ""}`, () => {
        const tlvs: Tlv[] = [{ type: 1, value: encodeLatin1("h2") }];
        const answer = new HeaderReader("v2").receive(writeV2(of, tlvs, checksum));
        expect(answer).toMatchObject({ kind: "header", header: { version: 2, ends: of, tlvs } });
      });

  test("in version 1, where both ends are mapped where one is", () => {
    expect(new HeaderReader("v1").receive(writeV1(MIXED))).toMatchObject({ kind: "header", header: { version: 1, ends: MIXED } });
  });
});
