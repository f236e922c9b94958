import { expect, setDefaultTimeout, test } from "bun:test";
import { turn, until } from "../support/deadline.ts";
import { residentBytes } from "../support/process_tree.ts";
import { get, openClient } from "../support/raw_client.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { startSite } from "../support/weir.ts";
import { framingRows } from "./framing_rows.ts";
import { headRows } from "./head_rows.ts";

setDefaultTimeout(120_000);

const CONNECTIONS = 2000;
const AT_ONCE = 20;
const ROOM = 64 * 1024 * 1024;

/** A generator of numbers below 1 that a seed repeats (mulberry32). */
function seeded(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Changes, drops, doubles or swaps a few bytes. */
function mutate(text: string, random: () => number): string {
  let out = text;
  for (let n = 1 + Math.floor(random() * 3); n > 0; n--) {
    const at = Math.floor(random() * out.length);
    const span = Math.floor(random() * 8);
    const kind = random();
    if (kind < 0.4) out = out.slice(0, at) + String.fromCharCode(Math.floor(random() * 256)) + out.slice(at + 1);
    else if (kind < 0.6) out = out.slice(0, at) + out.slice(at + span);
    else if (kind < 0.8) out = out.slice(0, at + span) + out.slice(at);
    else out = out.slice(0, at);
  }
  return out;
}

test("two thousand connections of mutated bytes, left in every way, leave nothing behind", async () => {
  const seed = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  const random = seeded(seed);
  const rows = [...framingRows, ...headRows].map((r) => r.send).filter((s) => s.length < 4096);
  await using site = await startSite({ listener: { timeouts: { head: "1s", body: "1s", idle: "1s" } } });
  const one = async (text: string, leave: number): Promise<void> => {
    const client = await openClient(site.port);
    const cut = Math.floor(random() * text.length);
    await client.sendCut([text.slice(0, cut), text.slice(cut)]);
    if (leave < 0.3) client.reset();
    else if (leave < 0.6) client.destroy();
    else {
      client.end();
      await client.left(20_000);
      client.destroy();
    }
  };
  try {
    let before = 0;
    for (let sent = 0; sent < CONNECTIONS; sent += AT_ONCE) {
      const texts = Array.from({ length: AT_ONCE }, () => mutate(rows[Math.floor(random() * rows.length)]!, random));
      await Promise.all(texts.map((t) => one(t, random())));
      if (sent === CONNECTIONS / 2) before = residentBytes(site.weir.pid);
    }
    expect(site.weir.exit).toBe(null);
    expect((await get(site.port, "/after")).status).toBe(200);
    expect(residentBytes(site.weir.pid) - before).toBeLessThan(ROOM);
    for (const name of ["weir_listener_connections_active", "weir_listener_requests_active"])
      await until(`${name} to be 0`, async () => (await site.weir.metric(name, { listener: "web" })) === 0);
    await until(
      "the cluster to be idle",
      async () => (await site.weir.metric("weir_cluster_requests_active", { cluster: "origin" })) === 0,
    );
    expect(await site.weir.metric("weir_listener_handler_faults_total")).toBe(0);
    expect(await site.weir.metric("weir_callback_throws_total")).toBe(0);
  } catch (e) {
    throw new Error(`FUZZ_SEED=${seed}: ${(e as Error).message}`, { cause: e });
  }
});

const MINUTES = 10;
const FLAT = 1.1;

// It takes its ten minutes, so that it belongs to the long form alone.
if (process.env["WEIR_LONG"] !== undefined)
  test(
    "ten thousand idle and two thousand active connections on two workers: after the first minute memory grows by less than a tenth",
    async () => {
      await using site = await startSite({ listener: { timeouts: { idle: "1h" } }, args: ["--workers", "2"] });
      const ask = async (c: RawPeer): Promise<void> => {
        await c.send("GET /many HTTP/1.1\r\nHost: a\r\n\r\n");
        const { status } = await c.response("GET", 60_000);
        if (status !== 200) throw new Error(`status ${status}`);
      };
      const openMany = async (n: number): Promise<RawPeer[]> => {
        const all: RawPeer[] = [];
        while (all.length < n) {
          const some = await Promise.all(Array.from({ length: 50 }, () => openClient(site.port, 60_000)));
          await Promise.all(some.map(ask));
          all.push(...some);
        }
        return all;
      };
      const idle = await openMany(10_000);
      const active = await openMany(2_000);
      let asked = 0;
      const waiting = new Set<Promise<void>>();
      const failures: unknown[] = [];
      // Each of them every twenty seconds.
      const load = setInterval(() => {
        const one = ask(active[asked++ % active.length]!)
          .catch((e) => failures.push(e))
          .then(() => void waiting.delete(one));
        waiting.add(one);
      }, 10);
      /** What is resident, on average over a minute. */
      const minute = async (): Promise<number> => {
        const seen: number[] = [];
        for (const from = performance.now(); performance.now() - from < 60_000; await turn(1000))
          seen.push(residentBytes(site.weir.pid));
        return seen.reduce((a, b) => a + b, 0) / seen.length;
      };
      const means: number[] = [];
      for (let i = 0; i < MINUTES; i++) means.push(await minute());
      clearInterval(load);
      await Promise.all(waiting);
      expect(failures).toEqual([]);
      expect(asked).toBeGreaterThan(MINUTES * active.length);
      const told = means.map((b) => `${Math.round(b / 2 ** 20)} MiB`).join(", ");
      expect(means.at(-1)! / means[1]!, told).toBeLessThan(FLAT);
      for (let at = 0; at < idle.length; at += 100) await Promise.all(idle.slice(at, at + 100).map(ask));
      expect(await site.weir.metric("weir_worker_restarts_total")).toBe(0);
      for (const c of [...idle, ...active]) c.destroy();
    },
    (MINUTES + 8) * 60_000,
  );
