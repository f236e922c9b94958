import { describe, expect, test } from "bun:test";
import { localFault, upstreamFault } from "../../../../src/base/error.ts";
import { Fields } from "../../../../src/http/fields.ts";
import { responseHead, ServerDrive, type ServerSide } from "./server_drive.ts";
import * as w from "./wire.ts";

const GET = w.headers(1, w.get());
const OPEN = w.headers(1, w.post(), w.END_HEADERS);

/** A drive whose one request is in hand and unanswered. */
function held(request: Uint8Array = GET): { readonly d: ServerDrive; readonly s: ServerSide } {
  const d = new ServerDrive();
  d.onEnd = null;
  d.feed(request);
  return { d, s: d.last };
}

describe("frames of a reply", () => {
  test("a reply without a body is one frame", () => {
    const { d, s } = held();
    s.w.sendHead(responseHead(200), true);
    expect(d.after()).toEqual(["HEADERS 1 end 200"]);
  });

  test("END_STREAM stands on the last DATA", () => {
    const { d, s } = held();
    s.w.sendHead(responseHead(200, Fields.of("Server", "x")), false);
    s.w.sendData(w.latin1("he"), false);
    s.w.sendData(w.latin1("llo"), true);
    expect(d.after()).toEqual(["HEADERS 1 200 [server: x]", 'DATA 1 "he"', 'DATA 1 "llo" end']);
  });

  test("an end that is told apart is put on the frame before it, while it is here", () => {
    const { d, s } = held();
    s.w.sendHead(responseHead(200), false);
    s.w.sendData(w.latin1("hello"), false);
    s.w.sendData(new Uint8Array(0), true);
    expect(d.after()).toEqual(["HEADERS 1 200", 'DATA 1 "hello" end']);
  });

  test("on the head, too", () => {
    const { d, s } = held();
    s.w.sendHead(responseHead(200), false);
    s.w.sendData(new Uint8Array(0), true);
    expect(d.after()).toEqual(["HEADERS 1 end 200"]);
  });

  test("and not on what has left, nor on another stream's", () => {
    const { d, s } = held();
    d.feed(w.headers(3, w.get()));
    const t = d.last;
    s.w.sendHead(responseHead(200), false);
    t.w.sendHead(responseHead(201), false);
    s.w.sendData(new Uint8Array(0), true);
    expect(d.after()).toEqual(["HEADERS 1 200", "HEADERS 3 201", 'DATA 1 "" end']);
    t.w.sendData(new Uint8Array(0), true);
    expect(d.after()).toEqual(['DATA 3 "" end']);
  });

  test("an empty chunk says nothing", () => {
    const { d, s } = held();
    s.w.sendHead(responseHead(200), false);
    expect(s.w.sendData(new Uint8Array(0), false)).toBeGreaterThan(0);
    expect(d.after()).toEqual(["HEADERS 1 200"]);
  });

  test("trailers end the stream; a frame stands before them only for data", () => {
    const { d, s } = held();
    s.w.sendHead(responseHead(200), false);
    s.w.sendData(w.latin1("x"), false);
    s.w.sendTrailers(Fields.of("Grpc-Status", "0"));
    expect(d.after()).toEqual(["HEADERS 1 200", 'DATA 1 "x"', "HEADERS 1 end [grpc-status: 0]"]);
  });

  test("trailers without fields are an end (RFC 9113 8.1)", () => {
    const { d, s } = held();
    s.w.sendHead(responseHead(200), false);
    s.w.sendData(w.latin1("x"), false);
    s.w.sendTrailers(Fields.empty());
    expect(d.after()).toEqual(["HEADERS 1 200", 'DATA 1 "x" end']);
  });

  test("interim heads come before the final one, and none behind it", () => {
    const { d, s } = held();
    s.w.sendInterim(responseHead(103, Fields.of("Link", "</a>")));
    s.w.sendInterim(responseHead(100));
    s.w.sendInterim(responseHead(101));
    s.w.sendHead(responseHead(200), true);
    s.w.sendInterim(responseHead(103));
    expect(d.after()).toEqual(["HEADERS 1 103 [link: </a>]", "HEADERS 1 100", "HEADERS 1 end 200"]);
  });

  test("a large head goes in CONTINUATION frames (RFC 9113 6.10)", () => {
    const { d, s } = held();
    const value = "~".repeat(20_000);
    s.w.sendHead(responseHead(200, Fields.of("X-A", value, "X-B", value)), true);
    const lines = d.after();
    expect(lines.map((l) => l.slice(0, 16))).toEqual(["HEADERS 1 … end", "CONTINUATION 1 …", "CONTINUATION 1 2"]);
    expect(lines[2]).toContain(`x-a: ${value} | x-b: ${value}`);
    d.feed(w.headers(3, w.get()));
    d.last.w.sendHead(responseHead(200, Fields.of("X-A", "1")), true);
    expect(d.after()).toEqual(["HEADERS 3 end 200 [x-a: 1]"]);
  });

  test("fields of a connection are not sent, and the head stays as it was (RFC 9113 8.2.2)", () => {
    const { d, s } = held();
    const f = Fields.of("Connection", "close", "X", "y", "Transfer-Encoding", "chunked", "Keep-Alive", "1", "Upgrade", "x");
    s.w.sendHead(responseHead(200, f), true);
    expect(d.after()).toEqual(["HEADERS 1 end 200 [x: y]"]);
    expect(f.get("connection")).toBe("close");
    expect(f.count()).toBe(5);
  });

  test("big pieces are sent as they are, without a copy", () => {
    const { d, s } = held();
    d.feed(w.windowUpdate(0, 1_000_000), w.windowUpdate(1, 1_000_000));
    const big = new Uint8Array(40_000);
    s.w.sendHead(responseHead(200), false);
    s.w.sendData(big, true);
    const parts: Uint8Array[] = [];
    d.codec.takeOutput(parts);
    expect(parts.filter((p) => p.buffer === big.buffer).map((p) => p.length)).toEqual([16_384, 16_384, 40_000 - 32_768]);
    d.log.read(w.join(...parts));
    expect(d.log.lines.slice(-3)).toEqual(["DATA 1 16384 bytes", "DATA 1 16384 bytes", "DATA 1 7232 bytes end"]);
  });
});

describe("replies without a body", () => {
  for (const [name, request, status] of [
    [
      "HEAD",
      w.headers(1, [
        [":method", "HEAD"],
        [":scheme", "http"],
        [":authority", "a"],
        [":path", "/"],
      ]),
      200,
    ],
    ["204", GET, 204],
    ["304", GET, 304],
  ] as const) {
    test(`${name}: what comes of one is dropped (RFC 9110 6.4.1)`, () => {
      const { d, s } = held(request);
      s.w.sendHead(responseHead(status, Fields.of("Content-Length", "5")), false);
      expect(s.w.sendData(w.latin1("hello"), false)).toBeGreaterThan(0);
      expect(d.codec.busy).toBe(true);
      s.w.sendData(new Uint8Array(0), true);
      expect(d.after()).toEqual([`HEADERS 1 end ${status} [content-length: 5]`]);
      expect(d.codec.busy).toBe(false);
    });
  }

  test("trailers of one are dropped", () => {
    const { d, s } = held();
    s.w.sendHead(responseHead(204), false);
    s.w.sendTrailers(Fields.of("X", "y"));
    expect(d.after()).toEqual(["HEADERS 1 end 204"]);
    expect(d.codec.busy).toBe(false);
  });
});

describe("ends", () => {
  test("a reply that is whole before its request lets the client stop (RFC 9113 8.1)", () => {
    const { d, s } = held(OPEN);
    s.w.stopReading();
    s.reply(413, "no");
    expect(d.after()).toEqual(["HEADERS 1 413", 'DATA 1 "no" end', "RST 1 NO_ERROR"]);
    expect(d.codec.busy).toBe(false);
    // What was on its way is dropped without a word.
    expect(d.feed(w.data(1, "more"), w.data(1, "", w.END_STREAM))).toEqual([]);
    expect(s.body).toBe("");
    expect(d.feed(w.headers(3, w.get()))).toEqual([]);
    expect(d.streams).toHaveLength(2);
  });

  test("with trailers, too", () => {
    const { d, s } = held(OPEN);
    s.w.sendHead(responseHead(200), false);
    s.w.sendTrailers(Fields.of("X", "y"));
    expect(d.after()).toEqual(["HEADERS 1 200", "HEADERS 1 end [x: y]", "RST 1 NO_ERROR"]);
  });

  test("the stream is not reset before its last data has left", () => {
    const { d, s } = held(OPEN);
    d.feed(w.settings([4, 3]));
    s.w.sendHead(responseHead(200), false);
    s.w.sendData(w.latin1("hello"), true);
    expect(d.after()).toEqual(["HEADERS 1 200", 'DATA 1 "hel"']);
    // The exchange has let go: what comes of the request is for nobody.
    d.feed(w.data(1, "more"));
    expect(s.body).toBe("");
    expect(d.feed(w.windowUpdate(1, 9))).toEqual(['DATA 1 "lo" end', "RST 1 NO_ERROR"]);
    expect(d.codec.busy).toBe(false);
  });

  test("what stopReading drops is not given to the reader, and the end neither", () => {
    const { d, s } = held(OPEN);
    s.w.stopReading();
    d.feed(w.data(1, "x"), w.data(1, "y", w.END_STREAM));
    expect(s.pieces).toEqual([]);
    expect(s.ended).toBe(false);
    s.reply(413);
    expect(d.after()).toEqual(["HEADERS 1 end 413"]);
    expect(d.codec.busy).toBe(false);
  });

  for (const [name, e, code] of [
    ["an upstream's fault", upstreamFault("upstreamReset", 502, "never", "x"), "INTERNAL_ERROR"],
    ["a fault of ours", localFault("streamIdleTimeout", 504, "x"), "INTERNAL_ERROR"],
  ] as const) {
    test(`a reply is cut short by RST_STREAM: ${name}`, () => {
      const { d, s } = held();
      s.w.sendHead(responseHead(200), false);
      s.w.sendData(w.latin1("x"), false);
      s.w.reset(e);
      expect(d.after()).toEqual(["HEADERS 1 200", 'DATA 1 "x"', `RST 1 ${code}`]);
      expect(d.codec.busy).toBe(false);
      expect(d.codec.failure).toBeNull();
    });
  }

  test("a stream that its client has reset counts until its exchange lets go", () => {
    const d = new ServerDrive({ limits: { streams: 1 } });
    d.onEnd = null;
    d.onReset = () => {};
    d.feed(OPEN, w.reset(1, 8));
    const [s] = d.streams;
    expect(s!.error?.facts.code).toBe("clientReset");
    expect(d.codec.busy).toBe(true);
    expect(d.feed(w.headers(3, w.get()))).toEqual(["RST 3 REFUSED_STREAM"]);
    // Whatever it says now is for nobody.
    s!.w.sendHead(responseHead(200), false);
    s!.w.sendData(w.latin1("x"), true);
    expect(d.after()).toEqual([]);
    expect(d.codec.busy).toBe(false);
    d.feed(w.headers(5, w.get()));
    expect(d.streams).toHaveLength(2);
  });

  test("a client that closes its side alone still gets its replies, and then the connection ends", () => {
    const d = new ServerDrive();
    d.onEnd = null;
    d.feed(GET, w.headers(3, w.post(), w.END_HEADERS));
    const [s, t] = d.streams;
    expect(d.end()).toEqual(["GOAWAY 3 NO_ERROR"]);
    expect(t!.error?.facts.code).toBe("clientClosed");
    expect(d.codec.wantsClose).toBe(false);
    s!.reply(200, "ok");
    expect(d.after()).toEqual(["HEADERS 1 200", 'DATA 1 "ok" end']);
    expect(d.codec.wantsClose).toBe(true);
  });

  test("one that has closed its side is written to now and then, as it may be gone, and has nothing to answer", () => {
    const d = new ServerDrive({ keepaliveMs: 20, keepaliveTimeoutMs: 5, headMs: 50 }, false);
    d.onEnd = null;
    d.feed(w.PREFACE, w.settings(), GET);
    d.at(20);
    expect(d.log.lines.at(-1)).toBe("PING");
    expect(d.end()).toEqual(["GOAWAY 1 NO_ERROR"]);
    expect(d.at(1019)).toEqual([]);
    expect(d.at(1020)).toEqual(["GOAWAY 1 NO_ERROR"]);
    expect(d.at(2020)).toEqual(["GOAWAY 1 NO_ERROR"]);
    d.last.reply(200, "ok");
    expect(d.after()).toEqual(["HEADERS 1 200", 'DATA 1 "ok" end']);
    expect(d.closed).toBe(true);
    expect(d.faults).toEqual([]);
    // Without a stream there is nothing to say.
    const idle = new ServerDrive();
    expect(idle.end()).toEqual([]);
    expect(idle.closed).toBe(true);
  });

  test("a lost connection is told to all", () => {
    const d = new ServerDrive();
    d.onEnd = null;
    d.feed(GET, w.headers(3, w.post(), w.END_HEADERS));
    d.codec.lost(localFault("clientReset", 0, "gone"));
    expect(d.streams.map((s) => s.error?.facts.code)).toEqual(["clientReset", "clientReset"]);
    expect(d.codec.busy).toBe(false);
    expect(d.codec.wantsClose).toBe(true);
    expect(d.codec.deadline).toBe(Number.POSITIVE_INFINITY);
    expect(d.feed(w.headers(5, w.get()))).toEqual([]);
  });
});

describe("tunnels", () => {
  const WEBSOCKET = w.headers(
    1,
    [
      [":method", "CONNECT"],
      [":protocol", "websocket"],
      [":scheme", "http"],
      [":authority", "a"],
      [":path", "/"],
    ],
    w.END_HEADERS,
  );
  const CONNECT = w.headers(
    1,
    [
      [":method", "CONNECT"],
      [":authority", "b:443"],
    ],
    w.END_HEADERS,
  );

  for (const [name, request, status, told] of [
    ["an extended CONNECT, by 101 (RFC 8441 5)", WEBSOCKET, 101, "CANCEL"],
    ["a CONNECT (RFC 9113 8.5)", CONNECT, 200, "CONNECT_ERROR"],
  ] as const) {
    test(`${name}: both directions stay open, and each ends for itself`, () => {
      const { d, s } = held(request);
      s.w.sendHead(responseHead(status, Fields.of("Connection", "upgrade", "Upgrade", "websocket", "X", "y")), false);
      expect(d.after()).toEqual(["HEADERS 1 200 [x: y]"]);
      d.feed(w.data(1, "ping"));
      expect(s.body).toBe("ping");
      s.w.sendData(w.latin1("pong"), true);
      expect(d.after()).toEqual(['DATA 1 "pong" end']);
      expect(d.codec.busy).toBe(true);
      d.feed(w.data(1, "more"), w.data(1, "", w.END_STREAM));
      expect(s.body).toBe("pingmore");
      expect(s.ended).toBe(true);
      expect(d.codec.busy).toBe(false);
    });

    test(`${name}: the client's end first`, () => {
      const { d, s } = held(request);
      s.w.sendHead(responseHead(status), false);
      d.feed(w.data(1, "bye", w.END_STREAM));
      expect(s.ended).toBe(true);
      d.after();
      s.w.sendData(w.latin1("pong"), false);
      s.w.sendData(w.latin1("!"), true);
      expect(d.after()).toEqual(['DATA 1 "pong"', 'DATA 1 "!" end']);
      expect(d.codec.busy).toBe(false);
    });

    test(`${name}: a reset of either side`, () => {
      const { d, s } = held(request);
      s.w.sendHead(responseHead(status), false);
      s.w.reset(upstreamFault("upstreamReset", 502, "never", "x"));
      expect(d.after()).toEqual(["HEADERS 1 200", `RST 1 ${told}`]);
      expect(d.codec.busy).toBe(false);
      const other = held(request);
      other.s.w.sendHead(responseHead(status), false);
      other.d.feed(w.reset(1, 8));
      expect(other.s.error?.facts.code).toBe("clientReset");
      expect(other.d.codec.busy).toBe(false);
    });

    test(`${name}: refused`, () => {
      const { d, s } = held(request);
      s.reply(403, "no");
      expect(d.after()).toEqual(["HEADERS 1 403", 'DATA 1 "no" end', "RST 1 NO_ERROR"]);
    });
  }

  test("a 2xx that is no switch does not pass for one (RFC 8441 5)", () => {
    const { d, s } = held(WEBSOCKET);
    s.reply(200, "hello");
    expect(d.after()).toEqual(["HEADERS 1 502", 'DATA 1 "hello" end', "RST 1 NO_ERROR"]);
  });
});
