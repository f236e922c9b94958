import { encodeLatin1 } from "../../src/base/bytes.ts";
import { ProxyError } from "../../src/base/error.ts";
import { Slab } from "../../src/base/slab.ts";
import type { StreamReader, StreamWriter } from "../../src/http/codec.ts";
import { Fields } from "../../src/http/fields.ts";
import { H1Client } from "../../src/http/h1/client.ts";
import { FieldReader } from "../../src/http/h1/field_reader.ts";
import { DEFAULT_H1_LIMITS } from "../../src/http/h1/limits.ts";
import { H1Server } from "../../src/http/h1/server.ts";
import type { RequestHead, ResponseHead } from "../../src/http/head.ts";
import { HEADS } from "./h1_heads.ts";
import { measure } from "./measure.ts";

// What it costs to read a head: the field lines alone; a request through the server codec, answered by an empty reply so that the next one
// is read; a reply through the client codec. Nanoseconds a head.
//   node_modules/.bin/bun bench/micro/h1_parse.ts
//   node_modules/.bin/deno run -A --no-check bench/micro/h1_parse.ts

const CALLS = 20_000;
const limits = DEFAULT_H1_LIMITS;
const slab = new Slab();
const output: Uint8Array[] = [];

class Sink implements StreamReader<RequestHead | ResponseHead> {
  heads = 0;
  onInterim(): void {}
  onHead(h: RequestHead | ResponseHead): void {
    this.heads += h.fields.spans.length;
  }
  onData(): void {}
  onTrailers(): void {}
  onWritable(): void {}
  onReset(e: ProxyError): void {
    throw e;
  }
}

function fieldLines(text: string): () => number {
  const raw = encodeLatin1(text);
  const from = text.indexOf("\r\n") + 2;
  const reader = new FieldReader(limits.fields, "drop");
  return () => {
    let sum = 0;
    for (let i = 0; i < CALLS; i++) {
      reader.start(from);
      sum += reader.read(raw, raw.length) + reader.take(raw).mask;
    }
    return sum;
  };
}

function requests(text: string): () => number {
  const raw = encodeLatin1(text);
  const sink = new Sink();
  const clock = { now: 0 };
  let writer: StreamWriter<ResponseHead> | null = null;
  const o = {
    limits,
    underscores: "drop",
    mergeSlashes: false,
    scheme: "http",
    guessed: false,
    idleMs: 1,
    headMs: 1,
    bodyMs: 1,
  } as const;
  const codec = new H1Server({ ...o, maxRequests: Number.POSITIVE_INFINITY, slab, clock }, (w) => {
    writer = w;
    return sink;
  });
  const reply: ResponseHead = { status: 204, reason: "", fields: Fields.empty(), contentLength: 0, upgrade: "" };
  return () => {
    for (let i = 0; i < CALLS; i++) {
      codec.receive(raw);
      writer!.sendHead(reply, true);
      codec.takeOutput(output);
      output.length = 0;
    }
    return sink.heads;
  };
}

function replies(text: string): () => number {
  const raw = encodeLatin1(text);
  const sink = new Sink();
  const codec = new H1Client({ limits, maxRequests: Number.POSITIVE_INFINITY, slab });
  const request: RequestHead = {
    protocol: "HTTP/1.1",
    method: "GET",
    scheme: "http",
    authority: "a",
    path: "/",
    pathFlags: 0,
    fields: Fields.empty(),
    contentLength: 0,
    upgrade: "",
    expectContinue: false,
    native: null,
    oneWay: false,
  };
  return () => {
    for (let i = 0; i < CALLS; i++) {
      const w = codec.open(sink);
      if (w instanceof ProxyError) throw w;
      w.sendHead(request, true);
      codec.takeOutput(output);
      output.length = 0;
      codec.receive(raw);
    }
    return sink.heads;
  };
}

for (const name of ["wrk", "curl", "browser"] as const) {
  measure(`field lines of ${name}`, CALLS, fieldLines(HEADS[name]));
  measure(`request of ${name}, with an empty reply`, CALLS, requests(HEADS[name]));
}
measure("reply, with an empty request", CALLS, replies(HEADS.reply));
