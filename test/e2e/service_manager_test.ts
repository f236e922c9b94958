import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { until } from "../support/deadline.ts";
import { NotifySocket } from "../support/notify_socket.ts";
import { treeOf } from "../support/process_tree.ts";
import { openClient } from "../support/raw_client.ts";
import { reply } from "../support/raw_origin.ts";
import { openScratch, type Site, type SiteOptions, startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

const HELLO = [{ name: "hello", match: [{ path: "/hello" }], respond: { status: 200, body: "hello" } }, { to: "origin" }];
const open: Site[] = [];
afterEach(async () => {
  for (const s of open.splice(0)) await s[Symbol.asyncDispose]();
});

async function site(manager: NotifySocket, o: SiteOptions = {}): Promise<Site> {
  const env = { NOTIFY_SOCKET: manager.name, ...o.env };
  const s = await startSite({ routes: HELLO, ...o, env, top: { drain: { limit: "20s" }, ...o.top } });
  open.push(s);
  return s;
}

async function pidOf(s: Site): Promise<number> {
  return (JSON.parse((await s.weir.admin("/status")).body) as { pid: number }).pid;
}

function environmentOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
}

function uptimeMicros(): number {
  return Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1e6;
}

describe("a service manager", () => {
  for (const workers of [1, 2])
    test(`hears of start, reload and end, of ${workers === 1 ? "one process" : "workers, and only from the main process"}`, async () => {
      using scratch = openScratch();
      using manager = new NotifySocket(join(scratch.dir, "notify.sock"));
      const s = await site(manager, { args: ["--workers", String(workers)] });
      expect(await manager.said(/^STATUS=/)).toBe("STATUS=Serving 1 listener, config generation 1");
      expect(manager.messages).toEqual([["READY=1", "STATUS=Serving 1 listener, config generation 1"]]);
      const before = uptimeMicros();
      s.weir.signal("SIGHUP");
      await manager.said(/^READY=1$/, 1);
      const [, reloading, ready, ...rest] = manager.messages;
      expect([reloading![0], reloading![2], ready, rest]).toEqual([
        "RELOADING=1",
        "STATUS=Reloading",
        ["READY=1", "STATUS=Serving 1 listener, config generation 2"],
        [],
      ]);
      const told = Number(/^MONOTONIC_USEC=([0-9]+)$/.exec(reloading![1]!)![1]);
      // /proc tells hundredths of a second.
      expect(told).toBeGreaterThan(before - 20_000);
      expect(told).toBeLessThan(uptimeMicros() + 20_000);
      if (workers > 1)
        for (const pid of treeOf(s.weir.pid).slice(1))
          expect(environmentOf(pid).filter((v) => v.startsWith("NOTIFY_SOCKET="))).toEqual([]);
      s.weir.signal("SIGTERM");
      expect((await s.weir.ended()).code).toBe(0);
      expect(manager.messages.slice(3, 5)).toEqual([["STOPPING=1", "STATUS=Draining"], ["EXTEND_TIMEOUT_USEC=15000000"]]);
    });

  test("hears through an abstract name", async () => {
    using manager = new NotifySocket(`@weir-e2e-${process.pid}`);
    const s = await site(manager);
    await manager.said(/^READY=1$/);
    expect((await s.weir.control("stop")).code).toBe(0);
    await manager.said(/^STOPPING=1$/);
  });

  test("hears READY after a reload that was refused, and after one by a command", async () => {
    using scratch = openScratch();
    using manager = new NotifySocket(join(scratch.dir, "notify.sock"));
    const s = await site(manager);
    await manager.said(/^READY=1$/);
    s.weir.rewrite("routes: 7\n");
    expect((await s.weir.control("reload")).code).toBe(1);
    await until("both", () => manager.messages.length >= 3);
    expect(manager.messages.slice(1).map((m) => [m[0], m.at(-1)])).toEqual([
      ["RELOADING=1", "STATUS=Reloading"],
      ["READY=1", "STATUS=Serving 1 listener, config generation 1"],
    ]);
  });

  test("is told the new main process by an upgrade, and hears no end of the old one", async () => {
    using scratch = openScratch();
    using manager = new NotifySocket(join(scratch.dir, "notify.sock"));
    const s = await site(manager, { env: { WATCHDOG_USEC: "200000" } });
    await manager.said(/^READY=1$/);
    for (let i = 1; i <= 2; i++) {
      expect((await s.weir.control("upgrade")).code).toBe(0);
      await until("the number", () => manager.values("MAINPID").length === i);
      expect(manager.values("MAINPID")[i - 1]).toBe(String(await pidOf(s)));
    }
    await s.weir.left;
    expect(manager.values("READY").length).toBe(3);
    expect(manager.values("STOPPING")).toEqual([]);
    // The new one goes on being alive for the manager.
    const beats = manager.values("WATCHDOG").length;
    await until("a watchdog's beats", () => manager.values("WATCHDOG").length > beats + 2);
    expect((await s.weir.control("drain")).code).toBe(0);
    await manager.said(/^STOPPING=1$/);
  });

  test("hears nothing from a process that comes to nothing in an upgrade", async () => {
    using scratch = openScratch();
    using manager = new NotifySocket(join(scratch.dir, "notify.sock"));
    const s = await site(manager);
    await manager.said(/^READY=1$/);
    s.weir.rewrite("routes: 7\n");
    expect((await s.weir.control("upgrade")).code).toBe(1);
    expect(manager.values("MAINPID").concat(manager.values("STOPPING"))).toEqual([]);
    expect(manager.values("READY").length).toBe(1);
  });

  test("hears from its watchdog while the event loop turns, and not when it stands", async () => {
    using scratch = openScratch();
    using manager = new NotifySocket(join(scratch.dir, "notify.sock"));
    const s = await site(manager, { env: { WATCHDOG_USEC: "300000" } });
    await until("beats", () => manager.values("WATCHDOG").length >= 4);
    s.weir.signal("SIGSTOP");
    await until("the stop", () => readFileSync(`/proc/${s.weir.pid}/stat`, "utf8").includes(") T "));
    const beats = manager.values("WATCHDOG").length;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(manager.values("WATCHDOG").length).toBe(beats);
    s.weir.signal("SIGCONT");
    await until("beats again", () => manager.values("WATCHDOG").length > beats);
  });

  test("that reads late hears all the same what has to be heard", async () => {
    using scratch = openScratch();
    using manager = new NotifySocket(join(scratch.dir, "notify.sock"));
    const s = await site(manager, { env: { WATCHDOG_USEC: "20000" } });
    await manager.said(/^READY=1$/);
    const pid = await manager.deaf(async () => {
      // Beats fill its queue meanwhile.
      expect((await s.weir.control("upgrade")).code).toBe(0);
      return await pidOf(s);
    });
    await manager.said(new RegExp(`^MAINPID=${pid}$`));
  });

  test("of whom a watchdog's variable is meant for another process gets no beats", async () => {
    using scratch = openScratch();
    using manager = new NotifySocket(join(scratch.dir, "notify.sock"));
    const s = await site(manager, { env: { WATCHDOG_USEC: "20000", WATCHDOG_PID: "1" } });
    await manager.said(/^READY=1$/);
    expect((await s.weir.control("reload")).code).toBe(0);
    expect(manager.values("WATCHDOG")).toEqual([]);
  });

  test("is asked for more time while a drain goes on", async () => {
    using scratch = openScratch();
    using manager = new NotifySocket(join(scratch.dir, "notify.sock"));
    const s = await site(manager, { origin: {} });
    using client = await openClient(s.port);
    await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    const conn = await s.origin.connection();
    await conn.request();
    s.weir.signal("SIGTERM");
    await manager.said(/^STOPPING=1$/);
    await until("the second time", () => manager.values("EXTEND_TIMEOUT_USEC").length >= 2, 10_000);
    await conn.send(reply(200, "late"));
    expect((await client.response()).body).toBe("late");
    expect((await s.weir.ended()).code).toBe(0);
  });

  test("that is not there is told of once in the log, and costs nothing else", async () => {
    using scratch = openScratch();
    using manager = new NotifySocket(join(scratch.dir, "notify.sock"));
    const s = await site(manager, { env: { NOTIFY_SOCKET: join(scratch.dir, "none.sock"), WATCHDOG_USEC: "20000" } });
    await s.weir.said(/the service manager can't be told/);
    expect((await s.weir.control("reload")).code).toBe(0);
    expect(s.weir.stderr.split("the service manager can't be told").length).toBe(2);
    expect(manager.messages).toEqual([]);
  });

  test("by another kind of address is told of in the log", async () => {
    using scratch = openScratch();
    using manager = new NotifySocket(join(scratch.dir, "notify.sock"));
    const s = await site(manager, { env: { NOTIFY_SOCKET: "vsock:2:1234" } });
    await s.weir.said(/a path or an abstract name is needed/);
  });
});
