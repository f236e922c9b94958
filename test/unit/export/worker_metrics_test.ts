import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createMetricsRenderer } from "../../../src/export/prometheus.ts";
import { type WorkerProcess, workerMetrics } from "../../../src/export/worker_metrics.ts";
import { Numbers } from "../../../src/telemetry/numbers.ts";
import { parsePage } from "./prometheus_text.ts";

async function scrape(list: () => readonly WorkerProcess[]) {
  const page = parsePage((await createMetricsRenderer(new Numbers(), workerMetrics(list))()).body);
  return (name: string) => page.get(name)!.samples.map((s) => [s.labels, s.value] as const);
}

/** Above the largest number that Linux gives (2^22). */
const NOBODY = 2 ** 22 + 1;

describe("workers", () => {
  test("are told by their places, whether a process is there or not", async () => {
    const values = await scrape(() => [
      { worker: "0", pid: NOBODY, restarts: 3 },
      { worker: "1", pid: null, restarts: 0 },
    ]);
    expect(values("weir_worker_up")).toEqual([
      [{ worker: "0" }, 1],
      [{ worker: "1" }, 0],
    ]);
    expect(values("weir_worker_restarts_total")).toEqual([
      [{ worker: "0" }, 3],
      [{ worker: "1" }, 0],
    ]);
    for (const name of ["cpu_seconds_total", "resident_memory_bytes", "open_fds"])
      expect(values(`weir_worker_${name}`)).toEqual([]);
  });

  test.skipIf(process.platform !== "linux")("have what the system says of their process (Linux alone tells)", async () => {
    const values = await scrape(() => [{ worker: "0", pid: process.pid, restarts: 0 }]);
    const value = (name: string) => values(name)[0]![1];
    const { user, system } = process.cpuUsage();
    expect(Math.abs(value("weir_worker_cpu_seconds_total") - (user + system) / 1e6)).toBeLessThan(1);
    expect(value("weir_worker_resident_memory_bytes")).toBeGreaterThan(10e6);
    expect(value("weir_worker_open_fds")).toBeGreaterThan(2);
  });

  test("are in docs/observability.md", async () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/observability.md"), "utf8");
    const rows = page.split("\n").filter((l) => l.startsWith("| `weir_worker_"));
    const metrics = await Promise.all(workerMetrics(() => []).map((m) => m.get()));
    expect(rows.map((r) => r.replace("; Linux alone", ""))).toEqual(
      metrics.map((m) => `| \`${m.name}\` | ${m.type} | \`worker\` | ${m.help} |`),
    );
  });
});
