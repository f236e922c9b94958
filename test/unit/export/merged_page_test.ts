import { describe, expect, test } from "bun:test";
import { FamilyScrape } from "../../../src/export/family_scrape.ts";
import { createMetricsRenderer } from "../../../src/export/prometheus.ts";
import { MergedNumbers } from "../../../src/telemetry/merged_numbers.ts";
import type { ShownNumbers } from "../../../src/telemetry/metric_family.ts";
import { Metrics } from "../../../src/telemetry/metrics.ts";
import { NumberMemory } from "../../../src/telemetry/number_memory.ts";
import { Numbers } from "../../../src/telemetry/numbers.ts";
import { RowFeed } from "../../../src/telemetry/row_feed.ts";
import { RowReader } from "../../../src/telemetry/row_reader.ts";
import { busy } from "./busy_metrics.ts";
import { type ParsedFamily, parsePage } from "./prometheus_text.ts";

/** The metrics of a process and what another one reads of them. */
function shared(): { readonly metrics: Metrics; readonly reader: RowReader; readonly settle: () => void } {
  const buffer = new ArrayBuffer(8 << 20);
  const metrics = new Metrics(new Numbers(new NumberMemory({ buffer })));
  const reader = new RowReader(buffer);
  const feed = new RowFeed(buffer, (b) => expect(reader.apply(b)).toBeNull());
  metrics.numbers.watch(feed);
  return { metrics, reader, settle: () => feed.flush() };
}

/** Weir's own part of a page: what the system says of the process changes from page to page. */
async function pageOf(numbers: ShownNumbers): Promise<string> {
  const { body } = await createMetricsRenderer(numbers)();
  return body.slice(body.indexOf("# HELP weir_"));
}

describe("the page of one process", () => {
  test("is the same, byte for byte, whether it is read in the process or in another", async () => {
    const { metrics, reader, settle } = shared();
    busy(metrics);
    metrics.route("unused");
    metrics.server.loopLag.observe(0.02);
    settle();
    const merged = new MergedNumbers();
    merged.add("0", reader, "control");
    const own = new MergedNumbers(metrics.numbers);
    const wanted = await pageOf(metrics.numbers);
    expect(wanted.split("\n").length).toBeGreaterThan(100);
    expect(await pageOf(own)).toBe(wanted);
    // Gauges that the controlling process alone tells are its successor's.
    const control = /^weir_(config_generation|config_last_reload\w+|draining) .*\n/gm;
    expect(await pageOf(merged)).toBe(wanted.replace(control, ""));
    metrics.route("checkout").finish(500, 3);
    settle();
    expect(await pageOf(own)).not.toBe(wanted);
    expect(await pageOf(own)).toBe(await pageOf(metrics.numbers));
  });

  test("is the same after it has ended, but for gauges", async () => {
    const { metrics, reader, settle } = shared();
    busy(metrics);
    settle();
    const merged = new MergedNumbers();
    merged.add("0", reader, "control");
    const before = parsePage(await pageOf(merged));
    merged.fold("0");
    const after = parsePage(await pageOf(merged));
    const counted = (page: Map<string, ParsedFamily>) => [...page.values()].filter((f) => f.type !== "gauge");
    expect(counted(after)).toEqual(counted(before));
    expect([...after.values()].filter((f) => f.type === "gauge").flatMap((f) => f.samples)).toEqual([]);
  });
});

describe("a page of two processes", () => {
  test("has each number twice", async () => {
    const merged = new MergedNumbers();
    for (const id of ["0", "1"]) {
      const { metrics, reader, settle } = shared();
      busy(metrics);
      settle();
      merged.add(id, reader, "worker");
    }
    const one = parsePage(await pageOf(busy().numbers));
    const two = parsePage(await pageOf(merged));
    for (const name of [
      "weir_listener_requests_total",
      "weir_listener_connections_active",
      "weir_route_request_duration_seconds",
    ])
      expect(two.get(name)!.samples).toEqual(one.get(name)!.samples.map((s) => ({ ...s, value: s.value * 2 })));
  });

  test("goes on when a process ends, and has no row twice when a name goes and comes, while it is made", async () => {
    const merged = new MergedNumbers();
    const all = [shared(), shared()] as const;
    for (const [i, { metrics, reader, settle }] of all.entries()) {
      for (let r = 0; r < 2000; r++) metrics.numbers.counter("c", "C", { route: String(r) }).add(1);
      settle();
      merged.add(String(i), reader, "worker");
    }
    const scrape = new FamilyScrape(merged.families.get("c")!);
    const samples = [...(await scrape.get()).values];
    expect(samples.map((s) => s.value)).toEqual(samples.map(() => 2));
    const shown = samples.length;
    const { metrics, settle } = all[1];
    merged.fold("0");
    for (const route of ["1", "1999"]) metrics.numbers.forget("c", { route });
    // It stands behind all others now.
    metrics.numbers.counter("c", "C", { route: "1" });
    settle();
    while (scrape.hasMore) samples.push(...(await scrape.get()).values);
    expect(shown).toBeLessThan(1000);
    const routes = samples.map((s) => s.sharedLabels.route!);
    expect(routes).toEqual(Array.from({ length: 1999 }, (_, r) => String(r)));
    expect(samples.map((s) => s.value)).toEqual(routes.map(() => 2));
  });
});
