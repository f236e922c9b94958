import { describe, expect, test } from "bun:test";
import { END_STREAM, latin1, reset, text } from "../http/h2/wire.ts";
import { data, H2Site, headers } from "./h2_site.ts";
import { DATE, type Peer } from "./site.ts";

const FILTER = ", filters: [{ grpcWeb: {} }]";
const OPEN = 4;
const MESSAGE = "\0\0\0\0\x03abc";
const QUIET = [0, 0, 0];

const REPLY = [
  [":status", "200"],
  ["content-type", "application/grpc+proto"],
  ["date", "Tue, 01 Jan 2030 00:00:00 GMT"],
  ["trailer", "grpc-status"],
] as const;

function base64(...parts: readonly string[]): string {
  return parts.map((p) => Buffer.from(p, "latin1").toString("base64")).join("");
}

function frame(lines: string): string {
  return `\x80${text(Uint8Array.of(0, 0, lines.length >> 8, lines.length))}${lines}`;
}

const DONE = frame("grpc-status:0\r\ngrpc-message:fine\r\n");

function post(type: string, body: string, fields = ""): string {
  return `POST /s.S/M HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** The body of the one reply in HTTP/1.1, its chunks joined; the head on its own. */
function reply(client: Peer): { head: string; chunks: string[]; ended: boolean } {
  const at = client.text.indexOf("\r\n\r\n");
  const head = client.text.slice(0, at);
  const chunks: string[] = [];
  let rest = client.text.slice(at + 4);
  for (;;) {
    const m = /^([0-9a-f]+)\r\n/i.exec(rest);
    if (m === null) return { head, chunks, ended: false };
    const n = Number.parseInt(m[1]!, 16);
    if (n === 0) return { head, chunks, ended: true };
    chunks.push(rest.slice(m[0].length, m[0].length + n));
    rest = rest.slice(m[0].length + n + 2);
  }
}

/** Calls counted, as `method status`. */
function counts(h2: H2Site): string[] {
  const family = h2.site.server.metrics.numbers.families.get("weir_grpc_requests_total");
  return [...(family?.rows.values() ?? [])].flatMap(({ labels, metric }) =>
    "names" in metric ? metric.names.filter((_, i) => metric.valueAt(i) > 0).map((s) => `${labels["route"]} ${s}`) : [],
  );
}

describe("over HTTP/1.1", () => {
  test("binary: messages pass, trailers become a frame", async () => {
    const h2 = await H2Site.start(FILTER);
    const client = await h2.site.client(post("application/grpc-web+proto", MESSAGE, "X-Grpc-Web: 1\r\n"));
    const origin = await h2.origin();
    expect(origin.take()).toEqual([
      "HEADERS 1 POST http a /s.S/M [x-grpc-web: 1 | content-type: application/grpc+proto | te: trailers]",
      `DATA 1 "${MESSAGE}" end`,
    ]);
    origin.send(headers(1, REPLY, OPEN), data(1, MESSAGE));
    await h2.site.settled();
    expect(reply(client)).toEqual({
      head: `HTTP/1.1 200 OK\r\n${DATE.replace("Date", "date")}Content-Type: application/grpc-web+proto\r\nTransfer-Encoding: chunked`,
      chunks: [MESSAGE],
      ended: false,
    });
    origin.send(
      headers(1, [
        ["grpc-status", "0"],
        ["grpc-message", "fine"],
      ]),
    );
    await h2.site.settled();
    expect(reply(client).chunks).toEqual([MESSAGE, DONE]);
    expect(reply(client).ended).toBe(true);
    expect(counts(h2)).toEqual(["up 0"]);
    expect(h2.site.active).toEqual(QUIET);
  });

  test("text: base64 both ways, message by message", async () => {
    const h2 = await H2Site.start(FILTER);
    const client = await h2.site.client(
      post("application/grpc-web-text", base64(MESSAGE, MESSAGE), "Accept: application/grpc-web-text\r\n"),
    );
    const origin = await h2.origin();
    const lines = origin.take();
    expect(lines[0]).toContain("content-type: application/grpc | te: trailers");
    expect(lines[0]).not.toContain("content-length");
    expect(lines.slice(1)).toEqual([`DATA 1 "${MESSAGE}${MESSAGE}" end`]);
    origin.send(headers(1, REPLY, OPEN));
    for (const wanted of [1, 2, 3]) {
      origin.send(data(1, MESSAGE));
      await h2.site.settled();
      expect(reply(client).chunks).toEqual(Array.from({ length: wanted }, () => base64(MESSAGE)));
    }
    expect(reply(client).head).toContain("Content-Type: application/grpc-web-text+proto\r\n");
    origin.send(
      headers(1, [
        ["grpc-status", "0"],
        ["grpc-message", "fine"],
      ]),
    );
    await h2.site.settled();
    expect(reply(client).chunks.at(-1)).toBe(base64(DONE));
    expect(reply(client).ended).toBe(true);
  });

  test("text cut anywhere is the same to the upstream", async () => {
    const body = base64("\0\0\0\0\x01a", "\0\0\0\0\x02bc", MESSAGE);
    const whole = post("application/grpc-web-text", body);
    for (let cut = whole.length - body.length; cut < whole.length; cut++) {
      const h2 = await H2Site.start(FILTER);
      const client = await h2.site.client(whole.slice(0, cut));
      client.send(whole.slice(cut));
      await h2.site.settled();
      const origin = await h2.origin();
      const sent = origin.take().filter((l) => l.startsWith("DATA"));
      const got = sent.map((l) => /^DATA 1 "([\s\S]*)"/.exec(l)![1]!).join("");
      expect(got).toBe(`\0\0\0\0\x01a\0\0\0\0\x02bc${MESSAGE}`);
      expect(sent.at(-1)).toEndWith(" end");
    }
  });

  test("trailers-only of the upstream stays in the head", async () => {
    const h2 = await H2Site.start(FILTER);
    const client = await h2.site.client(post("application/grpc-web", MESSAGE));
    const origin = await h2.origin();
    origin.send(headers(1, [...REPLY, ["grpc-status", "5"]]));
    await h2.site.settled();
    expect(client.text).toBe(
      `HTTP/1.1 200 OK\r\n${DATE.replace("Date", "date")}grpc-status: 5\r\nContent-Type: application/grpc-web+proto\r\nContent-Length: 0\r\n\r\n`,
    );
    expect(counts(h2)).toEqual(["up 5"]);
  });

  test("a reply that is none of gRPC passes as it is", async () => {
    const h2 = await H2Site.start(FILTER);
    const client = await h2.site.client(post("application/grpc-web-text", base64(MESSAGE)));
    const origin = await h2.origin();
    origin.send(
      headers(
        1,
        [
          [":status", "502"],
          ["content-type", "text/html"],
          ["content-length", "4"],
        ],
        OPEN,
      ),
      data(1, "oops", END_STREAM),
    );
    await h2.site.settled();
    expect(client.text).toStartWith("HTTP/1.1 502 Bad Gateway\r\n");
    expect(client.text).toContain("content-type: text/html\r\ncontent-length: 4\r\n");
    expect(client.text).toEndWith("\r\n\r\noops");
    expect(counts(h2)).toEqual(["up 14"]);
  });

  test("a reply that fails in its body cuts the connection", async () => {
    const h2 = await H2Site.start(FILTER);
    const client = await h2.site.client(post("application/grpc-web", MESSAGE));
    const origin = await h2.origin();
    origin.send(headers(1, REPLY, OPEN), data(1, MESSAGE));
    await h2.site.settled();
    origin.send(reset(1, 2));
    await h2.site.settled();
    expect(reply(client).ended).toBe(false);
    expect(client.closed).not.toBeNull();
    expect(counts(h2)).toEqual(["up 14"]);
    expect(h2.site.active).toEqual(QUIET);
  });

  test("other requests of the route pass as they are", async () => {
    const h2 = await H2Site.start(FILTER);
    await h2.site.client(post("application/json", "{}"));
    await h2.site.client("OPTIONS /s.S/M HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc-web\r\n\r\n");
    const origin = await h2.origin();
    expect(origin.take().filter((l) => l.startsWith("HEADERS"))).toEqual([
      "HEADERS 1 POST http a /s.S/M [content-type: application/json | content-length: 2]",
      "HEADERS 3 end OPTIONS http a /s.S/M [content-type: application/grpc-web]",
    ]);
    expect(counts(h2)).toEqual([]);
  });

  test("without the filter gRPC-Web is a body like others", async () => {
    const h2 = await H2Site.start();
    await h2.site.client(post("application/grpc-web", MESSAGE));
    const origin = await h2.origin();
    expect(origin.take()[0]).toContain("content-type: application/grpc-web");
    expect(counts(h2)).toEqual([]);
  });
});

describe("errors", () => {
  const ERROR = (status: number, message: string, type: string): string =>
    `HTTP/1.1 200 OK\r\n${DATE}grpc-status: ${status}\r\ngrpc-message: ${message}\r\nContent-Type: ${type}\r\n`;

  for (const [what, body] of [
    ["no base64", "AAA*"],
    ["base64 that is cut", "AAAAAAM"],
    ["padding out of place", "A=AA"],
  ] as const) {
    test(`${what} is 13 INTERNAL`, async () => {
      const h2 = await H2Site.start(FILTER);
      const client = await h2.site.client(post("application/grpc-web-text", body));
      expect(client.text).toStartWith(ERROR(13, "400 Bad Request", "application/grpc-web-text"));
      expect(h2.site.fault("badRequest")).toBe(1);
      expect(h2.site.active).toEqual(QUIET);
    });
  }

  test("an upstream that can't be reached is 14 UNAVAILABLE", async () => {
    const h2 = await H2Site.start(" }\n  - { name: far, match: { prefix: /s.S }, to: nowhere, filters: [{ grpcWeb: {} }]");
    const client = await h2.site.client(post("application/grpc-web+proto", MESSAGE));
    expect(client.text).toStartWith(ERROR(14, "503 Service Unavailable", "application/grpc-web+proto"));
    expect(counts(h2)).toEqual(["far 14"]);
  });

  test("grpc-timeout holds", async () => {
    const h2 = await H2Site.start(FILTER);
    const client = await h2.site.client(post("application/grpc-web", MESSAGE, "grpc-timeout: 2S\r\n"));
    const origin = await h2.origin();
    expect(origin.take()[0]).toContain("grpc-timeout: 2S");
    await h2.site.advance(2016);
    expect(client.text).toContain("grpc-status: 4\r\n");
    expect(client.text).toContain("Content-Type: application/grpc-web\r\n");
    expect(counts(h2)).toEqual(["up 4"]);
  });
});

describe("over HTTP/2", () => {
  test("text, with the reply message by message", async () => {
    const h2 = await H2Site.start(FILTER);
    const head = [
      [":method", "POST"],
      [":scheme", "http"],
      [":authority", "a"],
      [":path", "/s.S/M"],
      ["content-type", "application/grpc-web-text+proto"],
    ] as const;
    const client = await h2.client(headers(1, head, OPEN), data(1, base64(MESSAGE).slice(0, 5)));
    const origin = await h2.origin();
    expect(origin.take()).toEqual([
      "HEADERS 1 POST http a /s.S/M [content-type: application/grpc+proto | te: trailers]",
      'DATA 1 "\0\0\0"',
    ]);
    client.send(data(1, base64(MESSAGE).slice(5), END_STREAM));
    await h2.site.settled();
    expect(origin.take()).toEqual(['DATA 1 "\0\x03abc" end']);
    origin.send(headers(1, REPLY, OPEN), data(1, MESSAGE));
    await h2.site.settled();
    expect(client.take()).toEqual([
      "HEADERS 1 200 [content-type: application/grpc-web-text+proto]",
      `DATA 1 "${base64(MESSAGE)}"`,
    ]);
    origin.send(headers(1, [["grpc-status", "0"]]));
    await h2.site.settled();
    expect(client.take()).toEqual([`DATA 1 "${base64(frame("grpc-status:0\r\n"))}" end`]);
    expect(counts(h2)).toEqual(["up 0"]);
  });

  test("a client that takes nothing holds the upstream back", async () => {
    const h2 = await H2Site.start(FILTER);
    const head = [
      [":method", "POST"],
      [":scheme", "http"],
      [":authority", "a"],
      [":path", "/s.S/M"],
      ["content-type", "application/grpc-web-text"],
    ] as const;
    // The client's window for the stream is 65,535 bytes, and it gives no more.
    const client = await h2.client(headers(1, head));
    const origin = await h2.origin();
    origin.send(headers(1, REPLY, OPEN));
    let sent = 0;
    let credited = 0;
    const credit = (): void => {
      const raw = latin1(origin.peer.take());
      for (let at = 0; at + 9 <= raw.length; ) {
        const n = (raw[at]! << 16) | (raw[at + 1]! << 8) | raw[at + 2]!;
        if (raw[at + 3] === 8 && raw[at + 8] === 1) credited += new DataView(raw.buffer, at + 9).getUint32(0);
        at += 9 + n;
      }
    };
    await h2.site.settled();
    origin.take();
    const piece = "x".repeat(16_000);
    while (sent < 4_000_000) {
      if (sent + piece.length > 65_535 + credited) break;
      origin.send(data(1, piece));
      sent += piece.length;
      await h2.site.settled();
      credit();
    }
    expect(sent).toBeLessThan(2_000_000);
    expect(sent).toBeGreaterThan(40_000);
    expect(client.take().length).toBeGreaterThan(1);
  });
});
