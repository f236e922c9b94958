import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../support/deadline.ts";
import { fieldValue, hasField } from "../support/message.ts";
import { freePort } from "../support/ports.ts";
import { ask, get, openClient } from "../support/raw_client.ts";
import { reply } from "../support/raw_origin.ts";
import { startSite } from "../support/weir.ts";

setDefaultTimeout(30_000);

const HOST = "Host: test.example\r\n";

describe("upstreams that fail", () => {
  test("one that refuses: 502 or 503 with UF", async () => {
    const dead = await freePort();
    await using site = await startSite({ cluster: { endpoints: [`127.0.0.1:${dead}`] } });
    const got = await get(site.port, "/refused");
    expect([502, 503]).toContain(got.status);
    expect(hasField(got.fields, "date")).toBe(true);
    const line = await site.logged("/refused");
    expect(line["flags"]).toBe("UF");
    expect(line["status"]).toBe(got.status);
    await until(
      "the failure to be counted",
      async () => (await site.weir.metric("weir_cluster_connect_failures_total", { cluster: "origin" })) >= 1,
    );
  });

  test("one that closes before a head: 502 with UC", async () => {
    await using site = await startSite({ origin: { serve: (_r, conn) => conn.end() } });
    expect((await get(site.port, "/closed")).status).toBe(502);
    expect((await site.logged("/closed"))["flags"]).toBe("UC");
  });

  test("one that resets: 502 with UR", async () => {
    await using site = await startSite({ origin: { serve: (_r, conn) => conn.reset() } });
    expect((await get(site.port, "/reset")).status).toBe(502);
    expect((await site.logged("/reset"))["flags"]).toMatch(/^U[RC]$/);
  });

  test("one that answers nonsense: 502 with UPE", async () => {
    await using site = await startSite({ origin: { serve: (_r, conn) => conn.send("220 mail ready\r\n") } });
    expect((await get(site.port, "/nonsense")).status).toBe(502);
    expect((await site.logged("/nonsense"))["flags"]).toBe("UPE");
  });

  test("one whose head does not come: 504 with UT, and its connection is closed", async () => {
    await using site = await startSite({ origin: {}, route: { timeouts: { responseHead: "300ms" } } });
    const got = await get(site.port, "/silent");
    expect(got.status).toBe(504);
    expect((await site.logged("/silent"))["flags"]).toBe("UT");
    await until("the upstream connection to be closed", () => site.origin.open === 0);
  });

  test("a route's timeout before the head is 504, in the middle of the reply a cut", async () => {
    await using site = await startSite({
      route: { timeout: "400ms" },
      origin: {
        serve: (r, conn) => (r.target === "/never" ? undefined : conn.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")),
      },
    });
    expect((await get(site.port, "/never")).status).toBe(504);
    using client = await openClient(site.port);
    await client.send(`GET /part HTTP/1.1\r\n${HOST}\r\n`);
    await client.readUntil("part");
    await client.left();
    expect((await site.logged("/part"))["flags"]).toBe("UT");
  });

  test("a stream on which nothing moves is cut", async () => {
    await using site = await startSite({
      listener: { timeouts: { streamIdle: "400ms" } },
      origin: { serve: (_r, conn) => conn.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart") },
    });
    using client = await openClient(site.port);
    await client.send(`GET /idle HTTP/1.1\r\n${HOST}\r\n`);
    await client.readUntil("part");
    await client.left();
    expect((await site.logged("/idle"))["flags"]).toBe("SI");
  });

  test("an address where nobody answers: connect timeout, 503 or 504, with UF", async () => {
    // TEST-NET-1 (RFC 5737) may be answered with unreachable at once, which is a failure to connect too.
    await using site = await startSite({ cluster: { endpoints: ["192.0.2.1:9"], connectTimeout: "300ms" } });
    expect([502, 503, 504]).toContain((await get(site.port, "/nowhere")).status);
    expect((await site.logged("/nowhere"))["flags"]).toBe("UF");
  });

  test("no route: 404 with NR", async () => {
    await using site = await startSite({ routes: [{ name: "one", match: [{ path: "/one" }], to: "origin" }] });
    expect((await get(site.port, "/other")).status).toBe(404);
    expect((await site.logged("/other"))["flags"]).toBe("NR");
  });
});

describe("a pooled connection that dies", () => {
  /** Serves one request on a connection and ends the connection at the second, without a byte. */
  async function siteThatDropsSecond(): Promise<Awaited<ReturnType<typeof startSite>>> {
    const served = new WeakSet<object>();
    return startSite({
      origin: {
        async serve(request, conn) {
          if (served.has(conn)) return conn.reset();
          served.add(conn);
          await conn.send(reply(200, request.method));
        },
      },
    });
  }

  test("is replaced once for a request that may be repeated", async () => {
    await using site = await siteThatDropsSecond();
    using client = await openClient(site.port);
    for (const method of ["GET", "PUT", "DELETE"]) {
      for (let i = 0; i < 2; i++) {
        await client.send(`${method} /${method}${i} HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`);
        expect((await client.response()).body).toBe(method);
      }
    }
  });

  test("is told for one that may not", async () => {
    await using site = await siteThatDropsSecond();
    using client = await openClient(site.port);
    await client.send(`POST /p0 HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`);
    expect((await client.response()).status).toBe(200);
    await client.send(`POST /p1 HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`);
    expect((await client.response()).status).toBe(502);
    expect(site.origin.requests.filter((r) => r.target === "/p1").length).toBe(1);
  });

  test("is not used when the upstream has closed it", async () => {
    await using site = await startSite({
      origin: {
        async serve(request, conn) {
          await conn.send(reply(200, request.method));
          conn.end();
        },
      },
    });
    using client = await openClient(site.port);
    for (let i = 0; i < 10; i++) {
      const seen = site.origin.connections.length;
      await client.send(`POST /again${i} HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\nab`);
      expect((await client.response()).status).toBe(200);
      await until("Weir to close its end", () => site.origin.connections.slice(0, seen + 1).every((c) => c.ending !== "open"));
    }
  });
});

describe("clients that are slow or too large", () => {
  test("a slow head: 408 and closed", async () => {
    await using site = await startSite({ listener: { timeouts: { head: "300ms" } } });
    using client = await openClient(site.port);
    await client.send("GET /slow HTTP/1.1\r\nHost: te");
    const got = await client.response();
    expect(got.status).toBe(408);
    expect(fieldValue(got.fields, "connection").toLowerCase()).toBe("close");
    expect(await client.left()).toBe("end");
    expect(site.origin.connections.length).toBe(0);
  });

  test("bytes that trickle do not prolong the head's time", async () => {
    await using site = await startSite({ listener: { timeouts: { head: "500ms" } } });
    using client = await openClient(site.port);
    await client.send("GET /trickle HTTP/1.1\r\n");
    const drip = setInterval(() => void client.send("X: y\r\n").catch(() => {}), 20);
    try {
      expect((await client.response()).status).toBe(408);
    } finally {
      clearInterval(drip);
    }
  });

  test("a slow body: 408 and closed", async () => {
    await using site = await startSite({ listener: { timeouts: { body: "300ms" } } });
    using client = await openClient(site.port);
    await client.send(`POST /slow HTTP/1.1\r\n${HOST}Content-Length: 10\r\n\r\npart`);
    expect((await client.response("POST")).status).toBe(408);
    await client.left();
    expect((await site.logged("/slow"))["flags"]).toBe("RT");
    await until("the upstream connection to be closed", () => site.origin.open === 0);
  });

  test("a connection that says nothing is closed", async () => {
    await using site = await startSite({ listener: { timeouts: { head: "300ms", idle: "300ms" } } });
    using client = await openClient(site.port);
    await client.left();
    using kept = await openClient(site.port);
    await kept.send(`GET /kept HTTP/1.1\r\n${HOST}\r\n`);
    expect((await kept.response()).status).toBe(200);
    expect(await kept.left()).toBe("end");
    expect(kept.unread).toBe("");
  });

  test("one that takes nothing of its reply is cut, and the upstream is let go", async () => {
    const body = Buffer.alloc(64 * 1024 * 1024, "x");
    await using site = await startSite({
      listener: { timeouts: { streamIdle: "500ms" } },
      origin: {
        async serve(_r, conn) {
          await conn.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
          conn.socket.write(body);
        },
      },
    });
    using client = await openClient(site.port);
    client.socket.pause();
    await client.send(`GET /unread HTTP/1.1\r\n${HOST}\r\n`);
    expect((await site.logged("/unread"))["flags"]).toMatch(/^(SI|WT)$/);
    await until("the upstream connection to be closed", () => site.origin.open === 0);
    await until(
      "the connection to be gone",
      async () => (await site.weir.metric("weir_listener_connections_active", { listener: "web" })) === 0,
    );
  });

  test("a body over the limit: 413, told or not told beforehand", async () => {
    await using site = await startSite({ listener: { limits: { body: "1KiB" } }, route: {} });
    const told = await ask(site.port, `POST /told HTTP/1.1\r\n${HOST}Content-Length: 1025\r\n\r\n${"x".repeat(1025)}`, "POST");
    expect(told.status).toBe(413);
    expect(fieldValue(told.fields, "connection").toLowerCase()).toBe("close");
    const chunk = `100\r\n${"x".repeat(256)}\r\n`;
    const found = await ask(
      site.port,
      `POST /found HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(5)}0\r\n\r\n`,
      "POST",
    );
    expect(found.status).toBe(413);
    expect(
      (await ask(site.port, `POST /fits HTTP/1.1\r\n${HOST}Content-Length: 1024\r\n\r\n${"x".repeat(1024)}`, "POST")).status,
    ).toBe(200);
    expect(site.origin.requests.map((r) => r.target)).toEqual(["/fits"]);
    expect((await site.logged("/told"))["flags"]).toBe("BL");
  });

  test("a head over the limits: 414 and 431", async () => {
    await using site = await startSite({ listener: { limits: { head: "4KiB", requestLine: "1KiB", fields: 10 } } });
    expect((await get(site.port, `/${"a".repeat(1100)}`)).status).toBe(414);
    expect((await get(site.port, "/large", "test.example", `X: ${"a".repeat(5000)}`)).status).toBe(431);
    expect((await get(site.port, "/many", "test.example", ...Array.from({ length: 11 }, (_, i) => `X${i}: y`))).status).toBe(431);
    expect((await get(site.port, "/fits", "test.example", ...Array.from({ length: 7 }, (_, i) => `X${i}: y`))).status).toBe(200);
    expect(site.origin.requests.length).toBe(1);
    expect(await site.weir.metric("weir_listener_faults_total", { listener: "web" })).toBe(3);
  });
});
