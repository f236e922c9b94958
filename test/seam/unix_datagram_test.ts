import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createNodePlatform } from "../../src/platform/node.ts";
import { NotifySocket } from "../support/notify_socket.ts";

const { linux } = createNodePlatform("Deno" in globalThis ? "deno" : "bun");
const text = (s: string): Uint8Array => new TextEncoder().encode(s);

describe("a datagram to a unix socket", () => {
  const dir = mkdtempSync(join(tmpdir(), "weir-datagram-"));
  const names = [join(dir, "a.sock"), join(dir, "with spaces ünd umlauts"), `@weir-test-${process.pid}`];
  for (const name of names)
    test(`reaches ${name.startsWith("@") ? "an abstract name" : "a path"}, whole`, () => {
      using socket = new NotifySocket(name);
      const path = name.replace(/^@/, "\0");
      expect(linux!.sendDatagram(path, text("READY=1\nSTATUS=fine"))).toBe(true);
      expect(linux!.sendDatagram(path, text("WATCHDOG=1"))).toBe(true);
      expect(socket.messages).toEqual([["READY=1", "STATUS=fine"], ["WATCHDOG=1"]]);
    });

  test("waits for nobody: a full queue is told, and so is a name that nobody has", () => {
    using socket = new NotifySocket(join(dir, "full.sock"));
    let sent = 0;
    while (sent < 10_000 && linux!.sendDatagram(socket.name, text("x"))) sent++;
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(10_000);
    expect(socket.messages.length).toBe(sent);
    expect(linux!.sendDatagram(socket.name, text("x"))).toBe(true);
    expect(() => linux!.sendDatagram(join(dir, "none.sock"), text("x"))).toThrow("ENOENT");
    rmSync(dir, { recursive: true });
  });
});

describe("the host's monotonic clock", () => {
  test("is the one that others read", () => {
    const before = linux!.monotonicMicros();
    const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1e6;
    expect(linux!.monotonicMicros()).toBeGreaterThanOrEqual(before);
    // It stands still while the host sleeps, and /proc tells hundredths of a second.
    expect(before).toBeLessThan(uptime + 20_000);
    expect(before).toBeGreaterThan(1e6);
  });
});
