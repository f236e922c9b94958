import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { until } from "../support/deadline.ts";
import { fieldValue, hasField, type Message } from "../support/message.ts";
import { ask, openClient } from "../support/raw_client.ts";
import { reply, type Serve } from "../support/raw_origin.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { type Site, startSite } from "../support/weir.ts";

setDefaultTimeout(30_000);

const HOST = "Host: test.example\r\n";
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const WS = `${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n`;
let site: Site;

/** Switches when asked to, and then says back what it hears, each piece in brackets. */
const serve: Serve = async (request: Message, conn: RawPeer) => {
  const token = fieldValue(request.fields, "upgrade");
  if (token === "") return conn.send(reply(200, request.raw));
  if (request.target === "/refuses") return conn.send(reply(426, "no"));
  const accept = createHash("sha1").update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const early = request.target === "/early" ? "early" : "";
  await conn.send(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${token}\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n${early}`,
  );
  return sayBack(conn);
};

async function sayBack(conn: RawPeer): Promise<void> {
  for (;;) {
    await conn.when("bytes or an end", 60_000, () => conn.unread.length > 0 || conn.ending !== "open");
    if (conn.unread.length === 0) return conn.end();
    const piece = await conn.readUntil(conn.unread);
    await conn.send(`[${piece}]`);
  }
}

beforeAll(async () => {
  site = await startSite({
    listener: { timeouts: { tunnelIdle: "1s" } },
    origin: { serve },
    routes: [
      { name: "any", match: [{ prefix: "/any" }], to: "origin", upgrade: ["*"] },
      { name: "none", match: [{ prefix: "/none" }], to: "origin", upgrade: [] },
      { name: "tunnel", match: [{ method: "CONNECT", headers: { host: { prefix: "db." } } }], to: "db", connect: true },
      { name: "ws", to: "origin" },
    ],
    clusters: { db: { endpoints: ["127.0.0.1:1"] } },
  });
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
});

describe("Upgrade", () => {
  test("WebSocket switches and bytes go both ways", async () => {
    using client = await openClient(site.port);
    await client.send(`GET /chat HTTP/1.1\r\n${WS}`);
    const got = await client.response();
    expect(got.status).toBe(101);
    expect(fieldValue(got.fields, "sec-websocket-accept")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    expect(fieldValue(got.fields, "upgrade").toLowerCase()).toBe("websocket");
    expect(fieldValue(got.fields, "connection").toLowerCase()).toBe("upgrade");
    expect(fieldValue(site.origin.requests.at(-1)!.fields, "connection").toLowerCase()).toBe("upgrade");
    await client.send("\x81\x05hello");
    expect(await client.readUntil("]")).toBe("[\x81\x05hello]");
    client.end();
    expect(await client.left()).toBe("end");
  });

  test("bytes sent right behind the heads, on both sides, belong to the tunnel", async () => {
    using client = await openClient(site.port);
    await client.send(`GET /early HTTP/1.1\r\n${WS}at once`);
    expect((await client.response()).status).toBe(101);
    expect(await client.readUntil("]")).toBe("early[at once]");
  });

  test("a token that the route does not name is not forwarded, and the request is served without it", async () => {
    for (const path of ["/none", "/chat"]) {
      const got = await ask(site.port, `GET ${path} HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: other/1\r\n\r\n`);
      expect(got.status).not.toBe(101);
      expect(site.origin.requests.at(-1)?.target === path ? fieldValue(site.origin.requests.at(-1)!.fields, "upgrade") : "").toBe(
        "",
      );
    }
  });

  test("any token passes where the route says so", async () => {
    using client = await openClient(site.port);
    await client.send(`GET /any HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: other/1\r\n\r\n`);
    expect((await client.response()).status).toBe(101);
    await client.send("x");
    expect(await client.readUntil("]")).toBe("[x]");
  });

  test("h2c never passes", async () => {
    const got = await ask(
      site.port,
      `GET /any HTTP/1.1\r\n${HOST}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n`,
    );
    expect(got.status).toBe(200);
    const seen = site.origin.requests.at(-1)!;
    for (const name of ["upgrade", "http2-settings", "connection"]) expect(hasField(seen.fields, name)).toBe(false);
  });

  test("an origin that does not switch answers as ever, and the connection goes on", async () => {
    using client = await openClient(site.port);
    await client.send(`GET /refuses HTTP/1.1\r\n${WS}`);
    expect((await client.response()).status).toBe(426);
    await client.send(`GET /plain HTTP/1.1\r\n${HOST}\r\n`);
    expect((await client.response()).status).toBe(200);
  });

  test("half-close passes and the other direction goes on", async () => {
    await using scripted = await startSite({ origin: {} });
    using client = await openClient(scripted.port);
    await client.send(`GET /chat HTTP/1.1\r\n${WS}`);
    const conn = await scripted.origin.connection();
    await conn.request();
    await conn.send("HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
    await client.response();
    client.end();
    expect(await conn.left()).toBe("end");
    await conn.send("still talking");
    expect(await client.readUntil("talking")).toBe("still talking");
    conn.end();
    expect(await client.left()).toBe("end");
  });

  test("a reset on one side is a reset on the other", async () => {
    await using scripted = await startSite({ origin: {} });
    using client = await openClient(scripted.port);
    await client.send(`GET /chat HTTP/1.1\r\n${WS}`);
    const conn = await scripted.origin.connection();
    await conn.request();
    await conn.send("HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
    await client.response();
    conn.reset();
    expect(await client.left()).toBe("reset");
  });

  test("an idle tunnel is closed after its idle time", async () => {
    using client = await openClient(site.port);
    await client.send(`GET /chat HTTP/1.1\r\n${WS}`);
    expect((await client.response()).status).toBe(101);
    await client.left(10_000);
  });
});

describe("CONNECT", () => {
  test("a route that allows it makes a tunnel, which passes bytes and half-closes", async () => {
    await using scripted = await startSite({ origin: {}, route: { connect: true } });
    using client = await openClient(scripted.port);
    await client.send("CONNECT db.example:5432 HTTP/1.1\r\nHost: db.example:5432\r\n\r\nat once");
    const got = await client.response("CONNECT");
    expect(got.status).toBe(200);
    expect(hasField(got.fields, "content-length") || hasField(got.fields, "transfer-encoding")).toBe(false);
    const conn = await scripted.origin.connection();
    expect(await conn.readUntil("once")).toBe("at once");
    await conn.send("answer");
    expect(await client.readUntil("answer")).toBe("answer");
    client.end();
    expect(await conn.left()).toBe("end");
    await conn.send("late");
    expect(await client.readUntil("late")).toBe("late");
    conn.end();
    expect(await client.left()).toBe("end");
    await until("no connection to be left", () => scripted.origin.open === 0);
  });

  test("a route that does not allow it refuses, and nothing reaches the origin", async () => {
    const before = site.origin.connections.length;
    const got = await ask(site.port, "CONNECT test.example:443 HTTP/1.1\r\nHost: test.example:443\r\n\r\n", "CONNECT");
    expect([403, 404, 405, 501]).toContain(got.status);
    expect(site.origin.connections.length).toBe(before);
  });

  test("an endpoint that refuses gives 502 or 503", async () => {
    const got = await ask(site.port, "CONNECT db.example:5432 HTTP/1.1\r\nHost: db.example:5432\r\n\r\n", "CONNECT");
    expect([502, 503]).toContain(got.status);
  });

  test("a target without a port is refused", async () => {
    expect((await ask(site.port, "CONNECT db.example HTTP/1.1\r\nHost: db.example\r\n\r\n", "CONNECT")).status).toBe(400);
  });
});
