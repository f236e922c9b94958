import { MetricRows } from "./metric_rows.ts";
import type { Counter, Histogram, Numbers } from "./numbers.ts";

const RELOADS_HELP = "Configs offered, by what became of them";

/** Numbers of the whole process. */
export class ServerMetrics {
  readonly #n: Numbers;
  readonly configGeneration: Counter;
  readonly reloadsApplied: Counter;
  readonly reloadsRefused: Counter;
  /** Unix seconds. */
  readonly lastReloadSuccess: Counter;
  /** 1 while the last offered config is the one in force. */
  readonly lastReloadOk: Counter;
  /** 1 while draining. */
  readonly draining: Counter;
  /** Connections closed because descriptors or a process-wide cap ran out. */
  readonly shedConnections: Counter;
  readonly acceptErrors: Counter;
  readonly callbackThrows: Counter;
  /** Seconds that a timer came late: how long the event loop was held up. */
  readonly loopLag: Histogram;

  constructor(n: Numbers) {
    this.#n = n;
    const by = new MetricRows(n, "weir_", {});
    this.configGeneration = by.gauge(
      "config_generation",
      "Number of the config in force, rising by one with each that is applied",
      "control",
    );
    // A config is offered to the weir once, whatever the number of workers that then take it; and a worker that has just started has
    // been offered none, which is no failure.
    this.reloadsApplied = n.counter("weir_config_reloads_total", RELOADS_HELP, { result: "applied" }, "always", "control");
    this.reloadsRefused = n.counter("weir_config_reloads_total", RELOADS_HELP, { result: "refused" }, "always", "control");
    this.lastReloadSuccess = by.gauge(
      "config_last_reload_success_timestamp_seconds",
      "When a config was last applied",
      "control",
    );
    this.lastReloadOk = by.gauge(
      "config_last_reload_successful",
      "1 while the last offered config is the one in force",
      "control",
    );
    // Of the weir: a predecessor that drains after an upgrade, or a worker that is one too many, is not the end of service.
    this.draining = by.gauge("draining", "1 while draining", "control");
    this.shedConnections = by.counter("shed_connections_total", "Connections closed because descriptors or a cap ran out");
    this.acceptErrors = by.counter("accept_errors_total", "Failures to accept a connection");
    this.callbackThrows = by.counter("callback_throws_total", "Throws caught in callbacks of connections and timers");
    this.loopLag = by.histogram("loop_lag_seconds", "How late a timer of 100 ms came", "always");
  }

  /** Call once at start. */
  describeBuild(version: string, runtime: string): void {
    // One process or ten: 1. During an upgrade there is a row for each version that serves.
    this.#n.gauge("weir_build_info", "1, with the version and the runtime as labels", { version, runtime }, "max").value = 1;
  }

  reloaded(generation: number, wallMs: number): void {
    this.configGeneration.value = generation;
    this.reloadsApplied.add(1);
    this.lastReloadSuccess.value = wallMs / 1000;
    this.lastReloadOk.value = 1;
  }

  reloadRefused(): void {
    this.reloadsRefused.add(1);
    this.lastReloadOk.value = 0;
  }
}
