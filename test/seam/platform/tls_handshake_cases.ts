import { expect } from "bun:test";
import { barrier, dial, LOOPBACK, Peer, pattern, Server } from "./peer.ts";
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

/** What becomes of a handshake. */
export const tlsHandshakeCases: readonly Case[] = [
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
    "TLS: what a dial sends first is in cleartext, and the handshake follows on it",
    async ({ p }) => {
      const context = tlsOf(p).serverContext(serverOptions());
      const server = await Server.open(p, LOOPBACK, { mayBeSecured: true });
      for (const size of [1, 50, 16 * 1024]) {
        const client = await dialed(p, server.address, { ...dialTls(p), first: pattern(size) });
        const remote = await server.accept();
        let first: Uint8Array = new Uint8Array(0);
        remote.onInfo = (info) => expect(info.serverName).toBe(NAME);
        remote.onBytes = () => {
          if (remote.bytes < size) return;
          remote.onBytes = () => {};
          const all = Uint8Array.from(remote.chunks.splice(0).flatMap((b) => [...b]));
          remote.bytes = 0;
          first = all.slice(0, size);
          remote.call((c) => c.secure(context, all.slice(size)));
        };
        await remote.until(() => remote.secured || remote.closed);
        await client.until(() => client.events.length > 0);
        expect(client.events).toEqual(["open"]);
        expect(first).toEqual(pattern(size));
        client.write("hello");
        await remote.until(() => remote.bytes === 5);
        remote.write("there");
        await client.until(() => client.bytes === 5);
        expect(remote.text() + client.text()).toBe("hellothere");
        await closeBoth(client, remote);
      }
      await server.listener.close();
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
];
