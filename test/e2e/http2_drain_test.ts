import { expect, setDefaultTimeout, test } from "bun:test";
import { turn } from "../support/deadline.ts";
import { request } from "../support/h2_peer.ts";
import { type Listeners, startListeners } from "../support/listeners.ts";
import { reply } from "../support/raw_origin.ts";
import { openH2, openTls } from "../support/tls_client.ts";
import { Pki } from "../support/tls_pki.ts";
import type { SiteOptions } from "../support/weir.ts";

setDefaultTimeout(30_000);

const HIGHEST = 2 ** 31 - 1;
const pki = new Pki();
const certificates = [pki.server("a", ["a"])];

function open(drain: Readonly<Record<string, string>>, o: SiteOptions = {}): Promise<Listeners> {
  const routes = [{ match: [{ prefix: "/hello" }], respond: { body: "hello" } }, { to: "origin" }];
  return startListeners({ web: { tls: { certificates } } }, { origin: {}, routes, ...o, top: { drain } });
}

test("GOAWAY comes in two steps: what is on its way is served, what is in hand ends whole, then the connection ends", async () => {
  await using w = await open({ delay: "300ms", limit: "10s" });
  using conn = await openH2(w.port["web"]!, {});
  const slow = conn.get("a", "/slow");
  const there = await w.site.origin.connection();
  await there.request();
  let late: ReturnType<typeof conn.get> | null = null;
  // A stream that crosses the first GOAWAY on the wire.
  conn.onFrame = (f) => {
    if (f.type === 7 && late === null) late = conn.get("a", "/hello/late");
  };
  w.site.weir.signal("SIGTERM");
  await conn.when("the second GOAWAY", 5000, () => conn.goAways.length === 2);
  expect(conn.goAways[0]).toEqual({ last: HIGHEST, code: 0 });
  expect(conn.goAways[1]!.code).toBe(0);
  expect(conn.goAways[1]!.last).toBe(late!.id);
  expect((await late!.done()).body).toBe("hello");
  expect(w.site.weir.exit).toBe(null);
  await there.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
  await conn.when("half of it", 5000, () => slow.body === "abc");
  await there.send("def");
  expect((await slow.done()).body).toBe("abcdef");
  expect(await conn.left()).toBe("end");
  expect((await w.site.weir.ended()).code).toBe(0);
});

test("busy clients lose nothing: each goes elsewhere when it is told", async () => {
  await using w = await open({ delay: "500ms", limit: "10s" });
  const statuses: number[] = [];
  const client = async (): Promise<void> => {
    using conn = await openH2(w.port["web"]!, {});
    while (conn.goAways.length === 0) {
      const four = Array.from({ length: 4 }, () => conn.get("a", "/hello"));
      for (const s of four) statuses.push((await s.done()).status);
    }
    expect(await conn.left(8000)).toBe("end");
  };
  const clients = Array.from({ length: 4 }, client);
  while (statuses.length < 40) await turn(5);
  w.site.weir.signal("SIGTERM");
  await Promise.all(clients);
  expect(statuses.filter((s) => s !== 200)).toEqual([]);
  expect((await w.site.weir.ended()).code).toBe(0);
});

test("a client that never acknowledges is not waited for, and one that idles is told and let go", async () => {
  await using w = await open({ delay: "0s", limit: "8s" });
  using idle = await openH2(w.port["web"]!, {});
  expect((await idle.get("a", "/hello").done()).status).toBe(200);
  w.site.weir.signal("SIGTERM");
  await idle.left();
  expect(idle.goAways.at(-1)!.code).toBe(0);
  expect((await w.site.weir.ended(7000)).code).toBe(0);
});

test("an upload in flight ends whole over HTTP/2 and over TLS with HTTP/1.1", async () => {
  await using w = await open({ delay: "0s", limit: "10s" });
  using h2 = await openH2(w.port["web"]!, {});
  using h1 = await openTls(w.port["web"]!, {});
  const s = h2.open(request("POST", "a", "/up2", ["content-length", "10"]), false);
  await s.send("hello");
  const there2 = await w.site.origin.connection();
  await there2.readUntil("hello");
  await h1.send("POST /up1 HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
  const there1 = await w.site.origin.connection();
  await there1.readUntil("hello");
  w.site.weir.signal("SIGTERM");
  await h2.when("GOAWAY", 5000, () => h2.goAways.length > 0);
  await s.send("world", true);
  await h1.send("world");
  for (const there of [there1, there2]) {
    await there.readUntil("world");
    await there.send(reply(200, "done"));
  }
  expect((await s.done()).body).toBe("done");
  expect((await h1.response()).body).toBe("done");
  expect((await w.site.weir.ended()).code).toBe(0);
});

test("a WebSocket over HTTP/2 lives until the drain's limit, and its end is told", async () => {
  await using w = await open({ delay: "0s", limit: "1s" });
  using conn = await openH2(w.port["web"]!, {});
  const s = conn.open(
    [
      [":method", "CONNECT"],
      [":protocol", "websocket"],
      [":scheme", "https"],
      [":authority", "a"],
      [":path", "/ws"],
      ["sec-websocket-version", "13"],
    ],
    false,
  );
  const there = await w.site.origin.connection();
  const key = /sec-websocket-key: (.*)\r/i.exec((await there.request()).raw)![1]!;
  const accept = new Bun.CryptoHasher("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  await there.send(`HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  await s.headed();
  w.site.weir.signal("SIGTERM");
  await conn.when("GOAWAY", 5000, () => conn.goAways.length > 0);
  await there.send("still here");
  await conn.when("what it says", 5000, () => s.body === "still here");
  await conn.left();
  expect(s.ended).toBe(false);
  await there.left();
  expect((await w.site.weir.ended()).code).toBe(0);
});
