/** A line of the text format, as prom-client's registry takes it. Shared labels are flattened once for each object and kept by the registry. */
export interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly sharedLabels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface SampleBatch {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly Sample[];
}

/** What the registry asks of a metric when it is scraped. */
export interface ScrapedMetric {
  readonly name: string;
  /** The next part of the samples; after the last it begins anew. */
  get(): Promise<SampleBatch>;
  /** The last `get` left samples for another. */
  readonly hasMore: boolean;
}

export const NO_LABELS: Readonly<Record<string, string>> = Object.freeze({});
