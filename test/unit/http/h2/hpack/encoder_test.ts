import { describe, expect, test } from "bun:test";
import { encodeLatin1 } from "../../../../../src/base/bytes.ts";
import { Fields } from "../../../../../src/http/fields.ts";
import { FieldReader } from "../../../../../src/http/h1/field_reader.ts";
import { HpackDecoder } from "../../../../../src/http/h2/hpack/decoder.ts";
import { HpackEncoder } from "../../../../../src/http/h2/hpack/encoder.ts";
import { CHAIN_STEPS } from "../../../../../src/http/h2/hpack/limits.ts";
import { HpackReader } from "../../../../support/hpack_reader.ts";
import { entriesOf } from "./entries.ts";
import { bytesOf, hexOf } from "./hex.ts";
import { readBlock } from "./read_block.ts";

/** Fields as an HTTP/1.1 codec reads them. */
function received(...lines: readonly string[]): Fields {
  const raw = encodeLatin1(`${lines.map((line) => `${line}\r\n`).join("")}\r\n`);
  const reader = new FieldReader(100, "keep");
  reader.start(0);
  expect(reader.read(raw, raw.length)).toBe(raw.length);
  return reader.take(raw);
}

function reply(e: HpackEncoder, f: Fields, status = 200): Uint8Array {
  const out = new Uint8Array(HpackEncoder.bound([], f) + 2).fill(0xaa);
  const end = e.encodeResponse(out, 1, status, f);
  expect(end).toBeLessThan(out.length);
  expect([out[0], out[out.length - 1]]).toEqual([0xaa, 0xaa]);
  return out.slice(1, end);
}

function request(
  e: HpackEncoder,
  path: string,
  f: Fields,
  more: { method?: string; scheme?: string; protocol?: string } = {},
): Uint8Array {
  const { method = "GET", scheme = "https", protocol = "" } = more;
  const out = new Uint8Array(HpackEncoder.bound([method, scheme, "a.example", path, protocol], f));
  return out.slice(0, e.encodeRequest(out, 0, method, scheme, "a.example", path, protocol, f));
}

/** Names of the literals never indexed in a block that refers to nothing before it. */
function neverIn(block: Uint8Array): string[] {
  const reader = new HpackReader();
  reader.read(block);
  return reader.neverIndexed;
}

describe("what a block looks like (RFC 7541 section 6)", () => {
  const none = Fields.empty();

  test("pseudo-header fields of the static table take a byte each", () => {
    const e = new HpackEncoder(4096);
    expect(hexOf(request(e, "/", none)).slice(0, 4)).toBe("8287");
    expect(hexOf(request(e, "/", none, { method: "POST", scheme: "http" })).slice(0, 4)).toBe("8386");
    expect([200, 204, 206, 304, 400, 404, 500].map((status) => hexOf(reply(e, none, status)))).toEqual([
      "88",
      "89",
      "8a",
      "8b",
      "8c",
      "8d",
      "8e",
    ]);
    expect(hexOf(reply(e, none, 302))).toBe("0803333032");
    expect(e.encodeTrailers(new Uint8Array(64), 7, none)).toBe(7);
  });

  test("a field is literal at first, goes into the table the second time, and is an index from then on", () => {
    const e = new HpackEncoder(4096);
    const f = received("Server: weir");
    expect(hexOf(reply(e, f))).toBe("880f270477656972");
    expect(entriesOf(e.table)).toEqual([]);
    expect(hexOf(reply(e, f))).toBe("88760477656972");
    expect(entriesOf(e.table)).toEqual(["server: weir"]);
    expect(hexOf(reply(e, f))).toBe("88be");
    expect(hexOf(reply(e, Fields.of("SERVER", "weir")))).toBe("88be");
  });

  test("a name that is in no table is lower-cased, and once it is in one, referred to", () => {
    const e = new HpackEncoder(4096);
    expect(hexOf(reply(e, received("X-A: 1")))).toBe("8800 03 782d61 01 31".replaceAll(" ", ""));
    expect(hexOf(reply(e, received("X-a: 1")))).toBe("8840 03 782d61 01 31".replaceAll(" ", ""));
    expect(hexOf(reply(e, received("x-a: 2")))).toBe("880f2f0132");
    expect(hexOf(reply(e, received("x-b: 2")))).toBe("8800 03 782d62 01 32".replaceAll(" ", ""));
  });

  test("what never repeats pushes nothing out", () => {
    const e = new HpackEncoder(4096);
    for (let i = 0; i < 300; i++) reply(e, received(`ETag: "${i}"`, `X-Own: ${i}`, "Server: weir"));
    expect(entriesOf(e.table)).toEqual(["server: weir"]);
  });

  test("a field that is half of the table or more is in none", () => {
    const e = new HpackEncoder(4096);
    const f = Fields.of("x-big", "y".repeat(2048 - 5 - 32 + 1));
    for (let i = 0; i < 3; i++) reply(e, f);
    expect(e.table.count).toBe(0);
  });

  test("accept-encoding as all browsers once sent it is in the static table", () => {
    expect(hexOf(request(new HpackEncoder(4096), "/", received("Accept-Encoding: gzip, deflate")))).toEndWith("90");
  });

  test("a removed field is not sent", () => {
    const f = received("A: 1", "B: 2", "C: 3");
    f.remove("b");
    f.add("D", "4");
    expect(readBlock(reply(new HpackEncoder(4096), f), "response").lines).toEqual([":status: 200", "a: 1", "c: 3", "d: 4"]);
  });
});

describe("secrets (RFC 7541 7.1.3)", () => {
  const names = ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "X-Auth-Token", "Set-Cookie"];
  for (const name of names) {
    test(`${name} is never indexed, however often it comes`, () => {
      const e = new HpackEncoder(4096);
      for (const f of [received(`${name}: secret`), Fields.of(name, "secret")]) {
        for (let i = 0; i < 3; i++) expect(reply(e, f)[1]! & 0xf0).toBe(0x10);
      }
      expect(e.table.count).toBe(0);
    });
  }

  test("nor is what its sender marked, however known it is, whether it stayed, was set anew or lies in the table (6.2.3)", () => {
    const e = new HpackEncoder(4096);
    for (const f of [received("X-Own: secret", "Age: 5"), Fields.of("X-Own", "secret", "age", "5")]) {
      for (let i = 0; i < 3; i++) reply(e, f);
      expect(entriesOf(e.table)).toEqual(["x-own: secret"]);
      f.neverIndexed = new Set(["x-own", "age"]);
      // The table has its name, which may be referred to.
      const d = new HpackReader();
      d.read(bytesOf("40 05 782d6f776e 06 736563726574"));
      for (let i = 0; i < 3; i++) {
        d.read(reply(e, f));
        expect(d.neverIndexed).toEqual(["x-own", "age"]);
      }
      expect(entriesOf(e.table)).toEqual(["x-own: secret"]);
    }
  });

  const pseudo = [":method", ":scheme", ":authority", ":path", ":protocol"];
  const marks = [...pseudo.map((name) => [name, [name]] as const), ["host", [":authority"]], ["x-other", []]] as const;
  for (const [mark, never] of marks) {
    test(`a request whose ${mark} is marked (6.2.3)`, () => {
      const marked = Fields.empty();
      marked.neverIndexed = new Set([mark]);
      for (const [method, path] of [
        ["GET", "/"],
        ["POST", "/a?b"],
        ["PUT", "/a"],
      ] as const) {
        const more = { method, protocol: "websocket" };
        const block = request(new HpackEncoder(4096), path, marked, more);
        expect(neverIn(block)).toEqual([...never]);
        const plain = request(new HpackEncoder(4096), path, Fields.empty(), more);
        expect(readBlock(block).lines).toEqual(readBlock(plain).lines);
      }
    });
  }

  test("a response whose :status is marked, and trailers (6.2.3)", () => {
    const e = new HpackEncoder(4096);
    const f = Fields.of("x-own", "1");
    f.neverIndexed = new Set([":status", "x-own"]);
    expect(hexOf(reply(e, f))).toBe("1803323030 10 05 782d6f776e 01 31".replaceAll(" ", ""));
    const out = new Uint8Array(64);
    expect(hexOf(out, 0, e.encodeTrailers(out, 0, f))).toBe("10 05 782d6f776e 01 31".replaceAll(" ", ""));
  });

  test("a path with a query is in no table, an RPC's is", () => {
    const e = new HpackEncoder(4096);
    for (let i = 0; i < 3; i++) request(e, "/a?token=1", Fields.empty());
    expect(entriesOf(e.table)).toEqual([":authority: a.example"]);
    for (let i = 0; i < 3; i++) request(e, "/pkg.Service/Method", Fields.empty());
    expect(entriesOf(e.table)).toEqual([":path: /pkg.Service/Method", ":authority: a.example"]);
  });
});

describe("the table's size (RFC 7541 4.2)", () => {
  const f = received("Server: weir");
  const filled = (maxTableBytes: number): HpackEncoder => {
    const e = new HpackEncoder(maxTableBytes);
    for (let i = 0; i < 2; i++) reply(e, f);
    return e;
  };

  test("the default is not told", () => {
    const e = new HpackEncoder(4096);
    e.setPeerTableSize(4096);
    expect(hexOf(reply(e, Fields.empty()))).toBe("88");
  });

  test("less than the default is told at the first block, and once", () => {
    const e = new HpackEncoder(64);
    expect(hexOf(reply(e, Fields.empty()))).toBe("3f2188");
    expect(hexOf(reply(e, Fields.empty()))).toBe("88");
  });

  test("a smaller one throws out what does not fit", () => {
    const e = filled(4096);
    e.setPeerTableSize(0);
    expect(hexOf(reply(e, f))).toBe("2088 0f27 04 77656972".replaceAll(" ", ""));
    expect([e.table.count, e.table.max]).toEqual([0, 0]);
    for (let i = 0; i < 3; i++) expect(hexOf(reply(e, f))).toBe("880f270477656972");
  });

  test("one that was smaller in between is told too", () => {
    const e = filled(4096);
    e.setPeerTableSize(100);
    e.setPeerTableSize(10);
    e.setPeerTableSize(4096);
    expect(hexOf(reply(e, Fields.empty()))).toBe("2a3fe11f88");
    expect([e.table.count, e.table.max]).toEqual([0, 4096]);
    expect(hexOf(reply(e, Fields.empty()))).toBe("88");
  });

  test("a larger one is used as far as we care to", () => {
    const e = filled(8192);
    e.setPeerTableSize(65_536);
    expect(hexOf(reply(e, f))).toBe("3fe13f88be");
    expect(e.table.max).toBe(8192);
    e.setPeerTableSize(2 ** 32 - 1);
    expect(hexOf(reply(e, f))).toBe("88be");
  });

  test("trailers and requests tell it as well", () => {
    const e = filled(4096);
    e.setPeerTableSize(0);
    const out = new Uint8Array(64);
    expect(hexOf(out, 0, e.encodeTrailers(out, 0, Fields.empty()))).toBe("20");
    e.setPeerTableSize(4096);
    expect(hexOf(request(e, "/", Fields.empty())).slice(0, 6)).toBe("3fe11f");
  });
});

describe("Huffman coding", () => {
  test("where it makes a value shorter, when it is asked for", () => {
    const f = Fields.of("x", "www.example.com", "y", "\\\\\\", "z", "");
    const coded = reply(new HpackEncoder(4096, true), f);
    expect(hexOf(coded)).toBe("88 000178 8cf1e3c2e5f23a6ba0ab90f4ff 000179 035c5c5c 00017a 00".replaceAll(" ", ""));
    expect(readBlock(coded, "response").lines).toEqual(readBlock(reply(new HpackEncoder(4096), f), "response").lines);
  });
});

test("what a request says is read", () => {
  const f = received("User-Agent: curl/8.5.0", "accept: */*", "X-Long: ".concat("v".repeat(1000)));
  f.add("X-Forwarded-For", "203.0.113.9");
  const more = { method: "CONNECT", scheme: "https", protocol: "websocket" };
  const e = new HpackEncoder(4096);
  const d = new HpackDecoder(4096);
  for (let i = 0; i < 4; i++) {
    expect(readBlock(request(e, "/chat", f, more), "request", d)).toEqual({
      result: 0,
      fault: 0,
      lines: [
        ":method: CONNECT",
        ":scheme: https",
        ":authority: a.example",
        ":path: /chat",
        ":protocol: websocket",
        "user-agent: curl/8.5.0",
        "accept: */*",
        `x-long: ${"v".repeat(1000)}`,
        "x-forwarded-for: 203.0.113.9",
      ],
    });
    expect(entriesOf(d.table)).toEqual(entriesOf(e.table));
  }
  const out = new Uint8Array(256);
  const end = e.encodeRequest(out, 0, "CONNECT", "", "a.example:443", "", "", Fields.empty());
  expect(readBlock(out.slice(0, end), "request", d).lines).toEqual([":method: CONNECT", ":authority: a.example:443"]);
});

test("names that share a hash, as an upstream may choose them, are looked for among the newest of them only", () => {
  // Same length, first, middle and last byte.
  const f = Array.from({ length: 40 }, (_, i) => received(`x${10 + i}-m---x: 1`));
  const e = new HpackEncoder(4096);
  const d = new HpackDecoder(4096);
  for (const one of f)
    for (let i = 0; i < 3; i++) expect(readBlock(reply(e, one), "response", d)).toMatchObject({ result: 0, fault: 0 });
  expect(e.table.count).toBe(40);
  expect(hexOf(reply(e, f[39]!))).toBe("88be");
  expect(hexOf(reply(e, f[40 - CHAIN_STEPS]!))).toBe(`88${(0xbe + CHAIN_STEPS - 1).toString(16)}`);
  expect(hexOf(reply(e, f[39 - CHAIN_STEPS]!)).slice(0, 4)).toBe("8840");
});
