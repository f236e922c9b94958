import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { turn, until } from "../support/deadline.ts";
import { type H2Origin, type H2OriginOptions, startH2Origin } from "../support/h2_origin.ts";
import { H2Peer, type H2PeerStream, request, SETTING } from "../support/h2_peer.ts";
import { type Listeners, startListeners } from "../support/listeners.ts";
import { openClient } from "../support/raw_client.ts";
import { type RawOrigin, startOrigin } from "../support/raw_origin.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { openH2, openTls, openTlsSocket } from "../support/tls_client.ts";
import { Pki } from "../support/tls_pki.ts";

setDefaultTimeout(30_000);

const NO_ERROR = 0;
const INTERNAL_ERROR = 2;
const REFUSED_STREAM = 7;
const CANCEL = 8;
const OK = [[":status", "200"]] as const;

/** One weir in front of an upstream of HTTP/2 in cleartext and a scripted one of HTTP/1.1. */
class Front implements AsyncDisposable {
  readonly w: Listeners;
  readonly h2: H2Origin;
  readonly h1: RawOrigin;
  readonly #pki: Pki;

  constructor(w: Listeners, h2: H2Origin, h1: RawOrigin, pki: Pki) {
    this.w = w;
    this.h2 = h2;
    this.h1 = h1;
    this.#pki = pki;
  }

  get port(): number {
    return this.w.port["web"]!;
  }

  metric(name: string, labels: Readonly<Record<string, string>> = { cluster: "h2" }): Promise<number> {
    return this.w.site.weir.metric(name, labels);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.w[Symbol.asyncDispose]();
    await this.h2[Symbol.asyncDispose]();
    await this.h1.close();
    this.#pki[Symbol.dispose]();
  }
}

async function open(o: H2OriginOptions): Promise<Front> {
  const pki = new Pki();
  const [h2, h1] = await Promise.all([startH2Origin(o), startOrigin({})]);
  const clusters = {
    h2: { endpoints: [`127.0.0.1:${h2.port}`], protocol: "h2c" },
    h1: { endpoints: [`127.0.0.1:${h1.port}`] },
  };
  const routes = [{ match: [{ prefix: "/h1" }], to: "h1" }, { to: "h2" }];
  const w = await startListeners({ web: { tls: { certificates: [pki.server("a", ["a"])] } } }, { clusters, routes });
  return new Front(w, h2, h1, pki);
}

/** Answers unless the path says `wait`. */
function unlessWait(s: H2PeerStream): void {
  if (!s.field(":path").includes("wait")) s.sendHead(OK, true);
}

describe("a client that goes away is told to the upstream", () => {
  test("RST_STREAM on one stream is RST_STREAM there, and its neighbour lives", async () => {
    await using front = await open({ serve: unlessWait });
    using conn = await openH2(front.port, {});
    const gone = conn.get("a", "/wait/gone");
    const stays = conn.get("a", "/wait/stays");
    const there = await front.h2.stream("/wait/gone");
    gone.reset(CANCEL);
    await there.peer.when("a reset", 5000, () => there.resetCode >= 0);
    expect(there.resetCode).toBe(CANCEL);
    const other = await front.h2.stream("/wait/stays");
    other.sendHead(OK, true);
    expect((await stays.done()).status).toBe(200);
    expect(front.h2.connections.length).toBe(1);
  });

  test("the reset of its connection, over either version, and the close of one in mid-request", async () => {
    await using front = await open({ serve: unlessWait });
    const below = await Promise.all([openClient(front.port), openClient(front.port), openClient(front.port)]);
    const over = below.map((b, i) => openTlsSocket(front.port, { socket: b.socket, alpn: [i === 0 ? "http/1.1" : "h2"] }));
    const [a, b, c] = await Promise.all(over);
    await new RawPeer(a!).send("GET /wait/1 HTTP/1.1\r\nHost: a\r\n\r\n");
    const h2 = new H2Peer(b!, "client");
    h2.get("a", "/wait/2a");
    h2.get("a", "/wait/2b");
    new H2Peer(c!, "client").open(request("POST", "a", "/wait/3"), false);
    const there = await Promise.all(["/wait/1", "/wait/2a", "/wait/2b", "/wait/3"].map((p) => front.h2.stream(p)));
    below[0]!.reset();
    below[1]!.reset();
    below[2]!.end();
    for (const s of there) await s.peer.when(`a reset of ${s.field(":path")}`, 5000, () => s.resetCode === CANCEL);
    for (const p of below) p.destroy();
    await until("no attempt to be left", async () => (await front.metric("weir_cluster_requests_active")) === 0);
  });

  test("a reset towards HTTP/1.1 closes its connection", async () => {
    await using front = await open({});
    using conn = await openH2(front.port, {});
    const s = conn.get("a", "/h1/gone");
    const there = await front.h1.connection();
    await there.request();
    s.reset(CANCEL);
    expect(["end", "reset"]).toContain(await there.left());
    expect(conn.ending).toBe("open");
  });
});

describe("an upstream that refuses or leaves", () => {
  test("REFUSED_STREAM is tried again, a POST too, and once alone", async () => {
    let refuse = 1;
    const serve = (s: H2PeerStream): void => {
      if (s.field(":path") === "/never" || refuse-- > 0) s.reset(REFUSED_STREAM);
      else s.sendHead(OK, true);
    };
    await using front = await open({ serve });
    using conn = await openH2(front.port, {});
    expect((await conn.request(request("POST", "a", "/post"), "body").done()).status).toBe(200);
    expect(front.h2.streams.filter((s) => s.field(":path") === "/post").length).toBe(2);
    expect(await front.metric("weir_cluster_retries_total")).toBe(1);
    expect([502, 503]).toContain((await conn.get("a", "/never").done()).status);
    expect(front.h2.streams.filter((s) => s.field(":path") === "/never").length).toBe(2);
  });

  test("GOAWAY: streams up to its last id end, those above are tried again elsewhere, new ones too", async () => {
    await using front = await open({ serve: unlessWait });
    using conn = await openH2(front.port, {});
    const first = conn.get("a", "/wait/first");
    const low = await front.h2.stream("/wait/first");
    const second = conn.request(request("POST", "a", "/wait/second"), "body");
    const high = await front.h2.stream("/wait/second");
    expect(high.peer).toBe(low.peer);
    low.peer.goAway(low.id);
    await until(
      "the second one to come again",
      () => front.h2.streams.filter((s) => s.field(":path") === "/wait/second").length === 2,
    );
    const again = front.h2.streams.findLast((s) => s.field(":path") === "/wait/second")!;
    expect(again.peer).not.toBe(low.peer);
    await again.done();
    expect(again.body).toBe("body");
    again.sendHead(OK, true);
    expect((await second.done()).status).toBe(200);
    expect((await conn.get("a", "/new").done()).status).toBe(200);
    expect((await front.h2.stream("/new")).peer).toBe(again.peer);
    low.sendHead(OK, false);
    await low.send("whole", true);
    expect((await first.done()).body).toBe("whole");
    expect(await low.peer.left()).toBe("end");
  });

  test("a GOAWAY that comes with the end of the connection loses nothing that was above it", async () => {
    let first = true;
    const serve = (s: H2PeerStream): void => {
      if (!first) {
        s.sendHead(OK, true);
        return;
      }
      first = false;
      s.peer.goAway(0);
      s.peer.end();
    };
    await using front = await open({ serve });
    using conn = await openH2(front.port, {});
    expect((await conn.request(request("POST", "a", "/x"), "b").done()).status).toBe(200);
  });

  test("a connection that ends in mid-reply is RST_STREAM for the client, and never a clean end", async () => {
    await using front = await open({ serve: (s) => s.sendHead(OK, false) });
    using conn = await openH2(front.port, {});
    for (const leave of ["end", "destroy", "goAway", "reset"] as const) {
      const got = conn.get("a", `/half/${leave}`);
      const there = await front.h2.stream(`/half/${leave}`);
      await there.send("half");
      await conn.when("half of it", 5000, () => got.body === "half");
      if (leave === "reset") there.reset(INTERNAL_ERROR);
      else if (leave === "goAway") {
        there.peer.goAway(there.id, INTERNAL_ERROR);
        there.peer.end();
      } else there.peer[leave]();
      await got.done();
      expect([leave, got.ended, got.resetCode]).toEqual([leave, false, INTERNAL_ERROR]);
    }
    expect(conn.ending).toBe("open");
  });

  test("the same of HTTP/1.1: a length that is not reached, a last chunk that does not come", async () => {
    await using front = await open({});
    using conn = await openH2(front.port, {});
    for (const framing of ["Content-Length: 100", "Transfer-Encoding: chunked"]) {
      const got = conn.get("a", `/h1/half`);
      const there = await front.h1.connection();
      await there.request();
      await there.send(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n4\r\nhalf\r\n`);
      await conn.when("half of it", 5000, () => got.body.includes("half"));
      there.end();
      await got.done();
      expect([got.ended, got.resetCode]).toEqual([false, INTERNAL_ERROR]);
    }
    // Over HTTP/1.1 the client sees it by the missing end.
    using h1 = await openTls(front.port, {});
    await h1.send("GET /h1/half HTTP/1.1\r\nHost: a\r\n\r\n");
    const there = await front.h1.connection();
    await there.request();
    await there.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
    await h1.readUntil("half");
    there.end();
    await h1.left();
    expect(h1.received).not.toContain("\r\n0\r\n");
  });

  test("a reply that is whole before the request is: the rest of the request is not wanted (RFC 9113 8.1)", async () => {
    await using front = await open({
      serve: (s) => {
        s.sendHead(OK, true);
        s.reset(NO_ERROR);
      },
    });
    using conn = await openH2(front.port, {});
    const s = conn.open(request("POST", "a", "/early"), false);
    await s.send("the first of it");
    await s.done();
    expect(s.status).toBe(200);
    await conn.when("RST_STREAM", 5000, () => s.resetCode >= 0);
    expect(s.resetCode).toBe(NO_ERROR);
    expect((await conn.get("a", "/next").done()).status).toBe(200);
  });
});

describe("streams", () => {
  test("beyond the upstream's limit another connection is opened, and all are filled again", async () => {
    await using front = await open({ serve: unlessWait, settings: [[SETTING.maxStreams, 4]] });
    using conn = await openH2(front.port, {});
    expect((await conn.get("a", "/first").done()).status).toBe(200);
    const streams = Array.from({ length: 10 }, (_, i) => conn.get("a", `/wait/${i}`));
    const there = await Promise.all(streams.map((_, i) => front.h2.stream(`/wait/${i}`)));
    expect(front.h2.connections.length).toBe(3);
    for (const c of front.h2.connections)
      expect([...c.streams.values()].filter((s) => /wait/.test(s.field(":path"))).length).toBeLessThanOrEqual(4);
    for (const s of there) s.sendHead(OK, true);
    for (const s of streams) expect((await s.done()).status).toBe(200);
    expect(await front.metric("weir_cluster_connections_active")).toBe(3);
    expect((await conn.get("a", "/last").done()).status).toBe(200);
    expect(front.h2.connections.length).toBe(3);
  });

  test("a burst at a host that takes few streams and refuses the others: none fails", async () => {
    const limit = 5;
    const busy = new Map<H2Peer, number>();
    const serve = async (s: H2PeerStream): Promise<void> => {
      const n = (busy.get(s.peer) ?? 0) + 1;
      if (n > limit) return s.reset(REFUSED_STREAM);
      busy.set(s.peer, n);
      await turn(20);
      s.sendHead(OK, true);
      busy.set(s.peer, busy.get(s.peer)! - 1);
    };
    await using front = await open({ serve, settings: [[SETTING.maxStreams, limit]] });
    using conn = await openH2(front.port, {});
    const got = await Promise.all(Array.from({ length: 40 }, async (_, i) => (await conn.get("a", `/burst/${i}`).done()).status));
    expect(got.filter((s) => s !== 200)).toEqual([]);
  });

  test("many at once over a fresh pool share few connections", async () => {
    await using front = await open({ settings: [[SETTING.maxStreams, 100]] });
    using conn = await openH2(front.port, {});
    const streams = Array.from({ length: 100 }, (_, i) => conn.get("a", `/many/${i}`));
    for (const s of streams) expect((await s.done(10_000)).status).toBe(200);
    expect(front.h2.connections.length).toBeLessThanOrEqual(2);
  });

  test("one idle connection that the upstream closed costs no request", async () => {
    await using front = await open({});
    using conn = await openH2(front.port, {});
    expect((await conn.get("a", "/one").done()).status).toBe(200);
    front.h2.connections[0]!.goAway(1);
    front.h2.connections[0]!.end();
    expect((await conn.request(request("POST", "a", "/two"), "x").done()).status).toBe(200);
  });
});
