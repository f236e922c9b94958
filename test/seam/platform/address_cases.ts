import { expect } from "bun:test";
import { Buffer } from "node:buffer";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Address, ConnInfo } from "../../../src/platform/types.ts";
import { barrier, dial, LOOPBACK, Peer, pair, pattern, Server } from "./peer.ts";
import type { Case } from "./subject.ts";

const NOBODY = () => new Peer();

function scratchDir(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "weir-platform-"));
  return { path, remove: () => rmSync(path, { recursive: true }) };
}

/** The error that a promise rejects with; an error when it does not. */
async function failureOf(f: Promise<unknown>): Promise<Error & { facts?: { code: string } }> {
  try {
    await f;
  } catch (e) {
    return e as Error & { facts?: { code: string } };
  }
  throw new Error("this should have failed");
}

/** Leaves a socket's file behind on which nobody listens, as a killed process does. */
async function leaveStale(path: string): Promise<void> {
  const s = createServer();
  await new Promise<void>((resolve) => s.listen(path, resolve));
  const { renameSync } = await import("node:fs");
  renameSync(path, `${path}.kept`);
  await new Promise<void>((resolve) => s.close(() => resolve()));
  renameSync(`${path}.kept`, path);
}

/** Where to listen and dial: TCP, both IP versions, unix sockets. */
export const addressCases: readonly Case[] = [
  [
    "port 0 is filled in, and both ends know their addresses",
    async ({ p }) => {
      const server = await Server.open(p);
      expect(server.address).toMatchObject({ kind: "tcp", host: "127.0.0.1" });
      expect(server.address.kind === "tcp" && server.address.port).toBeGreaterThan(0);
      const { client, remote } = await pair(p, server);
      expect(client.conn.info.remote).toEqual(server.address);
      expect(remote.conn.info.local).toEqual(server.address);
      expect(remote.conn.info.remote).toEqual(client.conn.info.local);
      expect(remote.conn.info).toBe(remote.conn.info);
      expect(remote.conn.info.id).not.toBe(client.conn.info.id);
      client.call((c) => c.destroy(null));
      await remote.until(() => remote.ended || remote.closed);
      remote.call((c) => c.destroy(null));
      await remote.until(() => remote.closed);
      expect(remote.conn.info.local).toEqual(server.address);
      await server.listener.close();
    },
  ],
  [
    "an address in use is refused by that name, and free again after close",
    async ({ p }) => {
      const server = await Server.open(p);
      const failed = await failureOf(p.listen(server.address, {}, NOBODY));
      expect(failed.facts?.code).toBe("addressInUse");
      expect(failed.message).toContain("choose another address");
      await server.listener.close();
      const again = await Server.open(p, server.address);
      expect(again.address).toEqual(server.address);
      const { client, remote } = await pair(p, again);
      client.call((c) => c.destroy(null));
      remote.call((c) => c.destroy(null));
      await again.listener.close();
    },
  ],
  [
    "an address that is not ours can't be listened on",
    async ({ p }) => {
      const failed = await failureOf(p.listen({ kind: "tcp", host: "203.0.113.1", port: 0 }, {}, NOBODY));
      expect(failed.facts?.code).toBe("internal");
      // Deno has no name of its own for EADDRNOTAVAIL.
      expect(failed.message).toMatch(/EADDRNOTAVAIL|EINVAL/);
      expect(failed.message).toContain("203.0.113.1");
    },
  ],
  [
    "closing a listener refuses new connections and leaves the open ones",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      await server.listener.close();
      client.write("still");
      await remote.until(() => remote.bytes === 5);
      remote.write("here");
      await client.until(() => client.bytes === 4);
      const failed = await failureOf(dial(p, server.address));
      expect(failed.facts?.code).toBe("connectRefused");
      client.call((c) => c.destroy(null));
      remote.call((c) => c.destroy(null));
    },
  ],
  [
    "reusePort lets two listeners share an address",
    async ({ p }) => {
      const first = await Server.open(p, LOOPBACK, { reusePort: true });
      const second = await Server.open(p, first.address, { reusePort: true });
      expect(second.address).toEqual(first.address);
      await first.listener.close();
      const { client, remote } = await pair(p, second);
      client.call((c) => c.destroy(null));
      remote.call((c) => c.destroy(null));
      await second.listener.close();
    },
  ],
  [
    "a keepalive can be asked of both ends",
    async ({ p }) => {
      const server = await Server.open(p, LOOPBACK, { keepAlive: { idleMs: 45_000 } });
      const client = new Peer();
      p.dial(server.address, { keepAlive: { idleMs: 45_000 } }, client);
      await client.until(() => client.events.length > 0);
      const remote = await server.accept();
      client.write("kept");
      await remote.until(() => remote.bytes === 4);
      client.call((c) => c.destroy(null));
      remote.call((c) => c.destroy(null));
      await server.listener.close();
    },
  ],
  [
    "IPv6 works, with its addresses as literals",
    async ({ p }) => {
      const server = await Server.open(p, { kind: "tcp", host: "::1", port: 0 });
      const { client, remote } = await pair(p, server);
      expect(remote.conn.info.remote).toMatchObject({ kind: "tcp", host: "::1" });
      expect(client.conn.info.remote).toEqual(server.address);
      client.write("six");
      await remote.until(() => remote.bytes === 3);
      client.call((c) => c.destroy(null));
      remote.call((c) => c.destroy(null));
      await server.listener.close();
    },
  ],
  [
    "no host means both IP versions, and an IPv4 peer is shown as IPv4",
    async ({ p }) => {
      const server = await Server.open(p, { kind: "tcp", host: "", port: 0 });
      const port = server.address.kind === "tcp" ? server.address.port : 0;
      for (const host of ["127.0.0.1", "::1"]) {
        const client = await dial(p, { kind: "tcp", host, port });
        const remote = await server.accept();
        expect(remote.conn.info.remote).toMatchObject({ host });
        expect(remote.conn.info.local).toMatchObject({ host, port });
        client.call((c) => c.destroy(null));
        remote.call((c) => c.destroy(null));
      }
      await server.listener.close();
    },
  ],
  [
    "ipv6Only leaves IPv4 out",
    async ({ p }) => {
      const server = await Server.open(p, { kind: "tcp", host: "::", port: 0 }, { ipv6Only: true });
      const port = server.address.kind === "tcp" ? server.address.port : 0;
      const failed = await failureOf(dial(p, { kind: "tcp", host: "127.0.0.1", port }));
      expect(failed.facts?.code).toBe("connectRefused");
      await server.listener.close();
    },
  ],
  [
    "a unix socket has the mode that was asked for and is gone after close",
    async ({ p }) => {
      const dir = scratchDir();
      const path = join(dir.path, "s.sock");
      const server = await Server.open(p, { kind: "unix", path }, { mode: 0o600 });
      expect(statSync(path).mode & 0o777).toBe(0o600);
      const { client, remote } = await pair(p, server);
      expect(remote.conn.info.local).toEqual({ kind: "unix", path });
      expect(client.conn.info.remote).toEqual({ kind: "unix", path });
      client.write("over a path");
      await remote.until(() => remote.bytes === 11);
      client.call((c) => c.end());
      await remote.until(() => remote.ended);
      remote.call((c) => c.end());
      await Promise.all([client.until(() => client.closed), remote.until(() => remote.closed)]);
      await server.listener.close();
      expect(existsSync(path)).toBe(false);
      dir.remove();
    },
  ],
  [
    "a socket's file on which nobody answers is replaced",
    async ({ p }) => {
      const dir = scratchDir();
      const path = join(dir.path, "s.sock");
      await leaveStale(path);
      expect(existsSync(path)).toBe(true);
      expect((await failureOf(dial(p, { kind: "unix", path }))).facts?.code).toBe("connectRefused");
      const server = await Server.open(p, { kind: "unix", path });
      const { client, remote } = await pair(p, server);
      client.call((c) => c.destroy(null));
      remote.call((c) => c.destroy(null));
      await server.listener.close();
      dir.remove();
    },
  ],
  [
    "a unix socket on which somebody answers is in use, and a plain file stays",
    async ({ p }) => {
      const dir = scratchDir();
      const path = join(dir.path, "s.sock");
      const server = await Server.open(p, { kind: "unix", path });
      expect((await failureOf(p.listen({ kind: "unix", path }, {}, NOBODY))).facts?.code).toBe("addressInUse");
      (await server.accept()).call((c) => c.destroy(null));
      const { client, remote } = await pair(p, server);
      client.call((c) => c.destroy(null));
      remote.call((c) => c.destroy(null));
      await server.listener.close();
      const file = join(dir.path, "plain");
      writeFileSync(file, "kept");
      expect((await failureOf(p.listen({ kind: "unix", path: file }, {}, NOBODY))).facts?.code).toBe("addressInUse");
      expect(statSync(file).size).toBe(4);
      dir.remove();
    },
  ],
  [
    "a path that is not there refuses the dial",
    async ({ p }) => {
      const failed = await failureOf(dial(p, { kind: "unix", path: "/nonexistent/weir.sock" }));
      expect(failed.facts?.code).toBe("connectRefused");
      expect(failed.message).toContain("unix:/nonexistent/weir.sock");
    },
  ],
  [
    "an abstract unix socket works",
    async ({ p }) => {
      const at: Address = { kind: "unix", path: `\0weir-test-${process.pid}-${Math.trunc(performance.now() * 1000)}` };
      const server = await Server.open(p, at);
      const { client, remote } = await pair(p, server);
      client.write("abstract");
      await remote.until(() => remote.bytes === 8);
      client.call((c) => c.destroy(null));
      remote.call((c) => c.destroy(null));
      await server.listener.close();
      expect((await failureOf(dial(p, at))).facts?.code).toBe("connectRefused");
    },
  ],
  [
    "a refused dial says so once, on a later turn, and may be tried again",
    async ({ p }) => {
      const server = await Server.open(p);
      await server.listener.close();
      const client = new Peer();
      p.dial(server.address, {}, client);
      expect(client.events).toEqual([]);
      await client.until(() => client.closed);
      await barrier(p);
      expect(client.events).toEqual(["close"]);
      expect(client.cause?.facts).toMatchObject({ code: "connectRefused", side: "upstream", retry: "always", status: 503 });
      expect(client.cause?.message).toContain("127.0.0.1:");
    },
  ],
  [
    "a dial that can't even start fails on a later turn",
    async ({ p }) => {
      const client = new Peer();
      p.dial({ kind: "tcp", host: "127.0.0.1", port: 1 }, { source: "203.0.113.1" }, client);
      expect(client.events).toEqual([]);
      await client.until(() => client.closed);
      expect(client.cause?.facts).toMatchObject({ code: "connectFailed", retry: "always" });
    },
  ],
  [
    "what a dial sends first comes before all else",
    async ({ p }) => {
      const server = await Server.open(p);
      for (const size of [1, 50, 16 * 1024]) {
        const client = await dial(p, server.address, { first: pattern(size) });
        const remote = await server.accept();
        client.write("then");
        await remote.until(() => remote.bytes === size + 4);
        expect(remote.text()).toBe(`${Buffer.from(pattern(size)).toString("latin1")}then`);
        expect(client.events[0]).toBe("open");
        client.call((c) => c.destroy(null));
        remote.call((c) => c.destroy(null));
        await Promise.all([client.until(() => client.closed), remote.until(() => remote.closed)]);
      }
      await server.listener.close();
    },
  ],
  [
    "the owner may say whose connection it is",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      const { id, local, remote: peer } = remote.conn.info;
      const told: ConnInfo = { id, local, remote: { kind: "tcp", host: "192.0.2.1", port: 7 }, proxied: { peer, tlvs: [] } };
      remote.conn.info = told;
      expect(remote.conn.info).toBe(told);
      client.call((c) => c.destroy(null));
      await remote.until(() => remote.ended || remote.closed);
      expect(remote.conn.info).toBe(told);
      remote.call((c) => c.destroy(null));
      await server.listener.close();
    },
  ],
  [
    "a dial cancelled before it opened is never heard of again",
    async ({ p }) => {
      const server = await Server.open(p);
      const client = new Peer();
      p.dial(server.address, {}, client).cancel();
      const refused = new Peer();
      p.dial({ kind: "tcp", host: "127.0.0.1", port: 1 }, {}, refused).cancel();
      await barrier(p);
      await barrier(p);
      expect(client.events).toEqual([]);
      expect(refused.events).toEqual([]);
      await server.listener.close();
    },
  ],
  [
    "cancel after the opening does nothing",
    async ({ p }) => {
      const server = await Server.open(p);
      const client = new Peer();
      const dialing = p.dial(server.address, {}, client);
      await client.until(() => client.events.length > 0);
      dialing.cancel();
      const remote = await server.accept();
      client.write("open");
      await remote.until(() => remote.bytes === 4);
      client.call((c) => c.destroy(null));
      remote.call((c) => c.destroy(null));
      await server.listener.close();
    },
  ],
  [
    "a source address is what the other end sees",
    async ({ p }) => {
      const server = await Server.open(p);
      const client = new Peer();
      p.dial(server.address, { source: "127.0.0.2" }, client);
      await client.until(() => client.events.length > 0);
      const remote = await server.accept();
      expect(remote.conn.info.remote).toMatchObject({ kind: "tcp", host: "127.0.0.2" });
      client.call((c) => c.destroy(null));
      remote.call((c) => c.destroy(null));
      await server.listener.close();
    },
  ],
];
