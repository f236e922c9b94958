import { describe, expect, test } from "bun:test";
import type { BoundAddress } from "../../../../src/base/address.ts";
import { HeldSockets } from "../../../../src/server/sockets/held_socket.ts";

function udp(host: string, port: number): BoundAddress {
  return { kind: "udp", host, port };
}
function tcp(host: string, port: number): BoundAddress {
  return { kind: "tcp", host, port };
}
function unix(path: string): BoundAddress {
  return { kind: "unix", path };
}

interface Row {
  readonly name: string;
  readonly held: readonly (readonly [listener: string, bind: BoundAddress])[];
  readonly ask: readonly [listener: string, bind: BoundAddress];
  /** Indexes of `held`. */
  readonly given: readonly number[];
}

const ROWS: readonly Row[] = [
  { name: "by its address, whatever its name", held: [["a", tcp("", 80)]], ask: ["b", tcp("", 80)], given: [0] },
  {
    name: "every socket of an address",
    held: [
      ["a", tcp("", 80)],
      ["a", tcp("", 81)],
      ["a", tcp("", 80)],
    ],
    ask: ["a", tcp("", 80)],
    given: [0, 2],
  },
  { name: "no other host", held: [["a", tcp("127.0.0.1", 80)]], ask: ["a", tcp("", 80)], given: [] },
  {
    name: "port 0 by its name alone",
    held: [
      ["a", tcp("", 0)],
      ["b", tcp("", 0)],
    ],
    ask: ["b", tcp("", 0)],
    given: [1],
  },
  {
    name: "a unix socket by its path",
    held: [
      ["a", unix("/x")],
      ["a", unix("/y")],
    ],
    ask: ["b", unix("/y")],
    given: [1],
  },
  {
    name: "a socket of datagrams for datagrams alone",
    held: [
      ["a", tcp("", 53)],
      ["a", udp("", 53)],
      ["a", udp("127.0.0.1", 53)],
    ],
    ask: ["b", udp("", 53)],
    given: [1],
  },
  { name: "no unix socket for a TCP address", held: [["a", unix("/x")]], ask: ["a", tcp("", 80)], given: [] },
];

describe("a listener goes on with", () => {
  for (const { name, held, ask, given } of ROWS)
    test(name, () => {
      const sockets = held.map(([listener, bind], fd) => ({ listener, bind, fd }));
      const all = new HeldSockets(sockets);
      expect(all.take(...ask).map((s) => s.fd)).toEqual([...given]);
      expect(all.take(...ask)).toEqual([]);
      expect(all.takeRest().map((s) => s.fd)).toEqual(sockets.map((s) => s.fd).filter((fd) => !given.includes(fd)));
      expect(all.takeRest()).toEqual([]);
    });
});
