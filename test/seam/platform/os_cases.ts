import { expect } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pair, Server } from "./peer.ts";
import type { Case } from "./subject.ts";

/** What goes through libc. */
export const osCases: readonly Case[] = [
  [
    "the limit of open files is known, and raised to the hard one",
    async ({ p }) => {
      const before = p.os!.fileLimit()!;
      expect(before.soft).toBeGreaterThan(0);
      expect(before.hard).toBeGreaterThanOrEqual(before.soft);
      const raised = p.os!.raiseFileLimit();
      expect(raised).toBeGreaterThanOrEqual(Math.min(before.hard, 1_048_576));
      expect(p.os!.fileLimit()!.soft).toBe(raised);
    },
  ],
  [
    "the user at the other end of a unix socket is told, and of TCP is not",
    async ({ p }) => {
      const dir = mkdtempSync(join(tmpdir(), "weir-peer-"));
      const server = await Server.open(p, { kind: "unix", path: join(dir, "s.sock") });
      const { client, remote } = await pair(p, server);
      expect(p.os!.peerUser(remote.conn)).toBe(process.getuid!());
      client.write("still works");
      await remote.until(() => remote.bytes === 11);
      const tcp = await Server.open(p);
      const other = await pair(p, tcp);
      expect(p.os!.peerUser(other.remote.conn)).toBe(null);
      for (const peer of [client, remote, other.client, other.remote]) peer.call((c) => c.destroy(null));
      await server.listener.close();
      await tcp.listener.close();
      rmSync(dir, { recursive: true });
    },
  ],
];
