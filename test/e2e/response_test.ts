import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../support/deadline.ts";
import { readMessage } from "../support/message.ts";
import { openClient } from "../support/raw_client.ts";
import { reply } from "../support/raw_origin.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { type Site, startSite } from "../support/weir.ts";
import { type ResponseRow, responseRows } from "./response_rows.ts";

setDefaultTimeout(30_000);

let site: Site;
let current: ResponseRow | null = null;

beforeAll(async () => {
  site = await startSite({
    origin: {
      async serve(request, conn) {
        if (current === null || request.target !== "/row") return conn.send(reply(200, "clean"));
        await conn.send(current.bytes);
        if (current.closes) conn.end();
      },
    },
  });
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
});

describe("an upstream's bytes with two readings are not passed on", () => {
  for (const row of responseRows) test(`${row.name} (${row.rfc})`, () => tryRow(row));
});

async function tryRow(row: ResponseRow): Promise<void> {
  current = row;
  using client = await openClient(site.port);
  await client.send(`${row.method} /row HTTP/1.1\r\nHost: test.example\r\n\r\n`);
  if (row.sees.kind === "badGateway") {
    let got = await client.response(row.method);
    while (got.status < 200) got = await client.response(row.method);
    expect(got.status).toBe(502);
    expect(got.raw).not.toContain("hello");
  } else if (row.sees.kind === "cut") await seesCut(client);
  else {
    const got = await client.response(row.method);
    expect({ status: got.status, body: got.body }).toEqual({ status: row.sees.status, body: row.sees.body });
  }
  await staysClean(row);
}

/** The client must not take what it got for a whole reply. */
async function seesCut(client: RawPeer): Promise<void> {
  await client.left();
  let rest = client.unread;
  for (;;) {
    const got = readMessage(rest, { role: "response", method: "GET" }, true);
    if (got === null) return;
    if (got.status >= 200) {
      expect(got.status).toBe(502);
      return;
    }
    rest = rest.slice(got.raw.length);
  }
}

/** The next client gets its own reply, and a connection that must not be used again is not. */
async function staysClean(row: ResponseRow): Promise<void> {
  const spoilt = site.origin.connections.at(-1)!;
  const reused = row.sees.kind === "reply" && row.sees.reused;
  if (!reused)
    await until("the spoilt upstream connection to be given up", () => spoilt.ending !== "open" || spoilt.socket.destroyed);
  const before = site.origin.connections.length;
  using next = await openClient(site.port);
  await next.send("GET /next HTTP/1.1\r\nHost: test.example\r\n\r\n");
  expect((await next.response()).body).toBe("clean");
  if (reused) expect(site.origin.connections.length).toBe(before);
}

test("bytes that come before any request are never a reply", async () => {
  current = null;
  using client = await openClient(site.port);
  await client.send("GET /warm HTTP/1.1\r\nHost: test.example\r\n\r\n");
  await client.response();
  const idle = site.origin.connections.at(-1)!;
  await idle.send(reply(200, "poison"));
  await until("the connection to be given up", () => idle.ending !== "open");
  await client.send("GET /next HTTP/1.1\r\nHost: test.example\r\n\r\n");
  expect((await client.response()).body).toBe("clean");
});

test("a reply sent before the request is complete ends both connections, and is passed on", async () => {
  await using early = await startSite({
    origin: { open: (conn) => void conn.readUntil("\r\n\r\n").then(() => conn.send(reply(403, "no"))) },
  });
  using client = await openClient(early.port);
  await client.send("POST /x HTTP/1.1\r\nHost: test.example\r\nContent-Length: 1000000\r\n\r\npart");
  const got = await client.response("POST");
  expect(got.status).toBe(403);
  expect(got.body).toBe("no");
  expect(await client.left()).not.toBe("open");
  await until("the upstream connection to be given up", () => early.origin.open === 0);
});
