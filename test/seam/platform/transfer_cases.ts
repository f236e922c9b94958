import { expect } from "bun:test";
import { barrier, firstDifference, type Peer, pair, pattern, Server } from "./peer.ts";
import type { Case } from "./subject.ts";

const MIB = 1024 * 1024;

/** Writes all of `bytes` in pieces, each after the room for it, then ends. */
async function pour(peer: Peer, bytes: Uint8Array, piece: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += piece) {
    const seen = peer.drains;
    if (!peer.write(bytes.slice(at, at + piece))) await peer.until(() => peer.drains > seen);
  }
  peer.call((c) => c.end());
}

/** Writes until some is queued; what was written in all. */
function fill(peer: Peer, bytes: Uint8Array, piece: number, flushed: (i: number) => void = () => {}): number {
  let at = 0;
  for (let i = 0; at + piece <= bytes.length; i++) {
    const part = bytes.slice(at, at + piece);
    at += piece;
    if (!peer.call((c) => c.write([part], () => flushed(i)))) return at;
  }
  throw new Error("raise the bytes: nothing was ever queued");
}

/** Reads on whenever what was written has left. */
async function resumeAfterDrains(writer: Peer, reader: Peer): Promise<void> {
  for (let seen = 0; !writer.closed; seen = writer.drains) {
    await writer.until(() => writer.drains > seen || writer.closed);
    if (!reader.closed) reader.call((c) => c.resume());
  }
}

/** Bytes there and back, in order and without loss. */
export const transferCases: readonly Case[] = [
  [
    "bytes arrive as they were written, parts joined in their order",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      let flushed = 0;
      expect(client.call((c) => c.write([pattern(3), new Uint8Array(0), pattern(5)], () => flushed++))).toBe(true);
      await remote.until(() => remote.bytes === 8);
      remote.write("answer");
      await client.until(() => client.bytes === 6);
      expect(client.text()).toBe("answer");
      expect(firstDifference(remote.chunks, Uint8Array.of(...pattern(3), ...pattern(5)))).toBe(-1);
      expect(flushed).toBe(1);
      expect(client.call((c) => c.queued)).toBe(0);
      expect(client.broken + remote.broken).toBe("");
      client.call((c) => c.destroy(null));
      remote.call((c) => c.destroy(null));
      await server.listener.close();
    },
  ],
  [
    "8 MiB go both ways at once",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      const up = pattern(8 * MIB);
      const down = pattern(8 * MIB).reverse();
      await Promise.all([pour(client, up, 100_000), pour(remote, down, 37_000)]);
      await Promise.all([client.until(() => client.closed), remote.until(() => remote.closed)]);
      expect(firstDifference(remote.chunks, up)).toBe(-1);
      expect(firstDifference(client.chunks, down)).toBe(-1);
      expect(client.cause).toBe(null);
      expect(remote.cause).toBe(null);
      expect(client.broken + remote.broken).toBe("");
      await server.listener.close();
    },
  ],
  [
    "chunks that a handler keeps stay as they came while others are written on, and all pass whole",
    async ({ p }) => {
      const server = await Server.open(p);
      const from = await pair(p, server);
      const to = await pair(p, server);
      const bytes = pattern(32 * MIB);
      const kept: { at: number; chunk: Uint8Array }[] = [];
      let passed = 0;
      let turn = 0;
      from.remote.onBytes = (b) => {
        const keep = turn++ % 3 === 0;
        if (keep) kept.push({ at: passed, chunk: b });
        passed += b.length;
        // Own memory for what is kept: a written chunk is the connection's.
        if (!to.client.write(keep ? b.slice() : b)) from.remote.call((c) => c.pause());
        if (passed === bytes.length) to.client.call((c) => c.end());
      };
      void resumeAfterDrains(to.client, from.remote);
      await pour(from.client, bytes, 1_000_000);
      await to.remote.until(() => to.remote.ended);
      expect(firstDifference(to.remote.chunks, bytes)).toBe(-1);
      expect(kept.length).toBeGreaterThan(0);
      for (const { at, chunk } of kept) expect(firstDifference([chunk], bytes.subarray(at, at + chunk.length))).toBe(-1);
      for (const end of [from.client, from.remote, to.client, to.remote]) end.call((c) => c.destroy(null));
      await server.listener.close();
    },
  ],
  [
    "a reader that rests makes write false, and what is queued leaves in order when it goes on",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      remote.call((c) => c.pause());
      const bytes = pattern(64 * MIB);
      const order: number[] = [];
      let written = fill(client, bytes, 1_000_000, (i) => order.push(i));
      expect(client.call((c) => c.queued)).toBeGreaterThan(0);
      expect(client.call((c) => c.write([bytes.slice(written, written + 10)], () => order.push(-1)))).toBe(false);
      written += 10;
      expect(client.call((c) => c.write([bytes.slice(written, written + 7), bytes.slice(written + 7, written + 9)]))).toBe(false);
      written += 9;
      await barrier(p);
      expect(order).not.toContain(-1);
      expect(client.drains).toBe(0);
      expect(remote.bytes).toBe(0);
      remote.call((c) => c.resume());
      await client.until(() => client.drains === 1);
      expect(client.call((c) => c.queued)).toBe(0);
      await remote.until(() => remote.bytes === written);
      expect(firstDifference(remote.chunks, bytes.subarray(0, written))).toBe(-1);
      expect(order).toEqual([...Array(order.length - 1).keys(), -1]);
      expect(client.drains).toBe(1);
      expect(client.broken + remote.broken).toBe("");
      client.call((c) => c.destroy(null));
      remote.call((c) => c.destroy(null));
      await server.listener.close();
    },
  ],
  [
    "small parts that wait keep their bytes while other connections write",
    async ({ p }) => {
      const server = await Server.open(p);
      const a = await pair(p, server);
      const b = await pair(p, server);
      a.remote.call((c) => c.pause());
      const bytes = pattern(64 * MIB);
      const filled = fill(a.client, bytes, 1_000_000);
      let written = filled;
      for (let i = 0; i < 50; i++) {
        a.client.call((c) => c.write([bytes.slice(written, written + 11), bytes.slice(written + 11, written + 111)]));
        written += 111;
        b.client.write("other", "words");
      }
      await b.remote.until(() => b.remote.bytes === 500);
      a.remote.call((c) => c.resume());
      await a.remote.until(() => a.remote.bytes === written);
      expect(firstDifference(a.remote.chunks, bytes.subarray(0, written))).toBe(-1);
      expect(b.remote.text()).toBe("otherwords".repeat(50));
      for (const peer of [a.client, a.remote, b.client, b.remote]) peer.call((c) => c.destroy(null));
      await server.listener.close();
    },
  ],
  [
    "a chunk keeps its bytes when later ones come",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      for (let i = 0; i < 200; i++) {
        client.write(`message ${i};`);
        const wanted = Array.from({ length: i + 1 }, (_, k) => `message ${k};`).join("");
        await remote.until(() => remote.bytes === wanted.length);
        if (i % 50 === 49) expect(remote.text()).toBe(wanted);
      }
      client.call((c) => c.destroy(null));
      remote.call((c) => c.destroy(null));
      await server.listener.close();
    },
  ],
  [
    "what was read can be written on, also when it is big",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      const sink = await pair(p, server);
      remote.onBytes = (b) => {
        if (!sink.client.conn.write([b])) remote.conn.pause();
      };
      const resume = (): void => remote.conn.resume();
      sink.client.onDrain = resume;
      const bytes = pattern(4 * MIB);
      await pour(client, bytes.slice(), 300_000);
      await sink.remote.until(() => sink.remote.bytes === bytes.length);
      expect(firstDifference(sink.remote.chunks, bytes)).toBe(-1);
      for (const peer of [client, remote, sink.client, sink.remote]) peer.call((c) => c.destroy(null));
      await server.listener.close();
    },
  ],
  [
    "what was not read here can be written again and again",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      const body = pattern(100_000);
      for (let i = 1; i <= 3; i++) {
        client.write("head", body);
        await remote.until(() => remote.bytes === i * 100_004);
        expect(body.length).toBe(100_000);
      }
      client.call((c) => c.destroy(null));
      remote.call((c) => c.destroy(null));
      await server.listener.close();
    },
  ],
  [
    "nothing comes while paused, and all of it after",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      remote.call((c) => c.pause());
      const bytes = pattern(150_000);
      const done = pour(client, bytes, 50_000);
      await barrier(p);
      expect(remote.events).toEqual([]);
      remote.call((c) => c.resume());
      await remote.until(() => remote.ended);
      await done;
      expect(firstDifference(remote.chunks, bytes)).toBe(-1);
      expect(remote.events).toEqual(["data", "end"]);
      remote.call((c) => c.end());
      await client.until(() => client.closed);
      expect(remote.broken + client.broken).toBe("");
      await server.listener.close();
    },
  ],
  [
    "pause from inside onData holds the next chunk back",
    async ({ p }) => {
      const server = await Server.open(p);
      const { client, remote } = await pair(p, server);
      let stops = 0;
      remote.onBytes = () => {
        stops++;
        remote.conn.pause();
      };
      const bytes = pattern(3 * MIB);
      const done = pour(client, bytes, 200_000);
      while (remote.bytes < bytes.length) {
        await remote.until(() => stops > 0);
        await barrier(p);
        expect(stops).toBe(1);
        stops = 0;
        remote.onBytes = remote.bytes > MIB ? () => {} : remote.onBytes;
        remote.call((c) => c.resume());
        if (remote.bytes > MIB) break;
      }
      await remote.until(() => remote.ended);
      await done;
      expect(firstDifference(remote.chunks, bytes)).toBe(-1);
      expect(remote.broken).toBe("");
      remote.call((c) => c.end());
      await client.until(() => client.closed);
      await server.listener.close();
    },
  ],
];
