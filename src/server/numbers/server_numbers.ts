import type { ShownNumbers } from "../../telemetry/metric_family.ts";
import { Metrics } from "../../telemetry/metrics.ts";

export type MetricGroup = Parameters<Metrics["retain"]>[0];

/** Where a server counts, and what its pages show. */
export interface ServerNumbers {
  readonly metrics: Metrics;
  readonly shown: ShownNumbers;
  /** Forgets the names of the group that are not in `names`, after a config has been put in force. */
  retain(group: MetricGroup, names: { has(name: string): boolean }): void;
}

/** Of a server that stands for itself. */
export function ownNumbers(metrics: Metrics = new Metrics()): ServerNumbers {
  return { metrics, shown: metrics.numbers, retain: (group, names) => metrics.retain(group, names) };
}
