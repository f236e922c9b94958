import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { until } from "../support/deadline.ts";
import { get } from "../support/raw_client.ts";
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

/** Each on a connection of its own, so that all workers have some. */
async function ask(site: Site, n: number, what: string): Promise<number[]> {
  const all = await Promise.all(Array.from({ length: n }, () => get(site.port, "/a", "a", `X-Do: ${what}`)));
  return all.map((m) => m.status);
}

describe("as many processes as workers", () => {
  test("are numbered through all workers, and share their values", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    await using site = await start({ workers: 2, dir, plugin: { processes: 2, grants: { kv: true } } });
    expect(linesOf(dir, "indexes").sort()).toEqual(["0", "1"]);
    await ask(site, 40, "kv");
    const sums = site.origin.requests.map((r) => Number(r.fields.find(([n]) => n.toLowerCase() === "x-kv")![1].split(" ")[0]));
    expect(sums.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  test("hear the time once", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    const phases = { requestHead: {}, tick: { everyMs: 100 } };
    await using site = await start({ workers: 3, dir, plugin: { processes: 3, config: { phases } } });
    await until("some ticks", () => linesOf(dir, "ticks").length >= 5);
    expect(new Set(linesOf(dir, "ticks").map((l) => l.split(" ")[0])).size).toBe(1);
    expect((await get(site.port, "/a")).status).toBe(200);
  });
});
