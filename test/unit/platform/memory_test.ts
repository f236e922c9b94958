import { describe, expect, test } from "bun:test";
import { createMemoryPlatform } from "../../../src/platform/memory.ts";
import { dial, LOOPBACK, Server } from "../../seam/platform/peer.ts";

describe("the platform in memory", () => {
  test("its clock stands until it is moved, and timers fire in their order, each at its time", async () => {
    const p = createMemoryPlatform();
    const fired: string[] = [];
    const tell = (name: string) => () => fired.push(`${name} at ${p.now()}`);
    p.setTimer(20, tell("b"));
    p.setTimer(10, tell("a"));
    p.setTimer(20, tell("c"));
    p.setTimer(15, tell("never")).cancel();
    const wall = p.wallNow();
    await p.advance(9);
    expect(fired).toEqual([]);
    await p.advance(1);
    expect(fired).toEqual(["a at 10"]);
    await p.advance(100);
    expect(fired).toEqual(["a at 10", "b at 20", "c at 20"]);
    expect(p.now()).toBe(110);
    expect(p.wallNow() - wall).toBe(110);
  });

  test("a timer that a timer sets falls due within the same advance", async () => {
    const p = createMemoryPlatform();
    const fired: number[] = [];
    const again = (): void => {
      fired.push(p.now());
      if (fired.length < 4) p.setTimer(5, again);
    };
    p.setTimer(5, again);
    await p.advance(12);
    expect(fired).toEqual([5, 10]);
    await p.advance(100);
    expect(fired).toEqual([5, 10, 15, 20]);
  });

  test("a connection holds no more than its window, and chunks are no longer than asked", async () => {
    const p = createMemoryPlatform({ window: 1000, chunk: 300 });
    const server = await Server.open(p);
    const client = await dial(p, server.address);
    const remote = await server.accept();
    remote.call((c) => c.pause());
    expect(client.write(new Uint8Array(2500))).toBe(false);
    await p.settled();
    expect(client.conn.queued).toBe(1500);
    remote.call((c) => c.resume());
    await p.settled();
    expect(client.conn.queued).toBe(0);
    expect(remote.bytes).toBe(2500);
    expect(Math.max(...remote.chunks.map((c) => c.length))).toBe(300);
  });

  test("the same calls give the same events", async () => {
    const run = async (): Promise<string> => {
      const p = createMemoryPlatform({ window: 512 });
      const server = await Server.open(p);
      const client = await dial(p, server.address);
      const remote = await server.accept();
      remote.onBytes = (b) => remote.conn.write([b]);
      client.write(new Uint8Array(5000));
      client.call((c) => c.end());
      await p.settled();
      remote.call((c) => c.end());
      await p.settled();
      return JSON.stringify([
        client.events,
        remote.events,
        client.chunks.map((c) => c.length),
        remote.chunks.map((c) => c.length),
      ]);
    };
    const first = await run();
    expect(await run()).toBe(first);
    expect(first).toContain("close");
  });

  test("names are what the test says, and a directory's watchers hear of a touch", async () => {
    const p = createMemoryPlatform();
    p.names.set("app", [
      { address: "10.0.0.1", ttl: 5 },
      { address: "fd00::1", ttl: 6 },
    ]);
    expect(await p.resolve("app", 6)).toEqual([{ address: "fd00::1", ttl: 6 }]);
    let seen = 0;
    const w = p.watch("/etc/weir", () => seen++);
    p.touch("/etc/weir");
    p.touch("/elsewhere");
    await p.settled();
    expect(seen).toBe(1);
    w.close();
    p.touch("/etc/weir");
    await p.settled();
    expect(seen).toBe(1);
  });

  test("ports that are asked for as 0 differ", async () => {
    const p = createMemoryPlatform();
    const a = await Server.open(p, LOOPBACK);
    const b = await Server.open(p, LOOPBACK);
    expect(a.address).not.toEqual(b.address);
  });
});
