import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync } from "node:fs";
import { until } from "../support/deadline.ts";
import { cpuTicks, openFiles, statusOf } from "../support/process_tree.ts";
import { get, openClient } from "../support/raw_client.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

const OWN = [
  { name: "own", match: [{ path: "/own" }], respond: { status: 200, body: "own" } },
  { name: "all", to: "origin" },
];

/** Opens connections one after the other, a request on each; those that were answered. */
async function openServed(port: number, count: number): Promise<RawPeer[]> {
  const served: RawPeer[] = [];
  for (let i = 0; i < count; i++) {
    const client = await openClient(port).catch(() => null);
    // Reset before it was open: refused.
    if (client === null) continue;
    await client.send("GET /own HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.when("an answer or an end", 10_000, () => client.received.includes("own") || client.ending !== "open");
    if (client.received.includes(" 200 ")) served.push(client);
    else client.destroy();
  }
  return served;
}

describe("connections are capped", () => {
  test("those of one client", async () => {
    await using site = await startSite({ routes: OWN, top: { limits: { connectionsPerClient: 5 } } });
    const served = await openServed(site.port, 8);
    expect(served.length).toBe(5);
    expect(await site.weir.metric("weir_listener_refused_connections_total", { listener: "web", reason: "clientLimit" })).toBe(3);
    expect((await openServed(site.port, 1)).length).toBe(0);
    for (const c of served) c.destroy();
    await until(
      "the places to be free again",
      async () => (await site.weir.metric("weir_listener_connections_active", { listener: "web" })) === 0,
    );
    expect((await get(site.port, "/own")).body).toBe("own");
  });

  test("those of a listener", async () => {
    await using site = await startSite({ routes: OWN, listener: { maxConnections: 3 } });
    const served = await openServed(site.port, 6);
    expect(served.length).toBe(3);
    expect(await site.weir.metric("weir_listener_refused_connections_total", { reason: "listenerLimit" })).toBe(3);
    for (const c of served) c.destroy();
  });

  test("those of the process", async () => {
    await using site = await startSite({ routes: OWN, top: { limits: { connections: 4 } } });
    const served = await openServed(site.port, 7);
    expect(served.length).toBe(4);
    expect(await site.weir.metric("weir_listener_refused_connections_total", { reason: "processLimit" })).toBe(3);
    expect((await site.weir.admin("/readyz")).status).toBe(200);
    for (const c of served) c.destroy();
  });
});

describe("few file descriptors", () => {
  test("sheds what can't be served, spends no time on it, and recovers", async () => {
    await using site = await startSite({ routes: OWN, before: "ulimit -n 64" });
    const clients: RawPeer[] = [];
    for (let i = 0; i < 120; i++) {
      try {
        const client = await openClient(site.port);
        await client.send("GET /own HTTP/1.1\r\nHost: a\r\n\r\n");
        clients.push(client);
      } catch {
        // Refused: shed in the kernel.
      }
    }
    await until("some to be served", () => clients.filter((c) => c.received.includes(" 200 ")).length >= 8);
    expect(site.weir.exit).toBe(null);
    expect(openFiles(site.weir.pid)).toBeLessThanOrEqual(64);
    const before = cpuTicks(site.weir.pid);
    const from = performance.now();
    await until("half a second of the clock", () => performance.now() - from > 500);
    // A loop on accept would have taken all of the half second: 50 ticks of 10 ms.
    expect(cpuTicks(site.weir.pid) - before).toBeLessThan(25);
    for (const c of clients) c.destroy();
    await until(
      "new clients to be served",
      async () => {
        try {
          return (await get(site.port, "/own")).body === "own";
        } catch {
          return false;
        }
      },
      10_000,
    );
    for (let i = 0; i < 20; i++) expect((await get(site.port, `/x${i}`)).status).toBe(200);
    expect(site.weir.exit).toBe(null);
  });
});

describe("slow clients do not stop others", () => {
  test("three hundred heads that never end", async () => {
    await using site = await startSite({ routes: OWN, listener: { timeouts: { head: "2s" } } });
    const slow = await Promise.all(Array.from({ length: 300 }, () => openClient(site.port)));
    await Promise.all(slow.map((c) => c.send("GET /own HTTP/1.1\r\nHost: a\r\nX-Sl")));
    for (let i = 0; i < 20; i++) expect((await get(site.port, "/own")).body).toBe("own");
    await until("all slow ones to be closed", () => slow.every((c) => c.ending !== "open"), 15_000);
    for (const c of slow) expect(c.received).toContain(" 408 ");
    for (const c of slow) c.destroy();
    await until(
      "none to be left",
      async () => (await site.weir.metric("weir_listener_connections_active", { listener: "web" })) === 0,
    );
  });

  test("a client that reads nothing of a large reply holds up only itself", async () => {
    const body = Buffer.alloc(32 * 1024 * 1024, "x");
    await using site = await startSite({
      routes: OWN,
      origin: {
        async serve(_r, conn) {
          await conn.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
          conn.socket.write(body);
        },
      },
    });
    using slow = await openClient(site.port);
    slow.socket.pause();
    await slow.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    await until("the reply to begin", () => site.origin.requests.length === 1);
    for (let i = 0; i < 20; i++) expect((await get(site.port, "/own")).body).toBe("own");
    slow.countOnly = true;
    slow.socket.resume();
    await slow.when("the whole reply", 20_000, () => slow.receivedBytes > body.length);
  });
});

describe("privileges", () => {
  const isRoot = process.getuid?.() === 0;

  test.skipIf(!isRoot)("are dropped after binding when asked", async () => {
    await using site = await startSite({ routes: OWN, top: { user: "nobody", accessLog: { to: "stdout" } } });
    chmodSync(site.weir.dir, 0o755);
    expect((await get(site.port, "/own")).body).toBe("own");
    const [real, effective, saved] = statusOf(site.weir.pid, "Uid").split("\t");
    expect([real, effective, saved]).toEqual(["65534", "65534", "65534"]);
    expect(statusOf(site.weir.pid, "Gid").split("\t")[1]).toBe("65534");
    expect(
      statusOf(site.weir.pid, "Groups")
        .split(" ")
        .filter((g) => g !== "" && g !== "65534"),
    ).toEqual([]);
    expect(/^0+$/.test(statusOf(site.weir.pid, "CapEff"))).toBe(true);
  });

  test.skipIf(!isRoot).each([1, 2])("are no plugin's either, from its first process on, with %d workers", async (workers) => {
    // It ends a while after it has answered, and says each time who it is.
    const answer = '{"jsonrpc":"2.0","id":%s,"result":{"protocol":1,"name":"who","version":"1","phases":{"log":{}}}}';
    const number = String.raw`sed -E 's/.*"id":([0-9]+).*/\1/'`;
    const script = `id -u >&2; id -G >&2; read -r l; n=$(printf %s "$l" | ${number}); printf '${answer}\\n' "$n"; sleep 1`;
    const plugins = { who: { command: ["/bin/sh", "-c", script], restart: { base: "100ms" } } };
    const route = { filters: [{ plugin: "who" }] };
    await using site = await startSite({ route, args: ["--workers", String(workers)], top: { user: "nobody", plugins } });
    const said = (): string[] => [...site.weir.stderr.matchAll(/"line":"([^"]*)"/g)].map((m) => m[1]!);
    await until("three processes", () => said().length >= 6, 30_000);
    expect([...new Set(said())]).toEqual(["65534"]);
  });

  test.skipIf(!isRoot)("an unknown user is a problem before anything is served", async () => {
    await expect(startSite({ routes: OWN, top: { user: "no-such-user" } })).rejects.toThrow("no-such-user");
  });
});
