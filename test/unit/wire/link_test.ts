import { describe, expect, test } from "bun:test";
import { encodeLatin1 } from "../../../src/base/bytes.ts";
import { downstreamFault } from "../../../src/base/error.ts";
import { LINGER_BYTES, LINGER_MS, WRITE_STALL_MS } from "../../../src/wire/link.ts";
import { FakeConn, FakeLink, Time } from "./fakes.ts";

const GRAIN_MS = 16;

function setUp(): { time: Time; conn: FakeConn; link: FakeLink } {
  const time = new Time();
  const conn = new FakeConn();
  return { time, conn, link: new FakeLink(time, conn) };
}

const data = (s: string): Uint8Array => encodeLatin1(s);

describe("bytes", () => {
  test("go to the codec, and what it has to send leaves in one write when the event is over", () => {
    const { conn, link } = setUp();
    link.face.onReceive = () => {
      link.face.output.push(data("head "), data("body"));
      expect(conn.calls).toEqual([]);
    };
    link.onData(data("in"));
    expect(link.face.received).toBe("in");
    expect(conn.sent).toBe("head body");
    expect(conn.calls).toEqual(["write"]);
    expect(link.bytes.received.value).toBe(2);
    expect(link.bytes.sent.value).toBe(9);
  });

  test("nothing to send writes nothing", () => {
    const { conn, link } = setUp();
    link.onData(data("in"));
    expect(conn.calls).toEqual([]);
  });

  test("a codec that has input left is called again", () => {
    const { link } = setUp();
    let more = 2;
    link.face.onReceive = () => {
      link.face.hasInput = more-- > 0;
    };
    link.onData(data("in"));
    expect(link.face.calls).toEqual(["receive 2", "receive 0", "receive 0"]);
  });

  test("a fault is told, and the connection is the codec's to end", () => {
    const { conn, link } = setUp();
    link.face.fault = downstreamFault("badRequest", 400, "no");
    link.onData(data("in"));
    expect(link.told).toEqual(["fault badRequest"]);
    expect(conn.calls).toEqual([]);
  });
});

describe("back pressure", () => {
  test("reading is paused and resumed as the codec wishes, once each", () => {
    const { conn, link } = setUp();
    link.face.wantsRead = false;
    link.onData(data("a"));
    link.onData(data("b"));
    link.face.wantsRead = true;
    link.onDrain();
    link.onDrain();
    expect(conn.calls).toEqual(["pause", "resume"]);
  });

  test("the codec is told of a socket that holds back, and of one that has drained", () => {
    const { conn, link } = setUp();
    conn.room = 3;
    link.face.output.push(data("hello"));
    link.onData(data("x"));
    link.face.output.push(data("more"));
    link.onData(data("x"));
    expect(link.face.calls.filter((c) => c.startsWith("flushed"))).toEqual(["flushed false"]);
    expect(conn.drain(100)).toBe(true);
    link.onDrain();
    expect(link.face.calls.filter((c) => c.startsWith("flushed"))).toEqual(["flushed false", "flushed true"]);
    expect(conn.sent).toBe("hellomore");
  });

  test("a peer that takes nothing for its time is gone", () => {
    const { time, conn, link } = setUp();
    conn.room = 3;
    link.face.output.push(data("hello"));
    link.onData(data("x"));
    time.advance(WRITE_STALL_MS - 1);
    expect(link.gone).toBe(false);
    time.advance(1 + GRAIN_MS);
    expect(conn.calls).toEqual(["write", "reset"]);
    expect(link.told).toEqual(["gone writeTimeout"]);
  });

  test("a peer that takes a little now and then is not", () => {
    const { time, conn, link } = setUp();
    conn.room = 0;
    link.face.output.push(data("hello"));
    link.onData(data("x"));
    for (let i = 0; i < 4; i++) {
      conn.drain(1);
      time.advance(WRITE_STALL_MS + GRAIN_MS);
    }
    expect(link.gone).toBe(false);
    time.advance(2 * WRITE_STALL_MS + 2 * GRAIN_MS);
    expect(link.gone).toBe(true);
  });

  test("no stall once all was taken", () => {
    const { time, conn, link } = setUp();
    conn.room = 3;
    link.face.output.push(data("hello"));
    link.onData(data("x"));
    conn.drain(100);
    link.onDrain();
    time.advance(10 * WRITE_STALL_MS);
    expect(link.gone).toBe(false);
  });
});

describe("time", () => {
  test("the codec is asked at its deadline, which may move back and forth", () => {
    const { time, link } = setUp();
    link.face.deadline = 1000;
    link.wake();
    link.onData(data("x"));
    link.face.deadline = 3000;
    link.onData(data("x"));
    time.advance(2990);
    expect(link.face.calls).not.toContain("tick");
    time.advance(10 + GRAIN_MS);
    expect(link.face.calls.filter((c) => c === "tick")).toHaveLength(1);
    link.face.deadline = time.now + 5000;
    link.onData(data("x"));
    link.face.deadline = time.now + 100;
    link.onData(data("x"));
    time.advance(100 + GRAIN_MS);
    expect(link.face.calls.filter((c) => c === "tick")).toHaveLength(2);
  });

  test("a fault of time is told, and its output leaves", () => {
    const { time, conn, link } = setUp();
    link.face.deadline = 100;
    link.face.fault = null;
    link.onData(data("x"));
    link.face.fault = downstreamFault("headTimeout", 408, "late");
    link.face.output.length = 0;
    time.advance(100 + GRAIN_MS);
    expect(link.told).toEqual(["fault headTimeout"]);
    expect(conn.calls).toEqual([]);
  });

  test("nothing is asked of one that is gone", () => {
    const { time, link } = setUp();
    link.face.deadline = 100;
    link.onData(data("x"));
    link.onClose(null);
    time.advance(1000);
    expect(link.face.calls).not.toContain("tick");
    expect(link.told).toEqual(["gone orderly"]);
  });
});

describe("ends", () => {
  test("one that must not linger is closed at once", () => {
    const { conn, link } = setUp();
    link.linger = false;
    link.face.wantsClose = true;
    link.onData(data("x"));
    expect(conn.calls).toEqual(["destroy"]);
    expect(link.told).toEqual(["gone orderly"]);
  });

  test("one that must not linger waits for what the socket holds back", () => {
    const { conn, link } = setUp();
    link.linger = false;
    conn.room = 1;
    link.face.wantsClose = true;
    link.face.output.push(data("reply"));
    link.onData(data("x"));
    expect(conn.calls).toEqual(["write", "end"]);
  });

  test("a close is a FIN, then the peer's is awaited, and what still comes is dropped", () => {
    const { conn, link } = setUp();
    link.face.wantsClose = true;
    link.face.output.push(data("bye"));
    link.onData(data("x"));
    expect(conn.calls).toEqual(["write", "end"]);
    expect(link.gone).toBe(false);
    link.onData(data("late"));
    expect(link.face.received).toBe("x");
    link.onEnd();
    expect(conn.calls).toEqual(["write", "end", "destroy"]);
    expect(link.told).toEqual(["gone orderly"]);
  });

  test("a peer that sends no FIN is not awaited for ever", () => {
    const { time, conn, link } = setUp();
    link.face.wantsClose = true;
    link.onData(data("x"));
    time.advance(LINGER_MS - 1);
    expect(link.gone).toBe(false);
    time.advance(1 + GRAIN_MS);
    expect(conn.calls).toEqual(["end", "destroy"]);
  });

  test("a peer that goes on sending is not read for ever", () => {
    const { conn, link } = setUp();
    link.face.wantsClose = true;
    link.onData(data("x"));
    link.onData(new Uint8Array(LINGER_BYTES));
    expect(link.gone).toBe(false);
    link.onData(data("y"));
    expect(conn.calls).toEqual(["end", "destroy"]);
  });

  test("a paused connection is read again, for its FIN", () => {
    const { conn, link } = setUp();
    link.face.wantsRead = false;
    link.onData(data("x"));
    link.face.wantsClose = true;
    link.onDrain();
    expect(conn.calls).toEqual(["pause", "end", "resume"]);
  });

  test("the peer's FIN does not cut off a reply that still waits", () => {
    const { time, conn, link } = setUp();
    conn.room = 2;
    link.face.wantsClose = true;
    link.face.output.push(data("reply"));
    link.onData(data("x"));
    link.onEnd();
    expect(conn.calls).toEqual(["write", "end"]);
    time.advance(LINGER_MS * 2);
    expect(link.gone).toBe(false);
    conn.drain(100);
    link.onDrain();
    expect(conn.calls).toEqual(["write", "end", "destroy"]);
  });

  test("a reply that waits has the peer's time to take it, then the FIN its own", () => {
    const { time, conn, link } = setUp();
    conn.room = 2;
    link.face.wantsClose = true;
    link.face.output.push(data("reply"));
    link.onData(data("x"));
    time.advance(WRITE_STALL_MS - 100);
    expect(link.gone).toBe(false);
    conn.drain(100);
    link.onDrain();
    time.advance(LINGER_MS - 100);
    expect(link.gone).toBe(false);
    time.advance(100 + GRAIN_MS);
    expect(conn.calls.at(-1)).toBe("destroy");
  });

  test("a reply that waits for a peer who takes nothing ends in a reset", () => {
    const { time, conn, link } = setUp();
    conn.room = 2;
    link.face.wantsClose = true;
    link.face.output.push(data("reply"));
    link.onData(data("x"));
    time.advance(WRITE_STALL_MS + GRAIN_MS);
    expect(conn.calls.at(-1)).toBe("reset");
    expect(link.told).toEqual(["gone writeTimeout"]);
  });

  test("a message cut short is a reset, without what was to be sent", () => {
    const { conn, link } = setUp();
    link.face.output.push(data("half"));
    link.face.failure = downstreamFault("upstreamReset", 0, "cut");
    link.onData(data("x"));
    expect(conn.calls).toEqual(["reset"]);
    expect(link.told).toEqual(["gone upstreamReset"]);
  });

  test("its end is told once, whoever ends it", () => {
    const { conn, link } = setUp();
    link.onClose(downstreamFault("clientReset", 0, "reset"));
    link.onClose(null);
    link.drop();
    link.abort(null);
    expect(link.told).toEqual(["gone clientReset"]);
    expect(conn.calls).toEqual([]);
  });

  test("the peer's FIN goes to the codec", () => {
    const { link } = setUp();
    link.onEnd();
    expect(link.face.calls).toEqual(["receiveEnd"]);
    expect(link.gone).toBe(false);
  });

  test("a released connection keeps its socket: output leaves, reading goes on, no time runs", () => {
    const { time, conn, link } = setUp();
    link.face.wantsRead = false;
    link.face.deadline = 100;
    link.onData(data("x"));
    link.face.output.push(data("101"));
    link.release();
    expect(conn.sent).toBe("101");
    expect(conn.calls).toEqual(["pause", "write", "resume"]);
    expect(link.told).toEqual(["gone orderly"]);
    time.advance(10_000);
    expect(link.face.calls).not.toContain("tick");
  });
});
