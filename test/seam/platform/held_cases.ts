import { expect } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { ProxyError } from "../../../src/base/error.ts";
import type { Address, LinuxCalls } from "../../../src/platform/types.ts";
import { startRole } from "./child.ts";
import { fileOf, holders, isCloseOnExec, openSockets } from "./descriptor_facts.ts";
import { barrier, dial, dialable, echo, LOOPBACK, pair, Server } from "./peer.ts";
import type { Case } from "./subject.ts";
import { closeBoth, SecureServer, securePair } from "./tls_support.ts";

export function codeOf(f: () => unknown): string {
  try {
    f();
    return "none";
  } catch (e) {
    return (e as ProxyError).facts.code;
  }
}

function inDirectory(run: (dir: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "weir-held-"));
  return run(dir).finally(() => rmSync(dir, { recursive: true }));
}

/** A port for several sockets. */
function makeTwo(linux: LinuxCalls): { fds: [number, number]; at: Address } {
  const first = linux.makeListener(LOOPBACK, { reusePort: true });
  const at = linux.boundAddress(first)!;
  return { fds: [first, linux.makeListener(at, { reusePort: true })], at };
}

/** Listening sockets that are made, inherited and left behind. */
export const heldCases: readonly Case[] = [
  [
    "a socket queues connections before anyone accepts, and serves them when it is taken over",
    async ({ p }) => {
      const fd = p.linux!.makeListener(LOOPBACK, {});
      expect(isCloseOnExec(fd)).toBe(true);
      expect(p.linux!.listening(fd)).toEqual({ reusePort: false });
      const at = p.linux!.boundAddress(fd)!;
      const client = await dial(p, at);
      client.write("early");
      const listener = await p.listen({ fd }, {}, echo);
      expect(listener.address).toEqual(at);
      expect(listener.descriptor).toBe(fd);
      await client.until(() => client.bytes === 5);
      client.call((c) => c.destroy(null));
      await listener.close();
      await expect(dial(p, at)).rejects.toThrow("ECONNREFUSED");
    },
  ],
  [
    "sockets of every kind are taken over under the address that was asked for",
    ({ p }) =>
      inDirectory(async (dir) => {
        const wanted: readonly Address[] = [
          { kind: "tcp", host: "", port: 0 },
          { kind: "tcp", host: "127.0.0.1", port: 0 },
          { kind: "tcp", host: "0.0.0.0", port: 0 },
          { kind: "unix", path: join(dir, "s.sock") },
          { kind: "unix", path: `\0weir-test-${process.pid}-${Math.random()}` },
        ];
        for (const at of wanted) {
          const fd = p.linux!.makeListener(at, {});
          const bound = p.linux!.boundAddress(fd)!;
          if (at.kind === "unix" || bound.kind === "unix") expect(bound).toEqual(at);
          else expect(bound.host).toBe(at.host);
          const listener = await p.listen({ fd }, {}, echo);
          const client = await dial(p, dialable(bound));
          client.write("x");
          await client.until(() => client.bytes === 1);
          client.call((c) => c.destroy(null));
          await listener.close();
        }
      }),
  ],
  [
    "the last one to leave a unix socket removes its file, and the mode is as asked for",
    ({ p }) =>
      inDirectory(async (dir) => {
        const path = join(dir, "s.sock");
        const fd = p.linux!.makeListener({ kind: "unix", path }, { mode: 0o600 });
        expect(statSync(path).mode & 0o777).toBe(0o600);
        const again = p.linux!.duplicate(fd);
        const first = await p.listen({ fd }, {}, echo);
        await first.close();
        expect(existsSync(path)).toBe(true);
        const second = await p.listen({ fd: again, removesPath: true }, {}, echo);
        const client = await dial(p, { kind: "unix", path });
        client.write("x");
        await client.until(() => client.bytes === 1);
        client.call((c) => c.destroy(null));
        await second.close();
        expect(existsSync(path)).toBe(false);
      }),
  ],
  [
    "a listener that keeps its path leaves the file, and one that is late leaves its successor's",
    ({ p }) =>
      inDirectory(async (dir) => {
        const path = join(dir, "s.sock");
        const kept = await p.listen({ kind: "unix", path }, {}, echo);
        kept.keepPath();
        await kept.close();
        expect(existsSync(path)).toBe(true);
        await p.linux!.clearStalePath(path);
        expect(existsSync(path)).toBe(false);
        const late = await p.listen({ kind: "unix", path }, {}, echo);
        unlinkSync(path);
        const successor = await p.listen({ kind: "unix", path }, {}, echo);
        await late.close();
        expect(existsSync(path)).toBe(true);
        await successor.close();
        expect(existsSync(path)).toBe(false);
      }),
  ],
  [
    "a listener's descriptor serves on when it was duplicated before the close",
    async ({ p }) => {
      const listener = await p.listen(LOOPBACK, {}, echo);
      const held = listener.descriptor!;
      const socket = fileOf(held);
      expect(isCloseOnExec(held)).toBe(true);
      const fd = p.linux!.duplicate(held);
      expect(isCloseOnExec(fd)).toBe(true);
      await listener.close();
      const client = await dial(p, listener.address);
      client.write("queued");
      const second = await p.listen({ fd, address: listener.address }, {}, echo);
      expect(second.address).toEqual(listener.address);
      await client.until(() => client.bytes === 6);
      client.call((c) => c.destroy(null));
      await second.close();
      await barrier(p);
      expect(holders(socket)).toBe(0);
    },
  ],
  [
    "sockets that share a port are told from those that have it alone",
    async ({ p }) => {
      const { fds, at } = makeTwo(p.linux!);
      for (const fd of fds) expect(p.linux!.listening(fd)).toEqual({ reusePort: true });
      expect(codeOf(() => p.linux!.makeListener(at, {}))).toBe("addressInUse");
      const peers: Server[] = [];
      for (const fd of fds) peers.push(new Server(await p.listen({ fd }, {}, echo), [], []));
      const clients = await Promise.all(Array.from({ length: 8 }, () => dial(p, at)));
      for (const c of clients) c.write("x");
      for (const c of clients) await c.until(() => c.bytes === 1);
      for (const c of clients) c.call((conn) => conn.destroy(null));
      for (const s of peers) await s.listener.close();
    },
  ],
  [
    "what can't be listened on is refused, and nothing stays open",
    ({ p }) =>
      inDirectory(async (dir) => {
        const linux = p.linux!;
        const before = openSockets();
        const path = join(dir, "s.sock");
        const fd = linux.makeListener({ kind: "unix", path }, {});
        const rows: readonly [at: Address, code: string][] = [
          [{ kind: "unix", path }, "addressInUse"],
          [{ kind: "unix", path: join(dir, "none", "s.sock") }, "internal"],
          [{ kind: "unix", path: join(dir, "x".repeat(120)) }, "internal"],
          [{ kind: "tcp", host: "192.0.2.1", port: 0 }, "internal"],
          [{ kind: "tcp", host: "localhost", port: 0 }, "internal"],
        ];
        for (const [at, code] of rows) expect([at, codeOf(() => linux.makeListener(at, {}))]).toEqual([at, code]);
        linux.closeDescriptor(fd);
        const [a, b] = linux.socketPair();
        expect([linux.listening(a), linux.boundAddress(a)]).toEqual([null, { kind: "unix", path: "" }]);
        await expect(p.listen({ fd: a }, {}, echo)).rejects.toThrow("listening socket");
        await expect(p.listen({ fd: 0x3fffffff }, {}, echo)).rejects.toThrow("listening socket");
        expect([linux.listening(0x3fffffff), linux.boundAddress(0x3fffffff), linux.setCloseOnExec(0x3fffffff)]).toEqual([
          null,
          null,
          false,
        ]);
        linux.closeDescriptor(b);
        expect(openSockets()).toBe(before);
      }),
  ],
  [
    "a child serves on a socket that it inherits, and what waits there goes to its successor",
    async ({ p, adapter }) => {
      const linux = p.linux!;
      const fd = linux.makeListener(LOOPBACK, {});
      const at = linux.boundAddress(fd)!;
      const ask = async (): Promise<string> => {
        const client = await dial(p, at);
        client.write("hi");
        await client.until(() => client.text().endsWith(":hi"));
        client.call((c) => c.destroy(null));
        return client.text();
      };
      const first = startRole(p, adapter, "serve", { descriptors: [fd] });
      expect(await first.told<{ address: Address }>()).toEqual({ address: at });
      expect(await ask()).toBe(`${first.process.pid}:hi`);
      first.process.kill("SIGKILL");
      await first.exit;
      const waiting = ask();
      const second = startRole(p, adapter, "serve", { descriptors: [fd] });
      expect(await waiting).toBe(`${second.process.pid}:hi`);
      await second.end();
      linux.closeDescriptor(fd);
    },
  ],
  [
    "a child takes its descriptors over under other numbers, and their old ones are free for files",
    async ({ p, adapter }) => {
      const fds = p.linux!.socketPair();
      const child = startRole(p, adapter, "inherit", { descriptors: fds });
      expect(await child.told<unknown>()).toEqual({
        same: [true, true],
        held: [
          [1, 1],
          [1, 1],
        ],
        readable: 8,
        missing: null,
      });
      await child.end();
      for (const fd of fds) p.linux!.closeDescriptor(fd);
    },
  ],
  [
    "TLS: connections of a socket that was taken over can be secured",
    async ({ p }) => {
      const server = await SecureServer.open(p, { alpn: ["h2"] }, { fd: p.linux!.makeListener(LOOPBACK, {}) });
      const { client, remote } = await securePair(p, server, { alpn: ["h2"] });
      client.write("question");
      await remote.until(() => remote.bytes === 8);
      expect(remote.conn.tls?.alpn).toBe("h2");
      expect([client.call((c) => c.detach()), remote.call((c) => c.detach())]).toEqual([null, null]);
      await closeBoth(client, remote);
      await server.close();
    },
  ],
  [
    "an accepted connection of a socket that was taken over knows its ends",
    async ({ p }) => {
      const fd = p.linux!.makeListener({ kind: "tcp", host: "", port: 0 }, {});
      const accepted = await Server.open(p, { fd });
      const { client, remote } = await pair(p, accepted);
      expect(remote.conn.info.remote).toEqual(client.conn.info.local);
      expect(remote.conn.info.local).toEqual(client.conn.info.remote);
      for (const peer of [client, remote]) peer.call((c) => c.destroy(null));
      await accepted.listener.close();
    },
  ],
];
