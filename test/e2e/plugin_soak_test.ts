import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { turn, until } from "../support/deadline.ts";
import { PLUGIN_COMMAND, pluginConfig } from "../support/plugin_site.ts";
import { openKinds, statusOf, treeOf } from "../support/process_tree.ts";
import { get, openClient } from "../support/raw_client.ts";
import { openScratch, type Site, startSite } from "../support/weir.ts";

const LONG = process.env["WEIR_LONG"] !== undefined;
setDefaultTimeout(LONG ? 3_600_000 : 120_000);

/** As often as an end is followed by a start, without a wait that would only take the test's time. */
const RESTART = { base: "10ms", max: "20ms", crashes: 1000 };
const KILLS = 100;

/** Ends a process that may be on its way out already. */
function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It was gone.
  }
}

/** The processes of plugins that were started, by what they wrote at their start; the last one last. */
function startedIn(dir: string): number[] {
  const file = join(dir, "started");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map(Number) : [];
}

function ready(site: Site): Promise<number> {
  return site.weir.metric("weir_plugin_processes_ready");
}

test(`plugins are killed ${KILLS} times under load: only their own calls fail, by their policy`, async () => {
  using scratch = openScratch();
  const { dir } = scratch;
  const filters = (onFailure: unknown): unknown => [{ plugin: { use: "p", onFailure } }];
  await using site = await startSite({
    routes: [
      { name: "open", match: { prefix: "/open" }, to: "origin", filters: filters("open") },
      { name: "closed", match: { prefix: "/closed" }, to: "origin", filters: filters({ status: 502 }) },
      { name: "without", match: { prefix: "/without" }, to: "origin" },
    ],
    top: { plugins: { p: pluginConfig({ dir, plugin: { processes: 2, restart: RESTART } }) } },
  });
  let stopped = false;
  const counts: Record<string, number> = {};
  const load = ["/open", "/closed", "/without"].map(async (path) => {
    while (!stopped) {
      const { status } = await get(site.port, path, "a", "X-Do: set");
      const what = `${path} ${status}`;
      counts[what] = (counts[what] ?? 0) + 1;
    }
  });
  const killed = new Set<number>();
  while (killed.size < KILLS) {
    const next = startedIn(dir).find((pid) => !killed.has(pid));
    if (next !== undefined && (await ready(site)) > 0) {
      killed.add(next);
      kill(next);
    }
    await turn(5);
  }
  await until("both to be back", async () => (await ready(site)) === 2, 30_000);
  stopped = true;
  await Promise.all(load);
  const { "/closed 502": failed = 0, ...rest } = counts;
  expect(Object.keys(rest).sort()).toEqual(["/closed 200", "/open 200", "/without 200"]);
  await until("the log", () => site.log().length === Object.values(counts).reduce((a, b) => a + b, 0));
  const flagged = site.log().filter((l) => l["flags"] === "FF");
  expect(flagged.filter((l) => l["path"] === "/closed").map((l) => l["status"])).toEqual(
    Array.from({ length: failed }, () => 502),
  );
  expect(flagged.some((l) => l["path"] === "/without")).toBe(false);
  expect(await site.weir.metric("weir_plugin_calls_open")).toBe(0);
  expect(await site.weir.metric("weir_plugin_restarts_total")).toBeGreaterThanOrEqual(KILLS);
  expect(await site.weir.metric("weir_callback_throws_total")).toBe(0);
});

/** One cycle is what may happen to a plugin in some minutes: so many are an hour's worth and more. */
const CYCLES = LONG ? 300 : 12;
/** Before anything is measured: pools fill, and the runtime compiles what it runs often. All four kinds of replacement have been. */
const WARM = LONG ? 60 : 4;
/** Connections to the origin that are kept at one time and not at another. */
const POOLED = 4;
/** Rounds from one look at the memory to the next. */
const EVERY = LONG ? 20 : 4;
/** What the least of several looks may grow by: a runtime collects when it likes, and its allocator keeps some. */
const ROOM = (LONG ? 32 : 96) * 1024 * 1024;

/** A weir with three plugins of one program, which a test may replace on disk. */
class Soaked {
  readonly site: Site;
  readonly dir: string;
  readonly #config: Record<string, unknown>;
  #version = 0;

  private constructor(site: Site, dir: string) {
    this.site = site;
    this.dir = dir;
    this.#config = { ...site.config };
  }

  static async start(dir: string): Promise<Soaked> {
    writeProgram(dir, 0);
    const site = await startSite({ routes: routesOf(0), top: { plugins: pluginsOf(dir, 0) } });
    return new Soaked(site, dir);
  }

  async cycle(n: number): Promise<void> {
    const { site } = this;
    await this.#calls();
    await this.#streams();
    await this.#leavers();
    for (const what of ["hang", "error", "invalid"]) await this.#expect(503, "/fails", `X-Do: ${what}`);
    for (const what of ["crash", "nonsense", "long"]) {
      await this.#expect(503, "/fails", `X-Do: ${what}`);
      await this.#settled();
    }
    const restarts = (): Promise<number> => site.weir.metric("weir_plugin_restarts_total");
    const before = await restarts();
    kill(startedIn(this.dir).at(-1)!);
    await until("the kill to be noticed", async () => (await restarts()) > before);
    await this.#settled();
    if (n % 4 === 0) {
      await get(site.port, "/flood", "a", "X-Do: flood");
      await this.#settled();
    }
    this.#version++;
    // Other settings of a use, of a plugin, another program, and one that does not start.
    if (n % 4 === 0) await this.#reload({ routes: routesOf(this.#version) }, 0);
    if (n % 4 === 1) await this.#reload({ plugins: pluginsOf(this.dir, this.#version) }, 0);
    if (n % 4 === 2) {
      const taken = occurrences(site.weir.stderr, "new processes took over");
      writeProgram(this.dir, this.#version);
      await until("the new program", () => occurrences(site.weir.stderr, "new processes took over") >= taken + PLUGINS, 30_000);
    }
    if (n % 4 === 3) {
      const bad = pluginsOf(this.dir, this.#version, { start: "die" });
      await this.#reload({ plugins: { ...(this.#config["plugins"] as object), p: (bad as { p: unknown }).p } }, 1);
    }
    await this.#settled();
  }

  /** What weir has open, its children, and its resident bytes when it is at rest. */
  async measure(): Promise<{ readonly open: Record<string, number>; readonly children: number; readonly resident: number }> {
    const { pid } = this.site.weir;
    await this.#settled();
    await until("all calls to be over", async () => (await this.site.weir.metric("weir_plugin_calls_open")) === 0);
    await until("the processes that were replaced to be gone", () => treeOf(pid).length - 1 === PLUGINS, 20_000);
    await until("connections to be gone", async () => (await this.site.weir.metric("weir_listener_connections_active")) <= 1);
    let resident = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 20; i++) {
      resident = Math.min(resident, Number.parseInt(statusOf(pid, "VmRSS"), 10) * 1024);
      await turn(100);
    }
    const { "anon_inode:[eventpoll]": _, ...open } = openKinds(pid);
    return { open, children: treeOf(pid).length - 1, resident };
  }

  async #calls(): Promise<void> {
    const { site } = this;
    using client = await openClient(site.port);
    for (const fields of [
      "set",
      "path",
      "kv",
      "cache\r\nX-User: ann",
      `json\r\nX-Answer: {"cluster":"origin","metadata":{"a":{"b":1}}}`,
    ]) {
      await client.send(`GET /calls HTTP/1.1\r\nHost: a\r\nX-Do: ${fields}\r\n\r\n`);
      const { status } = await client.response("GET", 20_000);
      if (status !== 200) throw new Error(`${fields}: status ${status}`);
    }
    await this.#expect(418, "/calls", "X-Do: respond");
    await this.#expect(307, "/calls", "X-Do: redirect");
  }

  async #streams(): Promise<void> {
    const body = "some words ".repeat(40_000);
    for (const path of ["/streamed", "/buffered"]) {
      using client = await openClient(this.site.port);
      const sent = path === "/streamed" ? body : body.slice(0, 100_000);
      await client.send(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${sent.length}\r\n\r\n${sent}`);
      const got = await client.response("POST", 20_000);
      if (got.status !== 200 || !got.body.includes("SOME WORDS SOME")) throw new Error(`${path}: status ${got.status}`);
    }
  }

  /** Clients that go away while their calls are open, and in the middle of their bodies. */
  async #leavers(): Promise<void> {
    const before = await this.site.weir.metric("weir_plugin_calls_total", { outcome: "cancelled" });
    for (const head of [
      "GET /fails HTTP/1.1\r\nHost: a\r\nX-Do: hang\r\n\r\n",
      "POST /streamed HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhalf a body",
      "POST /buffered HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhalf a body",
    ]) {
      using client = await openClient(this.site.port);
      await client.send(head);
      if (head.includes("hang"))
        await until("the call", async () => (await this.site.weir.metric("weir_plugin_calls_open")) === 1);
      else await turn(5);
      client.reset();
    }
    await until(
      "the cancelled call",
      async () => (await this.site.weir.metric("weir_plugin_calls_total", { outcome: "cancelled" })) > before,
    );
  }

  async #expect(wanted: number, path: string, ...fields: string[]): Promise<void> {
    const { status } = await get(this.site.port, path, "a", ...fields);
    if (status !== wanted) throw new Error(`${path} ${fields.join()}: status ${status}`);
  }

  async #reload(change: Record<string, unknown>, code: number): Promise<void> {
    if (code === 0) Object.assign(this.#config, change);
    this.site.weir.rewrite({ ...this.#config, ...change });
    const ran = await this.site.weir.control("reload");
    if (ran.code !== code) throw new Error(`the reload: ${ran.stdout} ${ran.stderr}`);
  }

  async #settled(): Promise<void> {
    await until("all plugins to be ready", async () => (await ready(this.site)) === PLUGINS, 30_000);
  }
}

const PLUGINS = 3;

function routesOf(version: number): unknown[] {
  const route = (name: string, plugin: string, more: object = {}): unknown => ({
    name,
    match: { prefix: `/${name}` },
    to: "origin",
    filters: [{ plugin: { use: plugin, config: { version }, ...more } }],
  });
  return [
    route("calls", "p"),
    route("flood", "p", { onFailure: "open" }),
    route("fails", "p", { timeout: "300ms" }),
    route("streamed", "streamed"),
    route("buffered", "buffered"),
  ];
}

function pluginsOf(dir: string, version: number, more: object = {}): Record<string, unknown> {
  const plugin = (config: object): unknown => ({
    ...pluginConfig({ plugin: { restart: RESTART, grants: { kv: true, clusters: "origin" } } }),
    command: [join(dir, "program"), dir],
    drain: "5s",
    config: { version, ...config, ...more },
  });
  const bodies = (mode: string): object => ({ phases: { requestBody: { mode }, responseBody: { mode } } });
  return { p: plugin({}), streamed: plugin(bodies("streamed")), buffered: plugin(bodies("buffered")) };
}

function writeProgram(dir: string, version: number): void {
  const program = join(dir, "program");
  const words = PLUGIN_COMMAND.map((w) => `'${w}'`).join(" ");
  writeFileSync(`${program}.new`, `#!/bin/sh\n# ${version}\nexec ${words} "$@"\n`);
  chmodSync(`${program}.new`, 0o755);
  renameSync(`${program}.new`, program);
}

function occurrences(text: string, of: string): number {
  return text.split(of).length - 1;
}

describe("an hour of a plugin's life, compressed", () => {
  test(`${CYCLES} rounds of calls, bodies, clients that leave, faults, kills and replacements leave nothing behind`, async () => {
    using scratch = openScratch();
    const soaked = await Soaked.start(scratch.dir);
    await using site = soaked.site;
    for (let n = 0; n < WARM; n++) await soaked.cycle(n);
    const seen = [await soaked.measure()];
    for (let n = WARM; n < CYCLES; n++) {
      await soaked.cycle(n);
      if ((n + 1) % EVERY === 0) seen.push(await soaked.measure());
    }
    const [before, after] = [seen[0]!, seen.at(-1)!];
    expect(after.open).toEqual({ ...before.open, socket: expect.any(Number) });
    expect(after.open["socket"]! - before.open["socket"]!).toBeLessThanOrEqual(POOLED);
    expect(after.children).toBe(before.children);
    const residents = seen.map((m) => m.resident);
    const half = Math.ceil(residents.length / 2);
    const grown = Math.min(...residents.slice(half)) - Math.min(...residents.slice(0, half));
    expect(grown, residents.map((r) => `${Math.round(r / 2 ** 20)} MiB`).join(", ")).toBeLessThan(ROOM);
    expect(site.weir.exit).toBe(null);
    expect(await site.weir.metric("weir_callback_throws_total")).toBe(0);
  });
});
