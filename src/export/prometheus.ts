import type { Metric } from "prom-client";
import Registry from "prom-client/lib/registry.js";
import type { ShownNumbers } from "../telemetry/metric_family.ts";
import { FamilyScrape } from "./family_scrape.ts";
import { PROCESS_METRICS } from "./process_metrics.ts";
import type { ScrapedMetric } from "./scraped_metric.ts";

export interface MetricsPage {
  readonly contentType: string;
  readonly body: string;
}

/** The `# HELP` and `# TYPE` lines at the head of every part. */
const HEAD = /^#.*\n#.*\n?/;

/**
 * Makes the function that renders all numbers and what the system knows of the process in Prometheus' text format 0.0.4. A large page is
 * made in parts, with the event loop's turns between them: 10,000 routes in use are 13 MB of text. Calls during a scrape share its page.
 * `others` come before the numbers.
 *
 * @example
 * const renderMetrics = createMetricsRenderer(numbers);
 * const { contentType, body } = await renderMetrics();
 */
export function createMetricsRenderer(numbers: ShownNumbers, others: readonly ScrapedMetric[] = []): () => Promise<MetricsPage> {
  const registry = new Registry();
  const metrics: Map<string, ScrapedMetric> = new Map();
  let underWay: Promise<MetricsPage> | null = null;
  for (const metric of [...PROCESS_METRICS, ...others]) register(registry, metrics, metric);

  async function render(): Promise<MetricsPage> {
    for (const f of numbers.families.values()) if (!metrics.has(f.name)) register(registry, metrics, new FamilyScrape(f));
    let body = "";
    for (const metric of metrics.values()) body += `${await renderMetric(registry, metric)}\n`;
    return { contentType: registry.contentType, body };
  }

  return () => {
    underWay ??= render().finally(() => {
      underWay = null;
    });
    return underWay;
  };
}

async function renderMetric(registry: Registry, metric: ScrapedMetric): Promise<string> {
  let text = `${await registry.getSingleMetricAsString(metric.name)}\n`;
  while (metric.hasMore) {
    await nextTurn();
    text += `${(await registry.getSingleMetricAsString(metric.name)).replace(HEAD, "")}\n`;
  }
  return text;
}

// The registry calls `get` and reads `name`, nothing else of its own classes, whose counters are too slow for a request's path.
function register(registry: Registry, metrics: Map<string, ScrapedMetric>, metric: ScrapedMetric): void {
  metrics.set(metric.name, metric);
  registry.registerMetric(metric as unknown as Metric);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
