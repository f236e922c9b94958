import { encodeLatin1 } from "../../src/base/bytes.ts";
import { Slab } from "../../src/base/slab.ts";
import { type Fields, STRIDE } from "../../src/http/fields.ts";
import { FieldReader } from "../../src/http/h1/field_reader.ts";
import { LAST_CHUNK, Output } from "../../src/http/h1/head_writer.ts";
import { DEFAULT_H1_LIMITS } from "../../src/http/h1/limits.ts";
import { removeHopByHop } from "../../src/http/hop_by_hop.ts";
import { HEADS } from "./h1_heads.ts";
import { measure } from "./measure.ts";

// What it costs to write a head as it is sent on: received fields as they came; with hop-by-hop fields removed and the forwarding fields
// added; a short chunked body. Nanoseconds a head.
//   node_modules/.bin/bun bench/micro/h1_write.ts
//   node_modules/.bin/deno run -A --no-check bench/micro/h1_write.ts

const CALLS = 20_000;
const output: Uint8Array[] = [];

function received(text: string): Fields {
  const raw = encodeLatin1(text);
  const reader = new FieldReader(DEFAULT_H1_LIMITS.fields, "drop");
  reader.start(text.indexOf("\r\n") + 2);
  if (reader.read(raw, raw.length) < 0) throw new Error(`no head: ${text}`);
  return reader.take(raw);
}

function taken(o: Output): number {
  o.take(output);
  const n = output[0]!.length;
  output.length = 0;
  return n;
}

function asReceived(text: string): () => number {
  const f = received(text);
  const o = new Output(new Slab());
  return () => {
    let sum = 0;
    for (let i = 0; i < CALLS; i++) {
      o.request("GET", "/service-3/items/42?page=2", f, null);
      sum += taken(o);
    }
    return sum;
  };
}

function sentOn(text: string): () => number {
  const f = received(text);
  const { mask } = f;
  const ids: number[] = [];
  for (let i = 4; i < f.spans.length; i += STRIDE) ids.push(f.spans[i]!);
  const o = new Output(new Slab());
  return () => {
    let sum = 0;
    for (let i = 0; i < CALLS; i++) {
      for (let j = 0; j < ids.length; j++) f.spans[j * STRIDE + 4] = ids[j]!;
      f.mask = mask;
      f.added = null;
      removeHopByHop(f);
      f.add("X-Forwarded-For", "203.0.113.9");
      f.add("X-Forwarded-Proto", "http");
      f.add("X-Request-Id", "0f8fad5b-d9cb-469f-a165-70867728950e");
      o.request("GET", "/service-3/items/42?page=2", f, null);
      sum += taken(o);
    }
    return sum;
  };
}

function chunkedReply(): () => number {
  const f = received(HEADS.curl);
  const o = new Output(new Slab());
  const body = encodeLatin1("x".repeat(130));
  return () => {
    let sum = 0;
    for (let i = 0; i < CALLS; i++) {
      o.response(200, "", f, null, null);
      o.body(body, true);
      o.small(LAST_CHUNK);
      sum += taken(o);
    }
    return sum;
  };
}

for (const name of ["wrk", "curl", "browser"] as const) {
  measure(`head of ${name} as received`, CALLS, asReceived(HEADS[name]));
  measure(`head of ${name} sent on`, CALLS, sentOn(HEADS[name]));
}
measure("reply with a chunk of 130 bytes", CALLS, chunkedReply());
