import { describe, expect, test } from "bun:test";
import type { Address } from "../../../src/base/address.ts";
import { concatBytes, encodeLatin1, latin1 } from "../../../src/base/bytes.ts";
import type { HeaderAnswer } from "../../../src/proxy_protocol/header.ts";
import { HeaderReader, type HeaderVersions } from "../../../src/proxy_protocol/header_reader.ts";
import { TLVS, V1_BYTES, V2_BYTES } from "../../../src/proxy_protocol/limits.ts";
import { byte, INET, INET6, SIGNATURE, slowCrc32c, summed, tlv, u32, unixBlock, v2 } from "./make_header.ts";

interface Row {
  readonly name: string;
  /** Section of proxy-protocol.txt. */
  readonly rule: string;
  readonly bytes: string;
  /** Both ends as text and the TLVs, `own` for the connection's own ends, or part of the reason for a refusal. */
  readonly want: readonly [source: string, destination: string, ...tlvs: [number, string][]] | "own" | "none" | "more" | RegExp;
  readonly versions?: HeaderVersions;
}

const V4 = ["192.0.2.1:1000", "198.51.100.2:443"] as const;
const V6 = ["2001:db8::1|1000", "2001:db8::2|443"] as const;
const line = (rest: string): string => `PROXY ${rest}\r\n`;
const ssl = (rest: string): string => tlv(0x20, `\x05\0\0\0\0${rest}`);
const SUB = tlv(0x21, "TLSv1.3") + tlv(0x23, "TLS_AES_128_GCM_SHA256");

const rows: readonly Row[] = [
  // ---- neither ----
  { name: "nothing", rule: "2", bytes: "", want: "more" },
  { name: "HTTP/1.1", rule: "2", bytes: "GET / HTTP/1.1\r\n", want: "none" },
  { name: "HTTP/2", rule: "2", bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", want: "none" },
  { name: "POST", rule: "2", bytes: "POST / HTTP/1.1\r\n", want: "none" },
  { name: "TLS", rule: "2", bytes: "\x16\x03\x01\x02\0", want: "none" },
  { name: "an empty line", rule: "2", bytes: "\r\nGET / HTTP/1.1\r\n", want: "none" },
  { name: "a signature with another last byte", rule: "2.2", bytes: "\r\n\r\n\0\r\nQUIT\r", want: "none" },
  { name: "no space behind PROXY", rule: "2.1", bytes: "PROXYING / HTTP/1.1\r\n", want: "none" },
  { name: "in small letters", rule: "2.1", bytes: "proxy TCP4 1.1.1.1 2.2.2.2 1 2\r\n", want: "none" },
  // ---- version 1 ----
  { name: "TCP4", rule: "2.1", bytes: line("TCP4 192.0.2.1 198.51.100.2 1000 443"), want: V4 },
  { name: "TCP6", rule: "2.1", bytes: line("TCP6 2001:db8::1 2001:db8::2 1000 443"), want: V6 },
  {
    name: "IPv6 in another form",
    rule: "2.1",
    bytes: line("TCP6 2001:0DB8:0:0:0:0:0:1 2001:db8::0002 1000 443"),
    want: V6,
  },
  { name: "IPv4 in IPv6", rule: "2.1", bytes: line("TCP6 ::ffff:192.0.2.1 ::ffff:c633:6402 1000 443"), want: V4 },
  {
    name: "the longest line of IPv6",
    rule: "2.1",
    bytes: line(`TCP6 ${"ffff:".repeat(7)}ffff ${"ffff:".repeat(7)}ffff 65535 65535`),
    want: [`${"ffff:".repeat(7)}ffff|65535`, `${"ffff:".repeat(7)}ffff|65535`],
  },
  { name: "ports of 0", rule: "2.1", bytes: line("TCP4 0.0.0.0 255.255.255.255 0 0"), want: ["0.0.0.0:0", "255.255.255.255:0"] },
  { name: "UNKNOWN", rule: "2.1", bytes: line("UNKNOWN"), want: "own" },
  { name: "UNKNOWN with a space", rule: "2.1", bytes: line("UNKNOWN "), want: "own" },
  { name: "UNKNOWN with anything", rule: "2.1", bytes: line("UNKNOWN \0\xff  x"), want: "own" },
  {
    name: "UNKNOWN of the longest kind",
    rule: "2.1",
    bytes: line(`UNKNOWN ${"f".repeat(V1_BYTES - 16)}`),
    want: "own",
  },
  { name: "one byte more", rule: "2.1", bytes: line(`UNKNOWN ${"f".repeat(V1_BYTES - 15)}`), want: /107 bytes/ },
  { name: "no end", rule: "2.1", bytes: `PROXY UNKNOWN ${"f".repeat(500)}`, want: /107 bytes/ },
  { name: "a bare LF", rule: "2.1", bytes: "PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n", want: /bare LF/ },
  { name: "a bare CR", rule: "2.1", bytes: "PROXY TCP4 1.1.1.1 2.2.2.2 1 2\rGET", want: /bare CR/ },
  { name: "two CRs", rule: "2.1", bytes: "PROXY UNKNOWN\r\r\n", want: /bare CR/ },
  { name: "UNKNOWN with a bare LF", rule: "2.1", bytes: "PROXY UNKNOWN x\ny\r\n", want: /bare LF/ },
  { name: "half a line", rule: "2.1", bytes: "PROXY TCP4 1.1.1.1", want: "more" },
  { name: "a line without its last byte", rule: "2.1", bytes: "PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r", want: "more" },
  { name: "UNKNOWN and more letters", rule: "2.1", bytes: line("UNKNOWNS 1"), want: /family/ },
  { name: "UDP4", rule: "2.1", bytes: line("UDP4 1.1.1.1 2.2.2.2 1 2"), want: /family/ },
  { name: "tcp4", rule: "2.1", bytes: line("tcp4 1.1.1.1 2.2.2.2 1 2"), want: /family/ },
  { name: "no family", rule: "2.1", bytes: line(""), want: /family/ },
  { name: "a family alone", rule: "2.1", bytes: line("TCP4"), want: /single spaces/ },
  { name: "two spaces", rule: "2.1", bytes: line("TCP4  1.1.1.1 2.2.2.2 1 2"), want: /single spaces/ },
  { name: "a space at the end", rule: "2.1", bytes: line("TCP4 1.1.1.1 2.2.2.2 1 2 "), want: /single spaces/ },
  { name: "a tab", rule: "2.1", bytes: line("TCP4 1.1.1.1\t2.2.2.2 1 2"), want: /single spaces/ },
  { name: "one port", rule: "2.1", bytes: line("TCP4 1.1.1.1 2.2.2.2 1"), want: /single spaces/ },
  { name: "a leading zero in an address", rule: "2.1", bytes: line("TCP4 01.1.1.1 2.2.2.2 1 2"), want: /none of TCP4/ },
  { name: "three numbers", rule: "2.1", bytes: line("TCP4 1.1.1 2.2.2.2 1 2"), want: /none of TCP4/ },
  { name: "256", rule: "2.1", bytes: line("TCP4 1.1.1.256 2.2.2.2 1 2"), want: /none of TCP4/ },
  { name: "hexadecimal", rule: "2.1", bytes: line("TCP4 0x1.1.1.1 2.2.2.2 1 2"), want: /none of TCP4/ },
  { name: "an address of the other family", rule: "2.1", bytes: line("TCP4 1.1.1.1 ::1 1 2"), want: /none of TCP4/ },
  { name: "IPv4 as TCP6", rule: "2.1", bytes: line("TCP6 1.1.1.1 ::1 1 2"), want: /none of TCP6/ },
  { name: "two ::", rule: "2.1", bytes: line("TCP6 1::2::3 ::1 1 2"), want: /none of TCP6/ },
  { name: "a zone", rule: "2.1", bytes: line("TCP6 fe80::1%eth0 ::1 1 2"), want: /none of TCP6/ },
  { name: "brackets", rule: "2.1", bytes: line("TCP6 [::1] ::1 1 2"), want: /none of TCP6/ },
  { name: "a leading zero in a port", rule: "2.1", bytes: line("TCP4 1.1.1.1 2.2.2.2 01 2"), want: /none of TCP4/ },
  { name: "a port of 65536", rule: "2.1", bytes: line("TCP4 1.1.1.1 2.2.2.2 1 65536"), want: /none of TCP4/ },
  { name: "a port below 0", rule: "2.1", bytes: line("TCP4 1.1.1.1 2.2.2.2 -1 2"), want: /none of TCP4/ },
  { name: "a port of none", rule: "2.1", bytes: line("TCP4 1.1.1.1 2.2.2.2  2"), want: /none of TCP4/ },
  { name: "version 1 where 2 is read", rule: "2", bytes: line("UNKNOWN"), versions: "v2", want: /version 2 is read/ },
  // ---- version 2 ----
  { name: "TCP over IPv4", rule: "2.2", bytes: v2(), want: V4 },
  { name: "TCP over IPv6", rule: "2.2", bytes: v2({ family: 0x21, addresses: INET6 }), want: V6 },
  {
    name: "IPv4 in IPv6",
    rule: "2.2",
    bytes: v2({
      family: 0x21,
      addresses: `${"\0".repeat(10)}\xff\xff\xc0\0\x02\x01${"\0".repeat(10)}\xff\xff\xc6\x33\x64\x02\x03\xe8\x01\xbb`,
    }),
    want: V4,
  },
  {
    name: "a unix socket",
    rule: "2.2",
    bytes: v2({ family: 0x31, addresses: unixBlock("/a", "/run/b") }),
    want: ["/a", "/run/b"],
  },
  {
    name: "paths of full length",
    rule: "2.2",
    bytes: v2({ family: 0x31, addresses: "a".repeat(108) + "b".repeat(108) }),
    want: ["a".repeat(108), "b".repeat(108)],
  },
  {
    name: "an abstract name",
    rule: "2.2",
    bytes: v2({ family: 0x31, addresses: unixBlock("", "\0name") }),
    want: ["", "\0name"],
  },
  {
    name: "something behind a path's end",
    rule: "2.2",
    bytes: v2({ family: 0x31, addresses: unixBlock("/a\0x", "/b") }),
    want: /path/,
  },
  {
    name: "a path that is not UTF-8",
    rule: "2.2",
    bytes: v2({ family: 0x31, addresses: unixBlock("/a\xff", "/b") }),
    want: /path/,
  },
  { name: "UDP: as if nothing were said", rule: "2.2", bytes: v2({ family: 0x12 }), want: "own" },
  { name: "UDP over IPv6", rule: "2.2", bytes: v2({ family: 0x22, addresses: INET6 }), want: "own" },
  { name: "datagrams on a unix socket", rule: "2.2", bytes: v2({ family: 0x32, addresses: unixBlock("/a", "/b") }), want: "own" },
  { name: "no family", rule: "2.2", bytes: v2({ family: 0, addresses: "" }), want: "own" },
  { name: "no family, with whatever", rule: "2.2", bytes: v2({ family: 0, addresses: "what" }), want: "own" },
  { name: "LOCAL", rule: "2.2", bytes: v2({ command: 0x20, family: 0, addresses: "" }), want: "own" },
  { name: "LOCAL with addresses", rule: "2.2", bytes: v2({ command: 0x20 }), want: "own" },
  { name: "LOCAL with a family that there is none of", rule: "2.2", bytes: v2({ command: 0x20, family: 0x77 }), want: "own" },
  { name: "LOCAL with a broken TLV", rule: "2.2", bytes: v2({ command: 0x20, tlvs: "\x01\xff" }), want: "own" },
  { name: "version 3", rule: "2.2", bytes: v2({ command: 0x31 }), want: /version/ },
  { name: "version 1 in binary", rule: "2.2", bytes: v2({ command: 0x11 }), want: /version/ },
  { name: "another command", rule: "2.2", bytes: v2({ command: 0x22 }), want: /command/ },
  { name: "another family", rule: "2.2", bytes: v2({ family: 0x41 }), want: /family/ },
  { name: "another transport", rule: "2.2", bytes: v2({ family: 0x13 }), want: /family/ },
  { name: "a family without a transport", rule: "2.2", bytes: v2({ family: 0x10 }), want: /family/ },
  { name: "a transport without a family", rule: "2.2", bytes: v2({ family: 0x01 }), want: /family/ },
  { name: "no addresses", rule: "2.2", bytes: v2({ addresses: "" }), want: /addresses/ },
  { name: "addresses cut short", rule: "2.2", bytes: v2({ addresses: INET.slice(1) }), want: /addresses/ },
  {
    name: "addresses of IPv4 as IPv6",
    rule: "2.2",
    bytes: v2({ family: 0x21, tlvs: tlv(0xe0, "x".repeat(10)) }),
    want: /addresses/,
  },
  { name: "the signature alone", rule: "2.2", bytes: SIGNATURE, want: "more" },
  { name: "all but the last byte", rule: "2.2", bytes: v2().slice(0, -1), want: "more" },
  { name: "version 2 where 1 is read", rule: "2", bytes: v2(), versions: "v1", want: /version 1 is read/ },
  {
    name: "the longest header",
    rule: "limit",
    bytes: v2({ tlvs: tlv(0xe0, "x".repeat(V2_BYTES - 31)) }),
    want: [...V4, [0xe0, "x".repeat(V2_BYTES - 31)]],
  },
  { name: "one byte more", rule: "limit", bytes: v2({ tlvs: tlv(0xe0, "x".repeat(V2_BYTES - 30)) }), want: /8192 bytes/ },
  {
    name: "LOCAL of one byte more",
    rule: "limit",
    bytes: v2({ command: 0x20, tlvs: "x".repeat(V2_BYTES - 27) }),
    want: /8192 bytes/,
  },
  // ---- TLVs ----
  {
    name: "ALPN and a name",
    rule: "2.2.1",
    bytes: v2({ tlvs: tlv(1, "h2") + tlv(2, "a.example") }),
    want: [...V4, [1, "h2"], [2, "a.example"]],
  },
  {
    name: "a name in UTF-8",
    rule: "2.2.2",
    bytes: v2({ tlvs: tlv(2, "b\xc3\xbccher.example") }),
    want: [...V4, [2, "b\xc3\xbccher.example"]],
  },
  { name: "a name that is not UTF-8", rule: "2.2.2", bytes: v2({ tlvs: tlv(2, "b\xfccher.example") }), want: /UTF-8/ },
  { name: "a name of 255", rule: "limit", bytes: v2({ tlvs: tlv(2, "n".repeat(255)) }), want: [...V4, [2, "n".repeat(255)]] },
  { name: "a name of 256", rule: "limit", bytes: v2({ tlvs: tlv(2, "n".repeat(256)) }), want: /name/ },
  { name: "a protocol of 256", rule: "limit", bytes: v2({ tlvs: tlv(1, "n".repeat(256)) }), want: /protocol/ },
  {
    name: "an identifier of 128",
    rule: "2.2.5",
    bytes: v2({ tlvs: tlv(5, "\0".repeat(128)) }),
    want: [...V4, [5, "\0".repeat(128)]],
  },
  { name: "an identifier of 129", rule: "2.2.5", bytes: v2({ tlvs: tlv(5, "\0".repeat(129)) }), want: /identifier/ },
  { name: "a checksum", rule: "2.2.3", bytes: summed(), want: V4 },
  { name: "a checksum and more", rule: "2.2.3", bytes: summed({ tlvs: tlv(2, "a.example") }), want: [...V4, [2, "a.example"]] },
  {
    name: "a checksum in the middle",
    rule: "2.2.3",
    bytes: (() => {
      const zeros = v2({ tlvs: tlv(3, "\0\0\0\0") + tlv(1, "h2") });
      return zeros.replace(tlv(3, "\0\0\0\0"), tlv(3, u32(slowCrc32c(zeros))));
    })(),
    want: [...V4, [1, "h2"]],
  },
  { name: "a wrong checksum", rule: "2.2.3", bytes: v2({ tlvs: tlv(3, "\0\0\0\0") }), want: /checksum/ },
  {
    name: "a checksum of another port",
    rule: "2.2.3",
    bytes: summed().replace(INET, `${INET.slice(0, -1)}\xbc`),
    want: /checksum/,
  },
  { name: "a checksum of three bytes", rule: "2.2.3", bytes: v2({ tlvs: tlv(3, "\0\0\0") }), want: /checksum/ },
  { name: "padding", rule: "2.2.4", bytes: v2({ tlvs: tlv(4, "") + tlv(4, "\0\0") + tlv(1, "h2") }), want: [...V4, [1, "h2"]] },
  { name: "a namespace", rule: "2.2.7", bytes: v2({ tlvs: tlv(0x30, "blue") }), want: [...V4, [0x30, "blue"]] },
  { name: "facts of TLS", rule: "2.2.6", bytes: v2({ tlvs: ssl(SUB) }), want: [...V4, [0x20, `\x05\0\0\0\0${SUB}`]] },
  { name: "facts of TLS without any", rule: "2.2.6", bytes: v2({ tlvs: ssl("") }), want: [...V4, [0x20, "\x05\0\0\0\0"]] },
  { name: "facts of TLS of four bytes", rule: "2.2.6", bytes: v2({ tlvs: tlv(0x20, "\x05\0\0\0") }), want: /cut short/ },
  { name: "a fact of TLS cut short", rule: "2.2.6", bytes: v2({ tlvs: ssl(SUB.slice(0, -1)) }), want: /cut short/ },
  { name: "half a head in the facts of TLS", rule: "2.2.6", bytes: v2({ tlvs: ssl("\x21\0") }), want: /cut short/ },
  {
    name: "types of one's own, again and again",
    rule: "2.2.8",
    bytes: v2({ tlvs: tlv(0xe0, "a") + tlv(0xe0, "") + tlv(0xea, "b") }),
    want: [...V4, [0xe0, "a"], [0xe0, ""], [0xea, "b"]],
  },
  { name: "a type that nobody knows", rule: "2.2", bytes: v2({ tlvs: tlv(0x99, "x") }), want: [...V4, [0x99, "x"]] },
  { name: "half a head", rule: "2.2", bytes: v2({ tlvs: "\x01\0" }), want: /cut short/ },
  { name: "a value cut short", rule: "2.2", bytes: v2({ tlvs: "\x01\0\x03h2" }), want: /cut short/ },
  ...[1, 2, 5, 0x30].map(
    (type): Row => ({
      name: `two of type ${type}`,
      rule: "2.2",
      bytes: v2({ tlvs: tlv(type, "a") + tlv(type, "a") }),
      want: /second/,
    }),
  ),
  { name: "two checksums", rule: "2.2", bytes: summed({ tlvs: tlv(3, "\0\0\0\0") }), want: /checksum|second/ },
  { name: "facts of TLS twice", rule: "2.2", bytes: v2({ tlvs: ssl("") + ssl("") }), want: /second/ },
  {
    name: "as many as may be",
    rule: "limit",
    bytes: v2({ tlvs: tlv(0xe0, "").repeat(TLVS) }),
    want: [...V4, ...Array.from({ length: TLVS }, (): [number, string] => [0xe0, ""])],
  },
  { name: "one more", rule: "limit", bytes: v2({ tlvs: tlv(0xe0, "").repeat(TLVS + 1) }), want: /TLVs/ },
  { name: "UDP with TLVs", rule: "2.2", bytes: v2({ family: 0x12, tlvs: tlv(1, "\x04doq\x02") }), want: "own" },
];

describe("a connection that begins with", () => {
  for (const row of rows)
    test(`${row.name} (${row.rule})`, () => {
      const { bytes, versions = "any" } = row;
      check(row, new HeaderReader(versions).receive(encodeLatin1(bytes)), "");
      // What follows is not looked at, whatever it is.
      if (typeof row.want === "object" && !(row.want instanceof RegExp))
        check(row, new HeaderReader(versions).receive(encodeLatin1(bytes + FOLLOWS)), FOLLOWS);
      for (let at = 0; at <= bytes.length; at++) check(row, inPieces(versions, [bytes.slice(0, at), bytes.slice(at)]), "");
      if (bytes.length < 400) check(row, inPieces(versions, [...bytes]), "");
    });
});

test("a reader that was given nothing knows it", () => {
  const reader = new HeaderReader("any");
  expect(reader.untouched).toBe(true);
  reader.receive(encodeLatin1("P"));
  expect(reader.untouched).toBe(false);
});

test("what is kept has memory of its own", () => {
  const bytes = encodeLatin1(v2({ tlvs: tlv(2, "a.example") }));
  const answer = new HeaderReader("any").receive(bytes);
  bytes.fill(0);
  expect(told(answer)).toEqual([...V4, [2, "a.example"]]);
});

const FOLLOWS = "PROXY UNKNOWN\r\nGET /\n";

function inPieces(versions: HeaderVersions, pieces: readonly string[]): HeaderAnswer {
  const reader = new HeaderReader(versions);
  const given: Uint8Array[] = [];
  for (const piece of pieces) {
    const b = encodeLatin1(piece);
    given.push(b);
    const answer = reader.receive(b.slice());
    if (answer.kind === "more") continue;
    // What came after the answer is not the reader's any more.
    if (answer.kind === "fault") return answer;
    const rest = pieces.slice(given.length).map(encodeLatin1);
    return { ...answer, unread: concatBytes([answer.unread, ...rest, new Uint8Array(0)]) };
  }
  return { kind: "more" };
}

function check(row: Row, answer: HeaderAnswer, rest: string): void {
  const { want } = row;
  if (want instanceof RegExp) expect(answer.kind === "fault" ? answer.reason : answer.kind).toMatch(want);
  else if (want === "none") {
    expect(answer.kind).toBe("none");
    if (answer.kind === "none") expect(text(answer.unread)).toBe(row.bytes + rest);
  } else if (want === "more") expect(answer.kind).toBe("more");
  else {
    expect(told(answer)).toEqual(want as never);
    if (answer.kind === "header") {
      expect(text(answer.unread)).toBe(rest);
      expect(answer.header.version).toBe(row.bytes.startsWith("PROXY") ? 1 : 2);
    }
  }
}

function told(answer: HeaderAnswer): unknown {
  if (answer.kind !== "header") return answer;
  const { ends, tlvs } = answer.header;
  if (ends === null) return "own";
  return [end(ends.source), end(ends.destination), ...tlvs.map((t) => [t.type, text(t.value)])];
}

function end(a: Address): string {
  if (a.kind === "unix") return a.path;
  return a.host.includes(":") ? `${a.host}|${a.port}` : `${a.host}:${a.port}`;
}

function text(b: Uint8Array): string {
  return latin1(b, 0, b.length);
}

test("the sum of the tests is that of RFC 9260", () => {
  // RFC 3720 B.4: 32 zeros, and 32 bytes that rise from 0.
  expect(slowCrc32c("\0".repeat(32))).toBe(0x8a9136aa);
  expect(slowCrc32c(Array.from({ length: 32 }, (_, i) => byte(i)).join(""))).toBe(0x46dd794e);
});
