import { GrpcMetrics } from "./grpc_metrics.ts";
import { MetricRows, STATUS_CELLS, statusCell } from "./metric_rows.ts";
import type { CounterVector, Histogram, Numbers } from "./numbers.ts";

/** Numbers of one route. Labels: `route`. A route that was never used shows no rows. */
export class RouteMetrics {
  readonly requests: CounterVector;
  /** Seconds from the complete head to the last byte of the reply. */
  readonly duration: Histogram;
  readonly #n: Numbers;
  readonly #route: string;
  #grpc: GrpcMetrics | null = null;

  constructor(n: Numbers, route: string) {
    this.#n = n;
    this.#route = route;
    const by = new MetricRows(n, "weir_route_", { route });
    this.requests = by.vector("requests_total", "Requests ended, by class of the final status", STATUS_CELLS, "never");
    this.duration = by.histogram("request_duration_seconds", "Head of the request complete to last byte of the reply", "never");
  }

  /** Counts an ended request; 0: no reply was begun. */
  finish(status: number, ms: number): void {
    this.requests.add(statusCell(status), 1);
    this.duration.observe(ms / 1000);
  }

  /** Made with the first request of gRPC: most routes have none. */
  get grpc(): GrpcMetrics {
    this.#grpc ??= new GrpcMetrics(this.#n, this.#route);
    return this.#grpc;
  }
}
