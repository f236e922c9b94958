import { describe, expect, test } from "bun:test";
import { localFault, ProxyError } from "../../../../src/base/error.ts";
import { Fields } from "../../../../src/http/fields.ts";
import { CONNECTION_WINDOW, STREAM_WINDOW } from "../../../../src/http/h2/limits.ts";
import { ClientDrive, ClientSide, requestHead, WELCOME } from "./client_drive.ts";
import * as w from "./wire.ts";

const NEVER = Number.POSITIVE_INFINITY;

function reply(id: number, flags: number = w.WHOLE): Uint8Array {
  return w.headers(id, [[":status", "200"]], flags);
}

describe("requests", () => {
  test("preface and SETTINGS come first, and requests do not wait for the server's (RFC 9113 3.4)", () => {
    const d = new ClientDrive({}, false);
    d.get("/x?y=z");
    expect(d.after()).toEqual(["SETTINGS 3", `WINDOW 0 +${CONNECTION_WINDOW - 65_535}`, "HEADERS 1 end GET http a /x?y=z"]);
    expect(d.feed(w.settings(), reply(1))).toEqual(["SETTINGS ack"]);
    expect(d.said).toEqual(["#1 200", "#1 end"]);
  });

  test("Host becomes :authority, and fields of a connection are not sent (RFC 9113 8.3.1, 8.2.2)", () => {
    const d = new ClientDrive({ scheme: "https" });
    const f = Fields.of("Host", "b:8443", "Accept", "*/*", "Connection", "x", "Upgrade", "y", "TE", "trailers");
    d.open().w.sendHead(requestHead("GET", "/", f), true);
    expect(d.after()).toEqual(["HEADERS 1 end GET https b:8443 / [accept: */* | te: trailers]"]);
    // Another attempt sends them again, over whatever protocol.
    expect(f.get("host")).toBe("b:8443");
    expect(f.count()).toBe(5);
  });

  test("a received Host is hidden and comes back, too", () => {
    const d = new ClientDrive();
    const raw = w.latin1("host: c\r\nx-a: 1\r\n");
    const f = new Fields(raw, [0, 4, 6, 7, 1, 9, 12, 14, 15, 0], 1 << 1);
    d.open().w.sendHead(requestHead("GET", "/", f), true);
    expect(d.after()).toEqual(["HEADERS 1 end GET http c / [x-a: 1]"]);
    expect(f.get("host")).toBe("c");
  });

  test("without Host the head's authority counts", () => {
    const d = new ClientDrive();
    d.open().w.sendHead(requestHead("OPTIONS", "*", Fields.empty(), { authority: "z" }), true);
    expect(d.after()).toEqual(["HEADERS 1 end OPTIONS http z *"]);
  });

  test("bodies and trailers", () => {
    const d = new ClientDrive();
    const s = d.post();
    s.w.sendData(w.latin1("hello"), false);
    s.w.sendTrailers(Fields.of("X-Sum", "1"));
    expect(d.after()).toEqual(["HEADERS 1 POST http a /", 'DATA 1 "hello"', "HEADERS 1 end [x-sum: 1]"]);
    d.feed(reply(1));
    expect(d.codec.idle).toBe(true);
  });

  test("a body that ends with its last piece, or with nothing", () => {
    const d = new ClientDrive();
    d.post().w.sendData(w.latin1("x"), true);
    expect(d.after()).toEqual(["HEADERS 1 POST http a /", 'DATA 1 "x" end']);
    const s = d.post();
    d.after();
    s.w.sendData(new Uint8Array(0), true);
    expect(d.after()).toEqual(['DATA 3 "" end']);
  });

  test("data waits for the server's window, and its reader is told of room", () => {
    const d = new ClientDrive();
    d.feed(w.settings([4, 4]));
    const s = d.post();
    expect(s.w.sendData(w.latin1("hello"), false)).toBeLessThanOrEqual(0);
    expect(d.after()).toEqual(["HEADERS 1 POST http a /", 'DATA 1 "hell"']);
    expect(d.feed(w.windowUpdate(1, 3))).toEqual(['DATA 1 "o"']);
    expect(s.writable).toBe(1);
    d.codec.setFlushed(false);
    expect(s.w.sendData(w.latin1("x"), false)).toBeLessThanOrEqual(0);
    d.codec.setFlushed(true);
    expect(s.writable).toBe(2);
    expect(d.after()).toEqual(['DATA 1 "x"']);
  });

  test("replies may come in any order", () => {
    const d = new ClientDrive();
    d.get("/1");
    d.get("/2");
    d.get("/3");
    d.feed(reply(5), reply(1, w.END_HEADERS), reply(3), w.data(1, "x", w.END_STREAM));
    expect(d.said).toEqual(["#3 200", "#3 end", "#1 200 len=?", "#2 200", "#2 end", '#1 end "x"']);
    expect(d.codec.idle).toBe(true);
  });

  test("a slow reader's bytes are given back when it credits them", () => {
    const d = new ClientDrive();
    const s = d.get();
    s.eager = false;
    d.feed(reply(1, w.END_HEADERS));
    for (let i = 0; i < STREAM_WINDOW / 16_384; i++) expect(d.feed(w.data(1, new Uint8Array(16_384)))).toEqual([]);
    s.credit(STREAM_WINDOW / 2);
    expect(d.after()).toEqual([`WINDOW 1 +${STREAM_WINDOW / 2}`]);
  });

  test("an exchange that gives up resets its stream; what was on its way is dropped", () => {
    const d = new ClientDrive();
    const s = d.get();
    d.get("/2");
    d.after();
    s.w.reset(localFault("clientReset", 0, "gone"));
    expect(d.after()).toEqual(["RST 1 CANCEL"]);
    expect(d.feed(reply(1, w.END_HEADERS), w.data(1, "x"), w.headers(1, [["x", "y"]]), reply(3))).toEqual([]);
    expect(d.said).toEqual(["#2 200", "#2 end"]);
    expect(d.codec.idle).toBe(true);
  });

  test("a stream that is given up before its head leaves no trace", () => {
    const d = new ClientDrive({ maxStreams: 1 });
    const s = d.open();
    expect(d.codec.capacity).toBe(0);
    s.w.reset(localFault("clientReset", 0, "gone"));
    s.w.reset(localFault("clientReset", 0, "gone"));
    s.w.sendHead(requestHead("GET", "/"), true);
    expect(d.after()).toEqual([]);
    expect(d.codec.capacity).toBe(1);
  });
});

describe("tunnels", () => {
  test("an upgrade becomes an extended CONNECT where the server takes it, and its 200 a 101 (RFC 8441)", () => {
    const d = new ClientDrive();
    d.feed(w.settings([8, 1]));
    const s = d.open();
    s.w.sendHead(
      requestHead("GET", "/chat", Fields.of("Host", "a", "Upgrade", "websocket", "X", "y"), { upgrade: "websocket" }),
      true,
    );
    expect(d.after()).toEqual(["HEADERS 1 CONNECT websocket http a /chat [x: y]"]);
    d.feed(reply(1, w.END_HEADERS));
    expect(s.head).toMatchObject({ status: 101, upgrade: "websocket" });
    s.w.sendData(w.latin1("ping"), false);
    expect(d.after()).toEqual(['DATA 1 "ping"']);
    d.feed(w.data(1, "pong", w.END_STREAM));
    expect(s.body).toBe("pong");
    expect(d.codec.idle).toBe(false);
    s.w.sendData(w.latin1("bye"), true);
    expect(d.after()).toEqual(['DATA 1 "bye" end']);
    expect(d.codec.idle).toBe(true);
  });

  test("a refusal of it is a reply like others", () => {
    const d = new ClientDrive();
    d.feed(w.settings([8, 1]));
    const s = d.open();
    s.w.sendHead(requestHead("GET", "/", Fields.of("Host", "a"), { upgrade: "websocket" }), true);
    d.after();
    expect(d.feed(w.headers(1, [[":status", "403"]], w.END_HEADERS), w.data(1, "no", w.END_STREAM))).toEqual(["RST 1 NO_ERROR"]);
    expect(d.said).toEqual(["#1 403 len=?", '#1 end "no"']);
  });

  test("where the server has not said so, it is a request that asks for nothing", () => {
    const d = new ClientDrive();
    d.open().w.sendHead(requestHead("GET", "/", Fields.of("Host", "a"), { upgrade: "websocket" }), true);
    expect(d.after()).toEqual(["HEADERS 1 end GET http a /"]);
  });

  test("CONNECT", () => {
    const d = new ClientDrive();
    const s = d.open();
    s.w.sendHead(requestHead("CONNECT", "b:443", Fields.of("Host", "b:443"), { authority: "b:443" }), true);
    expect(d.after()).toEqual(["HEADERS 1 CONNECT b:443"]);
    d.feed(reply(1, w.END_HEADERS));
    s.w.sendData(w.latin1("x"), true);
    expect(d.after()).toEqual(['DATA 1 "x" end']);
    d.feed(w.data(1, "y", w.END_STREAM));
    expect(s.body).toBe("y");
    expect(d.codec.idle).toBe(true);
  });
});

describe("how many streams", () => {
  test("what the server says counts, and less of it too", () => {
    const d = new ClientDrive({ maxStreams: 200 }, false);
    expect(d.codec.capacity).toBe(100);
    d.feed(WELCOME);
    expect(d.codec.capacity).toBe(200);
    d.feed(w.settings([3, 2]));
    d.get();
    expect(d.codec.capacity).toBe(1);
    d.open();
    expect(d.codec.capacity).toBe(0);
    expect(d.codec.open(new ClientSide())).toBeInstanceOf(ProxyError);
    d.feed(w.settings([3, 1]));
    expect(d.codec.capacity).toBe(0);
    d.feed(reply(1));
    expect(d.codec.capacity).toBe(0);
    d.feed(w.settings([3, 2]));
    expect(d.codec.capacity).toBe(1);
    d.feed(w.settings([3, 0]));
    expect(d.codec.capacity).toBe(0);
  });

  test("so many requests on one connection", () => {
    const d = new ClientDrive({ maxRequests: 2 });
    d.get();
    d.feed(reply(1));
    expect(d.codec.capacity).toBe(1);
    d.get();
    d.feed(reply(3));
    expect(d.codec.capacity).toBe(0);
  });
});

describe("ends", () => {
  function three(): ClientDrive {
    const d = new ClientDrive();
    for (let i = 0; i < 3; i++) d.get(`/${i}`);
    d.feed(reply(1, w.END_HEADERS));
    d.said.length = 0;
    return d;
  }

  test("GOAWAY: what was not worked on may be sent again, the rest goes on, and nothing new (RFC 9113 6.8)", () => {
    const d = three();
    d.feed(w.goAway(3, 0));
    expect(d.said).toEqual(["#3 reset upstreamClosed 502 always"]);
    expect(d.codec.capacity).toBe(0);
    expect(d.codec.wantsClose).toBe(false);
    d.feed(reply(3), w.data(1, "x", w.END_STREAM));
    expect(d.codec.wantsClose).toBe(true);
  });

  test("GOAWAY in two steps", () => {
    const d = three();
    d.feed(w.goAway(0x7fffffff, 0));
    expect(d.said).toEqual([]);
    expect(d.codec.capacity).toBe(0);
    d.feed(w.goAway(3, 0));
    expect(d.said).toEqual(["#3 reset upstreamClosed 502 always"]);
  });

  test("a stream opened before GOAWAY and not sent yet may be sent elsewhere", () => {
    const d = new ClientDrive();
    const s = d.open();
    d.feed(w.goAway(0, 0));
    s.w.sendHead(requestHead("GET", "/"), true);
    expect(d.said).toEqual(["#1 reset upstreamClosed 502 always"]);
    expect(d.after()).toEqual([]);
    expect(d.codec.wantsClose).toBe(true);
  });

  test("a FIN: what has no reply yet may be tried again on another pooled connection", () => {
    const d = three();
    d.end();
    expect(d.said).toEqual([
      "#1 reset upstreamClosed 502",
      "#2 reset upstreamClosed 502 ifReused",
      "#3 reset upstreamClosed 502 ifReused",
      "fault upstreamClosed 502",
    ]);
    expect(d.codec.wantsClose).toBe(true);
  });

  test("a FIN while idle says nothing", () => {
    const d = new ClientDrive();
    d.end();
    expect(d.said).toEqual([]);
    expect(d.codec.wantsClose).toBe(true);
    expect(d.codec.capacity).toBe(0);
  });

  test("a lost connection: the owner's error, with what each stream may do", () => {
    const d = three();
    const facts = { code: "upstreamReset", side: "upstream", scope: "connection", retry: "ifReused", status: 502 } as const;
    d.codec.lost(new ProxyError("gone", facts));
    expect(d.said).toEqual([
      "#1 reset upstreamReset 502",
      "#2 reset upstreamReset 502 ifReused",
      "#3 reset upstreamReset 502 ifReused",
    ]);
    expect(d.streams[0]!.error?.message).toBe("gone");
  });

  test("a drain takes no new streams and closes behind the last", () => {
    const d = new ClientDrive();
    const s = d.get();
    d.after();
    d.codec.drain("announce");
    d.codec.drain("last");
    expect(d.after()).toEqual(["GOAWAY 0 NO_ERROR"]);
    expect(d.codec.capacity).toBe(0);
    expect(d.codec.wantsClose).toBe(false);
    d.feed(reply(1));
    expect(s.ended).toBe(true);
    expect(d.codec.wantsClose).toBe(true);
  });

  test("SETTINGS that do not come, and an answer to ours that does not", () => {
    const d = new ClientDrive({ headMs: 10 }, false);
    d.get();
    expect(d.codec.deadline).toBe(10);
    d.at(10);
    expect(d.said).toEqual(["#1 reset upstreamProtocol 502 ifReused", "fault upstreamProtocol 502"]);
    const e = new ClientDrive({ headMs: 10 }, false);
    e.feed(w.settings());
    e.at(10);
    expect(e.log.lines[e.log.lines.length - 1]).toBe("GOAWAY 0 SETTINGS_TIMEOUT");
  });

  test("an unused connection has its idle time", () => {
    const d = new ClientDrive({ idleMs: 60 });
    expect(d.codec.deadline).toBe(60);
    d.get();
    expect(d.codec.deadline).toBe(NEVER);
    d.options.clock.now = 100;
    d.feed(reply(1));
    expect(d.codec.deadline).toBe(160);
    expect(d.at(160)).toEqual(["GOAWAY 0 NO_ERROR"]);
    expect(d.codec.wantsClose).toBe(true);
    expect(d.faults[0]?.facts).toMatchObject({ code: "idleTimeout", status: 0 });
  });

  test("no answer to PING: what has no reply yet may be tried again", () => {
    const d = new ClientDrive({ keepaliveMs: 20, keepaliveTimeoutMs: 5 });
    d.get();
    d.after();
    expect(d.at(20)).toEqual(["PING"]);
    d.at(25);
    expect(d.said).toEqual(["#1 reset upstreamClosed 502 ifReused", "fault upstreamClosed 502"]);
  });

  test("an upstream whose window does not open costs the stream alone", () => {
    const d = new ClientDrive({ stallMs: 40 });
    d.feed(w.settings([4, 0]));
    const s = d.post();
    d.get("/2");
    s.w.sendData(w.latin1("x"), false);
    d.after();
    expect(d.at(40)).toEqual(["RST 1 CANCEL"]);
    expect(d.said).toEqual(["#1 reset writeTimeout 504"]);
    d.feed(reply(3));
    expect(d.codec.idle).toBe(true);
  });
});
