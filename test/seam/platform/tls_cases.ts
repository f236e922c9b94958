import { expect } from "bun:test";
import type { TlsInfo } from "../../../src/platform/types.ts";
import { barrier, dial, firstDifference, LOOPBACK, Peer, pattern, Server } from "./peer.ts";
import type { Case } from "./subject.ts";
import {
  closeBoth,
  dialed,
  dialTls,
  failedHandshake,
  NAME,
  openRelay,
  SecureServer,
  securePair,
  serverOptions,
  tlsOf,
} from "./tls_support.ts";

const MIB = 1024 * 1024;

/** Writes all of `bytes` in pieces, each after the room for it, then ends. */
async function pour(peer: Peer, bytes: Uint8Array, piece: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += piece) {
    const seen = peer.drains;
    if (!peer.write(bytes.slice(at, at + piece))) await peer.until(() => peer.drains > seen || peer.closed);
  }
  peer.call((c) => c.end());
}

/** A client's first bytes, taken from a listener that does not answer. */
async function firstFlight(p: Parameters<Case[1]>[0]["p"]): Promise<Uint8Array> {
  const server = await Server.open(p);
  const client = await dialed(p, server.address, dialTls(p));
  const remote = await server.accept();
  await remote.until(() => remote.bytes > 0);
  const hello = remote.chunks[0]!;
  remote.call((c) => c.destroy(null));
  await client.until(() => client.closed);
  expect(client.events).toEqual(["close"]);
  expect(client.cause?.facts).toMatchObject({ code: "tlsHandshake", side: "upstream", retry: "always", status: 503 });
  await server.listener.close();
  return hello;
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
    "TLS: 1.2 and 1.3 as both sides allow, and a name that was not sent",
    async ({ p }) => {
      const server = await SecureServer.open(p);
      const { client, remote } = await securePair(p, server, { maxVersion: "1.2" });
      expect([client.conn.tls?.version, remote.conn.tls?.version]).toEqual(["1.2", "1.2"]);
      await closeBoth(client, remote);
      const nameless = await dialed(p, server.address, dialTls(p, {}, ""));
      const other = await server.accept();
      await other.until(() => other.secured);
      await nameless.until(() => nameless.events.length > 0);
      expect(other.conn.tls).toMatchObject({ serverName: "", version: "1.3", alpn: "" });
      await closeBoth(nameless, other);
      await server.close();
      const strict = await SecureServer.open(p, { minVersion: "1.3" });
      await failedHandshake(p, strict, dialTls(p, { maxVersion: "1.2" }));
      await strict.close();
    },
  ],
  [
    "TLS: protocols without one in common end the handshake on both sides",
    async ({ p }) => {
      const server = await SecureServer.open(p, { alpn: ["h2"] });
      const { client } = await failedHandshake(p, server, dialTls(p, { alpn: ["http/1.1"] }));
      expect(client.cause?.facts.code).toBe("tlsHandshake");
      // Who offers none is served.
      const { client: silent, remote } = await securePair(p, server);
      expect(remote.conn.tls?.alpn).toBe("");
      await closeBoth(silent, remote);
      await server.close();
    },
  ],
  [
    "TLS: a ClientHello in pieces of every size, after bytes that the handler used up",
    async ({ p }) => {
      for (const piece of [1, 7, 100]) {
        const context = tlsOf(p).serverContext(serverOptions());
        const server = await Server.open(p, LOOPBACK, { mayBeSecured: true });
        const relay = await openRelay(p, server.address, piece, "PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n");
        const client = await dialed(p, relay.address, dialTls(p));
        const remote = await server.accept();
        remote.onBytes = () => {
          const line = remote.text();
          const at = line.indexOf("\n");
          if (at < 0) return;
          remote.onBytes = () => {};
          const rest = remote.chunks.splice(0).flatMap((b) => [...b]);
          remote.bytes = 0;
          remote.call((c) => c.secure(context, Uint8Array.from(rest.slice(at + 1))));
        };
        await remote.until(() => remote.secured || remote.closed);
        await client.until(() => client.events.length > 0);
        client.write("hello");
        await remote.until(() => remote.bytes === 5);
        expect(remote.text()).toBe("hello");
        remote.write("there");
        await client.until(() => client.bytes === 5);
        remote.call((c) => c.destroy(null));
        client.call((c) => c.destroy(null));
        await server.listener.close();
        await relay.listener.close();
      }
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
    "TLS: garbage in place of a handshake ends the connection with its code",
    async ({ p }) => {
      const server = await SecureServer.open(p);
      for (const garbage of ["GET / HTTP/1.1\r\nhost: x\r\n\r\n", "\x16\x03\x01\x40\x01", "\x80\x2e\x01\x00\x02"]) {
        const client = await dial(p, server.address);
        const remote = await server.accept();
        client.write(Buffer.from(garbage.padEnd(64, "\0"), "latin1"));
        client.call((c) => c.end());
        await remote.until(() => remote.closed);
        expect(remote.events).toEqual(["close"]);
        expect(remote.cause?.facts).toMatchObject({ code: "tlsHandshake", side: "downstream", retry: "never", status: 0 });
        await client.until(() => client.ended || client.closed);
        if (!client.closed) client.call((c) => c.destroy(null));
        expect(remote.broken).toBe("");
      }
      await server.close();
    },
  ],
  [
    "TLS: a client that goes away in the middle of its handshake is told as a failed one",
    async ({ p }) => {
      const hello = await firstFlight(p);
      const server = await SecureServer.open(p);
      for (const size of [1, hello.length >> 1, hello.length]) {
        for (const how of ["end", "reset"] as const) {
          const client = await dial(p, server.address);
          const remote = await server.accept();
          client.write(hello.slice(0, size));
          await remote.until(() => remote.context === null);
          client.call((c) => c[how]());
          await remote.until(() => remote.closed);
          expect(remote.events).toEqual(["close"]);
          expect(remote.cause?.facts.code).toBe("tlsHandshake");
          if (how === "end") client.call((c) => c.destroy(null));
          await client.until(() => client.closed);
        }
      }
      await server.close();
    },
  ],
  [
    "TLS: the owner may end a handshake that takes too long, and its writes with it",
    async ({ p }) => {
      const hello = await firstFlight(p);
      const server = await SecureServer.open(p);
      for (const how of ["destroy", "reset"] as const) {
        const client = await dial(p, server.address);
        const remote = await server.accept();
        client.write(hello.slice(0, 20));
        await remote.until(() => remote.context === null);
        let flushed = 0;
        remote.call((c) => {
          c.write([pattern(10)], () => flushed++);
          if (how === "reset") c.reset();
          else c.destroy(null);
        });
        await Promise.all([remote.until(() => remote.closed), client.until(() => client.ended || client.closed)]);
        expect([remote.cause, flushed, remote.events.join()]).toEqual([null, 0, "close"]);
        if (!client.closed) client.call((c) => c.destroy(null));
      }
      await server.close();
    },
  ],
  [
    "TLS: a dial that is cancelled in the middle of its handshake makes no more calls and leaves nothing behind",
    async ({ p }) => {
      const server = await Server.open(p);
      const client = new Peer();
      const dialing = p.dial(server.address, dialTls(p), client);
      const remote = await server.accept();
      await remote.until(() => remote.bytes > 0);
      dialing.cancel();
      await remote.until(() => remote.ended || remote.closed);
      if (!remote.closed) remote.call((c) => c.destroy(null));
      await remote.until(() => remote.closed);
      dialing.cancel();
      await barrier(p);
      expect(client.events).toEqual([]);
      await server.listener.close();
    },
  ],
  [
    "TLS: a cancel after the handshake changes nothing",
    async ({ p }) => {
      const server = await SecureServer.open(p);
      const client = new Peer();
      const dialing = p.dial(server.address, dialTls(p), client);
      const remote = await server.accept();
      await Promise.all([client.until(() => client.events.length > 0), remote.until(() => remote.secured)]);
      dialing.cancel();
      client.write("alive");
      await remote.until(() => remote.bytes === 5);
      await closeBoth(client, remote);
      await server.close();
    },
  ],
  [
    "TLS: a connection that is refused is told as without TLS",
    async ({ p }) => {
      const gone = await Server.open(p);
      const { address } = gone;
      await gone.listener.close();
      const client = await dialed(p, address, dialTls(p));
      await client.until(() => client.closed);
      expect(client.events).toEqual(["close"]);
      expect(client.cause?.facts).toMatchObject({ code: "connectRefused", retry: "always" });
    },
  ],
  [
    "TLS: a throw in onSecure, onOpen, onData or verifyPeer ends its own connection and is reported",
    async ({ p, faults }) => {
      const server = await SecureServer.open(p);
      const boom = new Error("boom");
      const fail = (): never => {
        throw boom;
      };
      for (const place of ["secure", "data"]) {
        const client = await dialed(p, server.address, dialTls(p));
        const remote = await server.accept();
        if (place === "secure") remote.onInfo = fail;
        else remote.onBytes = fail;
        await client.until(() => client.events.length > 0);
        client.write("x");
        await remote.until(() => remote.closed);
        expect(remote.cause?.facts.code).toBe("internal");
        expect(faults.splice(0)).toEqual([boom]);
        await client.until(() => client.ended || client.closed);
        client.call((c) => c.destroy(null));
      }
      const client = await dialed(p, server.address, dialTls(p, { verifyPeer: fail }));
      const remote = await server.accept();
      await client.until(() => client.closed);
      expect([client.events, client.cause?.facts.code]).toEqual([["close"], "internal"]);
      expect(faults.splice(0)).toEqual([boom]);
      await remote.until(() => remote.ended || remote.closed);
      remote.call((c) => c.destroy(null));
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
