import { Counter, CounterVector, type Histogram, type MetricFamily, type MetricRow } from "../telemetry/numbers.ts";
import { NO_LABELS, type Sample, type SampleBatch, type ScrapedMetric } from "./scraped_metric.ts";

/** Lines made in one turn of the event loop: a few milliseconds, for the data path waits meanwhile. */
const LINES_A_TURN = 500;

/** Shows one metric of the catalogue to the registry, a part at a time and never half a row. */
export class FamilyScrape implements ScrapedMetric {
  readonly name: string;
  readonly #family: MetricFamily;
  #rows: Iterator<MetricRow> | null = null;

  constructor(family: MetricFamily) {
    this.name = family.name;
    this.#family = family;
  }

  get hasMore(): boolean {
    return this.#rows !== null;
  }

  async get(): Promise<SampleBatch> {
    const { name, help, kind } = this.#family;
    const values: Sample[] = [];
    this.#rows ??= this.#family.rows.values();
    while (values.length < LINES_A_TURN) {
      const row = this.#rows.next();
      if (row.done === true) {
        this.#rows = null;
        break;
      }
      this.#add(row.value, values);
    }
    return { name, help, type: kind, values };
  }

  #add({ metric, labels }: MetricRow, out: Sample[]): void {
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
