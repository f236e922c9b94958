import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../support/deadline.ts";
import { fieldValue } from "../support/message.ts";
import { get, openClient } from "../support/raw_client.ts";
import { reply, startOrigin } from "../support/raw_origin.ts";
import { type Site, startSite } from "../support/weir.ts";

setDefaultTimeout(30_000);

const GET = "GET /x HTTP/1.1\r\nHost: test.example\r\n\r\n";

/** As many requests at once, each on a connection of its own, held by the origin until all have come. */
async function atOnce(site: Site, count: number): Promise<void> {
  const clients = await Promise.all(Array.from({ length: count }, () => openClient(site.port)));
  await Promise.all(clients.map((c) => c.send(GET)));
  await until("all requests at the origin", () => site.origin.requests.length >= count);
  for (const conn of site.origin.connections) await conn.send(reply(200, "ok"));
  for (const c of clients) {
    expect((await c.response()).body).toBe("ok");
    c.destroy();
  }
}

describe("upstream connections", () => {
  test("are used again, over all client connections", async () => {
    await using site = await startSite();
    for (let i = 0; i < 10; i++) expect((await get(site.port, `/r${i}`)).status).toBe(200);
    expect(site.origin.connections.length).toBe(1);
    expect(await site.weir.metric("weir_cluster_connects_total", { cluster: "origin" })).toBe(1);
  });

  test("are kept up to maxIdle", async () => {
    await using site = await startSite({ cluster: { maxIdle: 2 }, origin: { serve: () => {} } });
    await atOnce(site, 5);
    await until("all but two to be closed", () => site.origin.open === 2);
    expect(await site.weir.metric("weir_cluster_connections_idle", { cluster: "origin" })).toBe(2);
  });

  test("are closed after idleTimeout, and never kept when it is off", async () => {
    await using site = await startSite({ cluster: { idleTimeout: "300ms" } });
    await get(site.port, "/x");
    await until("the idle connection to be closed", () => site.origin.open === 0);
    expect((await get(site.port, "/y")).status).toBe(200);
    await using unkept = await startSite({ cluster: { idleTimeout: false } });
    for (let i = 0; i < 3; i++) expect((await get(unkept.port, `/${i}`)).status).toBe(200);
    expect(unkept.origin.connections.length).toBe(3);
    await until("all to be closed", () => unkept.origin.open === 0);
  });

  test("carry no more than requestsPerConnection", async () => {
    await using site = await startSite({ cluster: { requestsPerConnection: 2 } });
    for (let i = 0; i < 6; i++) expect((await get(site.port, `/r${i}`)).status).toBe(200);
    expect(site.origin.connections.length).toBe(3);
  });

  test("come from the source address that the cluster names", async () => {
    await using site = await startSite({ cluster: { source: "127.0.0.9" } });
    expect((await get(site.port, "/x")).status).toBe(200);
    expect(site.origin.connections[0]!.socket.remoteAddress).toBe("127.0.0.9");
  });

  test("are shared by no two requests at once", async () => {
    await using site = await startSite({ origin: { serve: () => {} } });
    await atOnce(site, 8);
    expect(site.origin.connections.length).toBe(8);
    for (const conn of site.origin.connections) expect(conn.received.split("GET /x").length - 1).toBe(1);
  });
});

describe("client connections", () => {
  test("carry no more than requestsPerConnection, and are told so", async () => {
    await using site = await startSite({ listener: { limits: { requestsPerConnection: 3 } } });
    using client = await openClient(site.port);
    for (const wanted of ["", "", "close"]) {
      await client.send(GET);
      expect(fieldValue((await client.response()).fields, "connection").toLowerCase()).toBe(wanted);
    }
    expect(await client.left()).toBe("end");
  });
});

describe("endpoints by name", () => {
  test("reach every address that the name has, IPv4 and IPv6", async () => {
    await using four = await startOrigin({ host: "127.0.0.1", serve: (_r, conn) => conn.send(reply(200, "four")) });
    await using site = await startSite({ cluster: { endpoints: [`localhost:${four.port}`] } });
    for (let i = 0; i < 4; i++) expect((await get(site.port, "/x")).body).toBe("four");
    expect((await site.logged("/x"))["cluster"]).toBe("origin");
  });

  test("that do not exist give 503 with UH or UF, and the rest goes on", async () => {
    await using site = await startSite({
      routes: [
        { name: "none", match: [{ path: "/none" }], to: "none" },
        { name: "all", to: "origin" },
      ],
      clusters: { none: { endpoints: ["no-such-host.invalid:80"] } },
    });
    expect((await get(site.port, "/none")).status).toBe(503);
    expect((await site.logged("/none"))["flags"]).toMatch(/^U[HF]$/);
    expect((await get(site.port, "/there")).status).toBe(200);
  });
});
