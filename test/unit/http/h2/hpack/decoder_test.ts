import { describe, expect, test } from "bun:test";
import type { Fields } from "../../../../../src/http/fields.ts";
import { H_COMPRESSION_ERROR, HpackDecoder } from "../../../../../src/http/h2/hpack/decoder.ts";
import { HB_TOO_LARGE, HB_TOO_MANY, HeaderBlock } from "../../../../../src/http/h2/hpack/header_block.ts";
import { BLOCK_REPRESENTATIONS } from "../../../../../src/http/h2/hpack/limits.ts";
import { STATIC_COUNT } from "../../../../../src/http/h2/hpack/static_table.ts";
import { entriesOf } from "./entries.ts";
import { bytesOf } from "./hex.ts";
import { LIMITS, readBlock } from "./read_block.ts";
import { BlockWriter } from "./write_block.ts";

const writer = (): BlockWriter => new BlockWriter();

describe("what can't be decoded is a connection error (RFC 7541)", () => {
  const rows: readonly [section: string, b: Uint8Array][] = [
    ["6.1: index 0", bytesOf("80")],
    ["2.3.3: an index behind the static table, the dynamic one empty", writer().indexed(STATIC_COUNT + 1).bytes],
    ["2.3.3: an index behind both", writer().literal("indexing", "a", "b").indexed(63).bytes],
    ["2.3.3: a name behind both", writer().literal("plain", 62, "x").bytes],
    ["2.3.3: a far index", writer().indexed(2 ** 27 - 1).bytes],
    ["4.2: a size update behind a field", writer().indexed(2).resize(0).bytes],
    ["6.3: a size update above the setting", writer().resize(4097).bytes],
    ["5.1: an index without end", bytesOf("ffffffffffffff")],
    ["5.1: an index cut short", bytesOf("ff80")],
    ["5.1: a size cut short", bytesOf("3fe1")],
    ["5.1: a length without end", bytesOf("00 7fffffffffffff")],
    ["5.2: a name longer than the block", bytesOf("00 05 6162")],
    ["5.2: a name and no value", bytesOf("00 01 61")],
    ["5.2: a value longer than the block", bytesOf("00 01 61 05 62")],
    ["5.2: a value longer than any", bytesOf("04 7fffffff3f 62")],
    ["5.2: a literal cut behind its first byte", bytesOf("40")],
    ["5.2: an indexed name and no value", bytesOf("44")],
    ["5.2: EOS in a value", bytesOf("04 84 ffffffff")],
    ["5.2: EOS in a name", bytesOf("00 84 ffffffff 00")],
    ["5.2: 8 bits of padding", bytesOf("04 82 1fff")],
    ["5.2: padding of zeros", bytesOf("04 81 18")],
  ];
  for (const [section, b] of rows) test(section, () => expect(readBlock(b).result).toBe(H_COMPRESSION_ERROR));

  test("an empty block is none", () => {
    expect(readBlock(new Uint8Array(0), "trailers")).toEqual({ result: 0, fault: 0, lines: [] });
  });

  test("a block within others' bytes is read to its end and no further", () => {
    const d = new HpackDecoder(4096);
    const into = new HeaderBlock(LIMITS);
    into.start("request");
    expect(d.decode(bytesOf("00 82 87 00"), 1, 3, into)).toBe(0);
    expect([into.method, into.scheme]).toEqual(["GET", "https"]);
    into.start("request");
    expect(d.decode(bytesOf("82 04 01 2f"), 0, 3, into)).toBe(H_COMPRESSION_ERROR);
  });
});

describe("names from tables", () => {
  test("a value replaces the entry's, and what was wrong with the entry's is not with it", () => {
    const b = writer().literal("indexing", "te", "gzip").bytes;
    const d = new HpackDecoder(4096);
    expect(readBlock(b, "request", d).fault).not.toBe(0);
    expect(readBlock(writer().literal("plain", 62, "trailers").bytes, "request", d)).toEqual({
      result: 0,
      fault: 0,
      lines: ["te: trailers"],
    });
    expect(readBlock(writer().literal("indexing", "x", "a\0").bytes, "request", d).fault).not.toBe(0);
    expect(readBlock(writer().literal("plain", 62, "a").bytes, "request", d).lines).toEqual(["x: a"]);
    expect(readBlock(writer().literal("indexing", "X", "a").bytes, "request", d).fault).not.toBe(0);
    expect(readBlock(writer().literal("plain", 62, "a").bytes, "request", d).fault).not.toBe(0);
  });

  test("4.4: the name of an entry that the insertion throws out", () => {
    const d = new HpackDecoder(4096);
    const name = "n".repeat(30);
    readBlock(writer().resize(100).literal("indexing", name, "1").bytes, "request", d);
    expect(readBlock(writer().literal("indexing", 62, "2".repeat(38)).bytes, "request", d).lines).toEqual([
      `${name}: ${"2".repeat(38)}`,
    ]);
    expect(entriesOf(d.table)).toEqual([`${name}: ${"2".repeat(38)}`]);
  });

  test("4.4: an entry larger than the table is a field all the same, and empties the table", () => {
    const d = new HpackDecoder(4096);
    const b = writer().literal("indexing", "a", "b").literal("indexing", "c", "d".repeat(5000)).bytes;
    expect(readBlock(b, "request", d).lines).toEqual(["a: b", `c: ${"d".repeat(5000)}`]);
    expect(entriesOf(d.table)).toEqual([]);
  });
});

describe("literals never indexed (RFC 7541 6.2.3)", () => {
  const take = (b: BlockWriter, d = new HpackDecoder(4096), into = new HeaderBlock(LIMITS)): Fields => {
    into.start("request");
    expect(d.decode(b.bytes, 0, b.bytes.length, into)).toBe(0);
    return into.take();
  };
  const rows: readonly [name: string, b: BlockWriter, marked: readonly string[] | null][] = [
    ["a name of its own", writer().literal("never", "x-own", "1").literal("plain", "x", "2"), ["x-own"]],
    ["a name of the static table, which Weir knows", writer().literal("never", 58, "curl"), ["user-agent"]],
    ["a name of the dynamic table", writer().literal("indexing", "x-own", "1").literal("never", 62, "2"), ["x-own"]],
    ["pseudo-header fields", writer().literal("never", 4, "/a").literal("never", ":authority", "a"), [":path", ":authority"]],
    ["one of two of a name", writer().literal("plain", "x", "1").literal("never", "x", "2"), ["x"]],
    ["crumbs, which are never indexed anyway", writer().literal("never", 32, "a=b").literal("never", 32, "c=d"), null],
    ["authorization, which is neither", writer().literal("never", 23, "Basic"), null],
    ["others", writer().literal("plain", "x", "1").literal("indexing", "y", "2").indexed(62), null],
  ];
  for (const [name, b, marked] of rows) {
    test(name, () => {
      const { neverIndexed } = take(b);
      expect(neverIndexed === null ? null : [...neverIndexed]).toEqual(marked === null ? null : [...marked]);
    });
  }

  test("a mark is its own block's", () => {
    const d = new HpackDecoder(4096);
    const into = new HeaderBlock(LIMITS);
    const first = take(writer().literal("never", "x", "1"), d, into);
    expect(take(writer().literal("plain", "x", "1"), d, into).neverIndexed).toBeNull();
    expect([...first.neverIndexed!]).toEqual(["x"]);
  });
});

describe("fields from the table that is changed behind them in the same block", () => {
  test("4.4: an entry that empties it, and one that takes the place of what was there", () => {
    const d = new HpackDecoder(4096);
    readBlock(writer().literal("indexing", "a", "1").literal("indexing", "b", "2").bytes, "request", d);
    const huge = "x".repeat(4096);
    const b = writer().indexed(63).indexed(62).literal("indexing", "c", huge).literal("indexing", "dd", "34").indexed(62).bytes;
    expect(readBlock(b, "request", d).lines).toEqual(["a: 1", "b: 2", `c: ${huge}`, "dd: 34", "dd: 34"]);
  });

  test("entries that make room by moving the others", () => {
    const d = new HpackDecoder(4096);
    readBlock(writer().resize(400).bytes, "request", d);
    for (let i = 0; i < 60; i++) {
      const before = entriesOf(d.table);
      const b = writer();
      for (let k = before.length; k > 0; k--) b.indexed(61 + k);
      b.literal("indexing", "n", `${i}`.repeat(20)).indexed(62);
      const line = `n: ${`${i}`.repeat(20)}`;
      expect(readBlock(b.bytes, "request", d).lines).toEqual([...before.reverse(), line, line]);
    }
  });
});

describe("the table's size (RFC 7541 4.2, RFC 9113 4.3.1)", () => {
  test("updates at the beginning, one behind the other", () => {
    const d = new HpackDecoder(4096);
    readBlock(writer().literal("indexing", "a", "b").bytes, "request", d);
    const b = writer().resize(0).resize(4096).indexed(2).literal("indexing", "c", "d").bytes;
    expect(readBlock(b, "request", d).result).toBe(0);
    expect([entriesOf(d.table), d.table.max]).toEqual([["c: d"], 4096]);
  });

  test("a larger setting than the default allows larger ones, from the peer's update on", () => {
    const d = new HpackDecoder(8192);
    expect(d.table.max).toBe(4096);
    expect(readBlock(writer().resize(8192).bytes, "request", d).result).toBe(0);
    expect(d.table.max).toBe(8192);
    expect(readBlock(writer().resize(8193).bytes, "request", d).result).toBe(H_COMPRESSION_ERROR);
  });

  test("a smaller setting holds once it is acknowledged, and must be followed by an update", () => {
    const d = new HpackDecoder(100);
    expect(readBlock(writer().literal("indexing", "a", "b").bytes, "request", d).result).toBe(0);
    d.acknowledged();
    for (const b of [writer().indexed(2), writer().indexed(62), writer().literal("plain", "a", "b"), writer().resize(101)])
      expect(readBlock(b.bytes, "request", d).result).toBe(H_COMPRESSION_ERROR);
    expect(readBlock(writer().resize(100).indexed(62).bytes, "request", d).lines).toEqual(["a: b"]);
    expect(readBlock(writer().indexed(2).bytes, "request", d).result).toBe(0);
  });

  test("the default setting asks for no update", () => {
    const d = new HpackDecoder(4096);
    d.acknowledged();
    expect(readBlock(writer().indexed(2).bytes, "request", d).result).toBe(0);
  });
});

describe("bombs", () => {
  const big = "v".repeat(3900);

  test("references to one large entry store no more than the limit, and the tables stay in step (CVE-2016-6581, CVE-2026-49975)", () => {
    const d = new HpackDecoder(4096);
    const into = new HeaderBlock({ fieldBytes: 16 * 1024, fields: 100 });
    readBlock(writer().literal("indexing", "x", big).bytes, "request", d, into);
    const b = writer();
    for (let i = 0; i < 1000; i++) b.indexed(62);
    into.start("request");
    expect(d.decode(b.literal("indexing", "y", "z").bytes, 0, b.bytes.length, into)).toBe(0);
    expect(into.fault).toBe(HB_TOO_LARGE);
    expect(into.buf.length).toBeLessThanOrEqual(32 * 1024);
    const f = into.take();
    expect(f.count()).toBe(4);
    expect(entriesOf(d.table)[0]).toBe("y: z");
  });

  test("references to an empty field count 32 bytes each, and one more than the fields that may be", () => {
    const b = writer();
    for (let i = 0; i < 101; i++) b.indexed(18);
    expect(readBlock(b.bytes).fault).toBe(HB_TOO_MANY);
    const into = new HeaderBlock({ fieldBytes: 1000, fields: 100 });
    const read = readBlock(b.bytes, "request", new HpackDecoder(4096), into);
    expect([read.fault, read.lines.length]).toEqual([HB_TOO_LARGE, Math.floor(1000 / (13 + 32))]);
  });

  test("crumbs of a cookie, empty ones too, count as RFC 9113 6.5.2 says", () => {
    const b = writer();
    for (let i = 0; i < 1000; i++) b.indexed(32);
    const into = new HeaderBlock({ fieldBytes: 3800, fields: 10 });
    const read = readBlock(b.bytes, "request", new HpackDecoder(4096), into);
    expect(read.fault).toBe(HB_TOO_LARGE);
    expect(read.lines).toEqual([`cookie: ${"; ".repeat(99)}`]);
  });

  test("more representations than any list needs are a connection error", () => {
    const b = writer();
    for (let i = 0; i < BLOCK_REPRESENTATIONS; i++) b.indexed(18);
    expect(readBlock(b.bytes).result).toBe(0);
    expect(readBlock(b.indexed(18).bytes).result).toBe(H_COMPRESSION_ERROR);
    const updates = writer();
    for (let i = 0; i <= BLOCK_REPRESENTATIONS; i++) updates.resize(0);
    expect(readBlock(updates.bytes).result).toBe(H_COMPRESSION_ERROR);
  });

  test("a literal over the limit is not stored, and its table entry is", () => {
    const d = new HpackDecoder(4096);
    const into = new HeaderBlock({ fieldBytes: 100, fields: 10 });
    const b = writer().literal("indexing", "a", "x".repeat(200)).literal("indexing", "b", "y").indexed(63).bytes;
    expect(readBlock(b, "request", d, into)).toEqual({ result: 0, fault: HB_TOO_LARGE, lines: [] });
    expect(entriesOf(d.table)).toEqual(["b: y", `a: ${"x".repeat(200)}`]);
    expect(readBlock(writer().indexed(62).bytes, "request", d, into).lines).toEqual(["b: y"]);
  });
});
