import type { ShownNumbers } from "../../../src/telemetry/metric_family.ts";
import { Counter, CounterVector, type MetricHandle } from "../../../src/telemetry/metric_handles.ts";

/** What a metric holds, slot by slot. */
export function slotValues(metric: MetricHandle): number[] {
  if (metric instanceof Counter) return [metric.value];
  if (metric instanceof CounterVector) return metric.names.map((_, i) => metric.valueAt(i));
  return [metric.sum, ...metric.counts];
}

/** All rows by name and labels. */
export function valuesOf({ families }: ShownNumbers): Map<string, number[]> {
  const all: Map<string, number[]> = new Map();
  for (const f of families.values())
    for (const { labels, metric } of f.rows.values()) all.set(f.name + JSON.stringify(labels), slotValues(metric));
  return all;
}
