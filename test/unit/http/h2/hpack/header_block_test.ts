import { describe, expect, test } from "bun:test";
import { latin1 } from "../../../../../src/base/bytes.ts";
import { Slab } from "../../../../../src/base/slab.ts";
import { type Fields, STRIDE } from "../../../../../src/http/fields.ts";
import { Output } from "../../../../../src/http/h1/head_writer.ts";
import { HpackDecoder } from "../../../../../src/http/h2/hpack/decoder.ts";
import {
  type BlockKind,
  HB_BAD_NAME,
  HB_BAD_VALUE,
  HB_CONNECTION_FIELD,
  HB_PSEUDO_KIND,
  HB_PSEUDO_LATE,
  HB_PSEUDO_REPEATED,
  HB_PSEUDO_UNKNOWN,
  HB_TOO_LARGE,
  HB_TOO_MANY,
  HB_UNDERSCORE,
  HeaderBlock,
} from "../../../../../src/http/h2/hpack/header_block.ts";
import { ID } from "../../../../../src/http/names.ts";
import { LIMITS, linesOf, readBlock } from "./read_block.ts";
import { BlockWriter } from "./write_block.ts";

const GET = [":method: GET", ":scheme: https", ":authority: a", ":path: /"];

function blockOf(lines: readonly string[]): Uint8Array {
  return new BlockWriter().lines("plain", lines).bytes;
}

function fieldsOf(lines: readonly string[], into: HeaderBlock = new HeaderBlock(LIMITS), kind: BlockKind = "request"): Fields {
  const b = blockOf(lines);
  into.start(kind);
  expect(new HpackDecoder(4096).decode(b, 0, b.length, into)).toBe(0);
  expect(into.fault).toBe(0);
  return into.take();
}

describe("faults", () => {
  const rows: readonly [section: string, kind: BlockKind, fault: number, lines: readonly string[]][] = [
    ["RFC 9113 8.2.1: a name in upper case", "request", HB_BAD_NAME, ["Via: a"]],
    ["RFC 9113 8.2.1: one letter of it", "response", HB_BAD_NAME, ["content-typE: a"]],
    ["RFC 9113 8.2.1: an empty name", "request", HB_BAD_NAME, [": a"]],
    ["RFC 9113 8.2.1: SP in a name", "request", HB_BAD_NAME, ["a b: c"]],
    ["RFC 9113 8.2.1: NUL in a name", "trailers", HB_BAD_NAME, ["a\0: c"]],
    ["RFC 9113 8.2.1: CR LF in a name", "request", HB_BAD_NAME, ["a\r\nb: c"]],
    ["RFC 9113 8.2.1: DEL in a name", "request", HB_BAD_NAME, ["a\x7f: c"]],
    ["RFC 9113 8.2.1: a byte above 0x7e in a name", "request", HB_BAD_NAME, ["caf\xe9: c"]],
    ["RFC 9110 5.1: a name that is no token", "request", HB_BAD_NAME, ["a(b): c"]],
    ["RFC 9113 8.2.1: NUL in a value", "request", HB_BAD_VALUE, ["a: b\0c"]],
    ["RFC 9113 8.2.1: CR in a value", "request", HB_BAD_VALUE, ["a: b\rc"]],
    ["RFC 9113 8.2.1: LF in a value", "response", HB_BAD_VALUE, ["a: b\nc"]],
    ["RFC 9113 8.2.1: CR LF and a field in a value", "request", HB_BAD_VALUE, ["a: b\r\ntransfer-encoding: chunked"]],
    ["RFC 9113 8.2.1: SP before a value", "request", HB_BAD_VALUE, ["a:  b"]],
    ["RFC 9113 8.2.1: SP behind a value", "request", HB_BAD_VALUE, ["a: b "]],
    ["RFC 9113 8.2.1: HTAB before a value", "request", HB_BAD_VALUE, ["a: \tb"]],
    ["RFC 9113 8.2.1: HTAB behind a value", "trailers", HB_BAD_VALUE, ["a: b\t"]],
    ["RFC 9113 8.2.1: a value of white space", "request", HB_BAD_VALUE, ["a:  "]],
    ["RFC 9110 5.5: a control character in a value", "request", HB_BAD_VALUE, ["a: b\x01c"]],
    ["RFC 9110 5.5: DEL in a value", "request", HB_BAD_VALUE, ["a: b\x7f"]],
    ["RFC 9113 8.2.1: a crumb that ends the field", "request", HB_BAD_VALUE, ["cookie: a", "cookie: b\r\nx: y"]],
    ["RFC 9113 8.3: a pseudo-header field behind a regular one", "request", HB_PSEUDO_LATE, ["a: b", ":path: /"]],
    ["RFC 9113 8.3: the same with one that is dropped", "request", HB_PSEUDO_LATE, ["a_b: b", ":path: /"]],
    ["RFC 9113 8.3: two methods", "request", HB_PSEUDO_REPEATED, [":method: GET", ":method: GET"]],
    ["RFC 9113 8.3: two paths", "request", HB_PSEUDO_REPEATED, [":path: /", ":path: /b"]],
    ["RFC 9113 8.3: two authorities", "request", HB_PSEUDO_REPEATED, [":authority: ", ":authority: a"]],
    ["RFC 9113 8.3: two schemes", "request", HB_PSEUDO_REPEATED, [":scheme: http", ":scheme: https"]],
    ["RFC 8441 4: two protocols", "request", HB_PSEUDO_REPEATED, [":protocol: websocket", ":protocol: websocket"]],
    ["RFC 9113 8.3.2: two statuses", "response", HB_PSEUDO_REPEATED, [":status: 200", ":status: 200"]],
    ["RFC 9113 8.3: an unknown one", "request", HB_PSEUDO_UNKNOWN, [":host: a"]],
    ["RFC 9113 8.3: an unknown one in upper case", "request", HB_PSEUDO_UNKNOWN, [":Path: /"]],
    ["RFC 9113 8.3: a colon alone", "response", HB_PSEUDO_UNKNOWN, [":: a"]],
    ["RFC 9113 8.3.1: :status in a request", "request", HB_PSEUDO_KIND, [":status: 200"]],
    ["RFC 9113 8.3.2: :path in a response", "response", HB_PSEUDO_KIND, [":status: 200", ":path: /"]],
    ["RFC 9113 8.1: :status in trailers", "trailers", HB_PSEUDO_KIND, [":status: 200"]],
    ["RFC 9113 8.1: :path in trailers", "trailers", HB_PSEUDO_KIND, [":path: /"]],
    ["RFC 9110 9.1: an empty method", "request", HB_BAD_VALUE, [":method: "]],
    ["RFC 9110 9.1: a method that is a request line", "request", HB_BAD_VALUE, [":method: GET /x HTTP/1.1"]],
    ["RFC 9113 8.3.1: SP in a path", "request", HB_BAD_VALUE, [":path: /x HTTP/1.1"]],
    ["RFC 9113 8.3.1: CR LF in a path", "request", HB_BAD_VALUE, [":path: /\r\nx: y"]],
    ["RFC 9113 8.3.1: a fragment", "request", HB_BAD_VALUE, [":path: /a#b"]],
    ["RFC 9113 8.3.1: a raw byte above 0x7e in a path", "request", HB_BAD_VALUE, [":path: /caf\xe9"]],
    ["RFC 9113 8.3.1: HTAB in an authority", "request", HB_BAD_VALUE, [":authority: a\tb"]],
    ["RFC 9113 8.3.1: SP in a scheme", "request", HB_BAD_VALUE, [":scheme: http "]],
    ["RFC 8441 4: an empty protocol", "request", HB_BAD_VALUE, [":protocol: "]],
    ["RFC 9113 8.3.2: a status of two digits", "response", HB_BAD_VALUE, [":status: 20"]],
    ["RFC 9113 8.3.2: a status of four digits", "response", HB_BAD_VALUE, [":status: 2000"]],
    ["RFC 9113 8.3.2: a status with a letter", "response", HB_BAD_VALUE, [":status: 2x0"]],
    ["RFC 9113 8.3.2: an empty status", "response", HB_BAD_VALUE, [":status: "]],
    ["RFC 9113 8.2.2: Connection", "request", HB_CONNECTION_FIELD, ["connection: close"]],
    ["RFC 9113 8.2.2: Keep-Alive", "response", HB_CONNECTION_FIELD, ["keep-alive: 5"]],
    ["RFC 9113 8.2.2: Proxy-Connection", "request", HB_CONNECTION_FIELD, ["proxy-connection: keep-alive"]],
    ["RFC 9113 8.2.2: Transfer-Encoding", "request", HB_CONNECTION_FIELD, ["transfer-encoding: chunked"]],
    ["RFC 9113 8.2.2: Transfer-Encoding in trailers", "trailers", HB_CONNECTION_FIELD, ["transfer-encoding: "]],
    ["RFC 9113 8.2.2: Upgrade", "request", HB_CONNECTION_FIELD, ["upgrade: websocket"]],
    ["RFC 9113 8.2.2: TE that says more", "request", HB_CONNECTION_FIELD, ["te: trailers, gzip"]],
    ["RFC 9113 8.2.2: TE that says nothing", "request", HB_CONNECTION_FIELD, ["te: "]],
  ];
  for (const [section, kind, fault, lines] of rows) {
    test(section, () => {
      expect(readBlock(blockOf(lines), kind)).toMatchObject({ result: 0, fault });
      // The same from the table, where what is wrong was found out before.
      const d = new HpackDecoder(4096);
      const into = new HeaderBlock(LIMITS);
      expect(readBlock(new BlockWriter().lines("indexing", lines).bytes, kind, d, into)).toMatchObject({ result: 0, fault });
      const indexed = new BlockWriter();
      for (let i = lines.length - 1; i >= 0; i--) indexed.indexed(62 + i);
      expect(readBlock(indexed.bytes, kind, d, into)).toMatchObject({ result: 0, fault });
      // And nothing of it stays behind.
      expect(readBlock(blockOf(["x: y"]), "trailers", d, into)).toEqual({ result: 0, fault: 0, lines: ["x: y"] });
    });
  }

  test("the first one counts, and nothing behind it is stored", () => {
    const read = readBlock(blockOf([":method: GET", "a: b", "B: c", "d: e\0", ":path: /", "f: g"]));
    expect(read).toEqual({ result: 0, fault: HB_BAD_NAME, lines: [":method: GET", "a: b"] });
  });
});

describe("what may come", () => {
  const rows: readonly [section: string, kind: BlockKind, lines: readonly string[]][] = [
    ["a request", "request", [...GET, "accept: */*"]],
    ["RFC 9113 8.3.1: OPTIONS *", "request", [":method: OPTIONS", ":scheme: https", ":path: *"]],
    ["RFC 9113 8.5: CONNECT", "request", [":method: CONNECT", ":authority: a:443"]],
    ["RFC 8441 4: an extended CONNECT", "request", [":method: CONNECT", ...GET.slice(1), ":protocol: websocket"]],
    ["RFC 9110 9.1: a method of one's own", "request", [":method: m-search", ...GET.slice(1)]],
    ["RFC 9113 8.2.2: TE: trailers", "request", [...GET, "te: trailers"]],
    ["RFC 9110 10.1.4: in whatever case", "request", [...GET, "te: Trailers"]],
    ["an empty value", "response", [":status: 204", "a: "]],
    ["RFC 9110 5.5: obs-text and HTAB inside a value", "response", [":status: 200", "a: \xe9\tb"]],
    ["a response of a status that is in no table", "response", [":status: 418"]],
    ["trailers", "trailers", ["grpc-status: 0", "grpc-message: "]],
    ["a field twice in a response", "response", [":status: 200", "set-cookie: a", "set-cookie: b", "cookie: c", "cookie: d"]],
  ];
  for (const [section, kind, lines] of rows) {
    test(section, () => expect(readBlock(blockOf(lines), kind)).toEqual({ result: 0, fault: 0, lines: [...lines] }));
  }

  test("pseudo-header fields in any order, and those of the block before are gone", () => {
    const into = new HeaderBlock(LIMITS);
    const d = new HpackDecoder(4096);
    expect(readBlock(blockOf([...GET].reverse()), "request", d, into).lines).toEqual(GET);
    expect(readBlock(blockOf(["a: b"]), "request", d, into).lines).toEqual(["a: b"]);
    expect(readBlock(blockOf([":status: 200"]), "response", d, into).lines).toEqual([":status: 200"]);
    expect(readBlock(blockOf([]), "response", d, into).lines).toEqual([]);
  });
});

describe("limits", () => {
  const at = (fieldBytes: number, fields: number, lines: readonly string[]): number =>
    readBlock(blockOf(lines), "request", new HpackDecoder(4096), new HeaderBlock({ fieldBytes, fields })).fault;

  test("RFC 9113 6.5.2: name, value and 32 bytes a field, pseudo-header fields too", () => {
    const bytes = ":path/".length + 32 + "abc".length + 32;
    expect(at(bytes, 9, [":path: /", "a: bc"])).toBe(0);
    expect(at(bytes - 1, 9, [":path: /", "a: bc"])).toBe(HB_TOO_LARGE);
    expect(at(37, 9, [":path: /"])).toBe(HB_TOO_LARGE);
  });

  test("fields are counted, dropped ones too, pseudo-header fields not", () => {
    expect(at(9999, 2, [...GET, "a: b", "c_d: e"])).toBe(0);
    expect(at(9999, 2, [...GET, "a: b", "c_d: e", "f: g"])).toBe(HB_TOO_MANY);
    expect(at(9999, 2, [...GET, "a: b", "f: g", "c_d: e"])).toBe(HB_TOO_MANY);
  });

  test("crumbs that follow each other count as one field", () => {
    const crumbs = Array.from({ length: 50 }, (_, i) => `cookie: c${i}`);
    expect(at(9999, 2, ["a: b", ...crumbs])).toBe(0);
    expect(at(9999, 2, ["a: b", "c: d", ...crumbs])).toBe(HB_TOO_MANY);
  });
});

describe("names with an underscore", () => {
  const b = blockOf(["a: 1", "x_y: 2", "b: 3", "_: 4"]);
  const under = (policy: "drop" | "keep" | "refuse"): ReturnType<typeof readBlock> =>
    readBlock(b, "request", new HpackDecoder(4096), new HeaderBlock(LIMITS, policy));

  test("are dropped, kept or refused", () => {
    expect(under("drop")).toEqual({ result: 0, fault: 0, lines: ["a: 1", "b: 3"] });
    expect(under("keep")).toEqual({ result: 0, fault: 0, lines: ["a: 1", "x_y: 2", "b: 3", "_: 4"] });
    expect(under("refuse")).toEqual({ result: 0, fault: HB_UNDERSCORE, lines: ["a: 1"] });
    expect(readBlock(b).lines).toEqual(["a: 1", "b: 3"]);
  });

  test("are malformed all the same when they are", () => {
    for (const line of ["x_y: a\0", "X_y: a"]) expect(readBlock(blockOf([line])).fault).not.toBe(0);
  });
});

describe("crumbs of a cookie (RFC 9113 8.2.3)", () => {
  const rows: readonly [name: string, lines: readonly string[], wanted: readonly string[]][] = [
    ["one", ["cookie: a=b", "x: y"], ["cookie: a=b", "x: y"]],
    ["two in a row", ["x: y", "cookie: a=b", "cookie: c=d"], ["x: y", "cookie: a=b; c=d"]],
    ["a row between others", ["x: y", "cookie: a", "cookie: b", "cookie: c", "z: 1"], ["x: y", "cookie: a; b; c", "z: 1"]],
    ["apart", ["cookie: a", "x: y", "cookie: b"], ["x: y", "cookie: a; b"]],
    [
      "rows apart",
      ["cookie: a", "cookie: b", "x: y", "cookie: c", "cookie: d", "via: z", "cookie: e"],
      ["x: y", "via: z", "cookie: a; b; c; d; e"],
    ],
    ["empty ones", ["cookie: ", "cookie: ", "cookie: a"], ["cookie: ; ; a"]],
    ["a long one behind a short one", ["cookie: a", `cookie: ${"b".repeat(300)}`], [`cookie: a; ${"b".repeat(300)}`]],
  ];
  for (const [name, lines, wanted] of rows) {
    test(name, () => {
      expect(readBlock(blockOf(lines)).lines).toEqual([...wanted]);
      const d = new HpackDecoder(4096);
      const into = new HeaderBlock(LIMITS);
      expect(readBlock(new BlockWriter().lines("indexing", lines).bytes, "request", d, into).lines).toEqual([...wanted]);
      const indexed = new BlockWriter();
      for (let i = lines.length - 1; i >= 0; i--) indexed.indexed(62 + i);
      expect(readBlock(indexed.bytes, "request", d, into).lines).toEqual([...wanted]);
    });
  }

  test("are one known field that did not come twice", () => {
    const into = new HeaderBlock(LIMITS);
    for (const lines of [
      ["cookie: a", "cookie: b"],
      ["cookie: a", "x: y", "cookie: b"],
    ]) {
      const f = fieldsOf(lines, into);
      expect([f.get("cookie"), f.count() + into.repeated, f.hasId(ID.cookie)]).toEqual(["a; b", lines.length - 1, true]);
    }
  });
});

describe("Fields", () => {
  test("have ids, mask, and what came more than once", () => {
    const into = new HeaderBlock(LIMITS);
    const f = fieldsOf(["host: a", "x: 1", "via: b", "via: c", "x: 2", "content-length: 5"], into);
    expect(into.repeated).toBe(1 << ID.via);
    expect(f.mask).toBe((1 << ID.host) | (1 << ID.via) | (1 << ID["content-length"]));
    expect(f.spans.filter((_, i) => i % STRIDE === 4)).toEqual([ID.host, 0, ID.via, ID.via, 0, ID["content-length"]]);
    expect([f.get("Via"), f.getAll("x"), f.get("content-length")]).toEqual(["b", ["1", "2"], "5"]);
    expect(fieldsOf(["via: c"], into).mask + into.repeated).toBe(1 << ID.via);
  });

  test("are lines of HTTP/1.1 one behind the other, which its writer copies at once", () => {
    const f = fieldsOf(["host: a", "x: ", "cookie: a", "cookie: b", "via: c"]);
    const text = "host: a\r\nx: \r\ncookie: a; b\r\nvia: c\r\n";
    const from = f.spans[0]!;
    expect(latin1(f.raw, from, from + text.length)).toBe(text);
    const o = new Output(new Slab());
    o.request("GET", "/", f, null);
    const parts: Uint8Array[] = [];
    o.take(parts);
    expect(Buffer.concat(parts).toString("latin1")).toBe(`GET / HTTP/1.1\r\n${text}\r\n`);
  });

  test("without any hold no memory of others", () => {
    expect(fieldsOf(GET).raw.length).toBe(0);
  });

  test("stay what they are while later blocks are read, from literals and from tables, over many chunks of memory", () => {
    const into = new HeaderBlock(LIMITS);
    const d = new HpackDecoder(4096);
    const held: { f: Fields; wanted: string[] }[] = [];
    for (let i = 0; i < 200; i++) {
      const value = `${i}-`.repeat(1 + ((i * 37) % 120));
      const b = new BlockWriter()
        .literal("indexing", "a", value)
        .literal("plain", "b", value)
        .indexed(62)
        .indexed(62)
        .indexed(31);
      into.start("request");
      expect(d.decode(b.bytes, 0, b.bytes.length, into)).toBe(0);
      held.push({ f: into.take(), wanted: [value, value, value, value, ""] });
    }
    for (const { f, wanted } of held) {
      const values: string[] = [];
      f.forEach((_, value) => {
        values.push(value);
      });
      expect(values).toEqual(wanted);
    }
  });

  test("larger than a chunk are taken whole, and the next block does not pay for them", () => {
    const into = new HeaderBlock(LIMITS);
    const big = "x".repeat(9000);
    const lines = ["a: 1", `b: ${big}`, "c: 2", `d: ${big}`, `e: ${big}`, "f: 3"];
    const f = fieldsOf(lines, into);
    expect(f.getAll("e")).toEqual([big]);
    const read: string[] = [];
    f.forEach((name, value) => {
      read.push(`${name}: ${value}`);
    });
    expect(read).toEqual(lines);
    fieldsOf(["a: 1"], into);
    expect(into.buf.length).toBeLessThan(20_000);
  });

  test("of a block that was not taken are forgotten", () => {
    const into = new HeaderBlock(LIMITS);
    const b = blockOf([...GET, "a: 1"]);
    into.start("request");
    expect(new HpackDecoder(4096).decode(b, 0, b.length, into)).toBe(0);
    const { at } = into;
    into.start("trailers");
    expect(linesOf(into)).toEqual([]);
    expect(at - into.at).toBe("a: 1\r\n".length);
  });
});
