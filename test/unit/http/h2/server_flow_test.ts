import { describe, expect, test } from "bun:test";
import { CONNECTION_WINDOW, HELD_FREELY, OUTPUT_HIGH, PIECES, STREAM_WINDOW } from "../../../../src/http/h2/limits.ts";
import type { ServerSettings } from "./options.ts";
import { responseHead, ServerDrive, type ServerSide } from "./server_drive.ts";
import * as w from "./wire.ts";

const GET = w.headers(1, w.get());
const OPEN = w.headers(1, w.post(), w.END_HEADERS);

function drive(...requests: readonly Uint8Array[]): ServerDrive {
  const d = new ServerDrive();
  d.onEnd = null;
  for (const r of requests) d.feed(r);
  return d;
}

/** Starts a reply of `n` bytes on the stream. */
function start(s: ServerSide, n: number, end = true): number {
  s.w.sendHead(responseHead(200), false);
  return s.w.sendData(new Uint8Array(n).fill(120), end);
}

function dataBytes(lines: readonly string[]): number {
  return lines.reduce((n, l) => n + Number(/^DATA \d+ (\d+) bytes/.exec(l)?.[1] ?? (/"(.*)"/.exec(l)?.[1] ?? "").length), 0);
}

describe("the peer's windows", () => {
  test("data stops at the stream's window and goes on with WINDOW_UPDATE", () => {
    const d = drive(w.settings([4, 10]), GET);
    expect(start(d.last, 25)).toBeLessThanOrEqual(0);
    expect(d.after()).toEqual(["HEADERS 1 200", 'DATA 1 "xxxxxxxxxx"']);
    expect(d.feed(w.windowUpdate(1, 5))).toEqual(['DATA 1 "xxxxx"']);
    expect(d.feed(w.windowUpdate(1, 100))).toEqual(['DATA 1 "xxxxxxxxxx" end']);
    expect(d.codec.busy).toBe(false);
  });

  test("and at the connection's", () => {
    const d = drive(w.settings([4, 1_000_000]), GET);
    start(d.last, 70_000);
    expect(dataBytes(d.after())).toBe(65_535);
    expect(d.feed(w.windowUpdate(0, 4_000))).toEqual(["DATA 1 4000 bytes"]);
    expect(d.feed(w.windowUpdate(0, 4_000))).toEqual(["DATA 1 465 bytes end"]);
  });

  test("a window that SETTINGS make smaller goes below 0 and must be filled up first (RFC 9113 6.9.2)", () => {
    const d = drive(w.settings([4, 10]), GET);
    start(d.last, 12);
    d.after();
    expect(d.feed(w.settings([4, 4]))).toEqual(["SETTINGS ack"]);
    expect(d.feed(w.windowUpdate(1, 6))).toEqual([]);
    expect(d.feed(w.windowUpdate(1, 1))).toEqual(['DATA 1 "x"']);
    expect(d.feed(w.settings([4, 5]))).toEqual(["SETTINGS ack", 'DATA 1 "x" end']);
  });

  test("SETTINGS that make it larger let data go on", () => {
    const d = drive(w.settings([4, 0]), GET);
    start(d.last, 3);
    expect(d.after()).toEqual(["HEADERS 1 200"]);
    expect(d.feed(w.settings([4, 7]))).toEqual(["SETTINGS ack", 'DATA 1 "xxx" end']);
  });

  test("the last of several values counts (RFC 9113 6.5.3)", () => {
    const d = drive(w.settings([4, 0], [4, 2]), GET);
    start(d.last, 3);
    expect(d.after()).toEqual(["HEADERS 1 200", 'DATA 1 "xx"']);
  });

  test("an end needs no window (RFC 9113 6.9.1)", () => {
    const d = drive(w.settings([4, 3]), GET);
    start(d.last, 3, false);
    d.after();
    d.last.w.sendData(new Uint8Array(0), true);
    expect(d.after()).toEqual(['DATA 1 "" end']);
  });

  test("trailers wait for the data before them", () => {
    const d = drive(w.settings([4, 3]), GET);
    start(d.last, 5, false);
    d.last.w.sendTrailers(w.fields("x", "y"));
    expect(d.after()).toEqual(["HEADERS 1 200", 'DATA 1 "xxx"']);
    expect(d.feed(w.windowUpdate(1, 10))).toEqual(['DATA 1 "xx"', "HEADERS 1 end [x: y]"]);
    expect(d.codec.busy).toBe(false);
  });

  test("small pieces that wait leave in one frame", () => {
    const d = drive(w.settings([4, 0]), GET);
    start(d.last, 1, false);
    d.last.w.sendData(w.latin1("ab"), false);
    d.last.w.sendData(w.latin1("cde"), true);
    d.after();
    expect(d.feed(w.windowUpdate(1, 4))).toEqual(['DATA 1 "xabc"']);
    expect(d.feed(w.windowUpdate(1, 4))).toEqual(['DATA 1 "de" end']);
  });

  test("who waits for the connection's window takes turns", () => {
    const ids = [1, 3, 5];
    const d = drive(w.settings([4, 1_000_000]), ...ids.map((id) => w.headers(id, w.get())));
    // The first takes the window of the connection, all of it.
    start(d.streams[0]!, 165_535);
    start(d.streams[1]!, 100_000);
    start(d.streams[2]!, 20_000);
    d.after();
    const order = d.feed(w.windowUpdate(0, 100_000)).map((l) => l.replace(" bytes", ""));
    expect(order).toEqual([
      "DATA 1 16384",
      "DATA 3 16384",
      "DATA 5 16384",
      "DATA 1 16384",
      "DATA 3 16384",
      "DATA 5 3616 end",
      "DATA 1 14464",
    ]);
  });

  test("a stream without window holds back no other", () => {
    const d = drive(w.settings([4, 5]), GET, w.headers(3, w.get()));
    start(d.streams[0]!, 9);
    d.feed(w.windowUpdate(3, 100));
    d.after();
    start(d.streams[1]!, 9);
    expect(d.after()).toEqual(["HEADERS 3 200", 'DATA 3 "xxxxxxxxx" end']);
  });

  test("a stream that is reset while it waits is forgotten, and its window with it", () => {
    const d = drive(w.settings([4, 1_000_000]), GET, w.headers(3, w.get()));
    start(d.streams[0]!, 100_000);
    start(d.streams[1]!, 10);
    d.feed(w.reset(1, 8));
    expect(d.feed(w.windowUpdate(0, 100_000))).toEqual(['DATA 3 "xxxxxxxxxx" end']);
    expect(d.codec.busy).toBe(false);
  });
});

describe("room", () => {
  test("is the window's, and told again when there is some", () => {
    const d = drive(w.settings([4, 10]), GET);
    const s = d.last;
    expect(start(s, 6, false)).toBe(4);
    expect(s.w.sendData(new Uint8Array(4), false)).toBeLessThanOrEqual(0);
    expect(s.writable).toBe(0);
    d.feed(w.windowUpdate(1, 3));
    expect(s.writable).toBe(1);
    expect(s.w.sendData(new Uint8Array(9), false)).toBeLessThanOrEqual(0);
    d.feed(w.windowUpdate(1, 6));
    expect(s.writable).toBe(1);
    d.feed(w.windowUpdate(1, 1));
    expect(s.writable).toBe(2);
  });

  test("there is none while the socket holds output back, and no data leaves", () => {
    const d = drive(GET);
    const s = d.last;
    d.codec.setFlushed(false);
    expect(start(s, 10, false)).toBeLessThanOrEqual(0);
    expect(d.after()).toEqual(["HEADERS 1 200"]);
    expect(d.codec.hasInput).toBe(false);
    d.codec.setFlushed(true);
    expect(s.writable).toBe(1);
    expect(d.after()).toEqual(['DATA 1 "xxxxxxxxxx"']);
    d.codec.setFlushed(true);
    expect(s.writable).toBe(1);
  });

  test("what leaves at once is bounded, and the rest follows when it has left", () => {
    const d = drive(w.settings([4, 0x7fffffff]), w.windowUpdate(0, 0x7fff0000 - 65_535), GET);
    start(d.last, OUTPUT_HIGH * 3);
    const first = dataBytes(d.log.read(d.taken()));
    expect(first).toBeGreaterThanOrEqual(OUTPUT_HIGH);
    expect(first).toBeLessThan(OUTPUT_HIGH + 16_384 + 100);
    expect(d.codec.hasInput).toBe(true);
    d.codec.setFlushed(false);
    expect(d.codec.hasInput).toBe(false);
    d.codec.setFlushed(true);
    expect(first + dataBytes(d.after())).toBe(OUTPUT_HIGH * 3);
    expect(d.codec.busy).toBe(false);
  });

  test("a writer that does not wait for room sends no empty frames", () => {
    const d = drive(w.settings([4, OUTPUT_HIGH + 10]), w.windowUpdate(0, 10_000_000), GET);
    const s = d.last;
    expect(start(s, OUTPUT_HIGH, false)).toBeLessThanOrEqual(0);
    d.log.read(d.taken());
    s.w.sendData(new Uint8Array(20).fill(120), true);
    expect(d.after()).toEqual(['DATA 1 "xxxxxxxxxx"']);
    expect(d.feed(w.windowUpdate(1, 100))).toEqual(['DATA 1 "xxxxxxxxxx" end']);
  });

  test("a writer that keeps its reader's room is asked for more until all is sent", () => {
    const d = drive(w.settings([4, 100]), GET);
    const s = d.last;
    let left = 1_000;
    const push = (): void => {
      for (let room = 100; left > 0 && room > 0; ) {
        const n = Math.min(left, 70);
        left -= n;
        room = s.w.sendData(new Uint8Array(n).fill(120), left === 0);
      }
    };
    s.onRoom = push;
    s.w.sendHead(responseHead(200), false);
    push();
    let sent = dataBytes(d.after());
    for (let i = 0; i < 100 && d.codec.busy; i++) sent += dataBytes(d.feed(w.windowUpdate(1, 37)));
    expect(sent).toBe(1_000);
  });

  test("reading stops when what goes out besides data is held back", () => {
    const d = drive();
    d.codec.setFlushed(false);
    expect(d.codec.wantsRead).toBe(true);
    for (let id = 1; d.codec.wantsRead && id < 2_000; id += 2) {
      d.feed(w.headers(id, w.get()));
      d.last.w.sendHead(responseHead(200, w.fields("x", "~".repeat(5_000))), true);
    }
    expect(d.codec.wantsRead).toBe(false);
    d.after();
    expect(d.codec.wantsRead).toBe(false);
    d.codec.setFlushed(true);
    expect(d.codec.wantsRead).toBe(true);
  });
});

describe("our windows", () => {
  const FRAME = 16_384;

  test("half a stream's window is told at once, and not each piece", () => {
    const d = drive(OPEN);
    const lines: string[] = [];
    for (let i = 0; i < STREAM_WINDOW / FRAME; i++) lines.push(...d.feed(w.data(1, new Uint8Array(FRAME))));
    expect(lines).toEqual([`WINDOW 1 +${STREAM_WINDOW / 2}`, `WINDOW 1 +${STREAM_WINDOW / 2}`]);
  });

  test("nothing is told that was not credited, and nothing behind the end", () => {
    const d = drive(OPEN);
    const s = d.last;
    s.eager = false;
    for (let i = 0; i < STREAM_WINDOW / FRAME; i++) expect(d.feed(w.data(1, new Uint8Array(FRAME)))).toEqual([]);
    s.credit(STREAM_WINDOW / 2 - 1);
    expect(d.after()).toEqual([]);
    s.credit(1);
    expect(d.after()).toEqual([`WINDOW 1 +${STREAM_WINDOW / 2}`]);
    d.feed(w.data(1, "", w.END_STREAM));
    s.credit();
    expect(d.after().filter((l) => l.startsWith("WINDOW 1"))).toEqual([]);
  });

  test("padding comes back by itself", () => {
    const d = drive(OPEN);
    d.last.eager = false;
    const lines: string[] = [];
    for (let i = 0; i < STREAM_WINDOW / 2 / 255; i++) lines.push(...d.feed(w.padded(1, "x", 254)));
    expect(lines).toEqual([`WINDOW 1 +${Math.ceil(STREAM_WINDOW / 2 / 255) * 255}`]);
  });

  test("the connection's window is given back as data comes: slow streams hold back no other", () => {
    const slow = 15;
    const d = new ServerDrive();
    d.onEnd = null;
    for (let i = 0; i < slow; i++) {
      const id = 2 * i + 1;
      d.feed(w.headers(id, w.post(), w.END_HEADERS));
      d.last.eager = false;
      for (let j = 0; j < STREAM_WINDOW / FRAME; j++) d.feed(w.data(id, new Uint8Array(FRAME)));
    }
    expect(d.faults).toEqual([]);
    d.feed(w.headers(1001, w.post(), w.END_HEADERS));
    const fast = d.last;
    const grants: string[] = [];
    for (let i = 0; i < 300; i++) grants.push(...d.feed(w.data(1001, new Uint8Array(FRAME))));
    expect(fast.body.length).toBe(300 * FRAME);
    expect(d.faults).toEqual([]);
    const given = grants.filter((l) => l.startsWith("WINDOW 0")).reduce((n, l) => n + Number(l.split("+")[1]), 0);
    expect(given).toBeGreaterThan(300 * FRAME - CONNECTION_WINDOW);
  });

  test("what readers hold is bounded, whatever the streams", () => {
    const d = new ServerDrive();
    d.onEnd = null;
    // A client that keeps to the windows it was given and sends all that they allow.
    let window = CONNECTION_WINDOW;
    let held = 0;
    for (let id = 1; id < 200; id += 2) {
      window += granted(d.feed(w.headers(id, w.post(), w.END_HEADERS)));
      d.last.eager = false;
      for (let left = STREAM_WINDOW; left >= FRAME && window >= FRAME; left -= FRAME) {
        window += granted(d.feed(w.data(id, new Uint8Array(FRAME)))) - FRAME;
        held += FRAME;
      }
    }
    expect(d.faults).toEqual([]);
    expect(held).toBeGreaterThan(HELD_FREELY);
    expect(held).toBeLessThanOrEqual(HELD_FREELY + CONNECTION_WINDOW);
    // Once they credit, it goes on.
    for (const s of d.streams) s.credit();
    expect(granted(d.after())).toBeGreaterThan(CONNECTION_WINDOW / 2);
  });

  test("data beyond the connection's window ends it (RFC 9113 6.9.1)", () => {
    const d = new ServerDrive();
    d.onEnd = null;
    for (let id = 1; id < 200 && !d.closed; id += 2) {
      d.feed(w.headers(id, w.post(), w.END_HEADERS));
      d.last.eager = false;
      for (let j = 0; j < STREAM_WINDOW / FRAME && !d.closed; j++) d.feed(w.data(id, new Uint8Array(FRAME)));
    }
    expect(d.log.lines[d.log.lines.length - 1]).toMatch(/GOAWAY \d+ FLOW_CONTROL_ERROR/);
  });

  test("tiny pieces wait as one while the reader is slow", () => {
    const d = drive(OPEN);
    const s = d.last;
    s.eager = false;
    for (let i = 0; i < 2_000; i++) d.feed(w.data(1, String(i % 10)));
    expect(s.pieces).toHaveLength(PIECES);
    s.credit();
    // What waited is handed out when the owner calls next, not from within the credit.
    expect(s.pieces).toHaveLength(PIECES);
    expect(d.codec.hasInput).toBe(true);
    d.after();
    expect(s.pieces).toHaveLength(PIECES + 1);
    expect(s.body).toBe(Array.from({ length: 2_000 }, (_, i) => String(i % 10)).join(""));
    expect(d.codec.hasInput).toBe(false);
  });

  test("their end does not wait, nor do trailers or much of them", () => {
    for (const end of [w.data(1, "", w.END_STREAM), w.headers(1, [["x", "y"]])]) {
      const d = drive(OPEN);
      d.last.eager = false;
      for (let i = 0; i < 100; i++) d.feed(w.data(1, "x"));
      d.feed(end);
      expect(d.last.body).toBe("x".repeat(100));
      expect(d.last.ended).toBe(true);
    }
    const d = drive(OPEN);
    d.last.eager = false;
    for (let i = 0; i < 100; i++) d.feed(w.data(1, "x".repeat(100)));
    expect(d.last.pieces.length).toBe(PIECES + 1);
    expect(d.last.body.length).toBeGreaterThan(PIECES * 100 + 4_000);
  });

  test("a slow reader keeps no more of a chunk than its piece", () => {
    const d = drive(OPEN);
    d.last.eager = false;
    for (let i = 0; i < 3; i++)
      d.feed(w.frame(0x77, 0, 0, new Uint8Array(16_000)), w.data(1, "x"), w.frame(0x77, 0, 0, new Uint8Array(16_000)));
    expect(d.last.pieces.slice(1).map((p) => p.buffer.byteLength)).toEqual([1, 1]);
  });

  test("credit beyond what is owed widens nothing", () => {
    const d = drive(OPEN);
    d.last.eager = false;
    d.feed(w.data(1, new Uint8Array(1_000)));
    d.last.w.credit(10_000_000);
    expect(d.after()).toEqual([]);
  });

  function granted(lines: readonly string[]): number {
    return lines.filter((l) => l.startsWith("WINDOW 0")).reduce((n, l) => n + Number(l.split("+")[1]), 0);
  }
});

describe("time", () => {
  const INFINITY = Number.POSITIVE_INFINITY;
  const TIMES: ServerSettings = { headMs: 10, idleMs: 60, bodyMs: 30, stallMs: 40 };

  function timed(more: ServerSettings = {}, hello = true): ServerDrive {
    const d = new ServerDrive({ ...TIMES, ...more }, hello);
    d.onEnd = null;
    return d;
  }

  test("preface and SETTINGS have a head's time, however slowly they come", () => {
    const d = timed({}, false);
    d.feed(w.PREFACE.slice(0, 10));
    d.at(9);
    d.feed(w.PREFACE.slice(10), w.settings().slice(0, 5));
    expect(d.closed).toBe(false);
    expect(d.at(10)).toEqual(["GOAWAY 0 PROTOCOL_ERROR"]);
    expect(d.faults[0]?.facts).toMatchObject({ code: "headTimeout", status: 0 });
    expect(d.closed).toBe(true);
    expect(d.codec.deadline).toBe(INFINITY);
  });

  test("SETTINGS must be acknowledged (RFC 9113 6.5.3)", () => {
    const d = timed({}, false);
    d.feed(w.PREFACE, w.settings());
    d.at(5);
    expect(d.at(10)).toEqual(["GOAWAY 0 SETTINGS_TIMEOUT"]);
  });

  test("a connection without streams has its idle time, from its last stream's end on", () => {
    const d = timed();
    expect(d.codec.deadline).toBe(60);
    d.at(50);
    d.feed(GET);
    expect(d.codec.deadline).toBe(INFINITY);
    d.at(500);
    d.last.reply(200);
    d.after();
    expect(d.codec.deadline).toBe(560);
    d.feed(w.ping());
    expect(d.codec.deadline).toBe(560);
    expect(d.at(560)).toEqual(["GOAWAY 1 NO_ERROR"]);
    expect(d.faults[0]?.facts).toMatchObject({ code: "idleTimeout", status: 0 });
    expect(d.closed).toBe(true);
  });

  test("a header block has its time from its first byte on", () => {
    const d = timed();
    d.feed(w.headers(1, w.get(), w.END_STREAM));
    expect(d.codec.deadline).toBe(10);
    d.at(9);
    d.feed(w.frame(w.CONTINUATION, 0, 1));
    expect(d.codec.deadline).toBe(10);
    expect(d.at(10)).toEqual(["GOAWAY 0 PROTOCOL_ERROR"]);
  });

  test("so has any frame that is not DATA", () => {
    for (const f of [w.ping(), w.settings([3, 3]), w.headers(1, w.get()), w.frame(0x99, 0, 0, new Uint8Array(9))]) {
      const d = timed();
      for (let i = 1; i < f.length; i++) {
        d.feed(f.slice(i - 1, i));
        expect(d.codec.deadline).toBe(10);
      }
      d.at(9);
      d.feed(f.slice(-1));
      expect(d.codec.deadline).not.toBe(10);
    }
  });

  test("a body's time begins again with each byte", () => {
    const d = timed();
    d.feed(OPEN);
    expect(d.codec.deadline).toBe(30);
    d.at(20);
    d.feed(w.data(1, "x"));
    d.at(30);
    expect(d.last.error).toBeNull();
    expect(d.codec.deadline).toBe(50);
    expect(d.at(50)).toContain("RST 1 NO_ERROR");
    expect(d.last.error?.facts).toMatchObject({ code: "bodyTimeout", status: 408 });
    expect(d.log.summary()[0]).toMatch(/^1: 408 .* end RST NO_ERROR$/s);
    expect(d.closed).toBe(false);
    expect(d.codec.busy).toBe(false);
  });

  test("an empty frame is no byte", () => {
    const d = timed();
    d.feed(OPEN);
    d.at(29);
    d.feed(w.data(1, ""));
    d.at(30);
    expect(d.last.error?.facts.code).toBe("bodyTimeout");
  });

  test("a body's time stands while its reader holds all back that the window allows", () => {
    const d = timed();
    d.feed(OPEN);
    d.last.eager = false;
    for (let i = 0; i < 16; i++) d.feed(w.data(1, new Uint8Array(16_384)));
    for (const now of [30, 60, 90]) d.at(now);
    expect(d.last.error).toBeNull();
    d.last.credit();
    d.at(120);
    expect(d.last.error?.facts.code).toBe("bodyTimeout");
  });

  test("no time runs while a reply is awaited, nor in a tunnel", () => {
    const d = timed();
    d.feed(GET);
    expect(d.codec.deadline).toBe(INFINITY);
    d.feed(
      w.headers(
        3,
        [
          [":method", "CONNECT"],
          [":authority", "b:443"],
        ],
        w.END_HEADERS,
      ),
    );
    d.last.w.sendHead(responseHead(200), false);
    expect(d.codec.deadline).toBe(INFINITY);
  });

  test("a window that does not open in time costs the stream, and no other", () => {
    const d = timed();
    d.feed(w.settings([4, 0]), GET, w.headers(3, w.get()));
    start(d.streams[0]!, 10);
    d.after();
    expect(d.codec.deadline).toBe(40);
    expect(d.at(40)).toEqual(["RST 1 INTERNAL_ERROR"]);
    expect(d.streams[1]!.error).toBeNull();
    expect(d.closed).toBe(false);
  });

  test("its reader is told when it still waits", () => {
    const d = timed();
    d.feed(w.settings([4, 0]), GET);
    start(d.last, 10, false);
    d.at(40);
    expect(d.last.error?.facts).toMatchObject({ code: "writeTimeout", status: 0 });
    expect(d.codec.busy).toBe(false);
  });

  test("a byte now and then is not enough", () => {
    const d = timed();
    d.feed(w.settings([4, 0]), GET);
    start(d.last, 100);
    d.at(39);
    expect(d.feed(w.windowUpdate(1, 1))).toEqual(['DATA 1 "x"']);
    expect(d.at(40)).toEqual(["RST 1 INTERNAL_ERROR"]);
  });

  test("what moves is left alone, and so is what waits for the socket", () => {
    const d = timed();
    d.feed(w.settings([4, 0]), GET);
    start(d.last, 20_000);
    for (let now = 0; now < 120; now += 30) {
      d.feed(w.windowUpdate(1, 4_096));
      d.at(now + 30);
    }
    expect(d.log.summary()[0]).not.toContain("RST");
    d.codec.setFlushed(false);
    d.feed(w.windowUpdate(1, 100_000));
    d.at(1_000);
    d.at(2_000);
    expect(d.codec.busy).toBe(true);
    d.codec.setFlushed(true);
    d.after();
    expect(d.codec.busy).toBe(false);
  });

  test("PING keeps watch: after silence, and the connection ends without an answer", () => {
    const d = timed({ keepaliveMs: 20, keepaliveTimeoutMs: 5, idleMs: INFINITY });
    d.at(10);
    d.feed(w.windowUpdate(0, 1));
    expect(d.at(29)).toEqual([]);
    expect(d.at(30)).toEqual(["PING"]);
    expect(d.codec.deadline).toBe(35);
    d.feed(w.ping("\0\0\0\0\0\0\0\x01", w.ACK));
    expect(d.codec.deadline).toBe(50);
    expect(d.at(50)).toEqual(["PING"]);
    expect(d.at(55)).toEqual(["GOAWAY 0 NO_ERROR"]);
    expect(d.faults[0]?.facts.code).toBe("idleTimeout");
  });
});

describe("draining (RFC 9113 6.8)", () => {
  test("in two steps: what is on its way is still taken", () => {
    const d = drive(GET);
    d.codec.drain("announce");
    expect(d.after()).toEqual(["GOAWAY 2147483647 NO_ERROR", "PING"]);
    d.codec.drain("announce");
    expect(d.after()).toEqual([]);
    d.feed(w.headers(3, w.get()));
    expect(d.streams).toHaveLength(2);
    expect(d.feed(w.ping("\0\0\0\0\0\0\0\x02", w.ACK))).toEqual(["GOAWAY 3 NO_ERROR"]);
    expect(d.feed(w.headers(5, w.get()))).toEqual(["RST 5 REFUSED_STREAM"]);
    expect(d.codec.wantsClose).toBe(false);
    d.streams[0]!.reply(200);
    d.streams[1]!.reply(200);
    d.after();
    expect(d.codec.wantsClose).toBe(true);
    expect(d.codec.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test("the second step comes by itself when PING is not answered", () => {
    const d = drive();
    d.codec.drain("announce");
    d.after();
    expect(d.codec.deadline).toBe(5_000);
    expect(d.at(5_000)).toEqual(["GOAWAY 0 NO_ERROR"]);
    expect(d.closed).toBe(true);
  });

  test("another PING's answer is not the one", () => {
    const d = drive();
    d.codec.drain("announce");
    d.after();
    expect(d.feed(w.ping("\0\0\0\0\0\0\0\x09", w.ACK))).toEqual([]);
    expect(d.codec.wantsClose).toBe(false);
  });

  test("last: at once, once", () => {
    const d = drive(GET);
    d.codec.drain("last");
    d.codec.drain("last");
    d.codec.drain("announce");
    expect(d.after()).toEqual(["GOAWAY 1 NO_ERROR"]);
    expect(d.codec.wantsClose).toBe(false);
    d.last.reply(200);
    expect(d.codec.wantsClose).toBe(true);
  });

  test("an idle connection closes with it", () => {
    const d = drive();
    d.codec.drain("last");
    expect(d.after()).toEqual(["GOAWAY 0 NO_ERROR"]);
    expect(d.codec.wantsClose).toBe(true);
  });

  test("after so many requests the client is asked to go", () => {
    const d = new ServerDrive({ maxRequests: 2 });
    d.feed(GET);
    expect(d.feed(w.headers(3, w.get()))).toEqual(["GOAWAY 2147483647 NO_ERROR", "PING", "HEADERS 3 200", 'DATA 3 "ok" end']);
  });

  test("a client that goes away gets its replies", () => {
    const d = drive(GET);
    expect(d.feed(w.goAway(0, 0))).toEqual(["GOAWAY 1 NO_ERROR"]);
    expect(d.codec.wantsClose).toBe(false);
    d.last.reply(200, "ok");
    expect(d.after()).toEqual(["HEADERS 1 200", 'DATA 1 "ok" end']);
    expect(d.codec.wantsClose).toBe(true);
    expect(d.codec.clientIsDone).toBe(true);
  });

  test("a close that the client does not await waits for its FIN", () => {
    const d = drive();
    d.codec.drain("last");
    expect(d.codec.clientIsDone).toBe(false);
    d.end();
    expect(d.codec.clientIsDone).toBe(true);
    const e = drive(w.goAway(0, 0), w.ping("x".repeat(8)));
    e.feed(w.windowUpdate(0, 0));
    expect(e.codec.clientIsDone).toBe(false);
  });
});

describe("the start (RFC 9113 3.4)", () => {
  test("our SETTINGS come first, without waiting", () => {
    const d = new ServerDrive({}, false);
    expect(d.after()).toEqual(["SETTINGS 4", `WINDOW 0 +${CONNECTION_WINDOW - 65_535}`]);
  });

  test("what is no preface ends the connection at its first byte that is wrong", () => {
    for (const at of [0, 5, 23]) {
      const d = new ServerDrive({}, false);
      d.after();
      const b = w.PREFACE.slice();
      b[at] = 0x58;
      d.feed(b.slice(0, at));
      expect(d.closed).toBe(false);
      expect(d.feed(b.slice(at, at + 1))).toEqual(["GOAWAY 0 PROTOCOL_ERROR"]);
      expect(d.closed).toBe(true);
    }
  });

  test("the first frame is SETTINGS, and no answer to ours", () => {
    for (const f of [w.ping(), GET, w.SETTINGS_ACK, w.frame(0x99, 0, 0)]) {
      const d = new ServerDrive({}, false);
      d.after();
      expect(d.feed(w.PREFACE, f)).toEqual(["GOAWAY 0 PROTOCOL_ERROR"]);
    }
  });

  test("requests behind it in the same chunk are served", () => {
    const d = new ServerDrive({}, false);
    d.after();
    expect(d.feed(w.PREFACE, w.settings(), GET)).toEqual(["SETTINGS ack", "HEADERS 1 200", 'DATA 1 "ok" end']);
  });
});
