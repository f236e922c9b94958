import { MetricRows } from "./metric_rows.ts";
import type { Counter, Numbers } from "./numbers.ts";

/** Numbers of one access log. Labels: `log`, the destination as configured. */
export class AccessLogMetrics {
  readonly lines: Counter;
  readonly bytes: Counter;
  /** Lines lost because the queue was full or the log was closed. */
  readonly dropped: Counter;
  readonly writeErrors: Counter;

  constructor(n: Numbers, log: string) {
    const by = new MetricRows(n, "weir_access_log_", { log });
    this.lines = by.counter("lines_total", "Lines taken");
    this.bytes = by.counter("written_bytes_total", "Bytes written");
    this.dropped = by.counter("dropped_lines_total", "Lines lost because the queue was full or writing failed");
    this.writeErrors = by.counter("write_errors_total", "Failures to open or write the log");
  }
}
