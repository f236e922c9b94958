import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../support/deadline.ts";
import { startListeners } from "../support/listeners.ts";
import { freePort } from "../support/ports.ts";
import { cpuTicks, lives, openFiles, openKinds, treeOf } from "../support/process_tree.ts";
import { get, openClient } from "../support/raw_client.ts";
import { echo, type RawOrigin, startOrigin } from "../support/raw_origin.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { runWeir, type Site, type SiteOptions } from "../support/weir.ts";

setDefaultTimeout(120_000);

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const s of open.splice(0)) await s[Symbol.asyncDispose]();
});

/** A weir with a listener of HTTP and one of TCP, whose sessions go to an upstream of their own that echoes bytes. */
interface Both {
  readonly site: Site;
  readonly web: number;
  readonly tcp: number;
  readonly echoes: RawOrigin;
}

async function both(workers: number, o: SiteOptions = {}): Promise<Both> {
  const echoes = await startOrigin({ open: (c) => c.socket.pipe(c.socket) });
  open.push(echoes);
  const made = await startListeners(
    { web: {}, tcp: { protocol: "tcp", to: "echoes" } },
    {
      args: ["--workers", String(workers)],
      clusters: { echoes: { endpoints: [`127.0.0.1:${echoes.port}`] } },
      routes: [{ name: "all", to: "origin", upgrade: ["websocket"] }],
      ...o,
      origin: { serve: (m, c) => (m.target === "/socket" ? c.send(SWITCHED) : echo(m, c)) },
      top: { drain: { limit: "60s", tunnels: "60s" }, workers: { orphanLimit: "5s" } },
    },
  );
  open.push(made);
  return { site: made.site, web: made.port["web"]!, tcp: made.port["tcp"]!, echoes };
}

const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";

interface Status {
  readonly pid: number;
  readonly workers?: readonly { readonly pid: number; readonly state: string }[];
}

async function statusOf(site: Site): Promise<Status> {
  return JSON.parse((await site.weir.admin("/status")).body) as Status;
}

/** The processes of a weir, the supervisor first. Asked for once: a weir that is asked has one more connection, for a while. */
async function processesOf(site: Site): Promise<number[]> {
  const { pid, workers } = await statusOf(site);
  return [pid, ...(workers ?? []).map((w) => w.pid)];
}

/** Waits for what is closing. */
async function expectOpen(site: Site, wanted: readonly Record<string, number>[]): Promise<void> {
  const pids = await processesOf(site);
  let now: readonly Record<string, number>[] = [];
  const same = (): boolean => {
    now = pids.map(openKinds);
    return Bun.deepEquals(now, wanted);
  };
  await until("descriptors to be as before", same, 15_000).catch(() => expect(now).toEqual(wanted as Record<string, number>[]));
}

/** Connections of all kinds, answered, and closed from both ends. */
async function useAll({ site, web, tcp, echoes }: Both, each: number): Promise<void> {
  const clients: RawPeer[] = [];
  for (let i = 0; i < each; i++) {
    const [kept, socket, session] = await Promise.all([openClient(web), openClient(web), openClient(tcp)]);
    clients.push(kept, socket, session);
    await kept.send("GET /kept HTTP/1.1\r\nHost: a\r\n\r\n");
    expect((await kept.response()).status).toBe(200);
    await socket.send("GET /socket HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
    expect((await socket.response()).status).toBe(101);
    await session.send("hello");
    await session.readUntil("hello");
  }
  for (const c of clients) c.destroy();
  // What the pools keep goes as well.
  for (const c of [...site.origin.connections, ...echoes.connections]) c.destroy();
}

async function reload(site: Site, config: Readonly<Record<string, unknown>>): Promise<void> {
  site.weir.rewrite(config);
  expect((await site.weir.control("reload")).code).toBe(0);
}

for (const workers of [1, 2]) {
  describe(`descriptors of ${workers === 1 ? "one process" : "two workers and their supervisor"}`, () => {
    test("return to what they were, after connections of all kinds and after listeners that came and went", async () => {
      const b = await both(workers);
      const { site } = b;
      const extra = await freePort();
      const more = { ...(site.config["listeners"] as object), extra: { address: `127.0.0.1:${extra}` } };
      // What is opened once, and stays.
      await useAll(b, 5);
      await reload(site, { ...site.config, listeners: more });
      await reload(site, site.config);
      await until("connections to be gone", async () => (await site.weir.metric("weir_listener_connections_active")) <= 1);
      const before = await settled(site);
      await useAll(b, 40);
      await expectOpen(site, before);
      for (let i = 0; i < 5; i++) {
        await reload(site, { ...site.config, listeners: more });
        expect((await get(extra, "/extra")).status).toBe(200);
        await reload(site, site.config);
      }
      for (const c of site.origin.connections) c.destroy();
      await expectOpen(site, before);
    });

    test("are the same after the third upgrade as after the second", async () => {
      const b = await both(workers);
      const { site } = b;
      const seen: Record<string, number>[][] = [];
      for (let i = 0; i < 3; i++) {
        const { pid } = await statusOf(site);
        const ran = await runWeir(["upgrade", "--control", site.weir.controlPath], { ms: 60_000 });
        expect(ran).toMatchObject({ code: 0, stderr: "" });
        await useAll(b, 5);
        await until("the old process to end", () => !lives(pid), 30_000);
        seen.push(await settled(site));
      }
      await expectOpen(site, seen[1]!);
    });
  });
}

/** What is open when nothing changes any more. */
async function settled(site: Site): Promise<Record<string, number>[]> {
  const pids = await processesOf(site);
  let before = pids.map(openKinds);
  let same = 0;
  await until(
    "descriptors to stay as they are",
    () => {
      const now = pids.map(openKinds);
      same = Bun.deepEquals(now, before) ? same + 1 : 0;
      before = now;
      return same === 50;
    },
    30_000,
  );
  return before;
}

test("the supervisor has as many as before when workers were killed and others took their places", async () => {
  const b = await both(2);
  const { site } = b;
  const killAll = async (): Promise<void> => {
    for (const { pid } of (await statusOf(site)).workers!) {
      process.kill(pid, "SIGKILL");
      await until(
        "another worker",
        async () => (await statusOf(site)).workers!.every((w) => w.state === "running" && w.pid !== pid),
        30_000,
      );
    }
    await useAll(b, 5);
  };
  await killAll();
  const before = await settled(site);
  await killAll();
  await killAll();
  await expectOpen(site, before);
});

describe("two workers with few descriptors", () => {
  const FEW = 64;

  test("shed what they can't serve, spend no time on it, and recover", async () => {
    const { site, web, tcp } = await both(2, { before: `ulimit -n ${FEW}` });
    const clients: RawPeer[] = [];
    for (let i = 0; i < 240; i++) {
      const client = await openClient(i % 2 === 0 ? web : tcp).catch(() => null);
      // Refused: shed in the kernel.
      if (client === null) continue;
      clients.push(client);
      await client.send("GET /few HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    const answered = (): number => clients.filter((c) => c.received.includes("/few")).length;
    await until("some to be served", () => answered() >= 16, 20_000);
    for (const pid of treeOf(site.weir.pid)) expect(openFiles(pid)).toBeLessThanOrEqual(FEW);
    await expectIdle(site);
    for (const c of clients) c.destroy();
    await expectServed(web);
    expect((await statusOf(site)).workers!.every((w) => w.state === "running")).toBe(true);
    expect(await site.weir.metric("weir_worker_restarts_total")).toBe(0);
  });

  test("a worker that is killed while the supervisor has none left comes back when it has", async () => {
    const { site, web } = await both(2, { before: `ulimit -n ${FEW}` });
    const workers = (await statusOf(site)).workers!;
    const clients: RawPeer[] = [];
    for (let i = 0; i < 2 * FEW; i++) {
      const client = await openClient(site.weir.adminPort).catch(() => null);
      if (client !== null) clients.push(client);
    }
    await until("the supervisor to be full", () => openFiles(site.weir.pid) > FEW - 20);
    process.kill(workers[0]!.pid, "SIGKILL");
    await site.weir.said(/worker ended/);
    await expectIdle(site);
    for (const c of clients) c.destroy();
    await until(
      "all workers to serve",
      async () => {
        const now = await statusOf(site).catch(() => null);
        return now?.workers?.every((w) => w.state === "running" && w.pid !== workers[0]!.pid) ?? false;
      },
      60_000,
    );
    await expectServed(web);
  });
});

/** A loop that spins would take all of every second, 100 ticks of 10 ms; a process that starts takes a part of one. */
async function expectIdle(site: Site): Promise<void> {
  let taken = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 10 && taken >= 50; i++) {
    const before = cpuTicks(site.weir.pid);
    const from = performance.now();
    await until("a second of the clock", () => performance.now() - from > 1000);
    taken = cpuTicks(site.weir.pid) - before;
  }
  expect(taken).toBeLessThan(50);
}

async function expectServed(port: number): Promise<void> {
  await until(
    "new clients to be served",
    async () => {
      try {
        return (await get(port, "/few")).status === 200;
      } catch {
        return false;
      }
    },
    20_000,
  );
  for (let i = 0; i < 20; i++) expect((await get(port, `/x${i}`)).status).toBe(200);
}
