import { expect } from "bun:test";
import { Buffer } from "node:buffer";
import type { Case } from "./subject.ts";
import { bindUdp, connectUdp, echoUdp, UDP_LOOPBACK, UdpEnd } from "./udp_end.ts";

/** Small datagrams of one burst that every system's default buffer holds. */
const BURST = 150;
/** More than any buffer holds. */
const FLOOD = 20_000;

/** Datagrams, bound and connected. */
export const udpCases: readonly Case[] = [
  [
    "UDP: port 0 is filled in, and both ends know their addresses",
    async ({ p }) => {
      const server = await echoUdp(p);
      expect(server.port.address).toMatchObject({ kind: "tcp", host: "127.0.0.1" });
      expect(server.port.address.port).toBeGreaterThan(0);
      const client = connectUdp(p, server.port.address);
      client.send("one");
      await client.until(() => client.texts.length === 1);
      expect(client.texts).toEqual(["one"]);
      expect(client.peers[0]!.remote).toEqual(server.port.address);
      expect(server.peers[0]!.remote).toEqual(client.port.address);
      expect(server.peers[0]!.local).toEqual(server.port.address);
      client.port.close();
      server.port.close();
    },
  ],
  [
    "UDP: datagrams keep their bounds and their order, empty ones too",
    async ({ p }) => {
      const server = await bindUdp(p);
      server.port.start();
      const client = connectUdp(p, server.port.address);
      const sent = Array.from({ length: BURST }, (_, i) => (i % 7 === 3 ? "" : `${i} ${"x".repeat(i)}`));
      client.send("connected");
      await server.until(() => server.texts.length === 1);
      for (const text of sent) client.send(text);
      await server.until(() => server.texts.length === BURST + 1);
      expect(server.texts.slice(1)).toEqual(sent);
      client.port.close();
      server.port.close();
    },
  ],
  [
    "UDP: the longest datagram passes, and a longer one is refused by name",
    async ({ p }) => {
      const server = await bindUdp(p);
      server.port.start();
      const client = connectUdp(p, server.port.address);
      client.send("y".repeat(65_507));
      await server.until(() => server.texts.length === 1);
      expect(server.texts[0]!.length).toBe(65_507);
      const said = client.send("z".repeat(65_508));
      if (said === null) await client.until(() => client.errors.length > 0);
      expect(said ?? client.errors[0]).toBe("tooBig");
      client.send("after");
      await server.until(() => server.texts.length === 2);
      expect(server.texts[1]).toBe("after");
      client.port.close();
      server.port.close();
    },
  ],
  [
    "UDP: a flow has one name, and every flow its own",
    async ({ p }) => {
      const server = await bindUdp(p);
      server.port.start();
      const a = connectUdp(p, server.port.address);
      const b = connectUdp(p, server.port.address);
      for (let i = 1; i <= 2; i++) {
        a.send("a");
        await server.until(() => server.texts.length === 2 * i - 1);
        b.send("b");
        await server.until(() => server.texts.length === 2 * i);
      }
      const [a1, b1, a2, b2] = server.flows;
      expect(a1).toBe(a2!);
      expect(b1).toBe(b2!);
      expect(a1).not.toBe(b1!);
      for (const e of [a, b, server]) e.port.close();
    },
  ],
  [
    "UDP: a port on every address answers IPv4 and IPv6",
    async ({ p }) => {
      const server = await echoUdp(p, { kind: "tcp", host: "", port: 0 });
      const { port } = server.port.address;
      for (const host of ["127.0.0.1", "::1"]) {
        const client = connectUdp(p, { kind: "tcp", host, port });
        client.send(host);
        await client.until(() => client.texts.length === 1);
        expect(client.texts).toEqual([host]);
        expect(server.peers.at(-1)!.remote).toEqual(client.port.address);
        client.port.close();
      }
      expect(new Set(server.flows).size).toBe(2);
      server.port.close();
    },
  ],
  [
    "UDP: a port on every address answers from the one that was asked",
    async ({ p }) => {
      for (const host of ["", "0.0.0.0"]) {
        const server = await echoUdp(p, { kind: "tcp", host, port: 0 });
        const { port } = server.port.address;
        // A connected socket takes answers from there alone.
        const client = connectUdp(p, { kind: "tcp", host: "127.0.0.9", port }, "127.0.0.1");
        client.send("x");
        await client.until(() => client.texts.length === 1);
        expect(server.peers[0]!.local).toEqual({ kind: "tcp", host: "127.0.0.9", port });
        client.port.close();
        server.port.close();
      }
    },
  ],
  [
    "UDP: a refusal is told, and the port goes on",
    async ({ p }) => {
      const gone = await bindUdp(p);
      const { address } = gone.port;
      gone.port.close();
      const client = connectUdp(p, address);
      client.send("nobody");
      await client.until(() => client.errors.length > 0);
      expect(client.errors[0]).toBe("refused");
      const server = await echoUdp(p, address);
      client.send("somebody");
      await client.until(() => client.texts.length > 0);
      expect(client.texts).toEqual(["somebody"]);
      client.port.close();
      server.port.close();
    },
  ],
  [
    "UDP: a client that is gone does not end the port that answers it",
    async ({ p }) => {
      const server = await bindUdp(p);
      server.port.start();
      const client = connectUdp(p, server.port.address);
      client.send("x");
      await server.until(() => server.texts.length === 1);
      client.port.close();
      for (let i = 0; i < 3; i++) server.send("late", server.peers[0]!);
      const other = connectUdp(p, server.port.address);
      other.send("y");
      await server.until(() => server.texts.length === 2);
      server.send("z", server.peers[1]!);
      await other.until(() => other.texts.length === 1);
      expect(other.texts).toEqual(["z"]);
      other.port.close();
      server.port.close();
    },
  ],
  [
    "UDP: an address in use is refused by that name, and free again after close",
    async ({ p }) => {
      const first = await bindUdp(p);
      const failed = await p.udp(first.port.address, {}, new UdpEnd()).then(
        () => null,
        (e: { facts?: { code: string } }) => e,
      );
      expect(failed?.facts?.code).toBe("addressInUse");
      const { address } = first.port;
      first.port.close();
      const again = await bindUdp(p, address);
      expect(again.port.address).toEqual(address);
      again.port.close();
    },
  ],
  [
    "UDP: what comes before the start waits",
    async ({ p }) => {
      const server = await bindUdp(p);
      const client = connectUdp(p, server.port.address);
      client.send("early");
      client.send("early too");
      // By then they are there: the other port's came later.
      const echo = await echoUdp(p);
      const probe = connectUdp(p, echo.port.address);
      probe.send("x");
      await probe.until(() => probe.texts.length === 1);
      expect(server.texts).toEqual([]);
      server.port.start();
      await server.until(() => server.texts.length === 2);
      expect(server.texts).toEqual(["early", "early too"]);
      for (const e of [server, client, echo, probe]) e.port.close();
    },
  ],
  [
    "UDP: a handler's throw is told to the owner, and the port goes on",
    async ({ p, faults }) => {
      const server = await bindUdp(p);
      server.onEach = () => {
        if (server.texts.length === 1) throw new Error("from a handler");
      };
      server.port.start();
      const client = connectUdp(p, server.port.address);
      client.send("a");
      await server.until(() => server.texts.length === 1);
      client.send("b");
      await server.until(() => server.texts.length === 2);
      expect(faults.map(String)).toEqual(["Error: from a handler"]);
      client.port.close();
      server.port.close();
    },
  ],
  [
    "UDP: a port that is closed in the middle of a burst tells no more",
    async ({ p }) => {
      const server = await bindUdp(p);
      const client = connectUdp(p, server.port.address);
      for (let i = 0; i < 20; i++) client.send("x");
      server.onEach = () => {
        if (server.texts.length === 3) server.port.close();
      };
      server.port.start();
      await server.until(() => server.texts.length === 3);
      const echo = await echoUdp(p);
      const probe = connectUdp(p, echo.port.address);
      probe.send("x");
      await probe.until(() => probe.texts.length === 1);
      expect(server.texts.length).toBe(3);
      for (const e of [client, echo, probe]) e.port.close();
    },
  ],
  [
    "UDP: a source address is kept",
    async ({ p }) => {
      const server = await bindUdp(p);
      server.port.start();
      const client = connectUdp(p, server.port.address, "127.0.0.5");
      client.send("x");
      await server.until(() => server.texts.length === 1);
      expect(server.peers[0]!.remote.host).toBe("127.0.0.5");
      client.port.close();
      server.port.close();
    },
  ],
  [
    "UDP: many flows at once, each with its own answers",
    async ({ p }) => {
      const server = await echoUdp(p);
      const clients = Array.from({ length: BURST }, () => connectUdp(p, server.port.address));
      for (const [i, c] of clients.entries()) c.send(`${i}`);
      await Promise.all(clients.map((c) => c.until(() => c.texts.length === 1)));
      expect(clients.map((c) => c.texts[0])).toEqual(clients.map((_, i) => `${i}`));
      expect(new Set(server.flows).size).toBe(BURST);
      for (const c of clients) c.port.close();
      server.port.close();
    },
  ],
  [
    "UDP: what the system drops is known",
    async ({ p }) => {
      const server = await bindUdp(p, UDP_LOOPBACK, { receiveBuffer: 16_384 });
      const client = connectUdp(p, server.port.address);
      for (let i = 0; i < FLOOD; i++) client.send("x");
      expect(server.port.dropped()).toBeGreaterThan(0);
      client.port.close();
      server.port.close();
    },
  ],
  [
    "UDP: a flow gets a port of its own, and what others send stays where it was",
    async ({ p }) => {
      const server = await echoUdp(p, UDP_LOOPBACK, "shared ");
      const kept = [1, 2, 3].map(() => connectUdp(p, server.port.address));
      const other = connectUdp(p, server.port.address);
      for (const c of kept) {
        c.send("1");
        await c.until(() => c.texts.length === 1);
      }
      const owns = kept.map(() => new UdpEnd());
      server.port.share(true);
      for (const [i, own] of owns.entries()) {
        own.onEach = (b) => own.port.send(Buffer.concat([Buffer.from("own "), b]), null);
        own.port = server.port.split(server.peers[i]!, own)!;
      }
      server.port.share(false);
      for (let i = 2; i <= 4; i++) {
        for (const c of [...kept, other]) {
          c.send(String(i));
          await c.until(() => c.texts.length === (c === other ? i - 1 : i));
        }
      }
      for (const c of kept) expect(c.texts).toEqual(["shared 1", "own 2", "own 3", "own 4"]);
      expect(other.texts).toEqual(["shared 2", "shared 3", "shared 4"]);
      for (const own of owns) own.port.close();
      for (const c of kept) {
        c.send("5");
        await c.until(() => c.texts.length === 5);
        expect(c.texts[4]).toBe("shared 5");
      }
      for (const e of [...kept, other, server]) e.port.close();
    },
  ],
  [
    "UDP: flows of a port on every address get ports of their own, of both families",
    async ({ p }) => {
      const server = await echoUdp(p, { kind: "tcp", host: "", port: 0 }, "shared ");
      const { port } = server.port.address;
      const clients = ["127.0.0.1", "127.0.0.9", "::1"].map((host) => connectUdp(p, { kind: "tcp", host, port }));
      const owns: UdpEnd[] = [];
      for (const c of clients) {
        c.send("1");
        await c.until(() => c.texts.length === 1);
        const own = new UdpEnd();
        own.onEach = (b) => own.port.send(Buffer.concat([Buffer.from("own "), b]), null);
        server.port.share(true);
        own.port = server.port.split(server.peers.at(-1)!, own)!;
        server.port.share(false);
        owns.push(own);
      }
      for (const c of clients) {
        c.send("2");
        await c.until(() => c.texts.length === 2);
        expect(c.texts).toEqual(["shared 1", "own 2"]);
      }
      for (const e of [...clients, ...owns, server]) e.port.close();
    },
  ],
];
