import { describe, expect, test } from "bun:test";
import { encodeLatin1 } from "../../src/base/bytes.ts";
import { ProxyError } from "../../src/base/error.ts";
import { Slab } from "../../src/base/slab.ts";
import type { StreamReader } from "../../src/http/codec.ts";
import { Fields } from "../../src/http/fields.ts";
import { H1Client } from "../../src/http/h1/client.ts";
import {
  CHUNK_EXTENSION_BYTES,
  DEFAULT_H1_LIMITS,
  INTERIM_RESPONSES,
  PIECE_BYTES,
  READ_WINDOW,
  TRAILER_BYTES,
} from "../../src/http/h1/limits.ts";
import { H1Server } from "../../src/http/h1/server.ts";
import { requestHead } from "../unit/http/h1/drive_client.ts";
import { serverOptions } from "../unit/http/h1/drive_server.ts";
import { fuzzPlan, Random } from "./random.ts";

const plan = fuzzPlan(8);
const LIMITS = DEFAULT_H1_LIMITS;

/** Takes everything and credits nothing, as an exchange does whose other side stands still. */
class Hoarder implements StreamReader<unknown> {
  bytes = 0;
  pieces = 0;
  heads = 0;
  over = false;

  onInterim(): void {
    this.heads++;
  }
  onHead(): void {
    this.heads++;
  }
  onData(b: Uint8Array): void {
    this.bytes += b.length;
    this.pieces++;
  }
  onTrailers(): void {}
  onWritable(): void {}
  onReset(): void {
    this.over = true;
  }
}

/** A flood: a beginning, then the same for ever. The most bytes that may be taken of it before the codec closes or stops reading. */
interface Flood {
  readonly name: string;
  readonly first: string;
  readonly again: string;
  readonly most: number;
}

const HEAD_MOST = LIMITS.headBytes;
const POST = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

const requests: readonly Flood[] = [
  { name: "a method", first: "", again: "M", most: 64 },
  { name: "a target", first: "GET /", again: "x", most: LIMITS.startLineBytes },
  { name: "a field name", first: "GET / HTTP/1.1\r\n", again: "n", most: HEAD_MOST },
  { name: "a field value", first: "GET / HTTP/1.1\r\nX: ", again: "v", most: HEAD_MOST },
  { name: "white space before a value", first: "GET / HTTP/1.1\r\nX:", again: " ", most: HEAD_MOST },
  { name: "fields", first: "GET / HTTP/1.1\r\n", again: "X: y\r\n", most: (LIMITS.fields + 2) * 8 },
  { name: "fields that are dropped", first: "GET / HTTP/1.1\r\n", again: "_: y\r\n", most: (LIMITS.fields + 2) * 8 },
  { name: "empty lines", first: "", again: "\r\n", most: 64 },
  {
    name: "a body",
    first: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\n",
    again: "x".repeat(1000),
    most: READ_WINDOW + 1000,
  },
  { name: "chunks of one byte", first: POST, again: "1\r\nx\r\n", most: READ_WINDOW },
  { name: "a chunk's extension", first: `${POST}1`, again: ";a", most: 1024 },
  { name: "chunks with extensions", first: POST, again: `1;${"a".repeat(200)}\r\nx\r\n`, most: 2 * CHUNK_EXTENSION_BYTES },
  { name: "a chunk's size", first: POST, again: "0", most: 64 + POST.length },
  { name: "a trailer", first: `${POST}0\r\nX: `, again: "y", most: TRAILER_BYTES + 100 },
  { name: "trailers", first: `${POST}0\r\n`, again: "X: y\r\n", most: TRAILER_BYTES },
  { name: "requests behind one that waits", first: "", again: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", most: 100 },
];

const replies: readonly Flood[] = [
  { name: "a phrase", first: "HTTP/1.1 200 ", again: "x", most: LIMITS.startLineBytes },
  { name: "a field value", first: "HTTP/1.1 200 OK\r\nX: ", again: "v", most: HEAD_MOST },
  { name: "fields", first: "HTTP/1.1 200 OK\r\n", again: "X: y\r\n", most: (LIMITS.fields + 2) * 8 },
  { name: "interim replies", first: "", again: "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n", most: (INTERIM_RESPONSES + 2) * 40 },
  { name: "a body until the close", first: "HTTP/1.1 200 OK\r\n\r\n", again: "x".repeat(1000), most: READ_WINDOW + 1000 },
  { name: "chunks of one byte", first: OK, again: "1\r\nx\r\n", most: READ_WINDOW },
  { name: "chunks with extensions", first: OK, again: `1;${"a".repeat(200)}\r\nx\r\n`, most: 2 * CHUNK_EXTENSION_BYTES },
  { name: "trailers", first: `${OK}0\r\n`, again: "X: y\r\n", most: TRAILER_BYTES },
];

/** Hands the flood over in pieces of random sizes, as long as the codec reads; the bytes taken. */
function pour(
  flood: Flood,
  r: Random,
  step: number,
  codec: { receive(b: Uint8Array): ProxyError | null; readonly wantsRead: boolean; readonly wantsClose: boolean },
): number {
  let waiting = flood.first;
  let taken = 0;
  const stop = 8 * (flood.most + READ_WINDOW);
  let faulted = false;
  while (!faulted && codec.wantsRead && !codec.wantsClose && taken < stop) {
    const n = 1 + r.below(step);
    while (waiting.length < n) waiting += flood.again;
    faulted = codec.receive(encodeLatin1(waiting.slice(0, n))) !== null;
    waiting = waiting.slice(n);
    taken += n;
  }
  return taken;
}

function check(flood: Flood, hoarder: Hoarder, taken: number, step: number): void {
  expect(taken).toBeLessThanOrEqual(flood.first.length + flood.most + step);
  // Small pieces count for what they cost, and at most one reading goes over.
  expect(hoarder.bytes + hoarder.pieces * PIECE_BYTES).toBeLessThanOrEqual(READ_WINDOW + step * (PIECE_BYTES + 1));
}

describe(`a peer that never stops is stopped (FUZZ_SEED=${plan.seed})`, () => {
  for (const flood of requests) {
    test(`a client's ${flood.name}`, () => {
      const r = new Random(plan.seed);
      for (let i = 0; i < plan.rounds; i++) {
        const step = r.pick([1, 7, 100, 5000]);
        const hoarder = new Hoarder();
        const codec = new H1Server(serverOptions(), () => hoarder);
        check(flood, hoarder, pour(flood, r, step, codec), step);
      }
    });
  }
  for (const flood of replies) {
    test(`an upstream's ${flood.name}`, () => {
      const r = new Random(plan.seed);
      for (let i = 0; i < plan.rounds; i++) {
        const step = r.pick([1, 7, 100, 5000]);
        const hoarder = new Hoarder();
        const codec = new H1Client({ limits: LIMITS, maxRequests: 1, slab: new Slab() });
        const w = codec.open(hoarder);
        if (w instanceof ProxyError) throw w;
        w.sendHead(requestHead("GET", "/", Fields.empty()), true);
        check(flood, hoarder, pour(flood, r, step, codec), step);
      }
    });
  }
});
