import { expect } from "bun:test";
import { downstreamFault } from "../../../src/base/error.ts";
import { barrier, firstDifference, type Peer, pair, pattern, Server } from "./peer.ts";
import type { Case } from "./subject.ts";

const MIB = 1024 * 1024;

/** The client has seen the server's FIN: all it writes now has still to arrive. */
async function pourAfterFin(client: Peer, remote: Peer): Promise<void> {
  const bytes = pattern(8 * MIB);
  client.write(bytes.slice());
  client.call((c) => c.end());
  await Promise.all([client.until(() => client.closed), remote.until(() => remote.closed)]);
  expect(firstDifference(remote.chunks, bytes)).toBe(-1);
  expect(remote.events.filter((e) => e !== "drain")).toEqual(["data", "end", "close"]);
  expect(client.cause).toBe(null);
  expect(remote.cause).toBe(null);
}

/** FIN, RST and what is thrown: each way in which a connection ends. */
export const closingCases: readonly Case[] = [
  [
    "the client's half-close leaves the other way open",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      client.write("question");
      client.call((c) => c.end());
      await remote.until(() => remote.ended);
      const reply = pattern(4 * MIB);
      remote.write(reply.slice());
      remote.call((c) => c.end());
      await Promise.all([client.until(() => client.closed), remote.until(() => remote.closed)]);
      expect(remote.text()).toBe("question");
      expect(firstDifference(client.chunks, reply)).toBe(-1);
      expect(client.events.slice(-2)).toEqual(["end", "close"]);
      expect(remote.events.filter((e) => e !== "drain")).toEqual(["data", "end", "close"]);
      expect(client.cause).toBe(null);
      expect(remote.cause).toBe(null);
      expect(client.broken + remote.broken).toBe("");
      await server.listener.close();
    },
  ],
  [
    "the server's half-close leaves the other way open",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      remote.write("first");
      remote.call((c) => c.end());
      await client.until(() => client.ended);
      await pourAfterFin(client, remote);
      await server.listener.close();
    },
  ],
  [
    "a half-close before any byte leaves the other way open",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      remote.call((c) => c.end());
      await client.until(() => client.ended);
      await pourAfterFin(client, remote);
      await server.listener.close();
    },
  ],
  [
    "end sends all that is queued before its FIN, and takes no more",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      remote.call((c) => c.pause());
      const bytes = pattern(16 * MIB);
      expect(client.write(bytes.slice())).toBe(false);
      client.call((c) => c.end());
      client.write("too late");
      await barrier(p);
      remote.call((c) => c.resume());
      await remote.until(() => remote.ended);
      expect(firstDifference(remote.chunks, bytes)).toBe(-1);
      remote.call((c) => c.end());
      await Promise.all([client.until(() => client.closed), remote.until(() => remote.closed)]);
      await server.listener.close();
    },
  ],
  [
    "a FIN that comes while paused is told after the bytes before it, with our own FIN sent",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      remote.call((c) => c.pause());
      remote.call((c) => c.end());
      await client.until(() => client.ended);
      const bytes = pattern(200_000);
      client.write(bytes.slice());
      client.call((c) => c.end());
      await barrier(p);
      expect(remote.events).toEqual([]);
      remote.call((c) => c.resume());
      await remote.until(() => remote.closed);
      expect(firstDifference(remote.chunks, bytes)).toBe(-1);
      expect(remote.events).toEqual(["data", "end", "close"]);
      expect(remote.cause).toBe(null);
      await client.until(() => client.closed);
      await server.listener.close();
    },
  ],
  [
    "a reset is told to the server as the client's, and to who reset as no fault",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      client.call((c) => c.reset());
      expect(client.closed).toBe(false);
      await Promise.all([client.until(() => client.closed), remote.until(() => remote.closed)]);
      expect(client.events).toEqual(["open", "close"]);
      expect(client.cause).toBe(null);
      expect(remote.events).toEqual(["close"]);
      expect(remote.cause?.facts.code).toBe("clientReset");
      expect(client.broken + remote.broken).toBe("");
      await server.listener.close();
    },
  ],
  [
    "a reset is told to the client as the upstream's",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      client.write("question");
      await remote.until(() => remote.bytes === 8);
      remote.call((c) => c.reset());
      await client.until(() => client.closed);
      expect(client.events).toEqual(["open", "close"]);
      expect(client.cause?.facts).toMatchObject({ code: "upstreamReset", side: "upstream", retry: "ifReused", status: 502 });
      await server.listener.close();
    },
  ],
  [
    "a reset after our own FIN, or after the peer's, is still a reset",
    async ({ p }) => {
      const server = await Server.open(p);
      const a = await pair(p, server);
      a.remote.call((c) => c.end());
      await a.client.until(() => a.client.ended);
      a.client.call((c) => c.reset());
      await a.remote.until(() => a.remote.closed);
      expect(a.remote.cause?.facts.code).toBe("clientReset");
      await server.listener.close();
    },
  ],
  [
    "reset drops what is queued",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      remote.call((c) => c.pause());
      let flushed = 0;
      client.call((c) => c.write([new Uint8Array(32 * MIB)], () => flushed++));
      client.call((c) => c.reset());
      expect(client.call((c) => c.queued)).toBe(0);
      await client.until(() => client.closed);
      remote.call((c) => c.resume());
      await remote.until(() => remote.closed);
      expect(remote.cause?.facts.code).toBe("clientReset");
      expect(remote.bytes).toBeLessThan(32 * MIB);
      expect(flushed).toBe(0);
      await server.listener.close();
    },
  ],
  [
    "a reset while paused is told at the latest on resume",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      remote.call((c) => c.pause());
      client.write("unread");
      client.call((c) => c.reset());
      await client.until(() => client.closed);
      await barrier(p);
      if (!remote.closed) remote.call((c) => c.resume());
      await remote.until(() => remote.closed);
      expect(remote.cause?.facts.code).toBe("clientReset");
      expect(remote.broken).toBe("");
      await server.listener.close();
    },
  ],
  [
    "destroy tells its cause on a later turn and nothing afterwards, and the peer sees the end",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      const cause = downstreamFault("badRequest", 400, "a test's own");
      remote.call((c) => c.destroy(cause));
      expect(remote.closed).toBe(false);
      await remote.until(() => remote.closed);
      expect(remote.cause).toBe(cause);
      expect(remote.events).toEqual(["close"]);
      await client.until(() => client.ended || client.closed);
      let flushed = 0;
      remote.call((c) => {
        c.write([pattern(10)], () => flushed++);
        c.pause();
        c.resume();
        c.end();
        c.reset();
        c.destroy(null);
      });
      client.call((c) => c.destroy(null));
      await client.until(() => client.closed);
      await barrier(p);
      expect(remote.events).toEqual(["close"]);
      expect(remote.cause).toBe(cause);
      expect(flushed).toBe(0);
      expect(client.broken + remote.broken).toBe("");
      await server.listener.close();
    },
  ],
  [
    "a throw in a handler ends its own connection and is reported",
    async ({ p, faults }) => {
      const server = await Server.open(p);
      const other = await pair(p, server);
      for (const place of ["data", "end", "drain", "flushed"]) {
        const { client, remote } = await pair(p, server);
        const boom = new Error(`boom in ${place}`);
        const fail = (): void => {
          throw boom;
        };
        if (place === "data") remote.onBytes = fail;
        if (place === "end") remote.onEnd = fail;
        if (place === "data") client.write("x");
        if (place === "end") client.call((c) => c.end());
        if (place === "flushed") remote.call((c) => c.write([pattern(1)], fail));
        if (place === "drain") {
          remote.onDrain = fail;
          client.call((c) => c.pause());
          expect(remote.write(new Uint8Array(16 * MIB))).toBe(false);
          client.call((c) => c.resume());
        }
        await remote.until(() => remote.closed);
        expect(remote.cause?.facts).toMatchObject({ code: "internal", side: "internal" });
        expect(remote.cause?.facts.cause).toBe(boom);
        expect(faults.splice(0)).toEqual([boom]);
        await client.until(() => client.ended || client.closed);
        client.call((c) => c.destroy(null));
      }
      other.client.write("alive");
      await other.remote.until(() => other.remote.bytes === 5);
      other.client.call((c) => c.destroy(null));
      other.remote.call((c) => c.destroy(null));
      await server.listener.close();
    },
  ],
  [
    "a throw in onOpen, in onClose and in accept is reported and ends nothing else",
    async ({ p, faults }) => {
      const server = await Server.open(p);
      const opened = await pair(p, server);
      const boom = new Error("boom");
      const fail = (): void => {
        throw boom;
      };
      opened.remote.onClose = fail;
      opened.remote.call((c) => c.destroy(null));
      await opened.client.until(() => opened.client.ended || opened.client.closed);
      opened.client.call((c) => c.destroy(null));
      expect(faults.splice(0)).toEqual([boom]);

      const client = new (opened.client.constructor as new () => typeof opened.client)();
      client.onOpen = fail;
      p.dial(server.address, {}, client);
      await client.until(() => client.closed);
      expect(faults.splice(0)).toEqual([boom]);
      expect(client.cause?.facts.code).toBe("internal");
      (await server.accept()).call((c) => c.destroy(null));

      const broken = await p.listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, {}, fail as never);
      const unlucky = new (opened.client.constructor as new () => typeof opened.client)();
      p.dial(broken.address, {}, unlucky);
      await unlucky.until(() => unlucky.ended || unlucky.closed);
      expect(faults.splice(0)).toEqual([boom]);
      if (!unlucky.closed) unlucky.call((c) => c.destroy(null));
      await broken.close();

      const last = await pair(p, server);
      last.client.write("alive");
      await last.remote.until(() => last.remote.bytes === 5);
      last.client.call((c) => c.destroy(null));
      last.remote.call((c) => c.destroy(null));
      await server.listener.close();
    },
  ],
  [
    "a handler can be swapped in the middle of a stream",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      const tunnel = new (remote.constructor as new () => typeof remote)();
      tunnel.conn = remote.conn;
      remote.onBytes = () => remote.conn.setHandler(tunnel);
      client.write("peek");
      await remote.until(() => remote.bytes === 4);
      client.write("tunnel");
      await tunnel.until(() => tunnel.bytes === 6);
      client.call((c) => c.end());
      await tunnel.until(() => tunnel.ended);
      tunnel.call((c) => c.end());
      await tunnel.until(() => tunnel.closed);
      expect(remote.events).toEqual(["data"]);
      expect(remote.text()).toBe("peek");
      expect(tunnel.text()).toBe("tunnel");
      await client.until(() => client.closed);
      await server.listener.close();
    },
  ],
];
