import { encodeLatin1 } from "../../src/base/bytes.ts";
import { ProxyError } from "../../src/base/error.ts";
import { Slab } from "../../src/base/slab.ts";
import type { StreamReader, StreamWriter } from "../../src/http/codec.ts";
import { Fields } from "../../src/http/fields.ts";
import { H2Client } from "../../src/http/h2/client.ts";
import type { H2Options } from "../../src/http/h2/connection.ts";
import { HeaderBlock } from "../../src/http/h2/hpack/header_block.ts";
import { DEFAULT_H2_LIMITS } from "../../src/http/h2/limits.ts";
import { H2Server } from "../../src/http/h2/server.ts";
import type { RequestHead, ResponseHead } from "../../src/http/head.ts";
import { measure } from "./measure.ts";

// What an exchange costs in the codecs: a GET of a browser's size through the client codec, the server codec, and a reply of 130 bytes back,
// 32 streams at once; and the two roles apart, each with bytes that the other one made. Nanoseconds an exchange.
//   node_modules/.bin/bun bench/micro/h2_codec.ts
//   node_modules/.bin/deno run -A --no-check bench/micro/h2_codec.ts

const STREAMS = 32;
const TURNS = 600;
const NEVER = Number.POSITIVE_INFINITY;
const limits = DEFAULT_H2_LIMITS;
const clock = { now: 0 };
const slab = new Slab();
const common: H2Options = {
  limits,
  block: new HeaderBlock({ fieldBytes: limits.headBytes, fields: limits.fields }, "drop"),
  idleMs: NEVER,
  headMs: NEVER,
  stallMs: NEVER,
  keepaliveMs: NEVER,
  keepaliveTimeoutMs: NEVER,
  slab,
  clock,
  onBudget: (cause) => {
    throw new Error(cause);
  },
};
const body = encodeLatin1("x".repeat(130));
const parts: Uint8Array[] = [];

class Sink implements StreamReader<RequestHead | ResponseHead> {
  heads = 0;
  ends = 0;
  onInterim(): void {}
  onHead(h: RequestHead | ResponseHead, end: boolean): void {
    this.heads += h.fields.spans.length;
    if (end) this.ends++;
  }
  onData(_b: Uint8Array, end: boolean): void {
    if (end) this.ends++;
  }
  onTrailers(): void {}
  onWritable(): void {}
  onReset(e: ProxyError): void {
    throw e;
  }
}

function requestFields(): Fields {
  return Fields.of(
    ...["Host", "shop.example.com", "User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"],
    ...["Accept", "text/html,application/xhtml+xml", "Accept-Language", "en-US,en;q=0.5", "Accept-Encoding", "gzip, deflate, br"],
    ...["Cookie", "session=0123456789abcdef0123456789abcdef; theme=dark", "Cache-Control", "no-cache"],
  );
}

const request: RequestHead = {
  protocol: "HTTP/2",
  method: "GET",
  scheme: "http",
  authority: "shop.example.com",
  path: "/checkout/cart",
  pathFlags: 0,
  fields: requestFields(),
  contentLength: 0,
  upgrade: "",
  expectContinue: false,
  native: null,
  oneWay: false,
};
const reply: ResponseHead = {
  status: 200,
  reason: "",
  fields: Fields.of(
    "Content-Type",
    "application/json",
    "Content-Length",
    "130",
    "Date",
    "Tue, 24 Nov 2026 02:17:17 GMT",
    "Server",
    "x",
  ),
  contentLength: 130,
  upgrade: "",
};

const serverSink = new Sink();
const clientSink = new Sink();
const waiting: StreamWriter<ResponseHead>[] = [];
const server = new H2Server(
  {
    ...common,
    mergeSlashes: false,
    scheme: "http",
    bodyMs: NEVER,
    maxRequests: NEVER,
    drainMs: NEVER,
    onRefused: (_w, e) => raise(e),
  },
  (w) => {
    waiting.push(w);
    return serverSink;
  },
);
const client = new H2Client({ ...common, scheme: "http", maxStreams: STREAMS, maxRequests: NEVER });

function raise(e: ProxyError): never {
  throw e;
}

function ask(): void {
  for (let i = 0; i < STREAMS; i++) {
    const w = client.open(clientSink);
    if (w instanceof ProxyError) throw w;
    w.sendHead(request, true);
  }
}

function answer(): void {
  for (const w of waiting) {
    w.sendHead(reply, false);
    w.sendData(body, true);
  }
  waiting.length = 0;
}

function pass(from: H2Client | H2Server, to: H2Client | H2Server): void {
  parts.length = 0;
  from.takeOutput(parts);
  for (const p of parts) to.receive(p);
}

measure("client and server, an exchange", STREAMS * TURNS, () => {
  for (let i = 0; i < TURNS; i++) {
    ask();
    pass(client, server);
    answer();
    pass(server, client);
  }
  return serverSink.heads + clientSink.ends;
});

/** A turn's requests as they are once the table holds their fields; each turn's ids are put in. */
ask();
parts.length = 0;
client.takeOutput(parts);
const requests = parts[0]!.slice();
/** WINDOW_UPDATE of the connection for what a turn's replies take. */
const grant = Uint8Array.of(0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, (STREAMS * body.length) >> 8, STREAMS * body.length);
const recorded = new Uint8Array(requests.length + grant.length);
recorded.set(requests);
const idsAt: number[] = [];
for (let at = 0; at < requests.length; at += 9 + ((requests[at]! << 16) | (requests[at + 1]! << 8) | requests[at + 2]!))
  idsAt.push(at + 5);
recorded.set(grant, requests.length);
let id = new DataView(recorded.buffer).getUint32(idsAt[0]!);

measure("server alone", STREAMS * TURNS, () => {
  for (let i = 0; i < TURNS; i++) {
    const chunk = recorded.slice();
    const view = new DataView(chunk.buffer);
    for (const at of idsAt) {
      view.setUint32(at, id);
      id += 2;
    }
    server.receive(chunk);
    answer();
    parts.length = 0;
    server.takeOutput(parts);
  }
  return serverSink.heads;
});
