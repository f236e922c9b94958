import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../support/deadline.ts";
import { lives, treeOf } from "../support/process_tree.ts";
import { get, openClient } from "../support/raw_client.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { SteadyLoad } from "../support/steady_load.ts";
import { type Site, type SiteOptions, startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

interface WorkerStatus {
  readonly index: number;
  readonly pid: number;
  readonly restarts: number;
  readonly state: string;
  readonly connections: number;
}

const open: Site[] = [];
afterEach(async () => {
  for (const s of open.splice(0)) await s[Symbol.asyncDispose]();
});

function answers(body: string): unknown[] {
  return [
    { name: "hello", match: [{ path: "/hello" }], respond: { status: 200, body } },
    { name: "all", to: "origin" },
  ];
}

async function site(workers: number, o: SiteOptions = {}): Promise<Site> {
  const s = await startSite({
    routes: answers("one"),
    args: ["--workers", String(workers)],
    ...o,
    top: { workers: { orphanLimit: "5s" }, drain: { limit: "5s" }, ...o.top },
  });
  open.push(s);
  return s;
}

async function workersOf(s: Site): Promise<readonly WorkerStatus[]> {
  return (JSON.parse((await s.weir.admin("/status")).body) as { workers: WorkerStatus[] }).workers;
}

function kill(pid: number, signal: NodeJS.Signals): void {
  process.kill(pid, signal);
}

async function openMany(port: number, n: number): Promise<RawPeer[]> {
  const all: RawPeer[] = [];
  for (let i = 0; i < n; i += 50) all.push(...(await Promise.all(Array.from({ length: 50 }, () => openClient(port)))));
  return all;
}

describe("what all workers have together", () => {
  test("connections spread: of 1,000 on four workers none has under half or over twice its share", async () => {
    const s = await site(4);
    const clients = await openMany(s.port, 1000);
    await until("all to be accepted", async () => (await workersOf(s)).reduce((n, w) => n + w.connections, 0) === 1000);
    for (const w of await workersOf(s)) {
      expect(w.connections).toBeGreaterThan(125);
      expect(w.connections).toBeLessThan(500);
    }
    for (const c of clients) c.destroy();
  });

  test("a changed config is in force on all of them, and a bad one on none", async () => {
    const s = await site(3);
    const bodies = async (): Promise<string[]> => {
      const all = await Promise.all(Array.from({ length: 30 }, () => get(s.port, "/hello")));
      return [...new Set(all.map((m) => m.body))];
    };
    expect(await bodies()).toEqual(["one"]);
    s.weir.rewrite({ ...s.config, routes: answers("two") });
    expect((await s.weir.control("reload")).code).toBe(0);
    expect(await bodies()).toEqual(["two"]);
    s.weir.rewrite({
      ...s.config,
      routes: answers("three"),
      listeners: { ...(s.config["listeners"] as object), more: { address: `127.0.0.1:${s.origin.port}` } },
    });
    const refused = await s.weir.control("reload");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(String(s.origin.port));
    expect(await bodies()).toEqual(["two"]);
  });

  test("kept connections live on over a reload, a new listener opens and a removed one closes", async () => {
    const s = await site(2);
    using client = await openClient(s.port);
    const asks = async (): Promise<string> => {
      await client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
      return (await client.response()).body;
    };
    expect(await asks()).toBe("one");
    const more = (await import("../support/ports.ts")).freePort();
    const port = await more;
    const listeners = { ...(s.config["listeners"] as object), more: { address: `127.0.0.1:${port}` } };
    s.weir.rewrite({ ...s.config, routes: answers("two"), listeners });
    expect((await s.weir.control("reload")).code).toBe(0);
    expect((await get(port, "/hello")).body).toBe("two");
    expect(await asks()).toBe("two");
    s.weir.rewrite({ ...s.config, routes: answers("three") });
    expect((await s.weir.control("reload")).code).toBe(0);
    await until("the listener to close", async () => !(await canConnect(port)));
    expect(await asks()).toBe("three");
  });

  test("a unix socket is shared by all", async () => {
    const path = `/tmp/weir-workers-${process.pid}.sock`;
    const s = await site(2, { top: { listeners: { local: { address: `unix:${path}` } } } }).catch((e: unknown) => {
      throw e;
    });
    for (let i = 0; i < 20; i++) expect((await get({ path }, "/hello")).body).toBe("one");
    expect(await s.weir.control("stop")).toMatchObject({ code: 0 });
  });
});

describe("a worker that ends", () => {
  test("under load only what is open in it fails, and another one takes its place", async () => {
    const s = await site(3);
    using held = await openClient(s.port);
    await held.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    await held.response();
    const before = await workersOf(s);
    const owner = before.find((w) => w.connections === 1)!;
    const victims = before.filter((w) => w !== owner);
    const load = SteadyLoad.ofConnections(s.port, "/hello", 8);
    for (const victim of victims) {
      const { served } = load;
      await until("load on all", () => load.served > served + 100);
      kill(victim.pid, "SIGKILL");
      await until(
        "a successor",
        async () => {
          const now = (await workersOf(s)).find((w) => w.index === victim.index)!;
          return now.restarts === 1 && now.state === "running";
        },
        20_000,
      );
    }
    const report = await load.stop();
    expect(report.served).toBeGreaterThan(200);
    // Eight clients have one connection each at a time: no more than that can have been in a victim.
    expect(report.failures.length).toBeLessThanOrEqual(8 * victims.length);
    await held.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    expect((await held.response()).body).toBe("one");
  });

  test("one that hangs is killed and replaced, and the others serve meanwhile", async () => {
    const s = await site(2);
    const [hanging] = await workersOf(s);
    kill(hanging!.pid, "SIGSTOP");
    await s.weir.said(/a worker hangs/, 0, 20_000);
    await until("a successor", async () => (await workersOf(s)).every((w) => w.state === "running"), 10_000);
    for (let i = 0; i < 20; i++) expect((await get(s.port, "/hello")).body).toBe("one");
  });

  test("one over its hard memory limit is killed", async () => {
    const s = await site(2);
    s.weir.rewrite({ ...s.config, workers: { memory: { hard: "16MiB" } } });
    expect((await s.weir.control("reload")).code).toBe(0);
    await s.weir.said(/over its memory limit/, 0, 10_000);
    s.weir.rewrite(s.config);
    await until("the reload", async () => (await s.weir.control("reload")).code === 0);
    await until("all to serve", async () => (await workersOf(s)).every((w) => w.state === "running"), 20_000);
    expect((await workersOf(s)).some((w) => w.restarts > 0)).toBe(true);
  });

  test("SIGTERM to one drains it: what idles goes on in another one", async () => {
    const s = await site(2, { top: { drain: { limit: "60s" } } });
    const clients = await openMany(s.port, 50);
    const ask = async (c: RawPeer): Promise<string> => {
      await c.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
      return (await c.response()).body;
    };
    for (const c of clients) expect(await ask(c)).toBe("one");
    const { index, pid } = (await workersOf(s))[0]!;
    kill(pid, "SIGTERM");
    await until("a successor", async () => (await workersOf(s)).find((w) => w.index === index)!.restarts === 1, 15_000);
    for (const c of clients) expect(await ask(c)).toBe("one");
    for (const c of clients) c.destroy();
  });

  test("SIGTERM to one drains it: what is in flight ends", async () => {
    const s = await site(2, { origin: {} });
    using slow = await openClient(s.port);
    await slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    const conn = await s.origin.connection();
    await conn.request();
    const owner = (await workersOf(s)).find((w) => w.connections === 1)!;
    kill(owner.pid, "SIGTERM");
    await conn.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
    expect((await slow.response()).body).toBe("late");
    await until("a successor", async () => (await workersOf(s)).find((w) => w.index === owner.index)!.restarts === 1, 15_000);
  });
});

describe("numbers", () => {
  const DOWNSTREAM = "weir_listener_requests_total";

  test("requests are counted over all workers, and exactly, whichever of them are killed", async () => {
    const s = await site(3);
    let asked = 0;
    const askMany = async (): Promise<void> => {
      await Promise.all(Array.from({ length: 30 }, () => get(s.port, "/hello")));
      asked += 30;
    };
    const counted = (): Promise<number> => s.weir.metric(DOWNSTREAM, { listener: "web" });
    await askMany();
    await until("all to be counted", async () => (await counted()) === asked);
    for (const { index, pid } of await workersOf(s)) {
      kill(pid, "SIGKILL");
      await until(
        "a successor",
        async () => (await workersOf(s))[index]!.restarts === 1 && (await workersOf(s))[index]!.state === "running",
      );
      expect(await counted()).toBe(asked);
      await askMany();
      await until("all to be counted", async () => (await counted()) === asked);
    }
    expect(await s.weir.metric("weir_worker_restarts_total")).toBe(3);
    const active = (): Promise<number> => s.weir.metric("weir_listener_connections_active", { listener: "web" });
    await until("the last connections to be gone", async () => (await active()) === 0);
    expect(await s.weir.metric("weir_config_generation")).toBe(1);
  });
});

describe("the supervisor", () => {
  test("SIGTERM ends all of it with 0, and leaves no process", async () => {
    const s = await site(2);
    const tree = treeOf(s.weir.pid);
    expect(tree.length).toBe(3);
    s.weir.signal("SIGTERM");
    expect(await s.weir.ended()).toEqual({ code: 0, signal: null });
    for (const pid of tree) expect(() => kill(pid, "SIGCONT")).toThrow();
  });

  test("SIGTERM to all of them at once ends idle connections, too", async () => {
    const s = await site(2, { top: { drain: { limit: "60s" } } });
    using idle = await openClient(s.port);
    await idle.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    await idle.response();
    for (const pid of treeOf(s.weir.pid).reverse()) kill(pid, "SIGTERM");
    expect(await s.weir.ended()).toEqual({ code: 0, signal: null });
  });

  test("when it is killed its workers serve on, to their limit", async () => {
    const s = await site(2);
    const workers = await workersOf(s);
    kill(s.weir.pid, "SIGKILL");
    await s.weir.left;
    for (let i = 0; i < 20; i++) expect((await get(s.port, "/hello")).body).toBe("one");
    await until("the workers to end", () => workers.every((w) => !lives(w.pid)), 20_000);
  });

  test("a new one takes over from workers that serve on without one", async () => {
    const s = await site(2, { top: { workers: { orphanLimit: "60s" } } });
    const orphans = await workersOf(s);
    const load = SteadyLoad.ofConnections(s.port, "/hello", 4);
    kill(s.weir.pid, "SIGKILL");
    await s.weir.left;
    const { startArgs } = await import("../support/weir.ts");
    await using next = await startArgs(["run", s.weir.configPath, "--workers", "2"], {
      dir: s.weir.dir,
      adminPort: s.weir.adminPort,
    });
    await until("the orphans to end", () => orphans.every((w) => !lives(w.pid)), 20_000);
    const { served } = load;
    await until("load on the new ones", () => load.served > served + 100);
    expect((await load.stop()).failures).toEqual([]);
    expect(next.exit).toBeNull();
  });

  test("a config that can't be had is refused at the start, with the reason", async () => {
    const s = await site(2);
    const { runWeir } = await import("../support/weir.ts");
    const config = { listeners: { web: { address: `127.0.0.1:${s.origin.port}` } }, admin: false };
    await Bun.write(`${s.weir.dir}/other.yaml`, JSON.stringify(config));
    const ran = await runWeir(["run", `${s.weir.dir}/other.yaml`, "--workers", "2"]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(String(s.origin.port));
  });
});

async function canConnect(port: number): Promise<boolean> {
  try {
    (await openClient(port)).destroy();
    return true;
  } catch {
    return false;
  }
}
