import { expect } from "bun:test";
import { Buffer } from "node:buffer";
import { closeSync, mkdtempSync, openSync, realpathSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Platform } from "../../../src/platform/types.ts";
import { startRole } from "./child.ts";
import { fileOf, holders, isCloseOnExec, openSockets } from "./descriptor_facts.ts";
import { codeOf } from "./held_cases.ts";
import { barrier, firstDifference, LOOPBACK, Peer, pair, pattern, Server } from "./peer.ts";
import type { Case } from "./subject.ts";
import { closeBoth, dialTls, serverOptions } from "./tls_support.ts";

/** Adopts a descriptor for a test to watch. */
function adopt(p: Platform, fd: number, o: { accepted?: boolean; unread?: Uint8Array } = {}): Peer {
  const peer = new Peer();
  peer.conn = p.adopt(fd, { accepted: false, ...o }, () => peer);
  return peer;
}

function tag(text: string): Uint8Array {
  return Buffer.from(text);
}

/** Channels between processes, and what goes over them. */
export const passingCases: readonly Case[] = [
  [
    "two ends of a pair talk, end and close as any connection",
    async ({ p }) => {
      const [one, two] = p.linux!.socketPair();
      expect([isCloseOnExec(one), isCloseOnExec(two)]).toEqual([true, true]);
      const a = adopt(p, one);
      const b = adopt(p, two);
      const bytes = pattern(300_000);
      a.write(bytes);
      b.write("back");
      await b.until(() => b.bytes === bytes.length);
      expect(firstDifference(b.chunks, bytes)).toBe(-1);
      await a.until(() => a.bytes === 4);
      a.call((c) => c.end());
      await b.until(() => b.ended);
      b.write("after");
      await a.until(() => a.bytes === 9);
      b.call((c) => c.end());
      await a.until(() => a.closed);
      await b.until(() => b.closed);
      expect([a.cause, b.cause, a.broken, b.broken]).toEqual([null, null, "", ""]);
      expect(a.conn.info.remote).toEqual({ kind: "unix", path: "" });
    },
  ],
  [
    "what was read before comes first, and waits while the connection is paused",
    async ({ p }) => {
      const [one, two] = p.linux!.socketPair();
      const a = adopt(p, one);
      a.write("second");
      const b = new Peer();
      b.conn = p.adopt(two, { accepted: true, unread: tag("first ") }, (c) => {
        c.pause();
        return b;
      });
      await barrier(p);
      expect(b.events).toEqual([]);
      b.call((c) => c.resume());
      await b.until(() => b.bytes === 12);
      expect(b.text()).toBe("first second");
      a.call((c) => c.destroy(null));
      await b.until(() => b.ended);
      b.call((c) => c.destroy(null));
      await b.until(() => b.closed);
    },
  ],
  [
    "what is no connected stream is not adopted, and is closed",
    async ({ p }) => {
      const before = openSockets();
      const [packet, other] = p.linux!.packetPair();
      for (const fd of [packet, other, p.linux!.makeListener(LOOPBACK, {}), 0x3fffffff])
        expect(codeOf(() => p.adopt(fd, { accepted: true }, () => new Peer()))).toBe("internal");
      expect(openSockets()).toBe(before);
    },
  ],
  [
    "messages with descriptors come whole and in order, and the descriptors are the same files",
    async ({ p }) => {
      const linux = p.linux!;
      const dir = realpathSync(mkdtempSync(join(tmpdir(), "weir-passing-")));
      const [from, to] = linux.packetPair();
      expect([isCloseOnExec(from), isCloseOnExec(to)]).toEqual([true, true]);
      expect(linux.receiveDescriptors(to)).toBe(null);
      const paths = Array.from({ length: 64 }, (_, i) => join(dir, String(i)));
      const files = paths.map((path) => openSync(path, "w"));
      const sent: readonly [count: number, text: string][] = [
        [0, "no descriptor"],
        [1, "one"],
        [2, "two"],
        [3, "three"],
        [64, "x".repeat(16_384)],
      ];
      for (const [n, text] of sent) expect(linux.sendDescriptors(from, files.slice(0, n), tag(text))).toBe(true);
      for (const fd of files) closeSync(fd);
      for (const [n, text] of sent) {
        const got = linux.receiveDescriptors(to)!;
        expect(Buffer.from(got.tag).toString()).toBe(text);
        expect(got.fds.map(fileOf)).toEqual(paths.slice(0, n));
        for (const fd of got.fds) {
          expect(isCloseOnExec(fd)).toBe(true);
          linux.closeDescriptor(fd);
        }
      }
      expect(linux.receiveDescriptors(to)).toBe(null);
      linux.closeDescriptor(from);
      expect(linux.receiveDescriptors(to)).toBe(null);
      expect(codeOf(() => linux.sendDescriptors(to, [], tag("x")))).toBe("internal");
      linux.closeDescriptor(to);
      rmSync(dir, { recursive: true });
    },
  ],
  [
    "too much for one message is refused, and a full socket says so",
    async ({ p }) => {
      const linux = p.linux!;
      const [from, to] = linux.packetPair();
      for (const [fds, bytes] of [
        [65, 1],
        [0, 0],
        [0, 16_385],
      ] as const)
        expect(
          codeOf(() =>
            linux.sendDescriptors(
              from,
              Array.from({ length: fds }, () => 0),
              new Uint8Array(bytes),
            ),
          ),
        ).toBe("internal");
      expect(codeOf(() => linux.sendDescriptors(from, [0x3fffffff], tag("x")))).toBe("internal");
      const full = new Uint8Array(16_384);
      let n = 0;
      while (linux.sendDescriptors(from, [0], full)) n++;
      expect(n).toBeGreaterThan(2);
      for (let i = 0; i < n; i++) linux.closeDescriptor(linux.receiveDescriptors(to)!.fds[0]!);
      expect(linux.receiveDescriptors(to)).toBe(null);
      expect(linux.sendDescriptors(from, [], full)).toBe(true);
      linux.closeDescriptor(from);
      linux.closeDescriptor(to);
    },
  ],
  [
    "memory is shared with a child, and stays after its descriptor and the garbage are gone",
    async ({ p, adapter }) => {
      const linux = p.linux!;
      const bytes = 1 << 20;
      const { fd, buffer } = linux.sharedMemory(bytes);
      expect([buffer.byteLength, isCloseOnExec(fd)]).toEqual([bytes, true]);
      const slots = new Int32Array(buffer);
      expect(slots.every((n) => n === 0)).toBe(true);
      const rounds = 50_000;
      slots[0] = rounds;
      const children = [1, 2].map(() => startRole(p, adapter, "add", { descriptors: [fd] }));
      const again = new Int32Array(linux.mapShared(fd));
      linux.closeDescriptor(fd);
      let waste: unknown[] = [];
      for (let i = 0; i < rounds; i++) {
        Atomics.add(slots, 1, 1);
        if (i % 10 === 0) waste.push(new Uint8Array(10_000));
        if (waste.length > 1000) waste = [];
      }
      for (const child of children) {
        expect(await child.told<{ bytes: number }>()).toEqual({ bytes });
        await child.exit;
      }
      expect([Atomics.load(slots, 1), again[1]]).toEqual([3 * rounds, 3 * rounds]);
      again[bytes / 4 - 1] = 7;
      expect(slots[bytes / 4 - 1]).toBe(7);
    },
  ],
  [
    "memory that could shrink under us is not mapped, and sizes are checked",
    async ({ p }) => {
      const linux = p.linux!;
      const dir = mkdtempSync(join(tmpdir(), "weir-shared-"));
      const file = openSync(join(dir, "file"), "w+");
      writeSync(file, "x".repeat(4096));
      expect(codeOf(() => linux.mapShared(file))).toBe("internal");
      expect(codeOf(() => linux.mapShared(0x3fffffff))).toBe("internal");
      for (const bytes of [0, -1, 1.5, Number.NaN, 2 ** 31]) expect(codeOf(() => linux.sharedMemory(bytes))).toBe("internal");
      closeSync(file);
      rmSync(dir, { recursive: true });
    },
  ],
];

/** Connections that change their owner. */
export const movingCases: readonly Case[] = [
  [
    "a connection moves to another owner, and its peer sees nothing",
    async ({ p, faults }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      client.write("one");
      await remote.until(() => remote.bytes === 3);
      const moved = remote.call((c) => c.detach())!;
      const socket = fileOf(moved.fd);
      expect(isCloseOnExec(moved.fd)).toBe(true);
      await remote.until(() => remote.closed);
      expect([remote.cause, remote.ended, remote.call((c) => c.detach())]).toEqual([null, false, null]);
      await barrier(p);
      expect(holders(socket)).toBe(1);
      expect(client.events).toEqual(["open"]);
      client.write("two");
      const second = adopt(p, moved.fd, { accepted: true, unread: moved.unread });
      await second.until(() => second.bytes === 3);
      expect(second.text()).toBe("two");
      expect(second.conn.info.remote).toEqual(client.conn.info.local);
      expect(second.conn.info.local).toEqual(client.conn.info.remote);
      second.write("still here");
      await client.until(() => client.bytes === 10);
      client.call((c) => c.end());
      await second.until(() => second.ended);
      second.call((c) => c.end());
      await client.until(() => client.closed);
      await second.until(() => second.closed);
      expect([client.cause, second.cause, client.broken, second.broken]).toEqual([null, null, "", ""]);
      await barrier(p);
      expect(holders(socket)).toBe(0);
      await server.listener.close();
      expect(faults).toEqual([]);
    },
  ],
  [
    "what a paused connection has received moves with it, and nothing is lost or doubled",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      const bytes = pattern(3_000_000);
      client.write(bytes);
      let owner = remote;
      const chunks: Uint8Array[] = [];
      // Each owner takes some, is paused in the middle of it, and gives the rest on.
      for (let step = 1; step <= 8; step++) {
        const from = owner;
        from.onBytes = () => from.conn.pause();
        from.call((c) => c.resume());
        await from.until(() => from.bytes > 0);
        await barrier(p);
        const moved = from.call((c) => c.detach())!;
        chunks.push(...from.chunks);
        owner = adopt(p, moved.fd, { accepted: true, unread: moved.unread });
        owner.call((c) => c.pause());
      }
      const had = chunks.reduce((n, b) => n + b.length, 0);
      owner.call((c) => c.resume());
      await owner.until(() => had + owner.bytes === bytes.length);
      expect(firstDifference([...chunks, ...owner.chunks], bytes)).toBe(-1);
      expect(client.events.filter((e) => e !== "drain")).toEqual(["open"]);
      client.call((c) => c.destroy(null));
      await owner.until(() => owner.ended || owner.closed);
      owner.call((c) => c.destroy(null));
      await server.listener.close();
    },
  ],
  [
    "a connection with bytes queued, one that has ended and one that is gone don't move",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      remote.call((c) => c.pause());
      while (client.write(pattern(1 << 20)));
      expect(client.conn.queued).toBeGreaterThan(0);
      expect(client.call((c) => c.detach())).toBe(null);
      remote.call((c) => c.end());
      expect(remote.call((c) => c.detach())).toBe(null);
      client.call((c) => c.destroy(null));
      expect(client.call((c) => c.detach())).toBe(null);
      remote.call((c) => c.destroy(null));
      await server.listener.close();
    },
  ],
  [
    "TLS: a connection that has moved can be secured, with the hello that came before",
    async ({ p }) => {
      const context = p.tls!.serverContext(serverOptions({}));
      const server = await Server.open(p, LOOPBACK, { mayBeSecured: true });
      const client = new Peer();
      p.dial(server.address, dialTls(p), client);
      const first = await server.accept();
      await first.until(() => first.bytes > 0);
      const hello = Buffer.concat(first.chunks);
      const { fd } = first.call((c) => c.detach())!;
      const second = new Peer();
      second.context = context;
      second.conn = p.adopt(fd, { accepted: true, unread: hello }, () => second);
      await client.until(() => client.events.length > 0);
      expect(client.events).toEqual(["open"]);
      client.write("question");
      await second.until(() => second.bytes === 8);
      expect(second.text()).toBe("question");
      await closeBoth(client, second);
      await server.listener.close();
    },
  ],
  [
    "a dialed connection and one on a unix socket move as well",
    async ({ p }) => {
      const dir = mkdtempSync(join(tmpdir(), "weir-moving-"));
      for (const at of [LOOPBACK, { kind: "unix", path: join(dir, "s.sock") } as const]) {
        const server = await Server.open(p, at);
        const { client, remote } = await pair(p, server);
        const near = adopt(p, client.call((c) => c.detach())!.fd);
        const far = adopt(p, remote.call((c) => c.detach())!.fd, { accepted: true });
        near.write("x");
        await far.until(() => far.bytes === 1);
        expect(near.conn.info.remote).toEqual(server.address);
        expect(far.conn.info.local).toEqual(server.address);
        near.call((c) => c.destroy(null));
        await far.until(() => far.ended || far.closed);
        far.call((c) => c.destroy(null));
        await server.listener.close();
      }
      rmSync(dir, { recursive: true });
    },
  ],
  [
    "a connection moves to another process while its client talks, and the client sees nothing",
    async ({ p, adapter }) => {
      const linux = p.linux!;
      const [mine, theirs] = linux.socketPair();
      const [packets, theirPackets] = linux.packetPair();
      const child = startRole(p, adapter, "take", { descriptors: [theirs, theirPackets] });
      linux.closeDescriptor(theirs);
      linux.closeDescriptor(theirPackets);
      const channel = adopt(p, mine);
      await channel.until(() => channel.bytes === 1);
      const server = await Server.open(p);
      const clients: Peer[] = [];
      const bytes = pattern(200_000);
      const total = 4;
      for (let i = 0; i < total; i++) {
        const { client, remote } = await pair(p, server);
        clients.push(client);
        // Half is answered here; what is under way at the move is answered there.
        client.write(bytes.subarray(0, 100_000));
        client.write(bytes.subarray(100_000));
        remote.onBytes = (b) => remote.conn.write([b]);
        await remote.until(() => remote.bytes >= 50_000);
        remote.call((c) => c.pause());
        await remote.until(() => remote.conn.queued === 0);
        const moved = remote.call((c) => c.detach())!;
        // The tag is small; with more unread the rest would go over the channel.
        const unread = Buffer.concat([tag("c"), moved.unread]);
        if (unread.length > 16_384) throw new Error("give the case a smaller chunk");
        expect(linux.sendDescriptors(packets, [moved.fd], unread)).toBe(true);
        linux.closeDescriptor(moved.fd);
        channel.write("x");
      }
      for (const client of clients) {
        await client.until(() => client.bytes === bytes.length);
        expect(firstDifference(client.chunks, bytes)).toBe(-1);
        expect(client.events.filter((e) => e !== "drain")).toEqual(["open", "data"]);
        client.call((c) => c.end());
        await client.until(() => client.closed);
        expect(client.cause).toBe(null);
      }
      await server.listener.close();
      channel.call((c) => c.end());
      await child.exit;
      linux.closeDescriptor(packets);
      channel.call((c) => c.destroy(null));
    },
  ],
];
