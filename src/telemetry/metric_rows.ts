import type { CellSpec, Counter, CounterVector, Histogram, Labels, Numbers, OmitZeros } from "./numbers.ts";
import { ERROR_CODES } from "./response_flags.ts";

/** Upper bounds in seconds: from a cached answer on loopback to the longest default timeout. */
export const LATENCY_BOUNDS: readonly number[] = Object.freeze([
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
]);

/** Cells of `status` vectors: the status by hundreds, `none` where no reply was begun. */
export const STATUS_CLASSES: readonly string[] = Object.freeze(["none", "1xx", "2xx", "3xx", "4xx", "5xx"]);

export const STATUS_CELLS: CellSpec = { label: "status", names: STATUS_CLASSES };
export const CODE_CELLS: CellSpec = { label: "code", names: ERROR_CODES };

/** The cell of `STATUS_CLASSES` for a status of 0 (no reply was begun) or 100 to 599. */
export function statusCell(status: number): number {
  return (status / 100) | 0;
}

/** Rows that share a name's prefix and their labels. */
export class MetricRows {
  readonly #n: Numbers;
  readonly #prefix: string;
  readonly #labels: Labels;

  constructor(n: Numbers, prefix: string, labels: Labels) {
    this.#n = n;
    this.#prefix = prefix;
    this.#labels = labels;
  }

  counter(name: string, help: string, omit: OmitZeros = "none"): Counter {
    return this.#n.counter(this.#prefix + name, help, this.#labels, omit);
  }

  gauge(name: string, help: string): Counter {
    return this.#n.gauge(this.#prefix + name, help, this.#labels);
  }

  vector(name: string, help: string, cells: CellSpec, omit: OmitZeros): CounterVector {
    return this.#n.vector(this.#prefix + name, help, cells, this.#labels, omit);
  }

  histogram(name: string, help: string, omit: OmitZeros): Histogram {
    return this.#n.histogram(this.#prefix + name, help, LATENCY_BOUNDS, this.#labels, omit);
  }
}
