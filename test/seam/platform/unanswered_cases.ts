import { expect } from "bun:test";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Platform } from "../../../src/platform/types.ts";
import { barrier, Peer } from "./peer.ts";
import type { Case } from "./subject.ts";

const DIALS = 12;
const SYN_SENT = "02";

/** Sockets of this host that wait for an answer from `port`. */
function waiting(port: number): number {
  const remote = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync("/proc/self/net/tcp", "latin1")
    .split("\n")
    .map((row) => row.trim().split(/\s+/));
  return rows.filter((r) => r[2]?.endsWith(remote) && r[3] === SYN_SENT).length;
}

/** A listener that was stopped in its tracks: the kernel takes a few connections for it and then answers no more. */
async function startSilent(): Promise<{ port: number; end: () => void }> {
  const flags = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  const subject = join(import.meta.dirname, "silent_subject.ts");
  const child = spawn(process.execPath, [...flags, subject], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const port = Number((await lines.next()).value);
  child.kill("SIGSTOP");
  return { port, end: () => child.kill("SIGKILL") };
}

async function settle(p: Platform, done: () => boolean): Promise<void> {
  while (!done()) await barrier(p);
}

/** A peer that never answers. */
export const unansweredCases: readonly Case[] = [
  [
    "a dial that nobody answers leaves nothing behind when it is cancelled",
    async ({ p }) => {
      const silent = await startSilent();
      try {
        const peers = Array.from({ length: DIALS }, () => new Peer());
        const dials = peers.map((peer) => p.dial({ kind: "tcp", host: "127.0.0.1", port: silent.port }, {}, peer));
        await settle(
          p,
          () => waiting(silent.port) > 0 && waiting(silent.port) + peers.filter((x) => x.events.length > 0).length === DIALS,
        );
        const answered = peers.map((peer) => peer.events.length > 0);
        for (const d of dials) d.cancel();
        await settle(p, () => waiting(silent.port) === 0);
        await barrier(p);
        expect(peers.map((peer) => peer.events.length > 0)).toEqual(answered);
        for (const peer of peers) if (peer.events.length > 0) peer.call((c) => c.destroy(null));
      } finally {
        silent.end();
      }
    },
  ],
];
