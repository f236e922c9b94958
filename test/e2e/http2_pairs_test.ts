import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { type H2Origin, startH2Origin } from "../support/h2_origin.ts";
import { type H2Peer, type H2PeerStream, pairValue, request } from "../support/h2_peer.ts";
import type { Pairs } from "../support/hpack_reader.ts";
import { type Listeners, startListeners } from "../support/listeners.ts";
import { fieldValue, fieldValues, type Message } from "../support/message.ts";
import { type RawOrigin, startOrigin } from "../support/raw_origin.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { openH2, openTls } from "../support/tls_client.ts";
import { Pki } from "../support/tls_pki.ts";

setDefaultTimeout(60_000);

const MIB = "0123456789abcdef".repeat(65_536);
const SUM = sum(MIB);
const HOST = "pairs.example";

/** A request as an origin saw it, whatever the version. */
interface Asked {
  readonly method: string;
  readonly path: string;
  readonly fields: Pairs;
  readonly body: string;
  readonly trailers: Pairs;
}

/** What a client got, whatever the version. */
interface Got {
  readonly interim: readonly number[];
  readonly status: number;
  readonly fields: Pairs;
  readonly body: string;
  readonly trailers: Pairs;
}

const pki = new Pki();
const asked: Asked[] = [];
const origins: { h1?: RawOrigin; h2?: H2Origin; h2c?: H2Origin } = {};
let w: Listeners;

beforeAll(async () => {
  const pair = pki.server("app", ["app.example"]);
  origins.h1 = await startOrigin({ open: (conn) => void serve1(conn).catch(() => conn.destroy()) });
  origins.h2 = await startH2Origin({ tls: { pair }, serve: serve2, settings: [[4, 1 << 20]] });
  origins.h2c = await startH2Origin({ serve: serve2, settings: [[4, 1 << 20]] });
  const clusters = {
    h1: { endpoints: [`127.0.0.1:${origins.h1.port}`] },
    h2: { endpoints: [`127.0.0.1:${origins.h2.port}`], tls: { ca: pki.ca, serverName: "app.example" } },
    h2c: { endpoints: [`127.0.0.1:${origins.h2c.port}`], protocol: "h2c" },
  };
  const routes = Object.keys(clusters).map((c) => ({ name: c, match: [{ headers: { "x-to": c } }], to: c }));
  w = await startListeners({ web: { tls: { certificates: [pki.server("pairs", [HOST])] } } }, { clusters, routes });
});
afterAll(async () => {
  await w[Symbol.asyncDispose]();
  await origins.h1?.close();
  await origins.h2?.[Symbol.asyncDispose]();
  await origins.h2c?.[Symbol.asyncDispose]();
  pki[Symbol.dispose]();
});

// ---- origins ----

async function serve1(conn: RawPeer): Promise<void> {
  for (;;) {
    await conn.when("a head", 120_000, () => conn.unread.includes("\r\n\r\n") || conn.ending !== "open");
    if (conn.ending !== "open") return conn.destroy();
    if (/^expect: 100-continue\r$/im.test(conn.unread.slice(0, conn.unread.indexOf("\r\n\r\n") + 2)))
      await conn.send("HTTP/1.1 100 Continue\r\n\r\n");
    const r: Message = await conn.request(30_000);
    asked.push({ method: r.method, path: r.target, fields: r.fields, body: r.body, trailers: r.trailers });
    if (r.target === "/reset") return conn.reset();
    const a = answer(r.target, r.body);
    for (const s of a.interim) await conn.send(`HTTP/1.1 ${s} X\r\nLink: </a.css>\r\n\r\n`);
    const fields = a.fields.map(([n, v]) => `${n}: ${v}\r\n`).join("");
    const hasBody = r.method !== "HEAD" && a.status !== 204 && a.status !== 304;
    const chunked = a.trailers.length > 0 || a.chunked === true;
    const framing = a.length >= 0 ? `content-length: ${a.length}\r\n` : chunked ? "transfer-encoding: chunked\r\n" : "";
    await conn.send(`HTTP/1.1 ${a.status} X\r\n${fields}${framing}\r\n`);
    if (!hasBody) continue;
    if (!chunked) await conn.send(a.body);
    else {
      for (let i = 0; i < a.body.length; i += 40_000) {
        const piece = a.body.slice(i, i + 40_000);
        await conn.send(`${piece.length.toString(16)}\r\n${piece}\r\n`);
      }
      await conn.send(`0\r\n${a.trailers.map(([n, v]) => `${n}: ${v}\r\n`).join("")}\r\n`);
    }
  }
}

async function serve2(s: H2PeerStream): Promise<void> {
  if (s.field("expect") === "100-continue") s.sendHead([[":status", "100"]], false);
  await s.peer.when("a whole request", 60_000, () => s.ended || s.resetCode >= 0 || s.peer.ending !== "open");
  const path = s.field(":path");
  const method = s.field(":method");
  asked.push({ method, path, fields: s.head, body: s.body, trailers: s.trailers });
  if (path === "/reset") return s.reset(2);
  const a = answer(path, s.body);
  for (const status of a.interim)
    s.sendHead(
      [
        [":status", String(status)],
        ["link", "</a.css>"],
      ],
      false,
    );
  const length: Pairs = a.length >= 0 ? [["content-length", String(a.length)]] : [];
  const bodyless = method === "HEAD" || a.status === 204 || a.status === 304;
  s.sendHead([[":status", String(a.status)], ...a.fields, ...length], bodyless);
  if (bodyless) return;
  await s.send(a.body, a.trailers.length === 0);
  if (a.trailers.length > 0) s.sendHead(a.trailers, true);
}

interface Answer {
  readonly interim: readonly number[];
  readonly status: number;
  readonly fields: Pairs;
  /** -1: of unknown length. */
  readonly length: number;
  readonly body: string;
  readonly trailers: Pairs;
  readonly chunked?: boolean;
}

function answer(path: string, body: string): Answer {
  const plain = { interim: [], status: 200, fields: [["x-sum", sum(body)]] as Pairs, trailers: [] as Pairs };
  switch (path) {
    case "/mib":
      return { ...plain, length: MIB.length, body: MIB };
    case "/chunked":
      return { ...plain, length: -1, body: MIB, chunked: true };
    case "/trailers":
      return { ...plain, length: -1, body: "abc", trailers: [["x-check", "3"]] };
    case "/early":
      return { ...plain, interim: [103, 103], length: 2, body: "ok" };
    case "/none":
      return { ...plain, status: 204, length: -1, body: "" };
    case "/same":
      return { ...plain, status: 304, fields: [["etag", '"a"']], length: -1, body: "" };
    case "/cookies":
      return {
        ...plain,
        fields: [
          ["set-cookie", "a=1"],
          ["set-cookie", "b=2"],
        ],
        length: 2,
        body: "ok",
      };
    case "/empty":
      return { ...plain, length: 0, body: "" };
    default:
      return { ...plain, length: 2, body: "ok" };
  }
}

function sum(text: string): string {
  return createHash("sha256").update(text, "latin1").digest("hex");
}

// ---- clients ----

interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly fields?: Pairs;
  readonly body?: string;
  /** The body comes in chunks, and its length is not told. */
  readonly chunked?: boolean;
  readonly trailers?: Pairs;
}

async function ask1(to: string, a: Ask): Promise<Got> {
  using conn = await openTls(w.port["web"]!, { name: HOST });
  const { method = "GET", body, trailers = [], chunked = trailers.length > 0 } = a;
  const framing = body === undefined ? [] : chunked ? ["transfer-encoding: chunked"] : [`content-length: ${body.length}`];
  const fields = [...(a.fields ?? []).map(([n, v]) => `${n}: ${v}`), ...framing];
  await conn.send([`${method} ${a.path} HTTP/1.1`, `host: ${HOST}`, `x-to: ${to}`, ...fields, "", ""].join("\r\n"));
  const interim: number[] = [];
  if (fieldValue(a.fields ?? [], "expect") !== "") interim.push((await conn.response(method)).status);
  if (body !== undefined) {
    if (!chunked) await conn.send(body);
    else await conn.send(`${chunksOf(body)}0\r\n${trailers.map(([n, v]) => `${n}: ${v}\r\n`).join("")}\r\n`);
  }
  let got = await conn.response(method, 20_000);
  for (; got.status < 200; got = await conn.response(method, 20_000)) interim.push(got.status);
  return { interim, status: got.status, fields: got.fields, body: got.body, trailers: got.trailers };
}

function chunksOf(body: string): string {
  const out: string[] = [];
  for (let i = 0; i < body.length; i += 30_000) {
    const piece = body.slice(i, i + 30_000);
    out.push(`${piece.length.toString(16)}\r\n${piece}\r\n`);
  }
  return out.join("");
}

async function ask2(to: string, a: Ask): Promise<Got> {
  using conn: H2Peer = await openH2(w.port["web"]!, { name: HOST, settings: [[4, 1 << 20]] });
  const { method = "GET", body, trailers = [], chunked = trailers.length > 0 } = a;
  const length: Pairs = body === undefined || chunked ? [] : [["content-length", String(body.length)]];
  const s = conn.open(request(method, HOST, a.path, ["x-to", to], ...length, ...(a.fields ?? [])), body === undefined);
  if (fieldValue(a.fields ?? [], "expect") !== "") await conn.when("100 (Continue)", 5000, () => s.interim.length > 0);
  if (body !== undefined) {
    await s.send(body, trailers.length === 0);
    if (trailers.length > 0) s.sendHead(trailers, true);
  }
  await s.done(20_000);
  if (s.resetCode >= 0) throw new Error(`stream reset with ${s.resetCode}`);
  return { interim: s.interim, status: s.status, fields: s.head, body: s.body, trailers: s.trailers };
}

// ---- pairs ----

for (const [from, ask] of [
  ["h1", ask1],
  ["h2", ask2],
] as const)
  for (const to of ["h1", "h2", "h2c"] as const)
    describe(`${from} to ${to}`, () => {
      const go = (a: Ask): Promise<Got> => ask(to, a);

      test("GET", async () => {
        const got = await go({ path: "/get?a=b" });
        expect([got.status, got.body]).toEqual([200, "ok"]);
        const seen = asked.at(-1)!;
        expect([seen.method, seen.path]).toEqual(["GET", "/get?a=b"]);
        // RFC 9113 8.3.1: :authority is what Host is.
        if (to === "h1") expect(fieldValues(seen.fields, "host")).toEqual([HOST]);
        else {
          expect([pairValue(seen.fields, ":authority"), pairValue(seen.fields, ":scheme")]).toEqual([
            HOST,
            to === "h2" ? "https" : "http",
          ]);
          expect(fieldValues(seen.fields, "host")).toEqual([]);
          for (const [name] of seen.fields) expect(name).toBe(name.toLowerCase());
        }
        for (const name of ["connection", "transfer-encoding", "keep-alive", "upgrade"]) {
          expect(fieldValues(got.fields, from === "h2" ? name : "keep-alive")).toEqual([]);
          if (to !== "h1") expect(fieldValues(seen.fields, name)).toEqual([]);
        }
      });

      test("POST of 1 MiB, and a reply of 1 MiB", async () => {
        const got = await go({ method: "POST", path: "/mib", body: MIB });
        expect([got.status, sum(got.body), fieldValue(got.fields, "x-sum")]).toEqual([200, SUM, SUM]);
        expect(fieldValue(got.fields, "content-length")).toBe(String(MIB.length));
        expect(fieldValue(asked.at(-1)!.fields, "content-length")).toBe(String(MIB.length));
      });

      test("chunked both ways", async () => {
        const got = await go({ method: "POST", path: "/chunked", body: MIB, chunked: true });
        expect([got.status, sum(got.body), fieldValue(got.fields, "x-sum")]).toEqual([200, SUM, SUM]);
        expect(fieldValues(got.fields, "content-length")).toEqual([]);
      });

      test("trailers both ways", async () => {
        const fields: Pairs = [
          ["te", "trailers"],
          ["trailer", "x-client"],
        ];
        const got = await go({ method: "POST", path: "/trailers", fields, body: "hello", trailers: [["x-client", "5"]] });
        expect([got.status, got.body, got.trailers]).toEqual([200, "abc", [["x-check", "3"]]]);
        const seen = asked.at(-1)!;
        expect([seen.body, seen.trailers]).toEqual(["hello", [["x-client", "5"]]]);
        expect(fieldValue(seen.fields, "te")).toBe("trailers");
      });

      test("103 before the reply", async () => {
        const got = await go({ path: "/early" });
        expect([got.interim, got.status, got.body]).toEqual([[103, 103], 200, "ok"]);
      });

      test("Expect: 100-continue", async () => {
        const got = await go({ method: "POST", path: "/expect", fields: [["expect", "100-continue"]], body: "later" });
        expect([got.interim[0], got.status, fieldValue(got.fields, "x-sum")]).toEqual([100, 200, sum("later")]);
      });

      test("HEAD, 204, 304 and an empty body", async () => {
        const head = await go({ method: "HEAD", path: "/mib" });
        expect([head.status, head.body, fieldValue(head.fields, "content-length")]).toEqual([200, "", String(MIB.length)]);
        const none = await go({ path: "/none" });
        expect([none.status, none.body, fieldValues(none.fields, "content-length")]).toEqual([204, "", []]);
        const same = await go({ path: "/same", fields: [["if-none-match", '"a"']] });
        expect([same.status, same.body, fieldValue(same.fields, "etag")]).toEqual([304, "", '"a"']);
        const empty = await go({ path: "/empty" });
        expect([empty.status, empty.body, fieldValue(empty.fields, "content-length")]).toEqual([200, "", "0"]);
      });

      test("cookies: crumbs are one field towards HTTP/1.1, and none is lost (RFC 9113 8.2.3)", async () => {
        const crumbs: Pairs =
          from === "h2"
            ? [
                ["cookie", "a=1"],
                ["cookie", "b=2"],
                ["cookie", "c=3"],
              ]
            : [["cookie", "a=1; b=2; c=3"]];
        const got = await go({ path: "/cookies", fields: crumbs });
        expect(fieldValues(got.fields, "set-cookie")).toEqual(["a=1", "b=2"]);
        const seen = fieldValues(asked.at(-1)!.fields, "cookie");
        expect(seen.join("; ")).toBe("a=1; b=2; c=3");
        if (to === "h1") expect(seen.length).toBe(1);
      });

      test("an upstream that resets before its reply is 502", async () => {
        const got = await go({ method: "POST", path: "/reset", body: "x" });
        expect(got.status).toBe(502);
      });
    });

test("no callback threw", async () => {
  expect(await w.site.weir.metric("weir_callback_throws_total")).toBe(0);
});
