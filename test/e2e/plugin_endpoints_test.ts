import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { turn, until } from "../support/deadline.ts";
import { get } from "../support/raw_client.ts";
import { SteadyLoad } from "../support/steady_load.ts";
import { UpstreamProcess } from "../support/upstream_process.ts";
import { openScratch, runWeir, type Site, startSite, textOf } from "../support/weir.ts";

setDefaultTimeout(60_000);

const PLUGIN = resolve(import.meta.dirname, "../support/endpoints_plugin.mjs");
/** How soon a list has to be in force on a busy machine. */
const SOON_MS = 15_000;
/** Three runtimes and their plugins have to start. */
const READY_MS = 40_000;

interface Watched {
  readonly pid: number;
  readonly method: string;
  readonly cluster?: string;
  readonly config?: unknown;
}

/** What the plugin tells of the cluster `found`. */
function tell(dir: string, endpoints: unknown): void {
  writeFileSync(join(dir, "next"), JSON.stringify(endpoints));
  renameSync(join(dir, "next"), join(dir, "found.json"));
}

function endpointsOf(...ups: readonly UpstreamProcess[]): unknown[] {
  return ups.map((u) => ({ address: u.address }));
}

/** What plugins were told to watch, in order. */
function told(dir: string): Watched[] {
  if (!existsSync(join(dir, "told"))) return [];
  return readFileSync(join(dir, "told"), "utf8")
    .trim()
    .split("\n")
    .map((l) => JSON.parse(l) as Watched);
}

function configOf(dir: string, config: unknown, more: Readonly<Record<string, unknown>> = {}, program = PLUGIN) {
  return {
    routes: [{ name: "all", to: "found" }],
    clusters: { found: { endpointsPlugin: { use: "registry", config }, ...more } },
    top: { plugins: { registry: { command: [process.execPath, program, dir], startTimeout: "20s", restart: { base: "50ms" } } } },
  };
}

function start(dir: string, more: Readonly<Record<string, unknown>> = {}, args: readonly string[] = []): Promise<Site> {
  return startSite({ ...configOf(dir, { service: "shop" }, more), args, ms: READY_MS });
}

/** The cluster's hosts as weir tells them, with their states, sorted. */
async function hosts(site: Site): Promise<string[]> {
  const status = JSON.parse((await site.weir.admin("/status")).body) as {
    clusters: { name: string; hosts: { address: string; state: string }[] }[];
  };
  return (status.clusters.find((c) => c.name === "found")?.hosts ?? []).map((h) => `${h.address} ${h.state}`).sort();
}

async function become(site: Site, ...wanted: readonly string[]): Promise<void> {
  const text = JSON.stringify([...wanted].sort());
  await until(`the hosts ${text}`, async () => JSON.stringify(await hosts(site)) === text, SOON_MS);
}

function withState(state: string, ups: readonly UpstreamProcess[]): string[] {
  return ups.map((u) => `${u.address} ${state}`);
}

function unchecked(...ups: readonly UpstreamProcess[]): string[] {
  return withState("unchecked", ups);
}

class Upstreams implements AsyncDisposable {
  readonly all: readonly UpstreamProcess[];

  constructor(all: readonly UpstreamProcess[]) {
    this.all = all;
  }

  static async start(n: number): Promise<Upstreams> {
    return new Upstreams(await Promise.all(Array.from({ length: n }, (_, i) => UpstreamProcess.start(`u${i}`))));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const u of this.all) await u[Symbol.asyncDispose]();
  }
}

describe("endpoints that a plugin tells", () => {
  test("are there from the first request on, and a list that changes under load loses nothing", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    await using ups = await Upstreams.start(3);
    const [a, b, c] = ups.all as [UpstreamProcess, UpstreamProcess, UpstreamProcess];
    tell(dir, endpointsOf(a));
    await using site = await start(dir);
    expect((await get(site.port, "/")).status).toBe(200);
    expect(told(dir)).toEqual([
      { pid: expect.any(Number), method: "watchEndpoints", watch: 1, cluster: "found", config: { service: "shop" } } as never,
    ]);
    const loads = [SteadyLoad.ofKept(site.port, "/kept", 4), SteadyLoad.ofConnections(site.port, "/new", 2)];
    for (const list of [[b], [a, b, c], [c], [a, c], [b]]) {
      tell(dir, endpointsOf(...list));
      await become(site, ...unchecked(...list));
      for (let i = 0; i < 20; i++) await turn();
    }
    for (const load of loads) {
      const { served, failures } = await load.stop();
      expect(served).toBeGreaterThan(0);
      expect(failures).toEqual([]);
    }
    tell(dir, []);
    await become(site);
    expect((await get(site.port, "/")).status).toBe(503);
  });

  test("have weights, zones, levels and metadata, and names are resolved", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    await using ups = await Upstreams.start(2);
    const [a, b] = ups.all as [UpstreamProcess, UpstreamProcess];
    tell(dir, [
      { address: `localhost:${a.port}`, weight: 3, zone: "here", metadata: { v: "1" }, priority: 0 },
      { address: b.address, priority: 1 },
    ]);
    await using site = await start(dir, { dns: { families: "v4" } });
    for (let i = 0; i < 4; i++) expect((await get(site.port, "/")).body).toContain("u0");
  });

  test("stay when the plugin is killed, and are watched anew", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    await using ups = await Upstreams.start(2);
    const [a, b] = ups.all as [UpstreamProcess, UpstreamProcess];
    tell(dir, endpointsOf(a));
    await using site = await start(dir);
    const load = SteadyLoad.ofKept(site.port, "/", 4);
    for (let kills = 1; kills <= 3; kills++) {
      process.kill(told(dir).at(-1)!.pid, "SIGKILL");
      await until("a successor to watch", () => told(dir).length === kills + 1, SOON_MS);
      expect(await hosts(site)).toEqual(unchecked(a));
    }
    tell(dir, endpointsOf(b));
    await become(site, ...unchecked(b));
    expect((await load.stop()).failures).toEqual([]);
  });

  test("are refused whole when one is wrong, with the reason in the log", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    await using ups = await Upstreams.start(2);
    const [a, b] = ups.all as [UpstreamProcess, UpstreamProcess];
    tell(dir, endpointsOf(a));
    await using site = await start(dir);
    tell(dir, [...endpointsOf(b), { address: "no port" }]);
    const failures = (): Promise<number> => site.weir.metric("weir_cluster_discovery_failures_total", { cluster: "found" });
    await until("the refusal", async () => (await failures()) === 1, SOON_MS);
    expect(site.weir.stderr).toContain("endpoints.1.address");
    expect(await hosts(site)).toEqual(unchecked(a));
    tell(dir, endpointsOf(b));
    await become(site, ...unchecked(b));
  });

  test("are watched anew with other settings after a reload, and at another plugin after a change of it", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    await using ups = await Upstreams.start(1);
    const [a] = ups.all as [UpstreamProcess];
    tell(dir, endpointsOf(a));
    await using site = await start(dir);
    const load = SteadyLoad.ofKept(site.port, "/", 2);
    const next = configOf(dir, { service: "other" });
    site.weir.rewrite({ ...site.config, clusters: { ...(site.config["clusters"] as object), ...next.clusters } });
    expect((await site.weir.control("reload")).code).toBe(0);
    await until("the new watch", () => told(dir).length === 3, SOON_MS);
    expect(told(dir).map((t) => [t.method, t.config])).toEqual([
      ["watchEndpoints", { service: "shop" }],
      ["unwatchEndpoints", undefined],
      ["watchEndpoints", { service: "other" }],
    ]);
    const { registry } = next.top.plugins;
    site.weir.rewrite({
      ...site.config,
      clusters: { ...(site.config["clusters"] as object), ...next.clusters },
      plugins: { registry: { ...registry, env: { ANOTHER: "1" } } },
    });
    expect((await site.weir.control("reload")).code).toBe(0);
    await until("the plugin's successor to watch", () => told(dir).some((t, i) => i > 2 && t.pid !== told(dir)[0]!.pid), SOON_MS);
    expect(await hosts(site)).toEqual(unchecked(a));
    expect((await load.stop()).failures).toEqual([]);
  });

  test("are told to all workers, and checked", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    await using ups = await Upstreams.start(3);
    const [a, b, c] = ups.all as [UpstreamProcess, UpstreamProcess, UpstreamProcess];
    tell(dir, endpointsOf(a, b));
    const health = { http: "/healthz", interval: "200ms", unhealthyInterval: "100ms", timeout: "2s" };
    await using site = await start(dir, { health }, ["--workers", "2"]);
    await become(site, ...withState("healthy", [a, b]));
    expect(site.weir.stderr).not.toContain("has told no endpoints");
    const load = SteadyLoad.ofConnections(site.port, "/", 4);
    tell(dir, endpointsOf(b, c));
    await become(site, ...withState("healthy", [b, c]));
    expect((await load.stop()).failures).toEqual([]);
    b.set("ill");
    await until("the ill host to be found out", async () => (await hosts(site)).includes(`${b.address} unhealthy`), SOON_MS);
    for (let i = 0; i < 8; i++) expect((await get(site.port, "/")).body).toContain("u2");
    b.set("ok");
    const before = told(dir);
    for (const pid of new Set(before.map((t) => t.pid))) process.kill(pid, "SIGKILL");
    // One for each worker, and one for the checks.
    await until("all watches to be anew", () => told(dir).length >= 2 * before.length, SOON_MS);
    tell(dir, endpointsOf(a));
    await become(site, ...withState("healthy", [a]));
    for (let i = 0; i < 8; i++) expect((await get(site.port, "/")).body).toContain("u0");
  });
});

describe("a program that is replaced", () => {
  for (const workers of ["1", "2"])
    test(`by one without the phase goes on, with ${workers} workers, and gives way to one that has it`, async () => {
      using scratch = openScratch();
      const { dir } = scratch;
      await using ups = await Upstreams.start(2);
      const [a, b] = ups.all as [UpstreamProcess, UpstreamProcess];
      tell(dir, endpointsOf(a));
      const program = join(dir, "registry.mjs");
      const text = readFileSync(PLUGIN, "utf8");
      const write = (t: string): void => {
        writeFileSync(`${program}.next`, t);
        renameSync(`${program}.next`, program);
      };
      write(text);
      await using site = await startSite({ ...configOf(dir, null, {}, program), args: ["--workers", workers], ms: READY_MS });
      write(text.replace("{ endpoints: {} }", "{ log: {} }"));
      await until("the refusal", () => site.weir.stderr.includes("it has the phase endpoints no more"), SOON_MS);
      tell(dir, endpointsOf(b));
      await become(site, ...unchecked(b));
      const before = new Set(told(dir).map((t) => t.pid));
      write(`${text}\n`);
      await until("the new program to watch", () => told(dir).some((t) => !before.has(t.pid)), SOON_MS);
      tell(dir, endpointsOf(a));
      await become(site, ...unchecked(a));
    });
});

describe("a plugin without the phase", () => {
  const config = (dir: string, port: number) => {
    const { routes, clusters, top } = configOf(dir, null);
    const { registry } = top.plugins;
    return {
      listeners: { web: { address: `127.0.0.1:${port}` } },
      routes,
      clusters,
      plugins: { registry: { ...registry, command: [...registry.command, "none"] } },
    };
  };

  test("is found by weir check, with the place", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    writeFileSync(join(dir, "weir.yaml"), textOf(config(dir, 0)));
    const { code, stdout } = await runWeir(["check", join(dir, "weir.yaml")]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/weir\.yaml:\d+:\d+: error: name a plugin that has the phase endpoints: "registry" has log/);
  });

  test("refuses the config at the start", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    writeFileSync(join(dir, "weir.yaml"), textOf({ ...config(dir, 0), admin: false }));
    const { code, stderr } = await runWeir(["run", join(dir, "weir.yaml")]);
    expect(code).toBe(1);
    expect(stderr).toContain("clusters.found.endpointsPlugin: name a plugin that has the phase endpoints");
  });
});
