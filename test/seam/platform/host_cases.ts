import { expect } from "bun:test";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Platform } from "../../../src/platform/types.ts";
import { DnsServer } from "../../support/dns_server.ts";
import type { Case } from "./subject.ts";

/** Resolves when the timer fires; a fake clock is moved there. */
function wait(p: Platform, ms: number): Promise<void> {
  return new Promise((resolve) => {
    p.setTimer(ms, resolve, true);
    if ("advance" in p) (p as Platform & { advance(ms: number): Promise<void> }).advance(ms);
  });
}

/** Clocks, timers, names and directories. */
export const hostCases: readonly Case[] = [
  [
    "a timer fires once, after its time by the same clock, and not when cancelled",
    async ({ p }) => {
      const from = p.now();
      const fired: string[] = [];
      p.setTimer(30, () => fired.push("cancelled")).cancel();
      p.setTimer(1, () => fired.push("first"));
      await wait(p, 60);
      expect(fired).toEqual(["first"]);
      // Runtimes count whole milliseconds from a clock they read earlier.
      expect(p.now() - from).toBeGreaterThanOrEqual(58);
    },
  ],
  [
    "what waits for the end of a turn is called once, and not at once",
    async ({ p }) => {
      if (p.afterTurn === null) {
        // One event is told at a time.
        expect(p.name).toBe("memory");
        return;
      }
      const calls: string[] = [];
      p.afterTurn(() => calls.push("after"));
      calls.push("at once");
      await Promise.resolve();
      calls.push("microtasks");
      await wait(p, 20);
      expect(calls).toEqual(["at once", "microtasks", "after"]);
    },
  ],
  [
    "the wall clock tells milliseconds of our era",
    async ({ p }) => {
      expect(p.wallNow()).toBeGreaterThan(Date.UTC(2025, 0, 1));
      expect(p.wallNow()).toBeLessThan(Date.UTC(2200, 0, 1));
    },
  ],
  [
    "resident memory is known, and garbage may be collected at any time",
    async ({ p }) => {
      if (p.name !== "memory") expect(p.memory.resident()).toBeGreaterThan(1024 * 1024);
      p.memory.collect();
      p.memory.collect();
    },
  ],
  [
    "names and services are asked of the servers that are given, over UDP, and over TCP where a datagram is too small",
    async ({ p }) => {
      // It has no network to ask through.
      if (p.name === "memory") return;
      const dns = await DnsServer.start();
      try {
        const servers = [{ kind: "tcp", host: "127.0.0.1", port: dns.port }] as const;
        const addresses = Array.from({ length: 100 }, (_, i) => `10.0.0.${i}`);
        dns.records.set("localhost", { ttl: 7, A: addresses });
        dns.records.set("_a._tcp.test", { ttl: 9, SRV: [{ port: 80, target: "a.test", priority: 1, weight: 2 }] });
        expect((await p.resolve("localhost", 4, servers)).map((a) => a.address)).toEqual(addresses);
        expect(await p.resolveSrv("_a._tcp.test", servers)).toEqual([
          { target: "a.test", port: 80, priority: 1, weight: 2, ttl: 9 },
        ]);
        expect(dns.asked).toEqual(["A localhost", "tcp A localhost", "SRV _a._tcp.test"]);
        await expect(p.resolve("none.test", 6, servers)).rejects.toMatchObject({ code: "ENOTFOUND" });
        dns.mode = "servfail";
        await expect(p.resolveSrv("_a._tcp.test", servers)).rejects.toMatchObject({ code: "SERVFAIL" });
      } finally {
        await dns.stop();
      }
    },
  ],
  [
    "localhost resolves in each family that it has, with a TTL",
    async ({ p }) => {
      const four = await p.resolve("localhost", 4);
      expect(four.map((a) => a.address)).toContain("127.0.0.1");
      for (const a of four) expect(a.ttl).toBeGreaterThan(0);
    },
  ],
  [
    "a name that does not exist rejects with the system's error",
    async ({ p }) => {
      const code = await p.resolve("weir-test.invalid", 4).then(
        () => "resolved",
        (e: { code?: string }) => e.code,
      );
      expect(["ENOTFOUND", "EAI_AGAIN", "ENODATA"]).toContain(code ?? "");
    },
  ],
  [
    "a watch sees a file written and a symlink swapped",
    async ({ p }) => {
      const dir = mkdtempSync(join(tmpdir(), "weir-watch-"));
      // A watch alone keeps no process alive.
      const alive = p.setTimer(60_000, () => {}, true);
      let seen = 0;
      let wake: () => void = () => {};
      const told = (): Promise<void> =>
        new Promise((resolve) => {
          const before = seen;
          wake = () => {
            if (seen > before) resolve();
          };
        });
      mkdirSync(join(dir, "one"));
      mkdirSync(join(dir, "two"));
      symlinkSync("one", join(dir, "..data"));
      const w = p.watch(dir, () => {
        seen++;
        wake();
      });
      const first = told();
      writeFileSync(join(dir, "file"), "x");
      await first;
      const second = told();
      symlinkSync("two", join(dir, "..tmp"));
      renameSync(join(dir, "..tmp"), join(dir, "..data"));
      await second;
      w.close();
      alive.cancel();
      rmSync(dir, { recursive: true });
    },
  ],
];
