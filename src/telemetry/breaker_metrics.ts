import type { CellSpec, Counter, CounterVector, Numbers } from "./numbers.ts";

/** What a breaker bounds, in the order of the cells of its counters. */
export const BREAKER_LIMITS = Object.freeze(["connections", "pending", "requests", "retries"] as const);
export type BreakerLimit = (typeof BREAKER_LIMITS)[number];

/** Whose caps hold for a request. */
export type Priority = "default" | "high";

const LIMIT_CELLS: CellSpec = { label: "limit", names: BREAKER_LIMITS };

/** How much is left below one limit. */
export class LimitGauges {
  readonly #remaining: Counter;
  readonly #open: Counter;

  constructor(remaining: Counter, open: Counter) {
    this.#remaining = remaining;
    this.#open = open;
  }

  tell(remaining: number): void {
    this.#remaining.value = Math.max(0, remaining);
    this.#open.value = remaining > 0 ? 0 : 1;
  }
}

/** Numbers of the breaker of one cluster and priority. Labels: `cluster`, `priority`. */
export class BreakerMetrics {
  /** What was refused, by the limit that was reached. */
  readonly overflows: CounterVector;
  readonly #n: Numbers;
  readonly #labels: { readonly cluster: string; readonly priority: Priority };

  constructor(n: Numbers, cluster: string, priority: Priority) {
    this.#n = n;
    this.#labels = { cluster, priority };
    const help = "Requests, retries and sessions refused, by the limit of the cluster that was reached";
    this.overflows = n.vector("weir_cluster_overflows_total", help, LIMIT_CELLS, this.#labels, "never");
  }

  gauges(limit: BreakerLimit): LimitGauges {
    const labels = { ...this.#labels, limit };
    return new LimitGauges(
      this.#n.gauge("weir_cluster_breaker_remaining", "What a limit of the cluster still has room for", labels),
      this.#n.gauge("weir_cluster_breaker_open", "1 while a limit of the cluster is reached", labels),
    );
  }

  /** The limit is no more. */
  forget(limit: BreakerLimit): void {
    const labels = { ...this.#labels, limit };
    for (const name of ["weir_cluster_breaker_remaining", "weir_cluster_breaker_open"]) this.#n.forget(name, labels);
  }
}
