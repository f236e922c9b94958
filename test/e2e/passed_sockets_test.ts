import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { findFfi } from "../../src/platform/ffi.ts";
import { createNodePlatform } from "../../src/platform/node.ts";
import type { Address, MakeListenerOptions } from "../../src/platform/types.ts";
import { UdpClient, UdpOrigin } from "../support/datagrams.ts";
import { until } from "../support/deadline.ts";
import { freePort } from "../support/ports.ts";
import { treeOf } from "../support/process_tree.ts";
import { get } from "../support/raw_client.ts";
import { SteadyLoad } from "../support/steady_load.ts";
import { openScratch, type Site, type SiteOptions, startArgs, startSite, textOf, type Weir } from "../support/weir.ts";

setDefaultTimeout(60_000);

const { linux } = createNodePlatform("bun");
const { socket } = findFfi()!.open("libc.so.6", { socket: { args: ["i32", "i32", "i32"], result: "i32" } }) as {
  socket(family: number, kind: number, protocol: number): number;
};

const open: (Site | Weir)[] = [];
const fds: number[] = [];
afterEach(async () => {
  for (const s of open.splice(0)) await s[Symbol.asyncDispose]();
  for (const fd of fds.splice(0)) linux!.closeDescriptor(fd);
});

/** What systemd does for a socket unit: it opens the socket, and keeps it. */
function unit(at: Address, o: MakeListenerOptions = {}): number {
  const fd = linux!.makeListener(at, o);
  fds.push(fd);
  return fd;
}

function tcp(port: number, host = "127.0.0.1"): Address {
  return { kind: "tcp", host, port };
}

/** How systemd starts a service with these sockets. */
function passed(
  descriptors: readonly number[],
  names: readonly string[] = [],
): Pick<SiteOptions, "before" | "env" | "descriptors"> {
  return {
    descriptors,
    before: "export LISTEN_PID=$$",
    env: { LISTEN_FDS: String(descriptors.length), ...(names.length === 0 ? {} : { LISTEN_FDNAMES: names.join(":") }) },
  };
}

const HELLO = [{ name: "hello", respond: { status: 200, body: "hello" } }];

async function site(o: SiteOptions): Promise<Site> {
  const s = await startSite({ routes: HELLO, ...o });
  open.push(s);
  return s;
}

/** Inodes of the listening sockets that a process has, of all that are open here. */
function has(pid: number, fd: number): boolean {
  const inode = readlinkSync(`/proc/self/fd/${fd}`);
  return readdirSync(`/proc/${pid}/fd`).some((n) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${n}`) === inode;
    } catch {
      return false;
    }
  });
}

async function pidOf(s: Site): Promise<number> {
  return (JSON.parse((await s.weir.admin("/status")).body) as { pid: number }).pid;
}

for (const workers of [1, 2]) {
  const args = ["--workers", String(workers)];

  describe(`sockets that a service manager passed to ${workers === 1 ? "one process" : "several workers"}`, () => {
    test("serve the listeners of their addresses, TCP and unix, and stay with the manager at the end", async () => {
      using scratch = openScratch();
      const path = join(scratch.dir, "web.sock");
      const [one, both] = await Promise.all([freePort(), freePort()]);
      const units = [unit({ kind: "unix", path }), unit(tcp(one)), unit(tcp(both, ""))];
      const listeners = {
        one: { address: `127.0.0.1:${one}` },
        both: { address: `:${both}` },
        path: { address: `unix:${path}` },
      };
      const s = await site({ args, ...passed(units), top: { listeners } });
      for (const to of [one, both, { host: "::1", port: both }, { path }]) expect((await get(to, "/")).body).toBe("hello");
      for (const fd of units) expect(has(s.weir.pid, fd)).toBe(true);
      s.weir.signal("SIGTERM");
      expect((await s.weir.ended()).code).toBe(0);
      expect(existsSync(path)).toBe(true);
      for (const fd of units) expect(linux!.listening(fd)).not.toBe(null);
    });

    test("a name leads to the listener of that name, whatever the address", async () => {
      const [four, six] = await Promise.all([freePort(), freePort()]);
      const units = [unit(tcp(four)), unit(tcp(six, "::1"))];
      const listeners = { web: { address: `127.0.0.1:${await freePort()}` }, rest: { address: `[::1]:${six}` } };
      const s = await site({ args, ...passed(units, ["web", "weir.socket"]), top: { listeners } });
      expect((await get(four, "/")).body).toBe("hello");
      expect((await get({ host: "::1", port: six }, "/")).body).toBe("hello");
      expect((await s.weir.control("status")).stdout).toContain(`listener web on 127.0.0.1:${four}`);
    });

    test("one listener of all hosts takes one for IPv4 and one for IPv6", async () => {
      const port = await freePort();
      const units = [unit(tcp(port, "0.0.0.0")), unit(tcp(port, "::"), { ipv6Only: true })];
      await site({ args, ...passed(units), top: { listeners: { web: { address: `:${port}` } } } });
      // Also when each worker has answered.
      for (let i = 0; i < 8; i++) {
        expect((await get(port, "/")).body).toBe("hello");
        expect((await get({ host: "::1", port }, "/")).body).toBe("hello");
      }
    });

    test("what no listener asks for, and what is no listening socket, is closed and told", async () => {
      const [web, other] = await Promise.all([freePort(), freePort()]);
      // One of datagrams, and a stream that listens to nobody.
      const [datagrams, stream] = [socket(2, 2, 0), socket(2, 1, 0)];
      fds.push(datagrams, stream);
      const units = [unit(tcp(other)), datagrams, stream, unit(tcp(web))];
      const s = await site({ args, ...passed(units), top: { listeners: { web: { address: `127.0.0.1:${web}` } } } });
      await s.weir.said(new RegExp(`no listener has its address.*127.0.0.1:${other}`));
      await s.weir.said(/no listener has its address.*udp/);
      await s.weir.said(/no listening stream socket/);
      expect((await get(web, "/")).body).toBe("hello");
      expect(units.map((fd) => has(s.weir.pid, fd))).toEqual([false, false, false, true]);
    });

    test("an upgrade goes on with them, knows of no others, and they still stay with the manager", async () => {
      using scratch = openScratch();
      const path = join(scratch.dir, "web.sock");
      const port = await freePort();
      const units = [unit(tcp(port)), unit({ kind: "unix", path })];
      const listeners = { web: { address: `127.0.0.1:${port}` }, path: { address: `unix:${path}` } };
      const s = await site({ args, ...passed(units), top: { listeners } });
      const load = SteadyLoad.ofConnections(port, "/", 2);
      for (let i = 0; i < 2; i++) {
        expect(await s.weir.control("upgrade")).toMatchObject({ code: 0, stderr: "" });
        for (const pid of treeOf(await pidOf(s)))
          expect(
            readFileSync(`/proc/${pid}/environ`, "utf8")
              .split("\0")
              .filter((v) => v.startsWith("LISTEN_")),
          ).toEqual([]);
      }
      expect((await load.stop()).failures).toEqual([]);
      expect((await get({ path }, "/")).body).toBe("hello");
      expect((await s.weir.control("stop")).code).toBe(0);
      await s.weir.exited;
      expect(existsSync(path)).toBe(true);
    });

    test("a restart refuses nobody: who comes meanwhile waits", async () => {
      using scratch = openScratch();
      const { dir } = scratch;
      const [port, adminPort] = await Promise.all([freePort(), freePort()]);
      const units = [unit(tcp(port))];
      const config = {
        admin: { address: `127.0.0.1:${adminPort}` },
        control: join(dir, "weir.sock"),
        listeners: { web: { address: `127.0.0.1:${port}` } },
        routes: HELLO,
      };
      const start = async (): Promise<Weir> => {
        await Bun.write(join(dir, "weir.yaml"), textOf(config));
        const w = await startArgs(["run", join(dir, "weir.yaml"), ...args], { ...passed(units), dir, adminPort });
        open.push(w);
        return w;
      };
      let weir = await start();
      const load = SteadyLoad.ofConnections(port, "/", 4, 30_000);
      for (let i = 0; i < 3; i++) {
        const before = load.served;
        await until("load", () => load.served > before + 50);
        weir.signal("SIGTERM");
        expect((await weir.ended()).code).toBe(0);
        weir = await start();
      }
      const before = load.served;
      await until("load", () => load.served > before + 50);
      expect((await load.stop()).failures).toEqual([]);
    });
  });
}

describe("sockets that were passed to another process", () => {
  test("are none of this one's business", async () => {
    const port = await freePort();
    const units = [unit(tcp(port))];
    const s = await site({ ...passed(units), before: "export LISTEN_PID=1" });
    expect((await get(s.port, "/")).body).toBe("hello");
    expect(s.weir.stderr).not.toContain("passed");
  });
});

for (const workers of [1, 2])
  test(`datagrams that wait in a socket that was passed are served by ${workers === 1 ? "one process" : "a worker"}`, async () => {
    const port = await freePort();
    const fd = linux!.makeDatagramSocket({ kind: "tcp", host: "127.0.0.1", port }, {});
    fds.push(fd);
    const origin = await UdpOrigin.echo("up:");
    using c = await UdpClient.open(port);
    for (let i = 1; i <= 2; i++) {
      c.send(`${i}`);
      const s = await site({
        ...passed([fd]),
        args: ["--workers", String(workers)],
        clusters: { echo: { endpoints: [`127.0.0.1:${origin.port}`] } },
        top: {
          listeners: {
            dns: { address: `127.0.0.1:${port}`, protocol: "udp", to: "echo" },
            web: { address: `127.0.0.1:${await freePort()}` },
          },
        },
      });
      await c.until(i);
      await s[Symbol.asyncDispose]();
    }
    expect(c.texts).toEqual(["up:1", "up:2"]);
    await origin.close();
  });
