import { describe, expect, test } from "bun:test";
import { encodeLatin1, NO_BYTES } from "../../../../src/base/bytes.ts";
import { downstreamFault } from "../../../../src/base/error.ts";
import { Fields } from "../../../../src/http/fields.ts";
import { COALESCE_BYTES } from "../../../../src/http/h1/limits.ts";
import { replyHead, ServerStream } from "./server_stream.ts";

interface ReplyRow {
  readonly name: string;
  readonly rfc: string;
  readonly request: string;
  readonly status: number;
  readonly fields: readonly string[];
  readonly length: number;
  readonly body: readonly string[];
  readonly out: string;
  readonly closes: boolean;
}

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const HEAD = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
const OLD = "GET / HTTP/1.0\r\n\r\n";
const OLD_KEPT = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
const CLOSE = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const TWO = ["Content-Length", "2"];

function row(
  name: string,
  rfc: string,
  request: string,
  reply: readonly [status: number, fields: readonly string[], length: number, ...body: string[]],
  out: string,
  closes = false,
): ReplyRow {
  const [status, fields, length, ...body] = reply;
  return { name, rfc, request, status, fields, length, body, out, closes };
}

const rows: readonly ReplyRow[] = [
  row("a length", "RFC 9112 6.2", GET, [200, TWO, 2, "hi"], "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
  row(
    "unknown length",
    "RFC 9112 7.1",
    GET,
    [200, [], -1, "hi", "", "ho!"],
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3\r\nho!\r\n0\r\n\r\n",
  ),
  row(
    "unknown length of nothing",
    "RFC 9112 7.1",
    GET,
    [200, [], -1, ""],
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ),
  row(
    "a length that no field tells",
    "RFC 9112 6.3",
    GET,
    [200, [], 2, "hi"],
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
  ),
  row("no body and no field", "RFC 9112 6.3", GET, [200, [], 0], "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
  row("no body, unknown length", "RFC 9112 6.3", GET, [200, [], -1], "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
  row("a length of 0", "RFC 9112 6.3", GET, [200, ["Content-Length", "0"], 0], "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
  row("204", "RFC 9110 8.6", GET, [204, [], 0], "HTTP/1.1 204 No Content\r\n\r\n"),
  row("204 with bytes", "RFC 9112 6.3", GET, [204, [], -1, "no"], "HTTP/1.1 204 No Content\r\n\r\n"),
  row(
    "304 keeps its length",
    "RFC 9110 15.4.5",
    GET,
    [304, ["Content-Length", "9"], 9],
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
  ),
  row(
    "HEAD keeps its length",
    "RFC 9110 9.3.2",
    HEAD,
    [200, ["Content-Length", "9"], 9],
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
  ),
  row("HEAD of unknown length", "RFC 9110 9.3.2", HEAD, [200, [], -1], "HTTP/1.1 200 OK\r\n\r\n"),
  row("bytes for HEAD go nowhere", "RFC 9112 6.3", HEAD, [200, TWO, 2, "hi"], "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"),
  row(
    "HTTP/1.0 with a length",
    "RFC 9112 9.3",
    OLD,
    [200, TWO, 2, "hi"],
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
    true,
  ),
  row(
    "HTTP/1.0 kept",
    "RFC 9112 9.3",
    OLD_KEPT,
    [200, TWO, 2, "hi"],
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi",
  ),
  row(
    "HTTP/1.0 kept, nothing to send",
    "RFC 9112 6.3",
    OLD_KEPT,
    [200, [], 0],
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n",
  ),
  row(
    "HTTP/1.0 and unknown length",
    "RFC 9112 6.1",
    OLD_KEPT,
    [200, [], -1, "hi"],
    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi",
    true,
  ),
  row(
    "Connection: close",
    "RFC 9112 9.6",
    CLOSE,
    [200, TWO, 2, "hi"],
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
    true,
  ),
  row(
    "a big piece",
    "RFC 9112 7.1",
    GET,
    [200, [], -1, "x".repeat(COALESCE_BYTES + 1)],
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1001\r\n${"x".repeat(4097)}\r\n0\r\n\r\n`,
  ),
];

describe("replies", () => {
  for (const r of rows) {
    test(`${r.name} (${r.rfc})`, () => {
      const s = new ServerStream();
      expect(s.receive(r.request)).toBeNull();
      const head = replyHead(r.status, Fields.of(...r.fields), r.length);
      s.writer.sendHead(head, r.body.length === 0);
      r.body.forEach((b, i) => {
        s.writer.sendData(encodeLatin1(b), i === r.body.length - 1);
      });
      expect(s.sent()).toBe(r.out);
      expect(s.codec.wantsClose).toBe(r.closes);
      expect(s.codec.busy).toBe(false);
      // The connection serves the next request, or none.
      s.receive("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
      expect(s.heads).toHaveLength(r.closes ? 1 : 2);
    });
  }

  test("trailers end a chunked body", () => {
    const s = new ServerStream();
    s.receive(GET);
    s.writer.sendHead(replyHead(200, Fields.empty(), -1), false);
    s.writer.sendData(encodeLatin1("hi"), false);
    s.writer.sendTrailers(Fields.of("X", "y"));
    expect(s.sent()).toBe("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: y\r\n\r\n");
    expect(s.codec.busy).toBe(false);
  });

  test("trailers for a client of HTTP/1.0 go nowhere", () => {
    const s = new ServerStream();
    s.receive(OLD);
    s.writer.sendHead(replyHead(200, Fields.empty(), -1), false);
    s.writer.sendData(encodeLatin1("hi"), false);
    s.writer.sendTrailers(Fields.of("X", "y"));
    expect(s.sent()).toBe("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi");
    expect(s.codec.wantsClose).toBe(true);
  });

  test("interim replies come before, and not in HTTP/1.0 (RFC 9110 15.2)", () => {
    const s = new ServerStream();
    s.receive(GET);
    s.writer.sendInterim(replyHead(103, Fields.of("Link", "</a>"), 0));
    s.writer.sendHead(replyHead(200, Fields.of(...TWO), 2), false);
    s.writer.sendInterim(replyHead(103, Fields.empty(), 0));
    expect(s.sent()).toBe("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    const old = new ServerStream();
    old.receive(OLD);
    old.writer.sendInterim(replyHead(103, Fields.empty(), 0));
    expect(old.sent()).toBe("");
  });

  test("a final reply to a client that waits for 100 (Continue) ends the connection (RFC 9110 10.1.1)", () => {
    const s = new ServerStream();
    s.receive("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    s.writer.sendHead(replyHead(403, Fields.of("Content-Length", "0"), 0), true);
    expect(s.sent()).toBe("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    expect(s.codec.wantsClose).toBe(true);
  });

  test("100 (Continue) has been said, the body came: the connection stays", () => {
    const s = new ServerStream();
    s.receive("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    s.writer.sendInterim(replyHead(100, Fields.empty(), 0));
    s.receive("hello");
    s.writer.sendHead(replyHead(200, Fields.of("Content-Length", "0"), 0), true);
    expect(s.sent()).toBe("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    expect(s.codec.wantsClose).toBe(false);
  });

  test("a reply before the request's end closes, and says so where it is known (RFC 9112 9.6)", () => {
    const whole = new ServerStream();
    whole.receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhal");
    whole.writer.sendHead(replyHead(413, Fields.of("Content-Length", "0"), 0), true);
    expect(whole.sent()).toContain("Connection: close");
    expect(whole.codec.wantsClose).toBe(true);
    const told = new ServerStream();
    told.receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhal");
    told.writer.stopReading();
    told.writer.sendHead(replyHead(413, Fields.of(...TWO), 2), false);
    told.writer.sendData(encodeLatin1("no"), true);
    expect(told.sent()).toContain("Connection: close");
    expect(told.codec.wantsClose).toBe(true);
    // What comes of the body afterwards reaches nobody.
    told.receive("f a body, and GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(told.heads).toHaveLength(1);
    expect(told.body).toBe("hal");
  });

  test("a reply that begins early and ends late keeps the connection", () => {
    const s = new ServerStream();
    s.receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
    s.writer.sendHead(replyHead(200, Fields.of(...TWO), 2), false);
    s.receive("cd");
    s.writer.sendData(encodeLatin1("ok"), true);
    expect(s.sent()).toBe("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    expect(s.codec.wantsClose).toBe(false);
  });

  test("an error reply does not take its framing from the request before (RFC 9112 6.3)", () => {
    const s = new ServerStream();
    s.receive(HEAD);
    s.writer.sendHead(replyHead(200, Fields.empty(), 0), true);
    s.sent();
    expect(s.receive("NO\r\n\r\n")?.facts.status).toBe(400);
    s.codec.sendHead(replyHead(400, Fields.of(...TWO), 2), false);
    s.codec.sendData(encodeLatin1("no"), true);
    expect(s.sent()).toBe("HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
  });

  test("an error reply to HEAD has no body", () => {
    const s = new ServerStream();
    expect(s.receive("HEAD / HTTP/1.1\r\nHost: a b\r\n\r\n")?.facts.status).toBe(400);
    s.codec.sendHead(replyHead(400, Fields.of(...TWO), 2), false);
    s.codec.sendData(encodeLatin1("no"), true);
    expect(s.sent()).toBe("HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\nConnection: close\r\n\r\n");
  });

  test("a reset is told as a failure, and the stream's end is not", () => {
    const s = new ServerStream();
    s.receive(GET);
    s.writer.sendHead(replyHead(200, Fields.of("Content-Length", "9"), 9), false);
    expect(s.codec.failure).toBeNull();
    const e = downstreamFault("clientReset", 0, "given up");
    s.writer.reset(e);
    expect(s.codec.failure).toBe(e);
    expect(s.codec.busy).toBe(false);
    s.writer.sendData(encodeLatin1("x"), false);
    expect(s.resets).toEqual([]);
  });

  test("an upgrade's reply carries no framing, and the connection is given away with what came behind", () => {
    const s = new ServerStream();
    s.receive("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nearly");
    s.writer.sendHead(replyHead(101, Fields.of("Upgrade", "websocket"), 0), false);
    expect(s.sent()).toBe("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
    expect(Buffer.from(s.codec.detach()).toString()).toBe("early");
    expect(s.codec.wantsClose).toBe(false);
    expect(s.codec.hasInput).toBe(false);
    expect(s.codec.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test("the bytes behind an upgrade that is refused are the next request", () => {
    const s = new ServerStream();
    s.receive(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nGET /two HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    s.writer.sendHead(replyHead(200, Fields.of("Content-Length", "0"), 0), true);
    expect(s.codec.hasInput).toBe(true);
    s.codec.receive(NO_BYTES);
    expect(s.heads.map((h) => h.path)).toEqual(["/", "/two"]);
  });

  test("CONNECT's 200 carries no framing (RFC 9110 9.3.6)", () => {
    const s = new ServerStream();
    s.receive("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\nraw");
    expect(s.heads[0]).toMatchObject({ method: "CONNECT", path: "a:443", authority: "a:443" });
    s.writer.sendHead(replyHead(200, Fields.empty(), 0), false);
    expect(s.sent()).toBe("HTTP/1.1 200 OK\r\n\r\n");
    expect(Buffer.from(s.codec.detach()).toString()).toBe("raw");
  });

  test("a CONNECT that is refused ends the connection: what follows it may be meant for the tunnel (RFC 9931)", () => {
    const s = new ServerStream();
    s.receive("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\nGET /meant-for-a HTTP/1.1\r\nHost: a\r\n\r\n");
    s.writer.sendHead(replyHead(405, Fields.of(...TWO), 2), false);
    s.writer.sendData(encodeLatin1("no"), true);
    expect(s.sent()).toBe("HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    expect(s.codec.wantsClose).toBe(true);
    expect(s.codec.hasInput).toBe(false);
    s.receive("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(s.heads.map((h) => h.method)).toEqual(["CONNECT"]);
  });

  test("Host of a CONNECT may lack the port (RFC 9112 3.2.3)", () => {
    const s = new ServerStream();
    expect(s.receive("CONNECT A.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n")).toBeNull();
    expect(s.heads[0]?.authority).toBe("A.example:443");
  });
});
