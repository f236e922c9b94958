import { describe, expect, test } from "bun:test";
import { createMemoryPlatform } from "../../../src/platform/memory.ts";
import type { Conn, FileTree, OpenFile } from "../../../src/platform/types.ts";
import { Server } from "../../../src/server/server.ts";
import { parseConfig } from "../../../src/source/file/load_config.ts";
import { get, Peer, statuses } from "../exchange/site.ts";

const LISTEN = { kind: "tcp", host: "127.0.0.1", port: 8080 } as const;

/** Files that tell how they are read. */
class Disk implements FileTree {
  opened = 0;
  closed = 0;
  /** Where each read began. */
  readonly reads: number[] = [];
  /** Size, and bytes that are really there. */
  readonly files = new Map<string, { readonly size: number; readonly there: number }>();
  fault: Error | null = null;

  async open(_root: string, names: readonly string[]): Promise<OpenFile | "absent"> {
    if (this.fault !== null) throw this.fault;
    const found = this.files.get(names.join("/"));
    if (found === undefined) return "absent";
    this.opened++;
    return {
      size: found.size,
      modifiedMs: 1_700_000_000_123.4,
      read: async (into, at) => {
        this.reads.push(at);
        return Math.max(0, Math.min(into.length, found.there - at));
      },
      close: async () => {
        this.closed++;
      },
    };
  }

  async list(): Promise<"absent"> {
    return "absent";
  }
}

/** A client that reads nothing. */
class Stalled extends Peer {
  override onOpen(c: Conn): void {
    super.onOpen(c);
    c.pause();
  }
}

const PIECE = 64 * 1024;

async function start(disk: Disk): Promise<(text: string, peer?: Peer) => Promise<Peer>> {
  const platform = createMemoryPlatform();
  platform.files = disk;
  const server = new Server({ platform, log: { log: () => {} }, build: { version: "0", commit: "test" } });
  const text = `
admin: false
listeners: { web: { address: "127.0.0.1:8080" } }
routes: [{ name: files, static: { root: site, notFound: 404.html } }]
`;
  const { model } = await parseConfig(text, "weir.yaml", {}, { read: async () => "", list: async () => [] });
  expect((await server.apply(model!)).problems).toEqual([]);
  return async (sent, peer = new Peer()) => {
    platform.dial(LISTEN, {}, peer);
    await platform.settled();
    peer.send(sent);
    for (let i = 0; i < 20; i++) {
      await platform.settled();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    return peer;
  };
}

describe("a file as a reply", () => {
  test("is read in pieces, no further than the client takes them", async () => {
    const disk = new Disk();
    const size = 50 * 1024 * 1024;
    disk.files.set("big", { size, there: size });
    const client = await start(disk);
    const peer = await client(get("/big"), new Stalled());
    const before = disk.reads.length;
    expect(before).toBeGreaterThan(0);
    expect(before * PIECE).toBeLessThan(2 * 1024 * 1024);
    expect(disk.reads).toEqual(Array.from({ length: before }, (_, i) => i * PIECE));
    expect([disk.opened, disk.closed]).toEqual([1, 0]);
    peer.conn!.reset();
    await client(get("/none"));
    expect([disk.opened, disk.closed, disk.reads.length]).toEqual([1, 1, before]);
  });

  test("is not read for HEAD, nor for what the client has", async () => {
    const disk = new Disk();
    disk.files.set("a.txt", { size: 10, there: 10 });
    const client = await start(disk);
    const head = await client("HEAD /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
    const etag = /etag: (\S+)/i.exec(head.text)![1]!;
    expect(statuses((await client(get("/a.txt", `If-None-Match: ${etag}\r\n`))).text)).toEqual([304]);
    expect([disk.reads, disk.opened, disk.closed]).toEqual([[], 2, 2]);
  });

  test("that became shorter breaks off, for its length was promised", async () => {
    const disk = new Disk();
    disk.files.set("cut", { size: 200_000, there: 100_000 });
    disk.files.set("gone", { size: 10, there: 0 });
    const client = await start(disk);
    const cut = await client(get("/cut"));
    expect(statuses(cut.text)).toEqual([200]);
    expect(cut.closed).not.toBeNull();
    expect(statuses((await client(get("/gone"))).text)).toEqual([500]);
    expect([disk.opened, disk.closed]).toEqual([2, 2]);
  });

  test("that the system can't open is 500, or 503 when descriptors ran out", async () => {
    const disk = new Disk();
    const client = await start(disk);
    disk.fault = Object.assign(new Error("input/output error"), { code: "EIO" });
    expect(statuses((await client(get("/a"))).text)).toEqual([500]);
    disk.fault = Object.assign(new Error("too many open files"), { code: "EMFILE" });
    expect(statuses((await client(get("/a"))).text)).toEqual([503]);
  });

  test("stands in for what is not there, without its conditions", async () => {
    const disk = new Disk();
    disk.files.set("404.html", { size: 4, there: 4 });
    const client = await start(disk);
    const lost = await client(get("/none", "If-None-Match: *\r\nRange: bytes=0-0\r\n"));
    expect(statuses(lost.text)).toEqual([404]);
    expect(lost.text).toMatch(/content-length: 4\r\n/i);
  });
});
