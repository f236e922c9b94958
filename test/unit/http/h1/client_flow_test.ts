import { describe, expect, test } from "bun:test";
import { encodeLatin1, NO_BYTES } from "../../../../src/base/bytes.ts";
import { ProxyError, upstreamFault } from "../../../../src/base/error.ts";
import { Slab } from "../../../../src/base/slab.ts";
import type { StreamReader, StreamWriter } from "../../../../src/http/codec.ts";
import { Fields } from "../../../../src/http/fields.ts";
import { H1Client } from "../../../../src/http/h1/client.ts";
import { DEFAULT_H1_LIMITS, READ_WINDOW } from "../../../../src/http/h1/limits.ts";
import type { RequestHead, ResponseHead } from "../../../../src/http/head.ts";
import { ClientDrive, requestHead, sendRequest } from "./drive_client.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

describe("requests", () => {
  test("without a body", () => {
    expect(sendRequest(requestHead("GET", "/a?b", Fields.of("Host", "x")), [])).toBe("GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n");
  });

  test("with a length", () => {
    const head = requestHead("POST", "/", Fields.of("Host", "x", "Content-Length", "4"), { contentLength: 4 });
    expect(sendRequest(head, [encodeLatin1("ab"), encodeLatin1("cd")])).toBe(
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd",
    );
  });

  test("of unknown length", () => {
    const head = requestHead("POST", "/", Fields.of("Host", "x"), { contentLength: -1 });
    expect(sendRequest(head, [encodeLatin1("ab"), NO_BYTES, encodeLatin1("c")])).toBe(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
    );
  });

  test("with trailers", () => {
    const head = requestHead("POST", "/", Fields.of("Host", "x"), { contentLength: -1 });
    expect(sendRequest(head, [], Fields.of("X", "y"))).toBe(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n",
    );
  });

  test("with a length that no field tells: never a body without a framing (RFC 9112 6.3)", () => {
    const head = requestHead("POST", "/", Fields.of("Host", "x"), { contentLength: 2 });
    expect(sendRequest(head, [encodeLatin1("ab")])).toBe(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    );
  });

  test("nothing behind their end", () => {
    const d = new ClientDrive();
    expect(d.sent).toBe("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(d.writer.sendData(encodeLatin1("x"), true)).toBe(0);
    d.writer.sendTrailers(Fields.of("X", "y"));
    expect(d.sent).toBe("");
  });
});

class Reader implements StreamReader<ResponseHead> {
  writable = 0;
  readonly resets: ProxyError[] = [];
  bytes = 0;
  ends = 0;
  onInterim(): void {}
  onHead(_h: ResponseHead, end: boolean): void {
    if (end) this.ends++;
  }
  onData(b: Uint8Array, end: boolean): void {
    this.bytes += b.length;
    if (end) this.ends++;
  }
  onTrailers(): void {}
  onWritable(): void {
    this.writable++;
  }
  onReset(e: ProxyError): void {
    this.resets.push(e);
  }
}

function open(codec: H1Client, r: StreamReader<ResponseHead>): StreamWriter<RequestHead> {
  const w = codec.open(r);
  if (w instanceof ProxyError) throw w;
  return w;
}

function client(maxRequests = Number.POSITIVE_INFINITY): H1Client {
  return new H1Client({ limits: DEFAULT_H1_LIMITS, maxRequests, slab: new Slab() });
}

describe("streams", () => {
  test("one at a time, one after another, up to the limit", () => {
    const codec = client(2);
    const reader = new Reader();
    expect(codec.capacity).toBe(1);
    open(codec, reader).sendHead(requestHead("GET", "/", Fields.empty()), true);
    expect(codec.capacity).toBe(0);
    expect(codec.open(reader)).toBeInstanceOf(ProxyError);
    codec.receive(encodeLatin1(OK));
    expect(codec.idle).toBe(true);
    open(codec, reader).sendHead(requestHead("GET", "/", Fields.empty()), true);
    codec.receive(encodeLatin1(OK));
    expect(reader.ends).toBe(2);
    expect(codec.capacity).toBe(0);
    expect(codec.wantsClose).toBe(true);
    expect(codec.failure).toBeNull();
  });

  test("an upgrade that was not taken keeps the connection, unless the request had a body (CVE-2026-58055)", () => {
    for (const body of [false, true]) {
      const codec = client();
      const reader = new Reader();
      const w = open(codec, reader);
      const fields = Fields.of("Upgrade", "tcp", ...(body ? ["Content-Length", "2"] : []));
      w.sendHead(requestHead("POST", "/", fields, { upgrade: "tcp", contentLength: body ? 2 : 0 }), !body);
      if (body) w.sendData(encodeLatin1("hi"), true);
      codec.receive(encodeLatin1(OK));
      expect(reader.ends).toBe(1);
      expect(codec.idle).toBe(!body);
      expect(codec.wantsClose).toBe(body);
    }
  });

  test("reading stops at the window and goes on when bytes are credited", () => {
    const codec = client();
    const reader = new Reader();
    const w = open(codec, reader);
    w.sendHead(requestHead("GET", "/", Fields.empty()), true);
    codec.receive(encodeLatin1(`HTTP/1.1 200 OK\r\nContent-Length: ${READ_WINDOW * 2}\r\n\r\n`));
    codec.receive(new Uint8Array(READ_WINDOW));
    expect(codec.wantsRead).toBe(false);
    w.credit(READ_WINDOW);
    expect(codec.wantsRead).toBe(true);
    codec.receive(new Uint8Array(READ_WINDOW));
    expect(reader.ends).toBe(1);
    expect(codec.wantsRead).toBe(true);
  });

  test("a hold stops reading at the first byte, and lasts to the next credit or the reply's end", () => {
    const codec = client();
    const reader = new Reader();
    const w = open(codec, reader);
    w.sendHead(requestHead("GET", "/", Fields.empty()), true);
    codec.receive(encodeLatin1("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na"));
    w.hold();
    expect(codec.wantsRead).toBe(false);
    w.credit(1);
    expect(codec.wantsRead).toBe(true);
    w.hold();
    codec.receive(encodeLatin1("bcd"));
    expect(reader.ends).toBe(1);
    expect(codec.wantsRead).toBe(true);
  });

  test("a request has no room while the socket holds output back", () => {
    const codec = client();
    const reader = new Reader();
    const w = open(codec, reader);
    w.sendHead(requestHead("POST", "/", Fields.empty(), { contentLength: -1 }), false);
    expect(w.sendData(encodeLatin1("x"), false)).toBeGreaterThan(0);
    codec.setFlushed(false);
    expect(w.sendData(encodeLatin1("x"), false)).toBeLessThanOrEqual(0);
    codec.setFlushed(true);
    expect(reader.writable).toBe(1);
    w.sendData(NO_BYTES, true);
    codec.setFlushed(false);
    codec.setFlushed(true);
    expect(reader.writable).toBe(1);
  });

  test("untouched until the first byte of a reply", () => {
    const codec = client();
    open(codec, new Reader()).sendHead(requestHead("GET", "/", Fields.empty()), true);
    expect(codec.untouched).toBe(true);
    codec.receive(encodeLatin1("H"));
    expect(codec.untouched).toBe(false);
  });

  test("bytes while idle close it", () => {
    const codec = client();
    expect(codec.receive(encodeLatin1(OK))?.facts.code).toBe("upstreamProtocol");
    expect(codec.wantsClose).toBe(true);
    expect(codec.capacity).toBe(0);
  });

  test("a FIN while idle closes it", () => {
    const codec = client();
    expect(codec.receiveEnd()).toBeNull();
    expect(codec.wantsClose).toBe(true);
  });

  test("its idle time ends an idle one only", () => {
    const codec = client();
    open(codec, new Reader()).sendHead(requestHead("GET", "/", Fields.empty()), true);
    codec.tick();
    expect(codec.wantsClose).toBe(false);
    codec.receive(encodeLatin1(OK));
    codec.tick();
    expect(codec.wantsClose).toBe(true);
  });

  test("a drain ends an idle one now, one with a stream behind it", () => {
    const idle = client();
    idle.drain("last");
    expect(idle.wantsClose).toBe(true);
    const busy = client();
    open(busy, new Reader()).sendHead(requestHead("GET", "/", Fields.empty()), true);
    busy.drain("last");
    expect(busy.wantsClose).toBe(false);
    busy.receive(encodeLatin1(OK));
    expect(busy.wantsClose).toBe(true);
  });

  test("a lost connection is told to the stream, once", () => {
    const codec = client();
    const reader = new Reader();
    open(codec, reader).sendHead(requestHead("GET", "/", Fields.empty()), true);
    const e = upstreamFault("upstreamReset", 502, "ifReused", "gone");
    codec.lost(e);
    codec.lost(e);
    expect(reader.resets).toEqual([e]);
    expect(codec.wantsClose).toBe(true);
  });

  test("a stream that was given up hears no more, and its connection ends as a failure", () => {
    const codec = client();
    const reader = new Reader();
    const w = open(codec, reader);
    w.sendHead(requestHead("GET", "/", Fields.empty()), true);
    codec.receive(encodeLatin1("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"));
    const e = upstreamFault("upstreamReset", 502, "never", "given up");
    w.reset(e);
    codec.receive(encodeLatin1("world"));
    expect(reader.bytes).toBe(5);
    expect(reader.ends).toBe(0);
    expect(reader.resets).toEqual([]);
    expect(codec.failure).toBe(e);
  });
});
