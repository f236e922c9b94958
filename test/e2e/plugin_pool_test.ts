import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { until } from "../support/deadline.ts";
import { lives } from "../support/process_tree.ts";
import { get, openClient } from "../support/raw_client.ts";
import { openScratch, type Site, startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

const BUN = process.execPath;
const PLUGIN = resolve(import.meta.dir, "../support/plugin_main.mjs");
const SLOW = { startTimeout: "20s", timeout: "5s" };

interface Options {
  readonly workers: number;
  readonly dir: string;
  readonly plugin?: Readonly<Record<string, unknown>>;
  readonly use?: Readonly<Record<string, unknown>>;
  readonly top?: Readonly<Record<string, unknown>>;
}

function start({ workers, dir, plugin, use, top }: Options): Promise<Site> {
  return startSite({
    route: { filters: [{ plugin: { use: "p", ...use } }] },
    top: { plugins: { p: { command: [BUN, PLUGIN, dir], ...SLOW, ...plugin } }, ...top },
    args: ["--workers", String(workers)],
  });
}

/** Lines that the plugin's processes wrote into a file of their directory. */
function linesOf(dir: string, name: string): string[] {
  const path = join(dir, name);
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
}

interface Tick {
  readonly pid: number;
  readonly config: number;
  readonly time: number;
}

function ticksOf(dir: string): readonly Tick[] {
  return linesOf(dir, "ticks").map((l) => JSON.parse(l) as Tick);
}

/** Each on a connection of its own, so that all workers have some. */
async function ask(site: Site, n: number, what: string): Promise<number[]> {
  const all = await Promise.all(Array.from({ length: n }, () => get(site.port, "/a", "a", what === "" ? "" : `X-Do: ${what}`)));
  return all.map((m) => m.status);
}

describe("as many processes as workers", () => {
  test("are numbered through all workers, and share their values", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    await using site = await start({ workers: 2, dir, plugin: { processes: 2, grants: { kv: true } } });
    expect(linesOf(dir, "indexes").sort()).toEqual(["0", "1"]);
    await ask(site, 40, "kv");
    const sums = site.origin.requests.map((r) => Number(fieldOf(r.fields, "x-kv")!.split(" ")[0]));
    expect(sums.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  test("hear the time once", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    const phases = { requestHead: {}, tick: { everyMs: 100 } };
    await using site = await start({ workers: 3, dir, plugin: { processes: 3, config: { phases } } });
    await until("some ticks", () => linesOf(dir, "ticks").length >= 5);
    expect(new Set(ticksOf(dir).map((t) => t.pid)).size).toBe(1);
    expect((await get(site.port, "/a")).status).toBe(200);
  });
});

describe("fewer processes than workers", () => {
  test("serve all of them: one process has the calls, the values and the settings of three workers", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    const phases = { requestHead: { fields: "*" }, requestBody: { mode: "streamed" } };
    await using site = await start({ workers: 3, dir, plugin: { grants: { kv: true }, config: { phases } } });
    expect(new Set(await ask(site, 60, "kv"))).toEqual(new Set([200]));
    const sums = site.origin.requests.map((r) => Number(fieldOf(r.fields, "x-kv")!.split(" ")[0]));
    expect(sums.sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    const body = "some words \x00\xff".repeat(100_000);
    const bodies = await Promise.all(Array.from({ length: 6 }, () => post(site, "/s", body)));
    expect(
      bodies.map((b) => b.status),
      site.weir.stderr,
    ).toEqual(Array(6).fill(200));
    expect(site.origin.requests.slice(-6).every((r) => r.body === body.replace(/[a-z]/g, (c) => c.toUpperCase()))).toBe(true);
    expect(linesOf(dir, "started")).toHaveLength(1);
    expect(await site.weir.metric("weir_plugin_processes_ready")).toBe(1);
    expect(await site.weir.metric("weir_plugin_calls_open")).toBe(0);
    await until("the counts", async () => (await site.weir.metric("weir_plugin_seen_total")) === 120);
  });

  test("hear the time once", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    const phases = { requestHead: {}, tick: { everyMs: 100 } };
    await using site = await start({ workers: 3, dir, plugin: { config: { phases } }, use: { config: { a: 1 } } });
    await until("some ticks", () => linesOf(dir, "ticks").length >= 8);
    // One for the plugin's own settings, one for those of its use, whatever the number of workers.
    const ticks = ticksOf(dir);
    expect(new Set(ticks.map((t) => `${t.config} ${t.time}`)).size).toBe(ticks.length);
    expect(new Set(ticks.map((t) => t.config)).size).toBe(2);
    expect((await get(site.port, "/a")).status).toBe(200);
  });

  test("killed under load, fail only their calls, and have one successor", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    const restart = { base: "50ms", max: "100ms", crashes: 1000 };
    await using site = await start({ workers: 3, dir, plugin: { restart }, use: { onFailure: "open" } });
    const load = openLoad(site);
    await load.reaches(30);
    for (let i = 1; i <= 3; i++) {
      process.kill(pidOf(dir), "SIGKILL");
      await until("a successor", () => linesOf(dir, "started").length === i + 1, 20_000);
      await load.reaches(load.served + 30);
    }
    expect(await load.stop()).toEqual([]);
    expect(await site.weir.metric("weir_plugin_restarts_total")).toBe(3);
    expect(await site.weir.metric("weir_plugin_processes_ready")).toBe(1);
    expect(await site.weir.metric("weir_plugin_calls_open")).toBe(0);
    await ask(site, 1, "set");
    expect(fieldOf(site.origin.requests.at(-1)!.fields, "x-plugin")).toBeDefined();
  });

  test("outlive workers, with what they know", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    await using site = await start({ workers: 3, dir, use: { onFailure: "open", config: { requestHead: "count" } } });
    const counts = (): number[] =>
      site.origin.requests.map((r) => Number(fieldOf(r.fields, "x-count"))).filter((n) => !Number.isNaN(n));
    await ask(site, 10, "");
    const before = await workersOf(site);
    for (const w of before.slice(0, 2)) {
      process.kill(w.pid, "SIGKILL");
      await until(
        "another worker",
        async () => {
          const now = (await workersOf(site)).find((s) => s.index === w.index)!;
          return now.restarts === 1 && now.state === "running";
        },
        20_000,
      );
    }
    await ask(site, 20, "");
    expect(counts().sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(linesOf(dir, "started")).toHaveLength(1);
    expect(await site.weir.metric("weir_plugin_restarts_total")).toBe(0);
  });

  test("are replaced for all workers when the program changes, or for none", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    const program = join(dir, "program");
    const write = (text: string): void => {
      writeFileSync(`${program}.new`, `#!/bin/sh\n${text}\n`);
      chmodSync(`${program}.new`, 0o755);
      renameSync(`${program}.new`, program);
    };
    write(`exec '${BUN}' '${PLUGIN}' '${dir}' # first`);
    await using site = await start({ workers: 3, dir, plugin: { command: program }, use: { config: { requestHead: "path" } } });
    const load = openLoad(site);
    await load.reaches(20);
    write("echo broken >&2; exit 4");
    await until("the broken one to be told of", () => site.weir.stderr.includes("changed and does not start"), 20_000);
    write(`exec '${BUN}' '${PLUGIN}' '${dir}' # second`);
    await until("the new one to take over", () => site.weir.stderr.includes("new processes took over"), 20_000);
    await load.reaches(load.served + 20);
    expect(await load.stop()).toEqual([]);
    expect(linesOf(dir, "started")).toHaveLength(2);
    const [first] = linesOf(dir, "started").map(Number);
    await until("the end of the old one", () => !lives(first!));
    expect(await site.weir.metric("weir_plugin_processes_ready")).toBe(1);
    expect(new Set(site.origin.requests.map((r) => r.target))).toEqual(new Set(["/changed?by=plugin"]));
  });

  test("refuse a config whole, and take the next", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    await using site = await start({ workers: 3, dir, use: { config: { requestHead: "path" } } });
    const plugin = (config: unknown): unknown => ({ p: { command: [BUN, PLUGIN, dir], ...SLOW, config } });
    const route = (config: unknown): unknown => [{ name: "r", to: "origin", filters: [{ plugin: { use: "p", config } }] }];
    for (const [more, said] of [
      [{ plugins: plugin({ start: "error" }) }, "no database"],
      [{ routes: route({ bad: true }) }, "bad is no setting"],
    ] as const) {
      site.weir.rewrite({ ...site.config, ...more });
      const refused = await site.weir.control("reload");
      expect([refused.code, (refused.stderr + refused.stdout).includes(said)]).toEqual([1, true]);
    }
    await ask(site, 10, "");
    expect(new Set(site.origin.requests.map((r) => r.target))).toEqual(new Set(["/changed?by=plugin"]));
    const [first] = linesOf(dir, "started").map(Number);
    site.weir.rewrite({ ...site.config, routes: route({ requestHead: "respond" }), plugins: plugin({}) });
    expect((await site.weir.control("reload")).code).toBe(0);
    expect(new Set(await ask(site, 10, ""))).toEqual(new Set([418]));
    await until("the end of the old one", () => !lives(first!));
  });

  test("without a supervisor become one for each worker", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    const top = { workers: { orphanLimit: "20s" } };
    await using site = await start({ workers: 2, dir, top, use: { config: { requestHead: "path" } } });
    await ask(site, 4, "");
    const workers = await workersOf(site);
    const shared = pidOf(dir);
    process.kill(site.weir.pid, "SIGKILL");
    try {
      await until("processes of their own", () => linesOf(dir, "started").length === 3, 20_000);
      await until("the end of the shared one", () => !lives(shared));
      expect(await ask(site, 10, "")).toEqual(Array(10).fill(200));
      expect(new Set(site.origin.requests.map((r) => r.target))).toEqual(new Set(["/changed?by=plugin"]));
    } finally {
      for (const w of workers) process.kill(w.pid, "SIGKILL");
    }
    const all = linesOf(dir, "started").map(Number);
    await until("the end of all", () => all.every((pid) => !lives(pid)));
  });
});

/** Requests one after the other on six connections, until it is stopped. */
function openLoad(site: Site): { readonly served: number; reaches(n: number): Promise<void>; stop(): Promise<string[]> } {
  const bad: string[] = [];
  let served = 0;
  let stopped = false;
  const all = Array.from({ length: 6 }, async () => {
    while (!stopped) {
      const { status } = await get(site.port, "/load", "a", "");
      if (status === 200) served++;
      else bad.push(String(status));
    }
  });
  return {
    get served() {
      return served;
    },
    reaches: (n) => until(`${n} requests`, () => served >= n, 20_000),
    stop: async () => {
      stopped = true;
      await Promise.all(all);
      return bad;
    },
  };
}

interface WorkerStatus {
  readonly index: number;
  readonly pid: number;
  readonly restarts: number;
  readonly state: string;
}

async function workersOf(site: Site): Promise<readonly WorkerStatus[]> {
  return (JSON.parse((await site.weir.admin("/status")).body) as { workers: WorkerStatus[] }).workers;
}

/** The process that was started last. */
function pidOf(dir: string): number {
  return Number(linesOf(dir, "started").at(-1));
}

function fieldOf(fields: readonly (readonly [string, string])[], name: string): string | undefined {
  return fields.find(([n]) => n.toLowerCase() === name)?.[1];
}

async function post(site: Site, path: string, body: string): Promise<{ status: number }> {
  using client = await openClient(site.port);
  await client.send(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  return await client.response("POST", 20_000);
}
