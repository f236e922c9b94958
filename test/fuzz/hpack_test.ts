import { expect, test } from "bun:test";
import { encodeLatin1 } from "../../src/base/bytes.ts";
import type { Fields } from "../../src/http/fields.ts";
import { FieldReader } from "../../src/http/h1/field_reader.ts";
import { H_COMPRESSION_ERROR, HpackDecoder } from "../../src/http/h2/hpack/decoder.ts";
import { HpackEncoder } from "../../src/http/h2/hpack/encoder.ts";
import { type BlockKind, HeaderBlock } from "../../src/http/h2/hpack/header_block.ts";
import { encodeHuffman } from "../../src/http/h2/hpack/huffman_encode.ts";
import { putInteger } from "../../src/http/h2/hpack/integer.ts";
import { entriesOf } from "../unit/http/h2/hpack/entries.ts";
import { hexOf } from "../unit/http/h2/hpack/hex.ts";
import { LIMITS, linesOf } from "../unit/http/h2/hpack/read_block.ts";
import { ReferenceDecoder } from "../unit/http/h2/hpack/reference.ts";
import { judge } from "../unit/http/h2/hpack/reference_block.ts";
import { fuzzPlan, Random } from "./random.ts";

const plan = fuzzPlan(3000);

const NAMES = [
  "accept",
  "content-type",
  "content-length",
  "cookie",
  "cookie",
  "date",
  "server",
  "set-cookie",
  "te",
  "transfer-encoding",
  "via",
  "x-a",
  "x-request-id",
  "x_y",
  "host",
] as const;
const PSEUDO = [":method", ":scheme", ":authority", ":path", ":protocol", ":status", ":x"] as const;
const VALUES = [
  "",
  "a",
  "GET",
  "https",
  "/",
  "/x?y",
  "200",
  "404",
  "trailers",
  "gzip, deflate",
  "a b",
  " a",
  "a\r\nb",
  "\0",
  "caf\xe9",
];
const KINDS: readonly BlockKind[] = ["request", "request", "response", "trailers"];

function someText(r: Random): string {
  if (!r.once(4)) return r.pick(VALUES);
  const wide = r.pick([96, 256]);
  return Array.from({ length: r.below(r.once(8) ? 300 : 30) }, () =>
    String.fromCharCode(r.once(20) ? r.below(wide) : 97 + r.below(26)),
  ).join("");
}

function someName(r: Random): string {
  if (r.once(12)) return someText(r);
  return r.pick(r.once(5) ? PSEUDO : NAMES);
}

/** A block as some encoder might make it, mostly well-formed; indices lie in the tables as long as `entries` is right. */
function someBlock(r: Random, entries: number): Uint8Array {
  const b = new Uint8Array(32 * 1024);
  let at = 0;
  const string = (text: string): void => {
    const raw = encodeLatin1(text);
    const coded = new Uint8Array(raw.length * 4 + 4);
    const part = r.once(2) ? coded.subarray(0, encodeHuffman(raw, 0, raw.length, coded, 0)) : raw;
    at = putInteger(b, at, part === raw ? 0 : 0x80, 0x7f, part.length);
    b.set(part, at);
    at += part.length;
  };
  if (r.once(8)) at = putInteger(b, at, 0x20, 0x1f, r.pick([0, 60, 200, 4096]));
  for (let n = r.below(r.once(10) ? 60 : 12); n > 0; n--) {
    if (r.once(2)) {
      at = putInteger(b, at, 0x80, 0x7f, 1 + r.below(61 + entries + (r.once(40) ? 2 : 0)));
      continue;
    }
    const [flags, mask] = r.pick([
      [0x40, 0x3f],
      [0, 0x0f],
      [0x10, 0x0f],
    ] as const);
    const named = r.once(3);
    at = putInteger(b, at, flags, mask, named ? 1 + r.below(61 + entries) : 0);
    if (!named) string(someName(r));
    string(someText(r));
    if (flags === 0x40) entries++;
  }
  return b.slice(0, at);
}

function mutateBytes(r: Random, b: Uint8Array): Uint8Array {
  const bytes = [...b];
  for (let n = r.below(4); n > 0; n--) {
    const at = r.below(bytes.length + 1);
    const how = r.below(4);
    if (how === 0) bytes[at] = r.below(256);
    else if (how === 1) bytes.splice(at, 1 + r.below(3));
    else if (how === 2) bytes.splice(at, 0, r.pick([0, 0x40, 0x80, 0x7f, 0xff, 0x20, r.below(256)]));
    else bytes.splice(at, 0, ...bytes.slice(at, at + r.below(20)));
  }
  return Uint8Array.from(bytes);
}

test(`blocks, changed anyhow, are read as RFC 7541 and RFC 9113 say, and never throw (FUZZ_SEED=${plan.seed})`, () => {
  const r = new Random(plan.seed);
  const limits = [LIMITS, { fieldBytes: 400, fields: 100 }, { fieldBytes: 64 * 1024, fields: 4 }];
  let whole = 0;
  let sound = 0;
  for (let i = 0; i < plan.rounds; i++) {
    const limit = r.pick(limits);
    const policy = r.pick(["drop", "keep", "refuse"] as const);
    const into = new HeaderBlock(limit, policy);
    const d = new HpackDecoder(4096);
    const reference = new ReferenceDecoder(4096);
    for (let n = 1 + r.below(r.once(10) ? 50 : 6); n > 0; n--) {
      const made = someBlock(r, d.table.count);
      const b = r.once(3) ? mutateBytes(r, made) : made;
      const kind = r.pick(KINDS);
      into.start(kind);
      const result = d.decode(b, 0, b.length, into);
      const fields = reference.decode(b);
      const show = { round: i, kind, limit, policy, hex: hexOf(b) };
      if (fields === null || result !== 0) {
        if (fields !== null || result !== H_COMPRESSION_ERROR)
          expect({ ...show, result, fields }).toEqual({ ...show, result: H_COMPRESSION_ERROR, fields: null });
        break;
      }
      whole++;
      const wanted = judge(fields, kind, limit, policy);
      if (wanted.fault === 0) sound++;
      const { fault } = into;
      expect({ ...show, fault, lines: linesOf(into) }).toEqual({ ...show, ...wanted });
      expect({ ...show, table: entriesOf(d.table) }).toEqual({
        ...show,
        table: reference.table.map(([name, value]) => `${name}: ${value}`),
      });
      expect(d.table.max).toBe(reference.max);
      // A literal over the limit passes through the buffer once, at most 8 bytes for 5.
      expect(into.buf.length).toBeLessThanOrEqual(16 * 1024 + 2 * limit.fieldBytes + 2 * b.length);
      expect(d.table.bytes.length).toBeLessThanOrEqual(2 * 4096);
    }
  }
  expect(whole).toBeGreaterThan(plan.rounds);
  expect(sound).toBeGreaterThan(plan.rounds / 5);
});

test(`bytes without any sense never throw (FUZZ_SEED=${plan.seed})`, () => {
  const r = new Random(plan.seed + 1);
  const into = new HeaderBlock(LIMITS);
  for (let i = 0; i < plan.rounds; i++) {
    const b = Uint8Array.from({ length: r.below(200) }, () => r.below(256));
    const d = new HpackDecoder(4096);
    into.start(r.pick(KINDS));
    const result = d.decode(b, 0, b.length, into);
    expect(new ReferenceDecoder(4096).decode(b) === null).toBe(result !== 0);
    into.take();
  }
});

/** Fields as they come from HTTP/1.1, or as filters add them. */
function someFields(r: Random): { f: Fields; lines: string[] } {
  const names = [
    "Accept",
    "content-type",
    "Set-Cookie",
    "X-Own",
    "x-other-name",
    "ETag",
    "Server",
    "Date",
    "Authorization",
    "x-Request-ID",
  ];
  const pairs = Array.from({ length: r.below(10) }, (): [string, string] => [
    r.once(8) ? `x-${r.below(50)}` : r.pick(names),
    r.once(3)
      ? String(r.below(1000)).repeat(r.below(r.once(9) ? 200 : 5))
      : r.pick(["a", "text/plain", "gzip, deflate", "caf\xe9", ""]),
  ]);
  const cut = r.below(pairs.length + 1);
  const raw = encodeLatin1(
    `${pairs
      .slice(0, cut)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join("")}\r\n`,
  );
  const reader = new FieldReader(100, "keep");
  reader.start(0);
  expect(reader.read(raw, raw.length)).toBe(raw.length);
  const f = reader.take(raw);
  for (const [name, value] of pairs.slice(cut)) f.add(name, value);
  return { f, lines: pairs.map(([name, value]) => `${name.toLowerCase()}: ${value}`) };
}

test(`what is encoded is decoded, block for block, with resizes in between (FUZZ_SEED=${plan.seed})`, () => {
  const r = new Random(plan.seed + 2);
  const into = new HeaderBlock(LIMITS, "keep");
  for (let i = 0; i < plan.rounds / 10; i++) {
    const setting = r.pick([0, 100, 4096, 16_384]);
    const e = new HpackEncoder(r.pick([0, 64, 300, 4096, 8192]), r.once(2));
    const d = new HpackDecoder(setting);
    for (let n = 0; n < 30; n++) {
      // Settings are obeyed at the next block; the default holds until there are some.
      for (let k = r.below(3); r.once(6) && k > 0; k--) e.setPeerTableSize(r.below(Math.max(setting, 4096) + 1));
      const { f, lines } = someFields(r);
      const kind = r.pick(KINDS);
      const status = r.pick([200, 302, 404, 503]);
      const pseudo = [
        r.pick(["GET", "PUT"]),
        r.pick(["https", "http"]),
        r.pick(["a", "b.example:8443"]),
        r.pick(["/", "/x", "/y?z"]),
        "",
      ] as const;
      const from = r.below(20);
      const bound = from + HpackEncoder.bound(kind === "request" ? pseudo : [], f);
      const out = new Uint8Array(bound + 4).fill(0xaa);
      const end =
        kind === "request"
          ? e.encodeRequest(out, from, ...pseudo, f)
          : kind === "response"
            ? e.encodeResponse(out, from, status, f)
            : e.encodeTrailers(out, from, f);
      expect([...out.subarray(0, from), ...out.subarray(Math.max(end, bound))].every((c) => c === 0xaa)).toBe(true);
      expect(end).toBeLessThanOrEqual(bound);
      into.start(kind);
      expect(d.decode(out, from, end, into)).toBe(0);
      const first =
        kind === "request" ? [":method", ":scheme", ":authority", ":path"].map((name, k) => `${name}: ${pseudo[k]}`) : [];
      if (kind === "response") first.push(`:status: ${status}`);
      expect(linesOf(into)).toEqual([...first, ...lines]);
      expect(entriesOf(d.table)).toEqual(entriesOf(e.table));
      expect(d.table.max).toBe(e.table.max);
    }
  }
});
