import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../support/deadline.ts";
import { openClient } from "../support/raw_client.ts";
import { startOrigin } from "../support/raw_origin.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { type Site, type SiteOptions, startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

const WORKERS = 3;
const CAP = 5;
const TRIES = 20;

interface WorkerStatus {
  readonly index: number;
  readonly pid: number;
  readonly restarts: number;
  readonly state: string;
  readonly connections: number;
}

const opened: (Disposable | AsyncDisposable)[] = [];
afterEach(async () => {
  for (const o of opened.splice(0).reverse()) await (Symbol.dispose in o ? o[Symbol.dispose]() : o[Symbol.asyncDispose]());
});

async function site(o: SiteOptions): Promise<Site> {
  const s = await startSite({
    routes: [{ name: "hello", match: [{ path: "/hello" }], respond: { body: "hello" } }],
    args: ["--workers", String(WORKERS)],
    ...o,
  });
  opened.push(s);
  return s;
}

async function workersOf(s: Site): Promise<readonly WorkerStatus[]> {
  return (JSON.parse((await s.weir.admin("/status")).body) as { workers: WorkerStatus[] }).workers;
}

/** Opens connections one after the other, and gives those that are served; they stay open. */
async function admitted(s: Site, tries: number): Promise<readonly RawPeer[]> {
  const served: RawPeer[] = [];
  for (let i = 0; i < tries; i++) {
    const client = await openClient(s.port);
    opened.push(client);
    await client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.when("an answer or the end", 5000, () => client.received !== "" || client.ending !== "open");
    if (client.received.includes("hello")) served.push(client);
  }
  return served;
}

describe("caps hold over all workers", () => {
  const ROWS: readonly (readonly [string, string, (cap: number) => SiteOptions])[] = [
    ["connections of one client", "clientLimit", (cap) => ({ top: { limits: { connectionsPerClient: cap } } })],
    ["connections in all", "processLimit", (cap) => ({ top: { limits: { connections: cap } } })],
    ["connections of a listener", "listenerLimit", (cap) => ({ listener: { maxConnections: cap } })],
  ];
  for (const [name, reason, options] of ROWS)
    test(`${name}: exactly as many, also after a worker was killed`, async () => {
      const s = await site(options(CAP));
      expect((await admitted(s, TRIES)).length).toBe(CAP);
      expect(await s.weir.metric("weir_listener_refused_connections_total", { reason })).toBe(TRIES - CAP);
      const victim = (await workersOf(s)).find((w) => w.connections > 0)!;
      process.kill(victim.pid, "SIGKILL");
      const serves = async (): Promise<boolean> => {
        const now = (await workersOf(s))[victim.index]!;
        return now.restarts === 1 && now.state === "running";
      };
      await until("a successor", serves, 20_000);
      expect((await admitted(s, TRIES)).length).toBe(victim.connections);
    });

  test("a place is free when its connection has closed, in whichever worker, and a raised cap counts what is open", async () => {
    const s = await site({ listener: { maxConnections: CAP } });
    const clients = await admitted(s, TRIES);
    for (const c of clients.slice(0, 2)) c.destroy();
    const open = async (): Promise<number> => (await workersOf(s)).reduce((n, w) => n + w.connections, 0);
    await until("two to be closed", async () => (await open()) === CAP - 2);
    expect((await admitted(s, TRIES)).length).toBe(2);
    const { address } = (s.config["listeners"] as { web: { address: string } }).web;
    s.weir.rewrite({ ...s.config, listeners: { renamed: { address, maxConnections: CAP + 3 } } });
    expect((await s.weir.control("reload")).code).toBe(0);
    expect((await admitted(s, TRIES)).length).toBe(3);
  });

  test("connections a second: one burst for all", async () => {
    const burst = 10;
    const s = await site({ listener: { connectionRate: { perSecond: 1, burst } } });
    const begun = performance.now();
    const n = (await admitted(s, 3 * burst)).length;
    // However long that took: what came in meanwhile may have passed too.
    expect(n).toBeGreaterThanOrEqual(burst);
    expect(n).toBeLessThanOrEqual(burst + Math.ceil((performance.now() - begun) / 1000));
  });
});

for (const workers of [1, WORKERS])
  test(`a connection that moves in an upgrade of ${workers === 1 ? "one process" : "workers"} is counted, and not asked again`, async () => {
    const s = await site({ args: ["--workers", String(workers)], top: { limits: { connectionsPerClient: CAP } } });
    const clients = await admitted(s, TRIES);
    s.weir.rewrite({ ...s.config, limits: { connectionsPerClient: 1 } });
    expect((await s.weir.control("upgrade")).code).toBe(0);
    await s.weir.left;
    for (const c of clients) {
      await c.response();
      await c.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
      expect((await c.response()).body).toBe("hello");
    }
    expect((await admitted(s, 1)).length).toBe(0);
  });

describe("what each worker does by itself", () => {
  test("weighted shares: at most a request of each worker off", async () => {
    const other = await startOrigin();
    opened.push(other);
    const s = await site({
      routes: [{ name: "all", to: [{ cluster: "origin", weight: 3 }, "other"] }],
      clusters: { other: { endpoints: [`127.0.0.1:${other.port}`] } },
    });
    const [clients, each] = [20, 50];
    await Promise.all(
      Array.from({ length: clients }, async () => {
        using client = await openClient(s.port);
        for (let i = 0; i < each; i++) {
          await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
          expect((await client.response()).status).toBe(200);
        }
      }),
    );
    expect(s.origin.requests.length + other.requests.length).toBe(clients * each);
    expect(Math.abs(other.requests.length - (clients * each) / 4)).toBeLessThanOrEqual(WORKERS);
  });
});
