import { describe, expect, test } from "bun:test";
import { type Address, addressText, type BoundAddress } from "../../../../src/base/address.ts";
import { localFault } from "../../../../src/base/error.ts";
import type { ListenerSpec, UdpListenerSpec } from "../../../../src/config/model.ts";
import type { LinuxCalls } from "../../../../src/platform/types.ts";
import { SocketTable } from "../../../../src/server/processes/socket_table.ts";
import { type HeldSocket, HeldSockets } from "../../../../src/server/sockets/held_socket.ts";

/** Descriptors that are numbers alone. */
class Descriptors {
  readonly open = new Map<number, string>();
  readonly cleared: string[] = [];
  readonly refused = new Set<string>();
  readonly shared = new Set<number>();
  /** Datagram sockets beside which others may be bound. */
  readonly beside = new Set<number>();
  #next = 100;
  readonly linux = {
    makeListener: (at: Address): number => {
      const text = addressText(at);
      if (this.refused.has(text)) throw localFault("addressInUse", 500, `${text} is in use`);
      const fd = this.#next++;
      const bound = at.kind === "tcp" && at.port === 0 ? addressText({ ...at, port: 5_000 + fd }) : text;
      this.open.set(fd, bound);
      return fd;
    },
    makeDatagramSocket: (at: Address): number => {
      const fd = this.#next++;
      this.open.set(fd, `${addressText(at.kind === "tcp" && at.port === 0 ? { ...at, port: 5_000 + fd } : at)}`);
      return fd;
    },
    shareDatagram: (fd: number, on: boolean): void => {
      if (on) this.beside.add(fd);
      else this.beside.delete(fd);
    },
    closeDescriptor: (fd: number): void => {
      if (!this.open.delete(fd)) throw new Error(`descriptor ${fd} is closed twice`);
    },
    clearStalePath: async (path: string): Promise<void> => {
      this.cleared.push(path);
    },
    boundAddress: (fd: number): Address => {
      const port = Number(this.open.get(fd)!.split(":").at(-1));
      return { kind: "tcp", host: "", port };
    },
    listening: (fd: number) => ({ reusePort: !this.shared.has(fd) }),
  } as unknown as LinuxCalls;

  /** Of a predecessor. */
  hold(listener: string, bind: BoundAddress, reusePort = true): HeldSocket {
    const fd = this.#next++;
    this.open.set(fd, addressText(bind));
    if (!reusePort) this.shared.add(fd);
    return { listener, bind, fd };
  }
}

function tcp(port: number, host = ""): Address {
  return { kind: "tcp", host, port };
}
const UNIX: Address = { kind: "unix", path: "/x.sock" };

function listener(name: string, bind: Address | null): ListenerSpec {
  return { name, bind, backlog: null, mode: null } as unknown as ListenerSpec;
}

function datagrams(name: string, port: number): UdpListenerSpec {
  return { name, bind: { kind: "udp", host: "", port }, receiveBuffer: null, sendBuffer: null } as unknown as UdpListenerSpec;
}

async function put(table: SocketTable, ...listeners: (ListenerSpec | UdpListenerSpec)[]): Promise<void> {
  (await table.prepare(listeners)).commit();
}

function fds(table: SocketTable, worker: number): number[] {
  return table.of(worker).map((s) => s.fd);
}

describe("sockets of workers", () => {
  test("one for each worker and address; a unix socket is for all", async () => {
    const d = new Descriptors();
    const table = new SocketTable(d.linux, new HeldSockets([]), 3);
    await put(table, listener("web", tcp(80)), listener("local", UNIX), listener("inner", null), listener("@admin", tcp(9901)));
    expect([0, 1, 2].map((w) => fds(table, w))).toEqual([
      [100, 103],
      [101, 103],
      [102, 103],
    ]);
    expect(d.open.size).toBe(4);
    expect(table.onlyOf(1).map((s) => s.fd)).toEqual([101]);
  });

  test("port 0 is one port for all workers", async () => {
    const d = new Descriptors();
    await put(new SocketTable(d.linux, new HeldSockets([]), 2), listener("web", tcp(0)));
    expect([...d.open.values()]).toEqual([":5100", ":5100"]);
  });

  test("what stays stays open, what goes is closed, also under another name", async () => {
    const d = new Descriptors();
    const table = new SocketTable(d.linux, new HeldSockets([]), 2);
    await put(table, listener("a", tcp(80)), listener("b", tcp(81)));
    await put(table, listener("c", tcp(80)), listener("d", tcp(82)));
    expect(table.of(0)).toEqual([
      { listener: "c", bind: tcp(80), fd: 100 },
      { listener: "d", bind: tcp(82), fd: 104 },
    ]);
    expect([...d.open.keys()]).toEqual([100, 101, 104, 105]);
  });

  test("an address that can't be had opens nothing and changes nothing", async () => {
    const d = new Descriptors();
    const table = new SocketTable(d.linux, new HeldSockets([]), 2);
    await put(table, listener("a", tcp(80)));
    d.refused.add(":82");
    await expect(table.prepare([listener("b", tcp(81)), listener("c", tcp(82))])).rejects.toThrow(":82");
    expect([...d.open.keys()]).toEqual([100, 101]);
    expect(fds(table, 1)).toEqual([101]);
  });

  test("a config that is undone closes what was opened for it alone", async () => {
    const d = new Descriptors();
    const table = new SocketTable(d.linux, new HeldSockets([]), 2);
    await put(table, listener("a", tcp(80)));
    const prepared = await table.prepare([listener("a", tcp(80)), listener("b", tcp(81))]);
    expect(fds(table, 0)).toEqual([100, 102]);
    prepared.undo();
    expect([...d.open.keys()]).toEqual([100, 101]);
    expect(fds(table, 0)).toEqual([100]);
  });
});

describe("sockets of a predecessor", () => {
  const HELD: readonly (readonly [string, number, number, readonly (readonly number[])[]])[] = [
    ["as many as there are workers", 2, 2, [[100], [101]]],
    ["fewer: the others get new ones", 1, 3, [[100], [101], [102]]],
    [
      "more: all are served",
      4,
      2,
      [
        [100, 102],
        [101, 103],
      ],
    ],
    ["more, and no multiple", 3, 2, [[100, 102], [101]]],
  ];
  for (const [name, held, workers, wanted] of HELD)
    test(name, async () => {
      const d = new Descriptors();
      const sockets = Array.from({ length: held }, () => d.hold("web", tcp(80)));
      const table = new SocketTable(d.linux, new HeldSockets(sockets), workers);
      await put(table, listener("web", tcp(80)));
      expect(Array.from({ length: workers }, (_, w) => fds(table, w))).toEqual(wanted.map((w) => [...w]));
    });

  test("one without SO_REUSEPORT is shared: no other can have its address", async () => {
    const d = new Descriptors();
    const table = new SocketTable(d.linux, new HeldSockets([d.hold("web", tcp(80), false)]), 3);
    await put(table, listener("web", tcp(80)));
    expect([0, 1, 2].map((w) => fds(table, w))).toEqual([[100], [100], [100]]);
    expect(table.onlyOf(1)).toEqual([]);
  });
});

describe("files of unix sockets", () => {
  test("go when their listener goes, and with the last process", async () => {
    const d = new Descriptors();
    const table = new SocketTable(d.linux, new HeldSockets([]), 2);
    await put(table, listener("local", UNIX));
    expect(d.cleared).toEqual(["/x.sock"]);
    await put(table);
    await table.clearPaths();
    expect(d.cleared).toEqual(["/x.sock", "/x.sock"]);
  });

  test("stay for a successor", async () => {
    const d = new Descriptors();
    const table = new SocketTable(d.linux, new HeldSockets([]), 2);
    await put(table, listener("local", UNIX));
    table.keepPaths();
    table.close();
    await table.clearPaths();
    expect(d.cleared).toEqual(["/x.sock"]);
    expect(d.open.size).toBe(0);
  });
});

describe("sockets of datagrams", () => {
  test("are one for each worker at one port, beside TCP's of the same number, and go on over a reload", async () => {
    const d = new Descriptors();
    const table = new SocketTable(d.linux, new HeldSockets([]), 2);
    await put(table, listener("web", tcp(53)), datagrams("dns", 53), datagrams("any", 0));
    expect([0, 1].map((w) => fds(table, w))).toEqual([
      [100, 102, 104],
      [101, 103, 105],
    ]);
    expect([104, 105].map((fd) => d.open.get(fd))).toEqual([":5104", ":5104"]);
    await put(table, datagrams("dns", 53));
    expect([0, 1].map((w) => fds(table, w))).toEqual([[102], [103]]);
    table.shareDatagrams(true);
    expect([...d.beside]).toEqual([102, 103]);
    table.shareDatagrams(false);
    expect([...d.beside]).toEqual([]);
    table.close();
    expect(d.open.size).toBe(0);
  });

  test("of a predecessor stay as many as they were, and no two workers have one", async () => {
    const d = new Descriptors();
    const bind = { kind: "udp", host: "", port: 53 } as const;
    const held = [1, 2].map(() => d.hold("dns", bind));
    const more = new SocketTable(d.linux, new HeldSockets(held), 3);
    await put(more, datagrams("dns", 53));
    expect([0, 1, 2].map((w) => fds(more, w))).toEqual([[100], [101], []]);
    const fewer = new SocketTable(d.linux, new HeldSockets(held), 1);
    await put(fewer, datagrams("dns", 53));
    expect(fds(fewer, 0)).toEqual([100, 101]);
  });
});
