import type { ShownFamily, ShownRow } from "../telemetry/metric_family.ts";
import { Counter, CounterVector, type Histogram } from "../telemetry/metric_handles.ts";
import { NO_LABELS, type Sample, type SampleBatch, type ScrapedMetric } from "./scraped_metric.ts";

/** Lines made in one turn of the event loop: a few milliseconds, for the data path waits meanwhile. */
const LINES_A_TURN = 500;

/** Shows one metric of the catalogue to the registry, a part at a time and never half a row. */
export class FamilyScrape implements ScrapedMetric {
  readonly name: string;
  readonly #family: ShownFamily;
  #keys: Iterator<string> | null = null;

  constructor(family: ShownFamily) {
    this.name = family.name;
    this.#family = family;
  }

  get hasMore(): boolean {
    return this.#keys !== null;
  }

  async get(): Promise<SampleBatch> {
    const { name, help, kind } = this.#family;
    const values: Sample[] = [];
    // A row that goes and comes again between two parts stands at the end of the map, and a page must not have it twice.
    this.#keys ??= [...this.#family.rows.keys()].values();
    while (values.length < LINES_A_TURN) {
      const key = this.#keys.next();
      if (key.done === true) {
        this.#keys = null;
        break;
      }
      const row = this.#family.rows.get(key.value);
      if (row !== undefined) this.#add(row, values);
    }
    return { name, help, type: kind, values };
  }

  #add({ metric, labels }: ShownRow, out: Sample[]): void {
    const { name, zeros } = this.#family;
    if (metric instanceof Counter) {
      if (zeros === "always" || metric.value !== 0) out.push(sample(name, NO_LABELS, labels, metric.value));
    } else if (metric instanceof CounterVector) {
      this.#addVector(metric, labels, out);
    } else if (zeros === "always" || metric.counts.some((n) => n !== 0)) {
      this.#addHistogram(metric, labels, out);
    }
  }

  #addVector(vector: CounterVector, labels: Sample["labels"], out: Sample[]): void {
    const { name, zeros, cellLabel } = this.#family;
    const { names } = vector;
    for (let i = 0; i < names.length; i++) {
      const value = vector.valueAt(i);
      if (zeros === "always" || value !== 0) out.push(sample(name, { [cellLabel]: names[i]! }, labels, value));
    }
  }

  /** Buckets are cumulative in the text format, and the last one is the count. */
  #addHistogram({ bounds, counts, sum }: Histogram, labels: Sample["labels"], out: Sample[]): void {
    const { name } = this.#family;
    const bucket = `${name}_bucket`;
    let below = 0;
    for (let i = 0; i < counts.length; i++) {
      below += counts[i]!;
      out.push(sample(bucket, { le: i < bounds.length ? String(bounds[i]) : "+Inf" }, labels, below));
    }
    out.push(sample(`${name}_sum`, NO_LABELS, labels, sum));
    out.push(sample(`${name}_count`, NO_LABELS, labels, below));
  }
}

function sample(metricName: string, labels: Sample["labels"], sharedLabels: Sample["labels"], value: number): Sample {
  return { metricName, labels, sharedLabels, value };
}
