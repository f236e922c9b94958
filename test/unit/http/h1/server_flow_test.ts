import { describe, expect, test } from "bun:test";
import { encodeLatin1, NO_BYTES } from "../../../../src/base/bytes.ts";
import { upstreamFault } from "../../../../src/base/error.ts";
import { Fields } from "../../../../src/http/fields.ts";
import { PIECE_BYTES, READ_WINDOW } from "../../../../src/http/h1/limits.ts";
import { replyHead, ServerStream } from "./server_stream.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const INFINITY = Number.POSITIVE_INFINITY;
const TIMES = { headMs: 10, idleMs: 60, bodyMs: 30 };

function post(length: number): string {
  return `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;
}

function reply(s: ServerStream): void {
  s.writer.sendHead(replyHead(200, Fields.of("Content-Length", "0"), 0), true);
}

describe("time", () => {
  test("a connection that says nothing has a head's time, and gets no reply", () => {
    const s = new ServerStream(TIMES);
    expect(s.codec.deadline).toBe(10);
    expect(s.at(9)).toBeNull();
    expect(s.codec.wantsClose).toBe(false);
    expect(s.at(10)?.facts).toMatchObject({ code: "headTimeout", status: 0 });
    expect(s.codec.wantsClose).toBe(true);
  });

  test("a head's time begins with its first byte and does not begin again", () => {
    const s = new ServerStream(TIMES);
    s.options.clock.now = 5;
    s.receive("GET / HT");
    expect(s.codec.deadline).toBe(15);
    s.options.clock.now = 14;
    s.receive("TP/1.1\r\n");
    expect(s.codec.deadline).toBe(15);
    expect(s.at(15)?.facts).toMatchObject({ code: "headTimeout", status: 408 });
    expect(s.codec.wantsClose).toBe(true);
  });

  test("a kept connection has its idle time, and a new head its own", () => {
    const s = new ServerStream(TIMES);
    s.receive(GET);
    expect(s.codec.deadline).toBe(INFINITY);
    s.options.clock.now = 7;
    reply(s);
    expect(s.codec.deadline).toBe(67);
    s.options.clock.now = 50;
    s.receive("G");
    expect(s.codec.deadline).toBe(60);
    const idle = new ServerStream(TIMES);
    idle.receive(GET);
    reply(idle);
    expect(idle.at(60)?.facts).toMatchObject({ code: "idleTimeout", status: 0 });
    expect(idle.codec.wantsClose).toBe(true);
  });

  test("a body's time begins again with each read", () => {
    const s = new ServerStream(TIMES);
    s.receive(post(10));
    expect(s.codec.deadline).toBe(30);
    s.options.clock.now = 20;
    s.receive("12345");
    s.writer.credit(5);
    expect(s.codec.deadline).toBe(50);
    expect(s.at(50)?.facts).toMatchObject({ code: "bodyTimeout", status: 408 });
    expect(s.resets.map((e) => e.facts.code)).toEqual(["bodyTimeout"]);
  });

  test("a body's time stands while the exchange holds bytes back", () => {
    const s = new ServerStream(TIMES);
    s.receive(post(READ_WINDOW * 2));
    s.codec.receive(new Uint8Array(READ_WINDOW));
    expect(s.codec.deadline).toBe(INFINITY);
    expect(s.at(1000)).toBeNull();
    s.writer.credit(READ_WINDOW);
    expect(s.codec.deadline).toBe(1030);
  });

  test("no time runs while the reply is awaited", () => {
    const s = new ServerStream(TIMES);
    s.receive(post(2));
    s.receive("hi");
    expect(s.codec.deadline).toBe(INFINITY);
    expect(s.at(1e6)).toBeNull();
  });
});

describe("back pressure", () => {
  test("reading stops at the window and goes on when bytes are credited", () => {
    const s = new ServerStream();
    s.receive(post(READ_WINDOW * 2));
    s.codec.receive(new Uint8Array(READ_WINDOW - PIECE_BYTES - 1));
    expect(s.codec.wantsRead).toBe(true);
    s.codec.receive(new Uint8Array(1));
    expect(s.codec.wantsRead).toBe(false);
    s.writer.credit(READ_WINDOW - PIECE_BYTES - 1);
    expect(s.codec.wantsRead).toBe(true);
  });

  test("many small pieces count for more than their bytes", () => {
    const s = new ServerStream();
    s.receive("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    let pieces = 0;
    while (s.codec.wantsRead && pieces < READ_WINDOW) {
      s.receive("1\r\nx\r\n");
      pieces++;
    }
    expect(pieces).toBe(Math.ceil(READ_WINDOW / (PIECE_BYTES + 1)));
    s.writer.credit(pieces);
    expect(s.codec.wantsRead).toBe(true);
  });

  test("what is credited at once never counts", () => {
    const s = new ServerStream();
    s.receive(post(READ_WINDOW * 10));
    for (let i = 0; i < 100; i++) {
      s.codec.receive(new Uint8Array(10_000));
      s.writer.credit(10_000);
    }
    expect(s.codec.wantsRead).toBe(true);
  });

  test("pipelined bytes wait, unread, for the reply", () => {
    const s = new ServerStream();
    s.receive(`${GET}GET /two HTTP/1.1\r\n`);
    expect(s.heads).toHaveLength(1);
    expect(s.codec.wantsRead).toBe(false);
    expect(s.codec.hasInput).toBe(false);
    reply(s);
    expect(s.codec.hasInput).toBe(true);
    expect(s.codec.receive(NO_BYTES)).toBeNull();
    expect(s.codec.wantsRead).toBe(true);
    s.receive("Host: a\r\n\r\n");
    expect(s.heads.map((h) => h.path)).toEqual(["/", "/two"]);
  });

  test("pipelined requests wait while the socket holds output back", () => {
    const s = new ServerStream();
    s.receive(GET);
    s.codec.setFlushed(false);
    reply(s);
    s.receive("GET /two HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(s.heads).toHaveLength(1);
    expect(s.codec.hasInput).toBe(false);
    s.codec.setFlushed(true);
    expect(s.codec.hasInput).toBe(true);
    s.codec.receive(NO_BYTES);
    expect(s.heads).toHaveLength(2);
  });

  test("a reply has no room while the socket holds output back, and is told when there is", () => {
    const s = new ServerStream();
    s.receive(GET);
    s.writer.sendHead(replyHead(200, Fields.empty(), -1), false);
    expect(s.writer.sendData(new Uint8Array(100_000), false)).toBeGreaterThan(0);
    s.codec.setFlushed(false);
    expect(s.writer.sendData(encodeLatin1("x"), false)).toBeLessThanOrEqual(0);
    expect(s.writable).toBe(0);
    s.codec.setFlushed(true);
    expect(s.writable).toBe(1);
    s.codec.setFlushed(true);
    expect(s.writable).toBe(1);
  });

  test("credit that comes late does not widen the next request's window", () => {
    const s = new ServerStream();
    s.receive(post(5));
    s.receive("hello");
    const { writer } = s;
    reply(s);
    writer.credit(READ_WINDOW);
    s.receive(post(READ_WINDOW * 2));
    s.codec.receive(new Uint8Array(READ_WINDOW));
    expect(s.codec.wantsRead).toBe(false);
  });
});

describe("ends", () => {
  test("an idle connection is closed by a drain, one with a request by its reply", () => {
    const idle = new ServerStream();
    idle.codec.drain("last");
    expect(idle.codec.wantsClose).toBe(true);
    const busy = new ServerStream();
    busy.receive(GET);
    busy.codec.drain("last");
    expect(busy.codec.wantsClose).toBe(false);
    reply(busy);
    expect(busy.sent()).toContain("Connection: close");
    expect(busy.codec.wantsClose).toBe(true);
  });

  test("an announced drain lets an idle connection ask once more", () => {
    const s = new ServerStream();
    s.codec.drain("announce");
    expect(s.codec.wantsClose).toBe(false);
    s.receive(GET);
    reply(s);
    expect(s.sent()).toContain("Connection: close");
    expect(s.codec.wantsClose).toBe(true);
  });

  test("a drain while a reply is being sent closes behind it", () => {
    const s = new ServerStream();
    s.receive(GET);
    s.writer.sendHead(replyHead(200, Fields.of("Content-Length", "2"), 2), false);
    expect(s.sent()).not.toContain("Connection");
    s.codec.drain("last");
    s.writer.sendData(encodeLatin1("ok"), true);
    expect(s.codec.wantsClose).toBe(true);
  });

  test("an announced drain while a reply is being sent lets the client ask once more: it was not told of a close", () => {
    const s = new ServerStream();
    s.receive(GET);
    s.writer.sendHead(replyHead(200, Fields.of("Content-Length", "2"), 2), false);
    s.codec.drain("announce");
    s.writer.sendData(encodeLatin1("ok"), true);
    expect(s.codec.wantsClose).toBe(false);
    s.receive(GET);
    reply(s);
    expect(s.sent()).toContain("Connection: close");
    expect(s.codec.wantsClose).toBe(true);
  });

  test("a connection that was another process's waits like a kept one", () => {
    const s = new ServerStream();
    const head = s.codec.deadline;
    s.codec.kept();
    expect(s.codec.deadline).toBeGreaterThan(head);
    expect(s.at(head)).toBeNull();
    expect(s.at(s.codec.deadline)?.facts.code).toBe("idleTimeout");
  });

  test("a head that has begun is still served by a drain", () => {
    const s = new ServerStream();
    s.receive("GET / HTTP/1.1\r\n");
    s.codec.drain("last");
    expect(s.codec.wantsClose).toBe(false);
    s.receive("Host: a\r\n\r\n");
    reply(s);
    expect(s.codec.wantsClose).toBe(true);
  });

  test("the client's FIN lets the request in hand be answered", () => {
    const s = new ServerStream();
    s.receive(GET);
    expect(s.codec.receiveEnd()).toBeNull();
    expect(s.codec.wantsClose).toBe(false);
    reply(s);
    expect(s.sent()).toContain("Connection: close");
    expect(s.codec.wantsClose).toBe(true);
  });

  test("a FIN behind a pipelined body that is not whole ends with its request", () => {
    const s = new ServerStream();
    s.receive(`${GET}${post(10)}half`);
    expect(s.codec.receiveEnd()).toBeNull();
    reply(s);
    expect(s.codec.hasInput).toBe(true);
    expect(s.codec.receive(NO_BYTES)?.facts.code).toBe("clientClosed");
    expect(s.heads).toHaveLength(2);
    expect(s.body).toBe("half");
    expect(s.resets.map((e) => e.facts.code)).toEqual(["clientClosed"]);
  });

  test("requests that wait behind a FIN are all served, those answered at once among them", () => {
    const s = new ServerStream();
    s.receive(`${GET}GET /two HTTP/1.1\r\nHost: a\r\n\r\nGET /three HTTP/1.1\r\nHost: a\r\n\r\n`);
    s.codec.receiveEnd();
    reply(s);
    s.onHeadNow = () => reply(s);
    s.codec.receive(NO_BYTES);
    expect(s.heads.map((h) => h.path)).toEqual(["/", "/two", "/three"]);
    expect(s.sent().match(/HTTP\/1\.1 200/g)).toHaveLength(3);
    expect(s.codec.wantsClose).toBe(true);
  });

  test("a lost connection is told to the request in hand", () => {
    const s = new ServerStream();
    s.receive(post(10));
    const e = upstreamFault("upstreamReset", 502, "never", "gone");
    s.codec.lost(e);
    expect(s.resets).toEqual([e]);
    expect(s.codec.busy).toBe(false);
    expect(s.codec.wantsClose).toBe(true);
  });

  test("a fault in a body whose reply has been begun is told to its reader alone", () => {
    const s = new ServerStream();
    s.receive("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    s.writer.sendHead(replyHead(200, Fields.empty(), -1), false);
    const e = s.receive("zz\r\n");
    expect(e?.facts.status).toBe(400);
    expect(s.resets).toEqual([e!]);
    expect(s.codec.replied).toBe(true);
    s.writer.reset(e!);
    expect(s.codec.failure).toBe(e);
  });

  test("nothing is read behind the end", () => {
    const s = new ServerStream();
    s.receive("NO\r\n\r\n");
    expect(s.codec.wantsClose).toBe(true);
    expect(s.receive(GET)).toBeNull();
    expect(s.heads).toEqual([]);
    expect(s.codec.wantsRead).toBe(true);
  });
});
