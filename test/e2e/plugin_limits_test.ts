import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { until } from "../support/deadline.ts";
import { SteadyLoad } from "../support/steady_load.ts";
import { openScratch, startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

const PLUGIN = resolve(import.meta.dirname, "../support/stubborn_plugin.mjs");
const SOON_MS = 30_000;

test("a plugin that uses more of a processor than it may is replaced, and no request is the worse for it", async () => {
  using scratch = openScratch();
  const { dir } = scratch;
  const plugin = {
    command: [process.execPath, PLUGIN, dir],
    startTimeout: "20s",
    timeout: "10s",
    config: { spin: true },
    // So little that a spinning one is over it on any machine.
    cpu: { max: 0.05, for: "1s" },
  };
  await using site = await startSite({ route: { filters: [{ plugin: "p" }] }, top: { plugins: { p: plugin } } });
  const load = SteadyLoad.ofKept(site.port, "/", 2);
  const path = join(dir, "started");
  const pids = (): string[] => (existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : []);
  await until("two replacements", () => pids().length >= 3, SOON_MS);
  expect((await load.stop()).failures).toEqual([]);
  expect(site.weir.stderr).toContain("over its processor limit");
  expect(await site.weir.metric("weir_plugin_restarts_total", { plugin: "p" })).toBeGreaterThanOrEqual(2);
  expect(await site.weir.metric("weir_plugin_cpu_seconds_total", { plugin: "p" })).toBeGreaterThan(0.05);
  expect(await site.weir.metric("weir_plugin_memory_bytes", { plugin: "p" })).toBeGreaterThan(1024 * 1024);
});
