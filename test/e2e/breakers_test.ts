import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { turn, until } from "../support/deadline.ts";
import { startH2Origin } from "../support/h2_origin.ts";
import { request, SETTING } from "../support/h2_peer.ts";
import { fieldValue } from "../support/message.ts";
import { freePort } from "../support/ports.ts";
import { get, openClient } from "../support/raw_client.ts";
import { reply } from "../support/raw_origin.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { openH2c } from "../support/scripted_origins.ts";
import { type Site, startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

const HOST = "Host: test.example\r\n";

/** A client that has asked for the path. */
async function asking(site: Site, path: string): Promise<RawPeer> {
  const client = await openClient(site.port);
  await client.send(`GET ${path} HTTP/1.1\r\n${HOST}\r\n`);
  return client;
}

function remaining(site: Site, limit: string): Promise<number> {
  return site.weir.metric("weir_cluster_breaker_remaining", { cluster: "origin", limit });
}

function overflows(site: Site, limit: string): Promise<number> {
  return site.weir.metric("weir_cluster_overflows_total", { cluster: "origin", limit });
}

describe("breakers", () => {
  test("requests above the cap: 503 at once with UO, and a place is free again with each reply", async () => {
    await using site = await startSite({ origin: { serve: () => {} }, cluster: { breakers: { requests: 2 } } });
    using a = await asking(site, "/a");
    using b = await asking(site, "/b");
    await until("both at the origin", () => site.origin.requests.length === 2);
    const c = await get(site.port, "/c");
    expect([c.status, fieldValue(c.fields, "retry-after")]).toEqual([503, "1"]);
    expect((await site.logged("/c"))["flags"]).toBe("UO");
    expect([await overflows(site, "requests"), await remaining(site, "requests")]).toEqual([1, 0]);
    expect(await site.weir.metric("weir_cluster_breaker_open", { cluster: "origin", limit: "requests" })).toBe(1);
    for (const conn of site.origin.connections) await conn.send(reply(200, "ok"));
    expect([(await a.response()).body, (await b.response()).body]).toEqual(["ok", "ok"]);
    await until("all places to be free", async () => (await remaining(site, "requests")) === 2);
    expect(site.origin.requests.map((r) => r.target).sort()).toEqual(["/a", "/b"]);
  });

  test("connections at the cap: requests wait in their order, up to `pending`; who goes leaves the queue", async () => {
    await using site = await startSite({ origin: { serve: () => {} }, cluster: { breakers: { connections: 1, pending: 2 } } });
    using a = await asking(site, "/a");
    await until("the first at the origin", () => site.origin.requests.length === 1);
    const gone = await asking(site, "/gone");
    await until("it to wait", async () => (await remaining(site, "pending")) === 1);
    using b = await asking(site, "/b");
    await until("it to wait", async () => (await remaining(site, "pending")) === 0);
    expect((await get(site.port, "/c")).status).toBe(503);
    expect((await site.logged("/c"))["flags"]).toBe("UO");
    expect(await overflows(site, "pending")).toBe(1);
    gone.reset();
    await until("its place to be free", async () => (await remaining(site, "pending")) === 1);
    const [conn] = site.origin.connections;
    await conn!.send(reply(200, "one"));
    expect((await a.response()).body).toBe("one");
    await until("the second at the origin", () => site.origin.requests.length === 2);
    await conn!.send(reply(200, "two"));
    expect((await b.response()).body).toBe("two");
    expect(site.origin.requests.map((r) => r.target)).toEqual(["/a", "/b"]);
    expect(site.origin.connections.length).toBe(1);
  });

  test("under load connections never exceed the cap, and every request has its own reply", async () => {
    let most = 0;
    await using site = await startSite({
      origin: {
        async serve(r, conn) {
          most = Math.max(most, site.origin.open);
          await conn.send(reply(200, r.target));
        },
      },
      cluster: { breakers: { connections: 3 } },
    });
    await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        for (let n = 0; n < 10; n++) {
          const got = await get(site.port, `/${i}/${n}`);
          expect([got.status, got.body]).toEqual([200, `/${i}/${n}`]);
        }
      }),
    );
    expect(most).toBeLessThanOrEqual(3);
    expect(site.origin.connections.length).toBe(3);
    expect(site.origin.requests).toHaveLength(300);
  });

  test("streams of HTTP/2 wait for each other on the connections that there may be", async () => {
    await using h2 = await startH2Origin({ settings: [[SETTING.maxStreams, 2]], serve: () => {} });
    await using site = await startSite({
      listener: { detect: true },
      cluster: { endpoints: [`127.0.0.1:${h2.port}`], protocol: "h2c", breakers: { connections: 1 } },
    });
    using client = await openH2c(site.port);
    const first = client.request(request("GET", "test.example", "/1"));
    // Its server's SETTINGS are known with the first reply.
    (await h2.stream("/1")).sendHead([[":status", "204"]], true);
    await first.done();
    const all = [2, 3, 4, 5].map((i) => client.request(request("GET", "test.example", `/${i}`)));
    await Promise.all([h2.stream("/2"), h2.stream("/3")]);
    expect(h2.streams).toHaveLength(3);
    for (const i of [2, 3, 4, 5]) (await h2.stream(`/${i}`)).sendHead([[":status", "204"]], true);
    for (const s of all) expect((await s.done()).status).toBe(204);
    expect(h2.connections).toHaveLength(1);
  });

  test("a priority has caps of its own", async () => {
    await using site = await startSite({
      origin: { serve: () => {} },
      routes: [
        { name: "vip", match: [{ prefix: "/vip" }], to: "origin", priority: "high" },
        { name: "all", to: "origin" },
      ],
      cluster: { breakers: { requests: 1, high: { requests: 1 } } },
    });
    using _a = await asking(site, "/a");
    using _b = await asking(site, "/vip/b");
    await until("both at the origin", () => site.origin.requests.length === 2);
    expect((await get(site.port, "/c")).status).toBe(503);
    expect((await get(site.port, "/vip/d")).status).toBe(503);
    expect(
      await site.weir.metric("weir_cluster_overflows_total", { cluster: "origin", priority: "high", limit: "requests" }),
    ).toBe(1);
  });

  test("sessions of TCP count as connections, and are closed at once above the cap", async () => {
    const port = await freePort();
    await using site = await startSite({
      origin: {},
      cluster: { breakers: { connections: 1 } },
      top: { listeners: { tcp: { address: `127.0.0.1:${port}`, protocol: "tcp", to: "origin" } } },
      routes: [],
    });
    const a = await openClient(port);
    await a.send("hello");
    const up = await site.origin.connection();
    await up.when("hello", 5000, () => up.received === "hello");
    // It may be reset before its opening is told.
    const b = openClient(port).then(
      (c) => c.left(),
      () => "reset",
    );
    expect(await b).toBe("reset");
    expect(await overflows(site, "connections")).toBe(1);
    a.end();
    up.end();
    await until("its place to be free", async () => (await remaining(site, "connections")) === 1);
    a.destroy();
    using c = await openClient(port);
    await c.send("again");
    const next = await site.origin.connection();
    await next.when("again", 5000, () => next.received === "again");
  });

  test("workers share the caps: together they let through what the config says", async () => {
    await using site = await startSite({
      origin: { serve: () => {} },
      cluster: { breakers: { requests: 4 } },
      args: ["--workers", "2"],
      ms: 30_000,
    });
    expect(await remaining(site, "requests")).toBe(4);
    const clients: RawPeer[] = [];
    // Enough that each worker has more than its share.
    for (let i = 0; i < 40; i++) clients.push(await asking(site, `/${i}`));
    await until("what is over to be refused", async () => (await overflows(site, "requests")) === 36);
    await until("the others at the origin", () => site.origin.requests.length === 4);
    expect(await remaining(site, "requests")).toBe(0);
    expect(await site.weir.metric("weir_cluster_breaker_open", { cluster: "origin", limit: "requests" })).toBe(2);
    for (const c of clients) c.destroy();
  });
});

describe("the age of connections", () => {
  test("of an upstream: what is under way ends, and the next request has another one", async () => {
    await using site = await startSite({ cluster: { maxConnectionAge: "500ms" }, origin: { serve: () => {} } });
    using client = await asking(site, "/a");
    await until("it at the origin", () => site.origin.requests.length === 1);
    const [conn] = site.origin.connections;
    await turn(600);
    expect(conn!.ending).toBe("open");
    await conn!.send(reply(200, "ok"));
    expect((await client.response()).body).toBe("ok");
    await until("its end", () => conn!.ending !== "open");
    await client.send(`GET /b HTTP/1.1\r\n${HOST}\r\n`);
    await until("the next at the origin", () => site.origin.connections.length === 2);
  });

  test("of a client: HTTP/1 closes with the reply, HTTP/2 says GOAWAY", async () => {
    await using site = await startSite({
      listener: { detect: true, timeouts: { maxConnection: "500ms" } },
      origin: { serve: () => {} },
    });
    using unused = await asking(site, "/unused");
    await (await site.origin.connection()).send(reply(200, "ok"));
    expect((await unused.response()).body).toBe("ok");
    using a = await asking(site, "/a");
    using b = await openH2c(site.port);
    const s = b.request(request("GET", "test.example", "/b"));
    await until("both at the origin", () => site.origin.requests.length === 3);
    expect(await unused.left()).toBe("end");
    await b.when("GOAWAY", 10_000, () => b.goAways.length > 0);
    for (const conn of site.origin.connections) await conn.send(reply(200, "ok"));
    const got = await a.response();
    expect([got.body, fieldValue(got.fields, "connection").toLowerCase()]).toEqual(["ok", "close"]);
    expect(await a.left()).toBe("end");
    expect((await s.done()).body).toBe("ok");
    await b.left(10_000);
  });
});
