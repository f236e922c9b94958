import { describe, expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import { connect } from "node:tls";
import { encodeLatin1 } from "../../../../src/base/bytes.ts";
import { type ClientHello, type HelloAnswer, readClientHello } from "../../../../src/tls/hello/client_hello.ts";
import { CLIENT_HELLO_BYTES, CLIENT_HELLO_EXTENSIONS, CLIENT_HELLO_RECORDS } from "../../../../src/tls/limits.ts";
import {
  alpn,
  groups,
  helloMessage,
  message,
  numbers,
  records,
  SUITES,
  signatures,
  sni,
  u8,
  u16,
  vec8,
  vec16,
  versions,
} from "./make_hello.ts";

interface Row {
  readonly name: string;
  readonly rule: string;
  readonly bytes: string;
  /** Part of the hello, an alert's number, or the kind of the answer. */
  readonly want: Partial<ClientHello> | number | "more" | "notTls";
}

const PLAIN = records(helloMessage({ extensions: [sni("a.example"), versions(0x0304)] }));
const of = (...extensions: readonly (readonly [number, string])[]): string => records(helloMessage({ extensions }));
const ILLEGAL = 47;
const DECODE = 50;
const UNEXPECTED = 10;

const rows: readonly Row[] = [
  { name: "a name", rule: "RFC 6066 3", bytes: PLAIN, want: { serverName: "a.example" } },
  { name: "a name in capitals", rule: "RFC 6066 3", bytes: of(sni("A.ExAMPLE")), want: { serverName: "a.example" } },
  { name: "a name with _", rule: "RFC 6066 3", bytes: of(sni("my_app.a.example")), want: { serverName: "my_app.a.example" } },
  { name: "one label", rule: "RFC 6066 3", bytes: of(sni("localhost")), want: { serverName: "localhost" } },
  {
    name: "a name in punycode",
    rule: "RFC 6066 3",
    bytes: of(sni("xn--bcher-kva.example")),
    want: { serverName: "xn--bcher-kva.example" },
  },
  {
    name: "a label of 63",
    rule: "RFC 1035 2.3.4",
    bytes: of(sni(`${"a".repeat(63)}.b`)),
    want: { serverName: `${"a".repeat(63)}.b` },
  },
  { name: "no name", rule: "RFC 6066 3", bytes: of(versions(0x0304)), want: { serverName: null } },
  {
    name: "no extensions",
    rule: "RFC 5246 7.4.1.2",
    bytes: records(helloMessage({ extensions: null })),
    want: { serverName: null, versions: [0x0303], signatureAlgorithms: null, groups: null, alpn: [] },
  },
  { name: "an empty list of extensions", rule: "RFC 5246 7.4.1.2", bytes: of(), want: { serverName: null } },
  { name: "an IPv4 address is no name", rule: "RFC 6066 3", bytes: of(sni("127.0.0.1")), want: { serverName: null } },
  { name: "nor is an IPv6 address", rule: "RFC 6066 3", bytes: of(sni("2001:DB8::1")), want: { serverName: null } },
  { name: "nor one with IPv4 in it", rule: "RFC 6066 3", bytes: of(sni("::ffff:127.0.0.1")), want: { serverName: null } },
  { name: "an address with a zone", rule: "RFC 6066 3", bytes: of(sni("fe80::1%eth0")), want: ILLEGAL },
  { name: "half an address", rule: "RFC 6066 3", bytes: of(sni("127.1")), want: ILLEGAL },
  { name: "an address with a zero in front", rule: "RFC 6066 3", bytes: of(sni("127.0.0.01")), want: ILLEGAL },
  { name: "an address out of range", rule: "RFC 6066 3", bytes: of(sni("256.0.0.1")), want: ILLEGAL },
  { name: "an address with a dot at the end", rule: "RFC 6066 3", bytes: of(sni("127.0.0.1.")), want: ILLEGAL },
  { name: "an address in hex", rule: "RFC 6066 3", bytes: of(sni("0x7f.1.0x1")), want: ILLEGAL },
  { name: "an IPv6 address in brackets", rule: "RFC 6066 3", bytes: of(sni("[::1]")), want: ILLEGAL },
  { name: "a dot at the end", rule: "RFC 6066 3", bytes: of(sni("a.example.")), want: ILLEGAL },
  { name: "an empty label", rule: "RFC 1035 2.3.1", bytes: of(sni("a..example")), want: ILLEGAL },
  { name: "an empty name", rule: "RFC 6066 3", bytes: of(sni("")), want: ILLEGAL },
  { name: "a wildcard for a name", rule: "RFC 6066 3", bytes: of(sni("*.example")), want: ILLEGAL },
  { name: "a name with a port", rule: "RFC 6066 3", bytes: of(sni("a.example:443")), want: ILLEGAL },
  { name: "a NUL in the name", rule: "RFC 6066 3", bytes: of(sni("a.example\0.b")), want: ILLEGAL },
  { name: "a space in the name", rule: "RFC 6066 3", bytes: of(sni("a example")), want: ILLEGAL },
  { name: "a name in UTF-8", rule: "RFC 6066 3", bytes: of(sni("b\xc3\xbccher.example")), want: ILLEGAL },
  { name: "a label of 64", rule: "RFC 1035 2.3.4", bytes: of(sni(`${"a".repeat(64)}.b`)), want: ILLEGAL },
  { name: "a name of 254", rule: "RFC 1035 2.3.4", bytes: of(sni(`${"a.".repeat(126)}bb`)), want: ILLEGAL },
  {
    name: "two names",
    rule: "RFC 6066 3",
    bytes: of([0, vec16(u8(0) + vec16("a.example") + u8(0) + vec16("b.example"))]),
    want: ILLEGAL,
  },
  { name: "a name of another type", rule: "RFC 6066 3", bytes: of([0, vec16(u8(1) + vec16("a.example"))]), want: ILLEGAL },
  { name: "no name in the list", rule: "RFC 6066 3", bytes: of([0, vec16("")]), want: DECODE },
  { name: "an empty server_name", rule: "RFC 6066 3", bytes: of([0, ""]), want: DECODE },
  { name: "a name longer than its list", rule: "RFC 8446 3.4", bytes: of([0, vec16(`${u8(0) + u16(9)}a`)]), want: DECODE },
  {
    name: "a list longer than its extension",
    rule: "RFC 8446 3.4",
    bytes: of([0, u16(99) + u8(0) + vec16("a.example")]),
    want: DECODE,
  },
  { name: "bytes behind the list of names", rule: "RFC 8446 3.4", bytes: of([0, `${sni("a.example")[1]}x`]), want: DECODE },
  { name: "the name twice", rule: "RFC 8446 4.2", bytes: of(sni("a.example"), sni("b.example")), want: ILLEGAL },
  { name: "an unknown extension twice", rule: "RFC 8446 4.2", bytes: of([0x5a5a, ""], [0x5a5a, ""]), want: ILLEGAL },
  { name: "protocols", rule: "RFC 7301 3.1", bytes: of(alpn("h2", "http/1.1")), want: { alpn: ["h2", "http/1.1"] } },
  { name: "an empty protocol", rule: "RFC 7301 3.1", bytes: of(alpn("h2", "")), want: DECODE },
  { name: "no protocol in the list", rule: "RFC 7301 3.1", bytes: of(alpn()), want: DECODE },
  { name: "a protocol longer than the list", rule: "RFC 7301 3.1", bytes: of([16, vec16(`${u8(9)}h2`)]), want: DECODE },
  { name: "bytes behind the protocols", rule: "RFC 7301 3.1", bytes: of([16, `${alpn("h2")[1]}x`]), want: DECODE },
  {
    name: "32 protocols",
    rule: "limits.ts",
    bytes: of(alpn(...Array.from({ length: 32 }, (_, i) => `p${i}`))),
    want: { serverName: null },
  },
  { name: "33 protocols", rule: "limits.ts", bytes: of(alpn(...Array.from({ length: 33 }, (_, i) => `p${i}`))), want: ILLEGAL },
  {
    name: "versions",
    rule: "RFC 8446 4.2.1",
    bytes: of(versions(0x7a7a, 0x0304, 0x0303)),
    want: { versions: [0x7a7a, 0x0304, 0x0303] },
  },
  {
    name: "version 1.1 without a list",
    rule: "RFC 8446 4.2.1",
    bytes: records(helloMessage({ version: 0x0302 })),
    want: { versions: [0x0302] },
  },
  {
    name: "a higher version without a list",
    rule: "RFC 8446 4.2.1",
    bytes: records(helloMessage({ version: 0x0305 })),
    want: { versions: [0x0303] },
  },
  { name: "half a version", rule: "RFC 8446 4.2.1", bytes: of([43, vec8("\x03\x04\x03")]), want: DECODE },
  { name: "no version in the list", rule: "RFC 8446 4.2.1", bytes: of([43, vec8("")]), want: DECODE },
  {
    name: "signature algorithms",
    rule: "RFC 8446 4.2.3",
    bytes: of(signatures(0x0403, 0x0804)),
    want: { signatureAlgorithms: [0x0403, 0x0804] },
  },
  { name: "half a signature algorithm", rule: "RFC 8446 4.2.3", bytes: of([13, vec16("\x04\x03\x08")]), want: DECODE },
  {
    name: "groups",
    rule: "RFC 8446 4.2.7",
    bytes: of(groups(0x11ec, 0x001d, 0x0017)),
    want: { groups: [0x11ec, 0x001d, 0x0017] },
  },
  { name: "bytes behind the groups", rule: "RFC 8446 4.2.7", bytes: of([10, `${groups(29)[1]}x`]), want: DECODE },
  { name: "cipher suites", rule: "RFC 8446 4.1.2", bytes: PLAIN, want: { cipherSuites: SUITES } },
  { name: "no ticket", rule: "RFC 5077 3.2", bytes: of([35, ""]), want: { resumes: false } },
  { name: "a ticket", rule: "RFC 5077 3.2", bytes: of([35, "ticket"]), want: { resumes: true } },
  {
    name: "a pre-shared key",
    rule: "RFC 8446 4.2.11",
    bytes: of(sni("a.example"), [41, "key"]),
    want: { resumes: true, serverName: "a.example" },
  },
  {
    name: "an extension behind the pre-shared key",
    rule: "RFC 8446 4.2.11",
    bytes: of([41, "key"], sni("a.example")),
    want: ILLEGAL,
  },
  {
    name: "a session id of 32",
    rule: "RFC 8446 4.1.2",
    bytes: records(helloMessage({ session: "s".repeat(32) })),
    want: { serverName: null },
  },
  { name: "a session id of 33", rule: "RFC 8446 4.1.2", bytes: records(helloMessage({ session: "s".repeat(33) })), want: DECODE },
  { name: "no cipher suite", rule: "RFC 8446 4.1.2", bytes: records(helloMessage({ suites: [] })), want: DECODE },
  {
    name: "no way to leave out compression",
    rule: "RFC 8446 4.1.2",
    bytes: records(helloMessage({ compressions: "\x01" })),
    want: ILLEGAL,
  },
  { name: "no compression at all", rule: "RFC 8446 4.1.2", bytes: records(helloMessage({ compressions: "" })), want: ILLEGAL },
  { name: "bytes behind the extensions", rule: "RFC 8446 3", bytes: records(helloMessage({ tail: "x" })), want: DECODE },
  {
    name: "an extension longer than the list",
    rule: "RFC 8446 4.2",
    bytes: records(helloMessage({ extensions: null, tail: vec16(u16(0) + u16(9)) })),
    want: DECODE,
  },
  {
    name: "half an extension's number",
    rule: "RFC 8446 4.2",
    bytes: records(helloMessage({ extensions: null, tail: vec16("\0") })),
    want: DECODE,
  },
  { name: "64 extensions", rule: "limits.ts", bytes: of(...many(CLIENT_HELLO_EXTENSIONS)), want: { serverName: null } },
  { name: "65 extensions", rule: "limits.ts", bytes: of(...many(CLIENT_HELLO_EXTENSIONS + 1)), want: ILLEGAL },
  { name: "an empty message", rule: "RFC 8446 4.1.2", bytes: records(message(1, "")), want: DECODE },
  {
    name: "records of 1 KiB, as with post-quantum keys",
    rule: "RFC 8446 5.1",
    bytes: records(helloMessage({ extensions: [[51, "k".repeat(1400)], sni("a.example")] }), 1024),
    want: { serverName: "a.example" },
  },
  {
    name: "a header over two records",
    rule: "RFC 8446 5.1",
    bytes: records(helloMessage().slice(0, 3)) + records(helloMessage().slice(3)),
    want: { serverName: null },
  },
  {
    name: "a body of one record for each part",
    rule: "limits.ts",
    bytes: records(helloMessage(), Math.ceil(helloMessage().length / CLIENT_HELLO_RECORDS)),
    want: { serverName: null },
  },
  { name: "records of one byte", rule: "limits.ts", bytes: records(helloMessage(), 1), want: ILLEGAL },
  {
    name: "records of another legacy version",
    rule: "RFC 8446 5.1",
    bytes: records(helloMessage(), 9999, 0x0304),
    want: { serverName: null },
  },
  {
    name: "what follows it in its record",
    rule: "RFC 8446 5.1",
    bytes: records(`${helloMessage()}more`),
    want: { serverName: null },
  },
  {
    name: "early data behind it",
    rule: "RFC 8446 4.2.10",
    bytes: `${PLAIN}\x17\x03\x03\x00\x01x`,
    want: { serverName: "a.example" },
  },
  { name: "an empty record", rule: "RFC 8446 5.1", bytes: "\x16\x03\x01\0\0", want: UNEXPECTED },
  {
    name: "an empty record within",
    rule: "RFC 8446 5.1",
    bytes: `${records(helloMessage().slice(0, 9))}\x16\x03\x01\0\0`,
    want: UNEXPECTED,
  },
  {
    name: "an alert within",
    rule: "RFC 8446 5.1",
    bytes: `${records(helloMessage().slice(0, 9))}\x15\x03\x01\0\x02\x01\0`,
    want: UNEXPECTED,
  },
  {
    name: "a record of another version within",
    rule: "RFC 8446 5.1",
    bytes: `${records(helloMessage().slice(0, 9))}\x16\x02\x01`,
    want: UNEXPECTED,
  },
  { name: "another message", rule: "RFC 8446 4", bytes: records(message(2, "hello from a server")), want: UNEXPECTED },
  { name: "a record over 16 KiB", rule: "RFC 8446 5.1", bytes: "\x16\x03\x01\x40\x01", want: 22 },
  { name: "a message over 16 KiB", rule: "limits.ts", bytes: `\x16\x03\x01\x00\x04\x01\x00\x40\x01`, want: ILLEGAL },
  {
    name: "a message of 16 KiB",
    rule: "limits.ts",
    bytes: records(helloMessage({ extensions: [[21, "\0".repeat(CLIENT_HELLO_BYTES - 59)]] })),
    want: { serverName: null },
  },
  { name: "HTTP", rule: "RFC 8446 5.1", bytes: "GET / HTTP/1.1\r\n", want: "notTls" },
  { name: "an alert", rule: "RFC 8446 5.1", bytes: "\x15\x03\x01\0\x02\x01\0", want: "notTls" },
  { name: "a hello of SSL 2", rule: "RFC 5246 E.2", bytes: "\x80\x2e\x01\x03\x01", want: "notTls" },
  { name: "a record of SSL 2's version", rule: "RFC 8446 5.1", bytes: "\x16\x02\x00\x00\x01", want: "notTls" },
  { name: "nothing", rule: "", bytes: "", want: "more" },
  { name: "all but its last byte", rule: "", bytes: PLAIN.slice(0, -1), want: "more" },
];

describe("a ClientHello", () => {
  for (const { name, rule, bytes, want } of rows)
    test(`${name} (${rule})`, () => {
      const whole = readClientHello(encodeLatin1(bytes));
      if (typeof want === "object") expect(whole).toMatchObject({ kind: "hello", ...want });
      else if (typeof want === "number") expect(whole).toMatchObject({ kind: "fault", alert: want });
      else expect(whole).toEqual({ kind: want });
      // However few bytes there are: no answer yet, or this one.
      let answered = false;
      for (let n = 0; n < bytes.length; n++) {
        const part = readClientHello(encodeLatin1(bytes.slice(0, n)));
        if (part.kind === "more") expect(answered).toBe(false);
        else {
          answered = true;
          expect(withoutText(part)).toEqual(withoutText(whole));
        }
      }
    });

  test("of this runtime's own client is read", async () => {
    const answer = await helloOf({ servername: "shop.example.com", ALPNProtocols: ["h2", "http/1.1"] });
    expect(answer).toMatchObject({ kind: "hello", serverName: "shop.example.com", alpn: ["h2", "http/1.1"] });
    const hello = answer as ClientHello;
    expect(hello.versions).toContain(0x0304);
    expect(hello.signatureAlgorithms).toContain(0x0403);
    expect(hello.groups!.length).toBeGreaterThan(0);
    expect(hello.cipherSuites).toContain(0x1301);
    expect(hello.resumes).toBe(false);
  });
});

function many(n: number): (readonly [number, string])[] {
  return Array.from({ length: n }, (_, i) => [0x1000 + i, ""] as const);
}

/** Messages say how much they saw. */
function withoutText(a: HelloAnswer): unknown {
  return a.kind === "fault" ? { kind: a.kind, alert: a.alert } : a;
}

/** What a client on this machine sends first. */
function helloOf(o: { servername: string; ALPNProtocols: string[] }): Promise<HelloAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    const server = createServer((s: Socket) => {
      s.on("error", () => {});
      s.on("data", (b) => {
        chunks.push(b as Uint8Array);
        const answer = readClientHello(new Uint8Array(Buffer.concat(chunks)));
        if (answer.kind === "more") return;
        s.destroy();
        server.close();
        resolve(answer);
      });
    });
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      connect({ ...o, host: "127.0.0.1", port }).on("error", () => {});
    });
  });
}

test("numbers of a vector are written as they are read", () => {
  expect(numbers([0x0304, 0x0303])).toBe("\x03\x04\x03\x03");
});
