import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createNodePlatform } from "../../src/platform/node.ts";
import { until } from "../support/deadline.ts";
import { endTree } from "../support/end_tree.ts";
import { NotifySocket } from "../support/notify_socket.ts";
import { freePort } from "../support/ports.ts";
import { residentBytes, statusOf, treeOf } from "../support/process_tree.ts";
import { get, openClient } from "../support/raw_client.ts";
import { SteadyLoad } from "../support/steady_load.ts";
import { openScratch, runWeir, type Site, type SiteOptions, startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

const ROUTES = [
  { name: "hello", match: [{ path: "/hello" }], respond: { status: 200, body: "hello" } },
  { name: "all", to: "origin", upgrade: ["websocket"] },
];
const canUnshare = process.getuid?.() === 0 && spawnSync("unshare", ["--pid", "--fork", "--mount-proc", "true"]).status === 0;

const open: Site[] = [];
afterEach(async () => {
  for (const s of open.splice(0)) {
    endTree(s.weir.pid);
    await s[Symbol.asyncDispose]();
  }
});

async function site(o: SiteOptions = {}): Promise<Site> {
  const args = ["--launcher", ...(o.args ?? [])];
  const s = await startSite({ routes: ROUTES, ...o, args, top: { drain: { limit: "20s" }, ...o.top } });
  open.push(s);
  return s;
}

/** The main process, by its own number space. */
async function mainOf(s: Site): Promise<number> {
  return (JSON.parse((await s.weir.admin("/status")).body) as { pid: number }).pid;
}

async function refuses(port: number): Promise<boolean> {
  try {
    (await openClient(port)).destroy();
    return false;
  } catch {
    return true;
  }
}

interface Tunnel extends Disposable {
  readonly client: Awaited<ReturnType<typeof openClient>>;
  /** Both ends. */
  close(): void;
}

/** Opens a WebSocket's tunnel, which keeps the process that has it draining. */
async function tunnel(s: Site): Promise<Tunnel> {
  const client = await openClient(s.port);
  await client.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
  const conn = await s.origin.connection();
  await conn.request();
  await conn.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
  expect((await client.response()).status).toBe(101);
  const close = (): void => {
    client.destroy();
    conn.destroy();
  };
  return { client, close, [Symbol.dispose]: close };
}

describe("a launcher", () => {
  test("stays in front: the same process, the same exit code, half of the memory", async () => {
    const s = await site();
    const main = await mainOf(s);
    expect(main).not.toBe(s.weir.pid);
    expect(statusOf(main, "PPid")).toBe(String(s.weir.pid));
    const both = residentBytes(s.weir.pid);
    expect(both - residentBytes(main)).toBeLessThan(residentBytes(main) * 0.8);
    s.weir.signal("SIGTERM");
    expect(await s.weir.ended()).toEqual({ code: 0, signal: null });
    expect(statusOf(main, "State")).toBe("");
  });

  test("passes on what an operator sends", async () => {
    const s = await site();
    s.weir.rewrite({ ...s.config, routes: [] });
    const from = s.weir.stderr.length;
    s.weir.signal("SIGHUP");
    await s.weir.said(/reloading on SIGHUP/, from);
    const before = await mainOf(s);
    s.weir.rewrite(s.config);
    s.weir.signal("SIGUSR2");
    await until("an upgrade", async () => (await mainOf(s)) !== before, 15_000);
    s.weir.signal("SIGINT");
    expect((await s.weir.ended()).code).toBe(0);
  });

  test("a signal to its whole group, as a terminal sends it, is heard once", async () => {
    const s = await site({ origin: {} });
    using held = await tunnel(s);
    process.kill(-s.weir.pid, "SIGINT");
    await s.weir.said(/"draining"/);
    await held.client.send("ping");
    // A second one would have cut it.
    expect((await s.weir.control("status")).stdout).toContain("draining");
    held.close();
    expect((await s.weir.ended()).code).toBe(0);
  });

  test("ends with the exit code of a start that fails, and with 128 and the number of a signal", async () => {
    const failing = await runWeir(["run", "none.yaml", "--launcher"]);
    expect([failing.code, failing.stderr.includes("none.yaml")]).toEqual([1, true]);
    const killed = await site();
    process.kill(await mainOf(killed), "SIGKILL");
    expect((await killed.weir.ended()).code).toBe(137);
    const quit = await site({ before: "ulimit -c 0" });
    quit.weir.signal("SIGQUIT");
    expect((await quit.weir.ended()).code).toBe(131);
  });

  for (const workers of [1, 2])
    test(`follows one upgrade after the other, with ${workers === 1 ? "one process" : "workers"}: it stays, nothing is lost, and nobody is left behind`, async () => {
      const s = await site({ args: ["--workers", String(workers)] });
      const load = SteadyLoad.ofConnections(s.port, "/hello", 2);
      const mains = [await mainOf(s)];
      for (let i = 0; i < 3; i++) {
        expect(await s.weir.control("upgrade")).toMatchObject({ code: 0, stderr: "" });
        mains.push(await mainOf(s));
      }
      expect((await load.stop()).failures).toEqual([]);
      expect(new Set(mains).size).toBe(4);
      await until("the old ones to be gone", () => mains.slice(0, 3).every((pid) => statusOf(pid, "State") === ""), 15_000);
      expect(statusOf(mains[3]!, "PPid")).toBe(String(s.weir.pid));
      // Another signal still finds its way.
      s.weir.signal("SIGTERM");
      expect((await s.weir.ended()).code).toBe(0);
      expect(statusOf(mains[3]!, "State")).toBe("");
    });

  test("waits for what drains since an upgrade, as long as the last one waits", async () => {
    const s = await site({ origin: {} });
    using held = await tunnel(s);
    expect((await s.weir.control("upgrade")).code).toBe(0);
    const main = await mainOf(s);
    s.weir.signal("SIGTERM");
    await until("the new one to take nobody", () => refuses(s.port));
    await held.client.send("ping");
    expect(s.weir.exit).toBe(null);
    expect(statusOf(main, "State")).not.toBe("");
    held.close();
    expect((await s.weir.ended()).code).toBe(0);
  });

  test("a second SIGTERM ends all of them at once", async () => {
    const s = await site({ origin: {} });
    using held = await tunnel(s);
    expect((await s.weir.control("upgrade")).code).toBe(0);
    s.weir.signal("SIGTERM");
    await until("the new one to take nobody", () => refuses(s.port));
    s.weir.signal("SIGTERM");
    expect((await s.weir.ended()).code).toBe(0);
    await held.client.left();
  });

  test("does not outlive the newest main process: those that drain are cut, and its code counts", async () => {
    const s = await site({ origin: {} });
    const old = await mainOf(s);
    using held = await tunnel(s);
    expect((await s.weir.control("upgrade")).code).toBe(0);
    const main = await mainOf(s);
    // The old one is its parent still, and reaps it.
    expect(statusOf(main, "PPid")).toBe(String(old));
    process.kill(main, "SIGKILL");
    expect((await s.weir.ended()).code).toBe(137);
    expect(s.weir.stderr).toContain("the process that took over has ended");
    await held.client.left();
    expect(statusOf(old, "State")).toBe("");
  });

  test("an upgrade that comes to nothing changes nothing", async () => {
    const s = await site();
    const main = await mainOf(s);
    const program = join(s.weir.dir, "program");
    writeFileSync(program, "#!/bin/sh\nexit 3\n");
    chmodSync(program, 0o755);
    expect((await s.weir.control("upgrade", program)).code).toBe(1);
    expect(await mainOf(s)).toBe(main);
    s.weir.signal("SIGTERM");
    expect((await s.weir.ended()).code).toBe(0);
  });

  test("tells a service manager no other number than its own, and lets the main process tell the rest", async () => {
    using scratch = openScratch();
    using manager = new NotifySocket(join(scratch.dir, "notify.sock"));
    const env = { NOTIFY_SOCKET: manager.name, WATCHDOG_USEC: "200000" };
    const s = await site({ env, before: "export WATCHDOG_PID=$$" });
    await manager.said(/^WATCHDOG=1$/);
    expect((await s.weir.control("upgrade")).code).toBe(0);
    await until("READY of the new one", () => manager.values("READY").length === 2);
    expect(manager.values("MAINPID")).toEqual([]);
    s.weir.signal("SIGTERM");
    expect((await s.weir.ended()).code).toBe(0);
    expect(manager.values("STOPPING").length).toBe(1);
  });

  test("passes sockets on that it was passed", async () => {
    const { linux } = createNodePlatform("bun");
    const port = await freePort();
    const fd = linux!.makeListener({ kind: "tcp", host: "127.0.0.1", port }, {});
    try {
      const s = await site({
        descriptors: [fd],
        before: "export LISTEN_PID=$$",
        env: { LISTEN_FDS: "1", LISTEN_FDNAMES: "web" },
      });
      expect((await get(port, "/hello")).body).toBe("hello");
      expect((await s.weir.control("upgrade")).code).toBe(0);
      expect((await get(port, "/hello")).body).toBe("hello");
    } finally {
      linux!.closeDescriptor(fd);
    }
  });
});

describe("process 1 of a PID namespace", () => {
  /** The process below `unshare`, which is 1 in its namespace. */
  function inside(s: Site): number {
    return treeOf(s.weir.pid).find((p) => statusOf(p, "NSpid").split(/\s+/).at(-1) === "1")!;
  }

  async function contained(o: SiteOptions = {}): Promise<Site> {
    const s = await startSite({
      routes: ROUTES,
      ...o,
      // `unshare` runs what follows as process 1 and passes its exit code on.
      before: `set -- unshare --pid --fork --mount-proc --kill-child "$@"`,
      top: { drain: { limit: "20s" }, ...o.top },
    });
    open.push(s);
    return s;
  }

  const inNamespace = canUnshare ? test : test.skip;

  inNamespace("is a launcher by itself, reaps orphans, and outlives upgrades", async () => {
    const s = await contained();
    const first = inside(s);
    expect(await mainOf(s)).not.toBe(1);
    // Somebody like `docker exec` leaves a child behind.
    const enter = ["nsenter", "--target", String(first), "--pid", "--mount"];
    spawnSync(enter[0]!, [...enter.slice(1), "sh", "-c", "sleep 0.3 & sleep 0.6 & exit 0"]);
    for (let i = 0; i < 2; i++) expect(await s.weir.control("upgrade")).toMatchObject({ code: 0, stderr: "" });
    await until("one main process and no zombie to be left", () => treeOf(first).length === 2, 15_000);
    expect(treeOf(first).map((p) => statusOf(p, "State")[0])).not.toContain("Z");
    expect((await get(s.port, "/hello")).body).toBe("hello");
    process.kill(first, "SIGTERM");
    expect((await s.weir.ended()).code).toBe(0);
  });

  inNamespace("is the program itself when that is asked for", async () => {
    const s = await contained({ args: ["--no-launcher"] });
    expect(await mainOf(s)).toBe(1);
    process.kill(inside(s), "SIGTERM");
    expect((await s.weir.ended()).code).toBe(0);
  });

  inNamespace("ends with the exit code of the main process", async () => {
    const s = await contained();
    const main = treeOf(inside(s))[1]!;
    process.kill(main, "SIGKILL");
    expect((await s.weir.ended()).code).toBe(137);
  });
});
