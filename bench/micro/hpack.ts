import { encodeLatin1 } from "../../src/base/bytes.ts";
import { Fields, STRIDE } from "../../src/http/fields.ts";
import { FieldReader } from "../../src/http/h1/field_reader.ts";
import { DEFAULT_H1_LIMITS } from "../../src/http/h1/limits.ts";
import { HpackDecoder } from "../../src/http/h2/hpack/decoder.ts";
import { HpackEncoder } from "../../src/http/h2/hpack/encoder.ts";
import { HeaderBlock } from "../../src/http/h2/hpack/header_block.ts";
import { decodedBound, decodeHuffman } from "../../src/http/h2/hpack/huffman_decode.ts";
import { encodeHuffman } from "../../src/http/h2/hpack/huffman_encode.ts";
import { HEADS } from "./h1_heads.ts";
import { measure } from "./measure.ts";

// What it costs to decode and encode a header block: the first of a connection, where all is literal, and the ones behind it, where nearly
// all is in the tables; with a path of its own each, as clients ask. Nanoseconds a block.
//   node_modules/.bin/bun bench/micro/hpack.ts
//   node_modules/.bin/deno run -A --no-check bench/micro/hpack.ts

const CALLS = 20_000;
const LIMITS = { fieldBytes: 64 * 1024, fields: 100 };
const block = new HeaderBlock(LIMITS);
const out = new Uint8Array(64 * 1024);

type Name = keyof typeof HEADS;

function fieldsOf(name: Name): Fields {
  const raw = encodeLatin1(HEADS[name]);
  const reader = new FieldReader(DEFAULT_H1_LIMITS.fields, "drop");
  reader.start(HEADS[name].indexOf("\r\n") + 2);
  if (reader.read(raw, raw.length) < 0) throw new Error(`no head: ${name}`);
  const f = reader.take(raw);
  for (const gone of ["host", "connection"]) f.remove(gone);
  return f;
}

const paths = Array.from({ length: 64 }, (_, i) => `/service-3/items/${i}?page=2`);

/** The block as a browser's encoder makes it: all indexed when it comes the second time, Huffman coding where it is shorter. */
function browserBlock(name: Name, path: string): (first: boolean) => Uint8Array {
  return (first) => {
    const b = new Uint8Array(4096);
    let p = 0;
    const text = (t: string): void => {
      const raw = encodeLatin1(t);
      const huffman = new Uint8Array(raw.length * 4 + 8);
      const end = encodeHuffman(raw, 0, raw.length, huffman, 0);
      const coded = end < raw.length ? huffman.subarray(0, end) : raw;
      if (coded.length < 127) b[p++] = (coded === raw ? 0 : 0x80) | coded.length;
      else {
        b[p++] = (coded === raw ? 0 : 0x80) | 127;
        b[p++] = coded.length - 127;
      }
      b.set(coded, p);
      p += coded.length;
    };
    const pairs: [string, string][] = [[":authority", "shop.example.com"]];
    fieldsOf(name).forEach((n, v) => {
      if (n.toLowerCase() !== "cookie") pairs.push([n.toLowerCase(), v]);
      else for (const crumb of v.split("; ")) pairs.push(["cookie", crumb]);
    });
    b.set([0x82, 0x87], 0);
    p = 2;
    b[p++] = 0x04;
    text(path);
    pairs.forEach(([n, v], i) => {
      if (first) {
        b[p++] = 0x40;
        text(n);
        text(v);
      } else b[p++] = 0x80 | (62 + pairs.length - 1 - i);
    });
    return b.slice(0, p);
  };
}

function decodes(name: Name): void {
  const make = paths.map((path) => browserBlock(name, path));
  const first = make[0]!(true);
  const later = make.map((m) => m(false));
  measure(`decode the first block of ${name}, ${first.length} bytes`, CALLS / 10, () => {
    let sum = 0;
    for (let i = 0; i < CALLS / 10; i++) {
      const d = new HpackDecoder(4096);
      block.start("request");
      sum += d.decode(first, 0, first.length, block) + block.take().spans.length;
    }
    return sum;
  });
  const d = new HpackDecoder(4096);
  block.start("request");
  d.decode(first, 0, first.length, block);
  measure(`decode a later block of ${name}, ${later[0]!.length} bytes`, CALLS, () => {
    let sum = 0;
    for (let i = 0; i < CALLS; i++) {
      const b = later[i & 63]!;
      block.start("request");
      sum += d.decode(b, 0, b.length, block) + block.take().mask;
    }
    if (block.fault !== 0) throw new Error(`fault ${block.fault}`);
    return sum;
  });
}

function encodes(name: Name): void {
  const f = fieldsOf(name);
  measure(`encode the first request of ${name}`, CALLS / 10, () => {
    let sum = 0;
    for (let i = 0; i < CALLS / 10; i++)
      sum += new HpackEncoder(4096).encodeRequest(out, 0, "GET", "https", "shop.example.com", paths[i & 63]!, "", f);
    return sum;
  });
  const e = new HpackEncoder(4096);
  let length = 0;
  measure(`encode a later request of ${name}`, CALLS, () => {
    let sum = 0;
    for (let i = 0; i < CALLS; i++) {
      length = e.encodeRequest(out, 0, "GET", "https", "shop.example.com", paths[i & 63]!, "", f);
      sum += length;
    }
    return sum;
  });
  console.log(`  ${length} bytes, ${f.spans.length / STRIDE} fields`);
}

function replies(): void {
  const f = fieldsOf("reply");
  const e = new HpackEncoder(4096);
  let length = 0;
  measure("encode a later reply", CALLS, () => {
    let sum = 0;
    for (let i = 0; i < CALLS; i++) {
      length = e.encodeResponse(out, 0, 200, f);
      sum += length;
    }
    return sum;
  });
  console.log(`  ${length} bytes, ${f.spans.length / STRIDE} fields`);
  const strings = Fields.of(
    "server",
    "weir",
    "x-request-id",
    "0f8fad5b-d9cb-469f-a165-70867728950e",
    "content-type",
    "text/plain",
  );
  measure("encode a later reply of added strings", CALLS, () => {
    let sum = 0;
    for (let i = 0; i < CALLS; i++) sum += e.encodeResponse(out, 0, 200, strings);
    return sum;
  });
}

function huffman(text: string): void {
  const raw = encodeLatin1(text);
  const coded = new Uint8Array(raw.length * 4);
  const end = encodeHuffman(raw, 0, raw.length, coded, 0);
  const room = new Uint8Array(decodedBound(end) + 8);
  measure(`Huffman-decode ${raw.length} bytes`, CALLS, () => {
    let sum = 0;
    for (let i = 0; i < CALLS; i++) sum += decodeHuffman(coded, 0, end, room, i & 7);
    return sum;
  });
  measure(`Huffman-encode ${raw.length} bytes to ${end}`, CALLS, () => {
    let sum = 0;
    for (let i = 0; i < CALLS; i++) sum += encodeHuffman(raw, 0, raw.length, coded, i & 7);
    return sum;
  });
}

for (const name of ["curl", "browser"] as const) {
  decodes(name);
  encodes(name);
}
replies();
huffman(paths[42]!);
huffman("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36");
