import { expect } from "bun:test";
import type { TlsInfo } from "../../../src/platform/types.ts";
import { barrier, dial, firstDifference, LOOPBACK, Peer, pattern, Server } from "./peer.ts";
import type { Case } from "./subject.ts";
import { closeBoth, dialed, dialTls, NAME, SecureServer, securePair } from "./tls_support.ts";

const MIB = 1024 * 1024;

/** Writes all of `bytes` in pieces, each after the room for it, then ends. */
async function pour(peer: Peer, bytes: Uint8Array, piece: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += piece) {
    const seen = peer.drains;
    if (!peer.write(bytes.slice(at, at + piece))) await peer.until(() => peer.drains > seen || peer.closed);
  }
  peer.call((c) => c.end());
}

/** Both ends on the platform: what a secured connection does that a plain one does as well. */
export const tlsCases: readonly Case[] = [
  [
    "TLS: bytes go both ways, and both sides know what was agreed on",
    async ({ p }) => {
      const server = await SecureServer.open(p, { alpn: ["h2", "http/1.1"] });
      const { client, remote } = await securePair(p, server, { alpn: ["http/1.1", "h2"] });
      client.write("question");
      await remote.until(() => remote.bytes === 8);
      remote.write("ans", "wer");
      await client.until(() => client.bytes === 6);
      expect([remote.text(), client.text()]).toEqual(["question", "answer"]);
      // The server's order decides.
      expect(remote.conn.tls).toMatchObject({ version: "1.3", alpn: "h2", serverName: NAME, peerChain: [] });
      expect(client.conn.tls).toMatchObject({ version: "1.3", alpn: "h2" });
      expect(remote.conn.tls?.cipher).toMatch(/^TLS_/);
      expect(remote.conn.info.local).toEqual(client.conn.info.remote);
      expect(remote.conn.info.remote).toEqual(client.conn.info.local);
      expect(remote.events).toEqual(["secure", "data"]);
      expect(client.events).toEqual(["open", "data"]);
      await closeBoth(client, remote);
      await server.close();
    },
  ],
  [
    "TLS: plain connections of the same listener stay plain",
    async ({ p }) => {
      const server = await Server.open(p, LOOPBACK, { mayBeSecured: true });
      const client = await dial(p, server.address);
      const remote = await server.accept();
      client.write("plain");
      await remote.until(() => remote.bytes === 5);
      remote.write(remote.chunks[0]!);
      await client.until(() => client.bytes === 5);
      expect([client.conn.tls, remote.conn.tls]).toEqual([null, null]);
      await closeBoth(client, remote);
      await server.listener.close();
    },
  ],
  [
    "TLS: what is written before the handshake waits, comes first, and is drained",
    async ({ p }) => {
      const server = await SecureServer.open(p);
      const client = await dialed(p, server.address, dialTls(p));
      const remote = await server.accept();
      const order: string[] = [];
      const secure = remote.onBytes;
      const { context } = server;
      remote.context = null;
      remote.onBytes = (b) => {
        remote.onBytes = secure;
        remote.chunks.length = 0;
        remote.bytes = 0;
        remote.call((c) => {
          c.secure(context, b);
          expect(c.write([pattern(10)], () => order.push("first"))).toBe(false);
          expect(c.write([pattern(100_000)], () => order.push("second"))).toBe(false);
          expect(c.queued).toBe(100_010);
        });
      };
      remote.onInfo = () => remote.conn.write([pattern(3)], () => order.push("third"));
      await client.until(() => client.bytes === 100_013);
      expect(firstDifference(client.chunks, Uint8Array.of(...pattern(10), ...pattern(100_000), ...pattern(3)))).toBe(-1);
      await remote.until(() => remote.drains === 1);
      expect(order).toEqual(["first", "second", "third"]);
      expect(remote.conn.queued).toBe(0);
      expect(remote.events.filter((e) => e !== "data")).toEqual(["secure", "drain"]);
      await closeBoth(client, remote);
      await server.close();
    },
  ],
  [
    "TLS: 8 MiB go both ways at once, and both sides close in order",
    async ({ p }) => {
      const server = await SecureServer.open(p);
      const { client, remote } = await securePair(p, server);
      const up = pattern(8 * MIB);
      const down = pattern(8 * MIB).reverse();
      await Promise.all([pour(client, up, 100_000), pour(remote, down, 37_000)]);
      await Promise.all([client.until(() => client.closed), remote.until(() => remote.closed)]);
      expect(firstDifference(remote.chunks, up)).toBe(-1);
      expect(firstDifference(client.chunks, down)).toBe(-1);
      expect([client.cause, remote.cause, client.broken + remote.broken]).toEqual([null, null, ""]);
      const told = remote.events.filter((e) => e !== "drain" && e !== "data");
      expect(told).toEqual(["secure", "end", "close"]);
      await server.close();
    },
  ],
  [
    "TLS: parts in one write arrive in their order, and each flush is told once",
    async ({ p }) => {
      const server = await SecureServer.open(p);
      const { client, remote } = await securePair(p, server);
      const flushed: number[] = [];
      const wanted: Uint8Array[] = [];
      for (let i = 0; i < 200; i++) {
        const parts = [pattern(i), new Uint8Array(0), pattern(i * 50), pattern(3)];
        wanted.push(...parts);
        client.call((c) =>
          c.write(
            parts.map((b) => b.slice()),
            () => flushed.push(i),
          ),
        );
      }
      client.call((c) => c.write([], () => flushed.push(200)));
      client.call((c) => c.end());
      const all = Buffer.concat(wanted);
      await remote.until(() => remote.ended);
      expect(firstDifference(remote.chunks, all)).toBe(-1);
      await client.until(() => flushed.length === 201);
      expect(flushed).toEqual(Array.from({ length: 201 }, (_, i) => i));
      remote.call((c) => c.end());
      await Promise.all([client.until(() => client.closed), remote.until(() => remote.closed)]);
      await server.close();
    },
  ],
  [
    "TLS: a half-close from either side leaves the other way open",
    async ({ p }) => {
      const server = await SecureServer.open(p);
      const body = pattern(4 * MIB);
      for (const clientFirst of [true, false]) {
        const { client, remote } = await securePair(p, server);
        const [first, second] = clientFirst ? [client, remote] : [remote, client];
        first.write("last words");
        first.call((c) => c.end());
        first.write("too late");
        await second.until(() => second.ended);
        expect(second.text()).toBe("last words");
        second.write(body.slice());
        second.call((c) => c.end());
        await Promise.all([first.until(() => first.closed), second.until(() => second.closed)]);
        expect(firstDifference(first.chunks, body)).toBe(-1);
        expect([first.cause, second.cause, first.broken + second.broken]).toEqual([null, null, ""]);
        expect(first.events.slice(-2)).toEqual(["end", "close"]);
      }
      await server.close();
    },
  ],
  [
    "TLS: nothing comes while paused, all of it after, and the end last",
    async ({ p }) => {
      const server = await SecureServer.open(p);
      const { client, remote } = await securePair(p, server);
      remote.call((c) => c.pause());
      const bytes = pattern(300_000);
      const done = pour(client, bytes, 50_000);
      await barrier(p);
      expect(remote.events).toEqual(["secure"]);
      remote.call((c) => c.resume());
      await remote.until(() => remote.ended);
      await done;
      expect(firstDifference(remote.chunks, bytes)).toBe(-1);
      expect(remote.events).toEqual(["secure", "data", "end"]);
      remote.call((c) => c.end());
      await client.until(() => client.closed);
      expect(remote.broken + client.broken).toBe("");
      await server.close();
    },
  ],
  [
    "TLS: a pause before the handshake holds for the bytes after it",
    async ({ p }) => {
      const server = await SecureServer.open(p);
      const client = await dialed(p, server.address, dialTls(p));
      const remote = await server.accept();
      const { context } = server;
      remote.context = null;
      remote.onBytes = (b) => {
        remote.onBytes = () => {};
        remote.bytes = 0;
        remote.call((c) => {
          c.pause();
          c.secure(context, b);
        });
      };
      await Promise.all([remote.until(() => remote.secured), client.until(() => client.events.length > 0)]);
      client.write("waits");
      await barrier(p);
      expect(remote.bytes).toBe(0);
      remote.call((c) => c.resume());
      await remote.until(() => remote.bytes === 5);
      await closeBoth(client, remote);
      await server.close();
    },
  ],
  [
    "TLS: a paused reader holds a fast writer back",
    async ({ p }) => {
      const server = await SecureServer.open(p);
      for (const reader of ["remote", "client"] as const) {
        const pair = await securePair(p, server);
        const writer = reader === "remote" ? pair.client : pair.remote;
        pair[reader].call((c) => c.pause());
        let left = 0;
        const piece = pattern(64 * 1024);
        // What the kernels of both sides hold, and no more.
        for (let i = 0; i < 1024; i++) writer.call((c) => c.write([piece.slice()], () => left++));
        for (let last = -1; last !== left; ) {
          last = left;
          for (let i = 0; i < 4; i++) await barrier(p);
        }
        expect(left).toBeLessThan(320);
        expect(writer.conn.queued).toBeGreaterThan(32 * MIB);
        writer.call((c) => c.end());
        pair[reader].call((c) => c.resume());
        await pair[reader].until(() => pair[reader].ended);
        expect(pair[reader].bytes).toBe(64 * MIB);
        expect(pair[reader].chunks.every((b, i, all) => i === 0 || b.buffer !== all[i - 1]!.buffer || b.length < 16384)).toBe(
          true,
        );
        pair[reader].call((c) => c.end());
        await Promise.all([pair.client.until(() => pair.client.closed), pair.remote.until(() => pair.remote.closed)]);
      }
      await server.close();
    },
  ],
  [
    "TLS: a reset is told to the other side as its peer's",
    async ({ p }) => {
      const server = await SecureServer.open(p);
      const a = await securePair(p, server);
      a.client.call((c) => c.reset());
      await Promise.all([a.client.until(() => a.client.closed), a.remote.until(() => a.remote.closed)]);
      expect([a.client.cause, a.remote.cause?.facts.code]).toEqual([null, "clientReset"]);
      const b = await securePair(p, server);
      b.remote.call((c) => c.reset());
      await Promise.all([b.client.until(() => b.client.closed), b.remote.until(() => b.remote.closed)]);
      expect([b.client.cause?.facts.code, b.remote.cause]).toEqual(["upstreamReset", null]);
      await server.close();
    },
  ],
  [
    "TLS: a reset drops what is queued",
    async ({ p }) => {
      const server = await SecureServer.open(p);
      const b = await securePair(p, server);
      b.client.call((c) => c.pause());
      b.remote.write(new Uint8Array(32 * MIB));
      b.remote.call((c) => c.reset());
      expect(b.remote.conn.queued).toBe(0);
      b.client.call((c) => c.resume());
      await Promise.all([b.client.until(() => b.client.closed), b.remote.until(() => b.remote.closed)]);
      expect(b.client.cause?.facts.code).toBe("upstreamReset");
      expect(b.client.bytes).toBeLessThan(32 * MIB);
      await server.close();
    },
  ],
  [
    "TLS: the handler can be swapped at onSecure",
    async ({ p }) => {
      const server = await SecureServer.open(p);
      const client = await dialed(p, server.address, dialTls(p));
      const remote = await server.accept();
      const next = new Peer();
      const seen: TlsInfo[] = [];
      remote.onInfo = (info) => {
        seen.push(info);
        next.conn = remote.conn;
        remote.conn.setHandler(next);
      };
      await client.until(() => client.events.length > 0);
      client.write("for the next");
      await next.until(() => next.bytes === 12);
      expect(seen[0]).toBe(next.conn.tls!);
      expect(remote.events).toEqual(["secure"]);
      await closeBoth(client, next);
      await server.close();
    },
  ],
  [
    "TLS: a unix socket carries it as well",
    async ({ p }) => {
      const path = `\0weir-tls-${process.pid}-${Math.random()}`;
      const server = await SecureServer.open(p, {}, { kind: "unix", path });
      const { client, remote } = await securePair(p, server);
      client.write(pattern(MIB));
      await remote.until(() => remote.bytes === MIB);
      await closeBoth(client, remote);
      await server.close();
    },
  ],
];
