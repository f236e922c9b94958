import { describe, expect, test } from "bun:test";
import { localFault } from "../../../../src/base/error.ts";
import { Fields } from "../../../../src/http/fields.ts";
import { requestHead } from "./client_drive.ts";
import { Pair } from "./pair.ts";
import { responseHead, type ServerSide } from "./server_drive.ts";
import * as w from "./wire.ts";

const KIB = 1024;

function bytes(n: number, seed = 7): Uint8Array {
  return Uint8Array.from({ length: n }, (_, i) => (i * seed + (i >> 8)) & 0xff);
}

function same(pieces: readonly Uint8Array[], sent: Uint8Array): void {
  expect(Buffer.compare(w.join(...pieces), sent)).toBe(0);
}

/** Sends all of it, as far as there is room, and goes on when there is. */
function stream(send: (b: Uint8Array, end: boolean) => number, all: Uint8Array, piece: number): () => void {
  let at = 0;
  return () => {
    for (let room = 1; room > 0 && at < all.length; ) {
      const to = Math.min(at + piece, all.length);
      const end = to === all.length;
      const b = all.slice(at, to);
      at = to;
      room = send(b, end);
    }
  };
}

// One line of bytes after the other, down to a byte at once: what is told must be the same.
for (const cut of [Number.POSITIVE_INFINITY, 1, 7, 1_000]) {
  describe(`a client and a server, ${cut} bytes at once`, () => {
    function pair(...args: ConstructorParameters<typeof Pair>): Pair {
      const p = new Pair(...args);
      p.cut = () => cut;
      return p;
    }

    test("a request, its reply, fields both ways", () => {
      const p = pair({ client: { scheme: "https" } });
      p.server.onEnd = (s) => s.reply(201, "made", Fields.of("X-B", "2"));
      const s = p.client.open();
      s.w.sendHead(requestHead("PUT", "/x?y", Fields.of("Host", "b:81", "X-A", "1"), { contentLength: 0 }), true);
      p.run();
      expect(p.server.said).toEqual(["#1 PUT /x?y @b:81 [x-a: 1 | host: b:81]", "#1 end"]);
      expect(p.client.said).toEqual(["#1 201 len=? [x-b: 2]", '#1 end "made"']);
      expect(p.client.codec.idle && !p.server.codec.busy).toBe(true);
    });

    test("the same heads again are shorter, and say the same", () => {
      const p = pair();
      const sizes: number[] = [];
      for (let i = 0; i < 4; i++) {
        const f = Fields.of("Host", "a", "User-Agent", "a browser of some length/1.0", "Cookie", "a=b; c=d");
        p.client.open().w.sendHead(requestHead("GET", "/some/path", f), true);
        const before = p.client.log.frames.length;
        p.run();
        sizes.push(p.client.log.frames.slice(before).find((x) => x.type === w.HEADERS)!.payload.length);
      }
      expect(sizes[3]).toBeLessThan(sizes[0]! / 3);
      expect(new Set(p.server.said.filter((l) => l.includes(" @")).map((l) => l.slice(3))).size).toBe(1);
    });

    test("bodies and trailers both ways, with windows that fill", () => {
      const p = pair();
      const up = bytes(cut === 1 ? 70 * KIB : 700 * KIB);
      const down = bytes(up.length, 13);
      p.server.onEnd = (r) => {
        r.w.sendHead(responseHead(200), false);
        r.onRoom = stream(
          (b, end) => {
            const room = r.w.sendData(b, false);
            if (end) r.w.sendTrailers(Fields.of("X-Down", "1"));
            return room;
          },
          down,
          10_000,
        );
        r.onRoom(r);
      };
      const s = p.client.open();
      s.w.sendHead(requestHead("POST", "/", Fields.of("Host", "a"), { contentLength: -1 }), false);
      s.onRoom = stream(
        (b, end) => {
          const room = s.w.sendData(b, false);
          if (end) s.w.sendTrailers(Fields.of("X-Up", "1"));
          return room;
        },
        up,
        9_999,
      );
      s.onRoom();
      p.run();
      const r = p.server.last;
      same(r.pieces, up);
      expect(r.trailers?.get("x-up")).toBe("1");
      same(s.pieces, down);
      expect(s.trailers?.get("x-down")).toBe("1");
      expect(p.client.codec.idle && !p.server.codec.busy).toBe(true);
    });

    test("many streams at once, each its own", () => {
      const p = pair();
      p.server.onEnd = (r) => r.reply(200, `${r.head.path}${r.body}`.repeat(50));
      const n = 60;
      for (let i = 0; i < n; i++) {
        const s = p.client.open();
        s.w.sendHead(requestHead("POST", `/${i}`, Fields.of("Host", "a"), { contentLength: -1 }), false);
        s.w.sendData(w.latin1(`:${i}`), true);
      }
      p.run();
      for (const [i, s] of p.client.streams.entries()) expect(s.body).toBe(`/${i}:${i}`.repeat(50));
      expect(p.client.codec.idle && !p.server.codec.busy).toBe(true);
    });

    test("both stream at once, and neither waits for the other's end", () => {
      const p = pair();
      p.server.onEnd = null;
      p.server.onHead = (r) => r.w.sendHead(responseHead(200), false);
      const s = p.client.open();
      s.w.sendHead(requestHead("POST", "/", Fields.of("Host", "a"), { contentLength: -1 }), false);
      p.run();
      const r = p.server.last;
      for (let i = 0; i < 5; i++) {
        s.w.sendData(w.latin1(`ping ${i};`), false);
        p.run();
        expect(r.body.endsWith(`ping ${i};`)).toBe(true);
        r.w.sendData(w.latin1(`pong ${i};`), false);
        p.run();
        expect(s.body.endsWith(`pong ${i};`)).toBe(true);
      }
      s.w.sendData(new Uint8Array(0), true);
      p.run();
      expect(r.ended).toBe(true);
      r.w.sendTrailers(Fields.of("grpc-status", "0"));
      p.run();
      expect(s.trailers?.get("grpc-status")).toBe("0");
    });

    test("marks that a field is never to be indexed, in every section (RFC 7541 6.2.3)", () => {
      const p = pair();
      const marked = (...pairs: string[]): Fields => {
        const f = Fields.of(...pairs);
        f.neverIndexed = new Set(["x-secret", ":path"]);
        return f;
      };
      const seen: (readonly string[])[] = [];
      p.server.onEnd = (r) => {
        r.w.sendInterim(responseHead(103, marked("X-Secret", "1", "X-Open", "1")));
        r.w.sendHead(responseHead(200, marked("X-Secret", "2", "X-Open", "1")), false);
        r.w.sendTrailers(marked("X-Secret", "3", "X-Open", "1"));
      };
      for (let i = 0; i < 3; i++) {
        const s = p.client.open();
        const head = requestHead("POST", "/a", marked("Host", "a", "X-Secret", "0", "X-Open", "1"), { contentLength: -1 });
        s.w.sendHead(head, false);
        s.w.sendTrailers(marked("X-Secret", "4", "X-Open", "1"));
        p.run();
        const r = p.server.last;
        const sections = [r.head.fields, r.trailers, s.interims[0]!.fields, s.head!.fields, s.trailers];
        seen.push(...sections.map((f) => [...(f?.neverIndexed ?? [])]));
      }
      const once = [[":path", "x-secret"], ["x-secret"], ["x-secret"], ["x-secret"], ["x-secret"]];
      expect(seen).toEqual([...once, ...once, ...once]);
    });

    test("interim heads", () => {
      const p = pair();
      p.server.onHead = (r) => r.w.sendInterim(responseHead(103, Fields.of("Link", "</a>")));
      p.client.get();
      p.run();
      expect(p.client.said).toEqual(["#1 interim 103 len=? [link: </a>]".replace(" len=?", ""), "#1 200 len=?", '#1 end "ok"']);
    });

    test("resets of either side reach the other, and hurt no one else", () => {
      const p = pair();
      p.server.onEnd = null;
      const [a, b, c] = [p.client.get("/a"), p.client.get("/b"), p.client.get("/c")];
      p.run();
      a.w.reset(localFault("clientReset", 0, "x"));
      p.server.streams[1]!.w.reset(localFault("internal", 500, "x"));
      p.run();
      expect(p.server.streams[0]!.error?.facts.code).toBe("clientReset");
      expect(a.error).toBeNull();
      expect(b.error?.facts).toMatchObject({ code: "upstreamReset", retry: "never" });
      p.server.streams[2]!.reply(200, "fine");
      p.run();
      expect(c.body).toBe("fine");
      expect(p.client.codec.idle && !p.server.codec.busy).toBe(true);
    });

    test("a reply before the request's end stops the request", () => {
      const p = pair();
      p.server.onHead = (r) => {
        r.w.stopReading();
        r.reply(413, "too large");
      };
      const s = p.client.open();
      s.w.sendHead(requestHead("POST", "/", Fields.of("Host", "a"), { contentLength: 1 << 20 }), false);
      s.onRoom = stream((b, end) => s.w.sendData(b, end), bytes(100 * KIB), 10_000);
      s.onRoom();
      p.run();
      expect(s.body).toBe("too large");
      expect(p.client.faults).toEqual([]);
      expect(p.server.faults).toEqual([]);
      expect(p.client.codec.idle && !p.server.codec.busy).toBe(true);
      p.server.onHead = null;
      p.client.get("/next");
      p.run();
      expect(p.client.streams[1]!.body).toBe("ok");
    });

    test("a WebSocket by extended CONNECT (RFC 8441)", () => {
      const p = pair();
      p.server.onEnd = null;
      p.run();
      const s = p.client.open();
      s.w.sendHead(requestHead("GET", "/chat", Fields.of("Host", "a"), { upgrade: "websocket" }), true);
      p.run();
      const r = p.server.last;
      expect(r.head).toMatchObject({ method: "GET", upgrade: "websocket", contentLength: -1, path: "/chat" });
      r.w.sendHead(responseHead(101, Fields.of("Connection", "upgrade", "Upgrade", "websocket")), false);
      p.run();
      expect(s.head).toMatchObject({ status: 101, upgrade: "websocket" });
      s.w.sendData(w.latin1("from the client"), false);
      r.w.sendData(w.latin1("from the server"), true);
      p.run();
      expect(s.body).toBe("from the server");
      s.w.sendData(w.latin1("!"), true);
      p.run();
      expect(r.body).toBe("from the client!");
      expect(p.client.codec.idle && !p.server.codec.busy).toBe(true);
    });

    test("a drain in two steps loses nothing", () => {
      const p = pair();
      p.server.onEnd = null;
      p.client.get("/1");
      p.run();
      // On its way while the server says that it goes.
      p.server.codec.drain("announce");
      p.client.get("/2");
      p.run();
      expect(p.server.streams.map((s) => s.head.path)).toEqual(["/1", "/2"]);
      expect(p.client.codec.capacity).toBe(0);
      for (const s of p.server.streams) s.reply(200, "ok");
      p.run();
      expect(p.client.streams.map((s) => s.body)).toEqual(["ok", "ok"]);
      expect(p.client.codec.wantsClose && p.server.codec.wantsClose).toBe(true);
    });

    test("a server that takes fewer streams refuses those beyond, and they may be sent again", () => {
      const p = pair({ server: { limits: { streams: 2 } } });
      p.server.onEnd = null;
      for (let i = 0; i < 4; i++) p.client.get(`/${i}`);
      p.run();
      expect(p.client.streams.map((s) => s.error?.facts.retry ?? "")).toEqual(["", "", "always", "always"]);
      expect(p.client.codec.capacity).toBe(0);
      for (const s of p.server.streams) s.reply(200, "ok");
      p.run();
      expect(p.client.codec.capacity).toBe(2);
    });
  });
}

test("a slow reader holds back its writer alone, on either side", () => {
  const p = new Pair();
  p.server.onHead = (s: ServerSide) => {
    s.eager = s.head.path !== "/slow";
  };
  const body = bytes(2_000 * KIB);
  const send = (path: string): void => {
    const s = p.client.open();
    s.w.sendHead(requestHead("POST", path, Fields.of("Host", "a"), { contentLength: -1 }), false);
    s.onRoom = stream((b, end) => s.w.sendData(b, end), body, 16_000);
    s.onRoom();
  };
  send("/slow");
  send("/fast");
  p.run();
  const [slow, fast] = p.server.streams;
  same(fast!.pieces, body);
  expect(p.client.streams[1]!.body).toBe("ok");
  expect(slow!.body.length).toBe(256 * KIB);
  expect(slow!.ended).toBe(false);
  while (!slow!.ended) {
    slow!.credit();
    p.run();
  }
  same(slow!.pieces, body);
});
