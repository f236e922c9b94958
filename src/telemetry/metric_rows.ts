import type { CellSpec, Counter, CounterVector, Histogram, Labels, MergeRule, Numbers, ShowZeros } from "./numbers.ts";
import { ERROR_CODES } from "./response_flags.ts";

/** Upper bounds in seconds: from an answer out of a cache nearby to a long poll. Each bound is a line a route in every scrape. */
export const LATENCY_BOUNDS: readonly number[] = Object.freeze([
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
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

  counter(name: string, help: string, zeros: ShowZeros = "always"): Counter {
    return this.#n.counter(this.#prefix + name, help, this.#labels, zeros);
  }

  gauge(name: string, help: string, merge: MergeRule = "sum"): Counter {
    return this.#n.gauge(this.#prefix + name, help, this.#labels, merge);
  }

  vector(name: string, help: string, cells: CellSpec, zeros: ShowZeros): CounterVector {
    return this.#n.vector(this.#prefix + name, help, cells, this.#labels, zeros);
  }

  histogram(name: string, help: string, zeros: ShowZeros): Histogram {
    return this.#n.histogram(this.#prefix + name, help, LATENCY_BOUNDS, this.#labels, zeros);
  }
}
