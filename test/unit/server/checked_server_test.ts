import { describe, expect, test } from "bun:test";
import { encodeLatin1 } from "../../../src/base/bytes.ts";
import type { Receipt } from "../../../src/config/source.ts";
import { createMemoryPlatform, type MemoryPlatform } from "../../../src/platform/memory.ts";
import { Server } from "../../../src/server/server.ts";
import { parseConfig } from "../../../src/source/file/load_config.ts";
import { HealthBoard } from "../../../src/upstream/health/health_board.ts";
import { HealthPlace } from "../../../src/upstream/health/health_place.ts";

const FILES = { read: () => Promise.reject(new Error("no file")), list: () => Promise.resolve([]) };

async function started(board = new HealthBoard()): Promise<{ platform: MemoryPlatform; server: Server }> {
  const platform = createMemoryPlatform();
  await platform.listen({ kind: "tcp", host: "10.0.0.1", port: 80 }, {}, (c) => ({
    onData: () => void c.write([encodeLatin1("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]),
    onDrain: () => {},
    onEnd: () => {},
    onClose: () => {},
  }));
  platform.silent.add("10.0.0.2:80");
  const server = new Server({
    platform,
    log: { log: () => {} },
    build: { version: "0", commit: "test" },
    health: new HealthPlace(board, true),
  });
  return { platform, server };
}

async function config(cluster: string): Promise<Parameters<Server["apply"]>[0]> {
  const text = `
admin: false
listeners: { web: { address: "127.0.0.1:8080" } }
routes: [{ to: app }]
clusters: { app: { ${cluster} } }
`;
  const { model, problems } = await parseConfig(text, "weir.yaml", {}, FILES);
  if (model === null) throw new Error(JSON.stringify(problems));
  return model;
}

/** Whether it is in force after so many milliseconds. */
async function inForceAfter(applied: Promise<Receipt>, platform: MemoryPlatform, ms: number): Promise<boolean> {
  let done = false;
  void applied.then(() => {
    done = true;
  });
  await platform.advance(ms);
  return done;
}

const HEALTH = "health: { http: /healthz, timeout: 1s }";

describe("a config with checks", () => {
  test("waits for the first results, for one timeout at most", async () => {
    const { platform, server } = await started();
    const applied = server.apply(await config(`endpoints: ["10.0.0.1:80", "10.0.0.2:80"], ${HEALTH}`));
    expect(await inForceAfter(applied, platform, 900)).toBe(false);
    expect(await inForceAfter(applied, platform, 200)).toBe(true);
    expect(server.status().clusters[0]!.hosts.map((h) => h.state)).toEqual(["healthy", "unhealthy"]);
    await server.stop();
  });

  test("is in force at once where all is known, from a predecessor", async () => {
    const before = await started();
    const applied = before.server.apply(await config(`endpoints: ["10.0.0.1:80", "10.0.0.2:80"], ${HEALTH}`));
    await inForceAfter(applied, before.platform, 1_200);
    const { platform, server } = await started(new HealthBoard(before.server.healthRecords()));
    const next = server.apply(await config(`endpoints: ["10.0.0.1:80", "10.0.0.2:80"], ${HEALTH}`));
    expect(await inForceAfter(next, platform, 50)).toBe(true);
    expect(server.status().clusters[0]!.hosts.map((h) => h.state)).toEqual(["healthy", "unhealthy"]);
    await Promise.all([before.server.stop(), server.stop()]);
  });

  test("forgets what it does not check any more", async () => {
    const { platform, server } = await started();
    await inForceAfter(server.apply(await config(`endpoints: ["10.0.0.1:80"], ${HEALTH}`)), platform, 100);
    expect(server.healthRecords().length).toBe(1);
    await server.apply(await config(`endpoints: ["10.0.0.1:80"]`));
    expect(server.healthRecords()).toEqual([]);
    expect(server.status().clusters[0]!.hosts.map((h) => h.state)).toEqual(["unchecked"]);
    await server.stop();
  });
});
