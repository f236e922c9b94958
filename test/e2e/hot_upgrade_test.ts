import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/deadline.ts";
import { fieldValue } from "../support/message.ts";
import { get, openClient } from "../support/raw_client.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { SteadyLoad } from "../support/steady_load.ts";
import { type Site, type SiteOptions, startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

const UPGRADED = { code: 0, stderr: "" };
const open: Site[] = [];
afterEach(async () => {
  for (const s of open.splice(0)) await s[Symbol.asyncDispose]();
});

function answers(body: string): unknown[] {
  return [
    { name: "hello", match: [{ path: "/hello" }], respond: { status: 200, body } },
    { name: "all", to: "origin", upgrade: ["websocket"] },
  ];
}

async function site(o: SiteOptions = {}): Promise<Site> {
  const s = await startSite({
    routes: answers("one"),
    ...o,
    top: { workers: { orphanLimit: "5s" }, drain: { limit: "5s", tunnels: "20s" }, ...o.top },
  });
  open.push(s);
  return s;
}

/** One that also listens on a unix socket, whose path is its own. */
async function siteWithUnixSocket(args: readonly string[]): Promise<{ s: Site; path: string; listeners: object }> {
  const s = await site({ args });
  const path = join(s.weir.dir, "local.sock");
  const listeners = { ...(s.config["listeners"] as object), local: { address: `unix:${path}` } };
  s.weir.rewrite({ ...s.config, listeners });
  expect((await s.weir.control("reload")).code).toBe(0);
  return { s, path, listeners };
}

async function pidOf(s: Site): Promise<number> {
  return (JSON.parse((await s.weir.admin("/status")).body) as { pid: number }).pid;
}

function program(s: Site, text: string): string {
  const path = join(s.weir.dir, "program");
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

for (const workers of [1, 2]) {
  const args = ["--workers", String(workers)];

  describe(`an upgrade of ${workers === 1 ? "one process" : "several workers"}`, () => {
    test("loses no request on new and kept connections, five times in a row", async () => {
      const s = await site({ args });
      const loads = [SteadyLoad.ofConnections(s.port, "/hello", 4), SteadyLoad.ofKept(s.port, "/echo", 4)];
      let pid = await pidOf(s);
      for (let i = 0; i < 5; i++) {
        const before = loads.map((l) => l.served);
        await until("load", () => loads.every((l, k) => l.served > before[k]! + 50));
        expect(await s.weir.control("upgrade")).toMatchObject(UPGRADED);
        const next = await pidOf(s);
        expect(next).not.toBe(pid);
        pid = next;
      }
      for (const l of loads) {
        const { failures, served } = await l.stop();
        expect(failures).toEqual([]);
        expect(served).toBeGreaterThan(250);
      }
    });

    test("what is in flight ends in the old process, and its reply says that the connection closes", async () => {
      const s = await site({ args, origin: {} });
      using slow = await openClient(s.port);
      using idle = await openClient(s.port);
      await idle.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
      await idle.response();
      await slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
      const conn = await s.origin.connection();
      await conn.request();
      s.weir.rewrite({ ...s.config, routes: answers("two") });
      expect(await s.weir.control("upgrade")).toMatchObject(UPGRADED);
      expect((await get(s.port, "/hello")).body).toBe("two");
      await conn.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
      const late = await slow.response();
      expect([late.body, fieldValue(late.fields, "connection").toLowerCase()]).toEqual(["late", "close"]);
      // The idle connection has moved: the new process serves it, and its client was told nothing.
      for (let i = 0; i < 2; i++) {
        await idle.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        const moved = await idle.response();
        expect([moved.body, fieldValue(moved.fields, "connection"), idle.ending]).toEqual(["two", "", "open"]);
      }
      await s.weir.left;
    });

    test("a kept connection that a PROXY header began is still its client's, whichever process has it", async () => {
      const s = await site({ args, listener: { proxyProtocol: { from: ["loopback"] } } });
      using kept = await openClient(s.port);
      await kept.send("PROXY TCP4 192.0.2.1 198.51.100.2 1000 80\r\n");
      for (let i = 0; i < 3; i++) {
        await kept.send(`GET /kept${i} HTTP/1.1\r\nHost: a\r\n\r\n`);
        const { status, body } = await kept.response();
        expect([status, /^x-forwarded-for: (.*)\r$/im.exec(body)?.[1]]).toEqual([200, "192.0.2.1"]);
        if (i < 2) expect(await s.weir.control("upgrade")).toMatchObject(UPGRADED);
      }
    });

    test("a reply that has begun promises a kept connection, and that is kept", async () => {
      const s = await site({ args, origin: {} });
      using client = await openClient(s.port);
      await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
      const conn = await s.origin.connection();
      await conn.request();
      await conn.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nla");
      await client.when("half a reply", 5000, () => client.unread.endsWith("la"));
      expect(await s.weir.control("upgrade")).toMatchObject(UPGRADED);
      await conn.send("te");
      expect((await client.response()).body).toBe("late");
      await client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
      expect((await client.response()).body).toBe("one");
      // It does not hold the old process up.
      await s.weir.left;
    });

    test("a kept connection goes on as one: it may idle, counts against no rate, and is told from nothing again", async () => {
      const s = await site({
        args,
        listener: {
          detect: true,
          detectTimeout: "1s",
          fallback: { to: "origin" },
          timeouts: { head: "1s" },
          connectionRate: { perSecond: 1, burst: 20 },
        },
      });
      const clients: RawPeer[] = [];
      const ask = async (client: RawPeer): Promise<string> => {
        await client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        return (await client.response()).body;
      };
      for (let i = 0; i < 8; i++) {
        clients.push(await openClient(s.port));
        expect(await ask(clients[i]!)).toBe("one");
      }
      for (let i = 0; i < 2; i++) {
        expect(await s.weir.control("upgrade")).toMatchObject(UPGRADED);
        await until("the move", async () => (await s.weir.metric("weir_listener_connections_active", { listener: "web" })) === 8);
      }
      await s.weir.left;
      const from = performance.now();
      await until("both of these times to pass", () => performance.now() - from > 1500);
      for (const c of clients) expect(await ask(c)).toBe("one");
      for (const c of clients) c.destroy();
    });

    test("a tunnel stays with the old process until it ends", async () => {
      const s = await site({ args, origin: {} });
      using client = await openClient(s.port);
      await client.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
      const conn = await s.origin.connection();
      await conn.request();
      await conn.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
      expect((await client.response()).status).toBe(101);
      expect(await s.weir.control("upgrade")).toMatchObject(UPGRADED);
      await client.send("ping");
      expect(await conn.readUntil("ping")).toBe("ping");
      await conn.send("pong");
      expect(await client.readUntil("pong")).toBe("pong");
      client.destroy();
      conn.destroy();
      expect((await s.weir.left).code).toBe(0);
      expect((await get(s.port, "/hello")).body).toBe("one");
    });

    test("counters go on rising, those of the old process too while it drains, and so does the config's number", async () => {
      const s = await site({ args, origin: {}, top: { drain: { limit: "60s" } } });
      const counted = (): Promise<number> => s.weir.metric("weir_listener_requests_total", { listener: "web" });
      using slow = await openClient(s.port);
      await slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
      const conn = await s.origin.connection();
      await conn.request();
      let asked = 0;
      for (let upgrades = 1; upgrades <= 3; upgrades++) {
        for (let i = 0; i < 10; i++) await get(s.port, "/hello");
        asked += 10;
        await until("all to be counted", async () => (await counted()) === asked);
        expect(await s.weir.control("upgrade")).toMatchObject(UPGRADED);
        await until("all to be counted", async () => (await counted()) === asked);
        expect(await s.weir.metric("weir_config_generation")).toBe(1 + upgrades);
      }
      expect(await s.weir.metric("weir_listener_requests_active", { listener: "web" })).toBe(1);
      await conn.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
      await slow.response();
      await until("the old process's request to be counted", async () => (await counted()) === asked + 1);
      await s.weir.left;
      expect(await counted()).toBe(asked + 1);
      expect(await s.weir.metric("weir_listener_requests_active", { listener: "web" })).toBe(0);
    });

    test("SIGUSR2 does the same, and the new process answers on the control socket", async () => {
      const s = await site({ args });
      const pid = await pidOf(s);
      s.weir.signal("SIGUSR2");
      await until("the new process", async () => (await pidOf(s)) !== pid, 15_000);
      await s.weir.left;
      const status = await s.weir.control("status", "--json");
      expect((JSON.parse(status.stdout) as { pid: number }).pid).toBe(await pidOf(s));
      expect((await s.weir.control("reload")).code).toBe(0);
    });

    test("a unix socket keeps its path, and loses it with the last process", async () => {
      const { s, path } = await siteWithUnixSocket(args);
      expect(await s.weir.control("upgrade")).toMatchObject(UPGRADED);
      await s.weir.left;
      expect((await get({ path }, "/hello")).body).toBe("one");
      expect((await s.weir.control("stop")).code).toBe(0);
      await until("the socket's file to go", () => !existsSync(path));
    });

    const FAILURES: readonly (readonly [string, (s: Site) => readonly string[], RegExp])[] = [
      ["crashes at once", (s) => [program(s, "exit 7")], /exit code 7/],
      ["is no program", (s) => [join(s.weir.dir, "weir.yaml")], /EACCES/],
      ["hangs", (s) => [program(s, "exec sleep 60"), "--timeout", "1"], /not ready after 1 s/],
    ];
    for (const [name, words, reason] of FAILURES)
      test(`a new one that ${name} is told of, and the old one serves on`, async () => {
        const s = await site({ args });
        const pid = await pidOf(s);
        const ran = await s.weir.control("upgrade", ...words(s));
        expect(ran.code).toBe(1);
        expect(ran.stderr).toMatch(reason);
        expect(await pidOf(s)).toBe(pid);
        expect((await get(s.port, "/hello")).body).toBe("one");
        expect(await s.weir.control("upgrade")).toMatchObject(UPGRADED);
      });

    test("a new one that refuses the config is told of, with its problems", async () => {
      const s = await site({ args });
      const pid = await pidOf(s);
      s.weir.rewrite({ ...s.config, routes: [{ to: "nowhere" }] });
      const ran = await s.weir.control("upgrade");
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain("nowhere");
      expect(await pidOf(s)).toBe(pid);
      expect((await get(s.port, "/hello")).body).toBe("one");
    });

    test("a new one that can't have one of its addresses leaves the files of unix sockets where they are", async () => {
      const { s, path, listeners } = await siteWithUnixSocket(args);
      const taken = s.origin.port;
      s.weir.rewrite({ ...s.config, listeners: { ...listeners, more: { address: `127.0.0.1:${taken}` } } });
      const ran = await s.weir.control("upgrade");
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain(String(taken));
      expect((await get({ path }, "/hello")).body).toBe("one");
      s.weir.rewrite({ ...s.config, listeners });
      expect(await s.weir.control("upgrade")).toMatchObject(UPGRADED);
      expect((await get({ path }, "/hello")).body).toBe("one");
    });

    test("one in the middle of another is refused, and changes nothing", async () => {
      const s = await site({ args });
      const first = s.weir.control("upgrade", program(s, "exec sleep 60"), "--timeout", "3");
      await s.weir.said(/upgrading/);
      const second = await s.weir.control("upgrade");
      expect(second.stderr).toContain("under way");
      expect((await first).code).toBe(1);
      expect((await get(s.port, "/hello")).body).toBe("one");
    });

    test("an end in the middle of an upgrade ends both", async () => {
      const s = await site({ args });
      const upgrade = s.weir.control("upgrade", program(s, "exec sleep 60"));
      await s.weir.said(/upgrading/);
      s.weir.signal("SIGTERM");
      expect((await upgrade).code).not.toBe(0);
      expect(await s.weir.ended()).toEqual({ code: 0, signal: null });
    });
  });
}

test("the number of workers may change with an upgrade", async () => {
  const s = await site({ args: ["--workers", "3"] });
  const load = SteadyLoad.ofConnections(s.port, "/hello", 4);
  const resized = program(s, `exec ${wordsOf(s)} run ${s.weir.configPath} --workers 2`);
  expect(await s.weir.control("upgrade", resized)).toMatchObject(UPGRADED);
  await s.weir.left;
  const { workers } = JSON.parse((await s.weir.admin("/status")).body) as { workers: unknown[] };
  expect(workers.length).toBe(2);
  const single = program(s, `exec ${wordsOf(s)} run ${s.weir.configPath}`);
  expect(await s.weir.control("upgrade", single)).toMatchObject(UPGRADED);
  expect((await load.stop()).failures).toEqual([]);
});

function wordsOf(s: Site): string {
  return s.weir.command.map((w) => `'${w}'`).join(" ");
}
