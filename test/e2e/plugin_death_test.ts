import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { HostProcesses } from "../../src/platform/host_processes.ts";
import { until } from "../support/deadline.ts";
import { statusOf, treeOf } from "../support/process_tree.ts";
import { get } from "../support/raw_client.ts";
import { openScratch, type Site, startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

const PLUGIN = resolve(import.meta.dirname, "../support/stubborn_plugin.mjs");
const SOON_MS = 15_000;
const noSetpriv = !new HostProcesses(null).endsOwned;

function start(dir: string, config: unknown, args: readonly string[] = []): Promise<Site> {
  return startSite({
    route: { filters: [{ plugin: "stubborn" }] },
    top: {
      plugins: {
        stubborn: { command: [process.execPath, PLUGIN, dir], startTimeout: "20s", timeout: "5s", processes: 2, config },
      },
    },
    args,
  });
}

/** Numbers of the plugin's processes, and of those that they have started. */
async function started(dir: string, n: number): Promise<readonly number[]> {
  const path = join(dir, "started");
  const all = (): number[] => (existsSync(path) ? readFileSync(path, "utf8").trim().split("\n").map(Number) : []);
  await until(`${n} processes`, () => all().length >= n, SOON_MS);
  return all();
}

/** Those that run. One that has ended may wait for somebody to ask for its end. */
function running(pids: readonly number[]): readonly number[] {
  return pids.filter((p) => !/^(Z|X|$)/.test(statusOf(p, "State")));
}

async function gone(pids: readonly number[]): Promise<void> {
  try {
    await until("the plugin's processes to be gone", () => running(pids).length === 0, SOON_MS);
  } finally {
    for (const p of running(pids)) process.kill(p, "SIGKILL");
  }
}

describe("a plugin that ends by nothing but SIGKILL", () => {
  for (const [name, workers] of [
    ["one process", "1"],
    ["two workers", "2"],
  ] as const)
    test.skipIf(noSetpriv)(`ends with a weir of ${name} that is killed`, async () => {
      using scratch = openScratch();
      await using site = await start(scratch.dir, null, ["--workers", workers]);
      const pids = await started(scratch.dir, 2);
      expect((await get(site.port, "/")).status).toBe(200);
      expect(running(pids)).toEqual(pids);
      const weir = treeOf(site.weir.pid).filter((p) => !pids.includes(p));
      for (const p of weir) process.kill(p, "SIGKILL");
      await gone(pids);
    });

  test("ends with a weir that is stopped, and so does what it has started", async () => {
    using scratch = openScratch();
    await using site = await start(scratch.dir, { child: true });
    const pids = await started(scratch.dir, 4);
    expect(running(pids)).toEqual(pids);
    site.weir.signal("SIGTERM");
    await until("weir to end", () => site.weir.exit !== null, SOON_MS);
    await gone(pids);
  });

  test("ends after it was taken out of the config, and so does what it has started", async () => {
    using scratch = openScratch();
    await using site = await start(scratch.dir, { child: true });
    const pids = await started(scratch.dir, 4);
    site.weir.rewrite({ ...site.config, routes: [{ name: "all", to: "origin" }], plugins: {} });
    expect((await site.weir.control("reload")).code).toBe(0);
    await gone(pids);
    expect((await get(site.port, "/")).status).toBe(200);
  });
});
