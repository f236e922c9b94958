import { expect } from "bun:test";
import { createSocket } from "node:dgram";
import type { Case } from "./subject.ts";
import { bindUdp, connectUdp, echoUdp, UDP_LOOPBACK, UdpEnd } from "./udp_end.ts";

/** Datagram sockets that go from hand to hand by their descriptors. */
export const udpDescriptorCases: readonly Case[] = [
  [
    "UDP: a socket that was made elsewhere is taken over, with what waits in it",
    async ({ p }) => {
      const linux = p.linux!;
      const fd = linux.makeDatagramSocket(UDP_LOOPBACK, { reusePort: true });
      expect(linux.datagram(fd)).toEqual({ reusePort: true });
      expect(linux.listening(fd)).toBeNull();
      const address = linux.boundAddress(fd);
      if (address?.kind !== "tcp") throw new Error("it is bound to no address");
      const client = connectUdp(p, address);
      client.send("early");
      const end = new UdpEnd();
      end.port = await p.udp({ fd }, {}, end);
      expect(end.port.address).toEqual(address);
      expect(end.port.descriptor).toBe(fd);
      end.port.start();
      await end.until(() => end.texts.length === 1);
      end.send("answer", end.peers[0]!);
      await client.until(() => client.texts.length === 1);
      expect(client.texts).toEqual(["answer"]);
      client.port.close();
      end.port.close();
    },
  ],
  [
    "UDP: one stops, and the next goes on with the same socket",
    async ({ p }) => {
      const first = await bindUdp(p);
      const second = new UdpEnd();
      second.port = await p.udp({ fd: p.linux!.duplicate(first.port.descriptor!) }, {}, second);
      first.port.start();
      const client = connectUdp(p, first.port.address);
      client.send("a");
      await first.until(() => first.texts.length === 1);
      client.send("b");
      expect(first.port.read(100)).toBe(1);
      first.port.stop();
      expect(first.texts).toEqual(["a", "b"]);
      client.send("c");
      second.port.start();
      await second.until(() => second.texts.length === 1);
      expect(second.texts).toEqual(["c"]);
      // One that reads no more still sends.
      first.send("from the first", first.peers[0]!);
      await client.until(() => client.texts.length === 1);
      first.port.close();
      client.send("d");
      await second.until(() => second.texts.length === 2);
      expect(first.texts).toEqual(["a", "b"]);
      client.port.close();
      second.port.close();
    },
  ],
  [
    "UDP: what is no datagram socket is refused",
    async ({ p }) => {
      const fd = p.linux!.makeListener(UDP_LOOPBACK, {});
      expect(p.linux!.datagram(fd)).toBeNull();
      const failed = await p.udp({ fd }, {}, new UdpEnd()).then(
        () => null,
        (e: Error) => e,
      );
      expect(failed?.message).toContain("pass a datagram socket");
    },
  ],
  [
    "UDP: two sockets share an address, and a flow stays with its socket",
    async ({ p }) => {
      const first = await bindUdp(p, UDP_LOOPBACK, { reusePort: true });
      const second = await bindUdp(p, first.port.address, { reusePort: true });
      first.port.start();
      second.port.start();
      const clients = Array.from({ length: 40 }, () => connectUdp(p, first.port.address));
      for (const round of [1, 2, 3]) {
        for (const c of clients) c.send("x");
        // Whoever gets the last one wakes.
        await Promise.race([first, second].map((e) => e.until(() => first.texts.length + second.texts.length === 40 * round)));
      }
      expect(first.texts.length % 3).toBe(0);
      expect(new Set(first.flows).size).toBe(first.texts.length / 3);
      expect(new Set([...first.flows, ...second.flows]).size).toBe(40);
      for (const e of [first, second, ...clients]) e.port.close();
    },
  ],
  [
    "UDP: one client that asks two addresses has two flows",
    async ({ p }) => {
      const server = await echoUdp(p, { kind: "tcp", host: "0.0.0.0", port: 0 });
      const client = createSocket("udp4");
      const from: string[] = [];
      await new Promise<void>((resolve) => {
        client.on("message", (_, remote) => {
          if (from.push(remote.address) === 2) resolve();
        });
        for (const host of ["127.0.0.1", "127.0.0.9"]) client.send("x", server.port.address.port, host);
      });
      expect(new Set(server.flows).size).toBe(2);
      expect(from.sort()).toEqual(["127.0.0.1", "127.0.0.9"]);
      client.close();
      server.port.close();
    },
  ],
];
