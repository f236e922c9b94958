import type { CellSpec, Counter, CounterVector, Histogram, Numbers } from "./numbers.ts";

/** What becomes of a call, in the order of the cells of its counter. */
export const PLUGIN_OUTCOMES = Object.freeze([
  "ok",
  "error",
  "invalid",
  "timeout",
  "gone",
  "overflow",
  "cancelled",
  "cached",
] as const);
export type PluginOutcome = (typeof PLUGIN_OUTCOMES)[number];

const OUTCOME_CELLS: CellSpec = { label: "outcome", names: PLUGIN_OUTCOMES };
/** Seconds. A call to a process costs 20 µs at least, and a plugin that asks others some milliseconds. */
const BOUNDS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

/** Numbers of one phase of one plugin. Labels: `plugin`, `phase`. */
export class PluginPhaseMetrics {
  readonly calls: CounterVector;
  readonly seconds: Histogram;

  constructor(n: Numbers, plugin: string, phase: string) {
    const labels = { plugin, phase };
    this.calls = n.vector("weir_plugin_calls_total", "Calls of plugins, by what became of them", OUTCOME_CELLS, labels, "never");
    this.seconds = n.histogram("weir_plugin_call_duration_seconds", "Time of answered calls of plugins", BOUNDS, labels);
  }

  /** `ms`: how long it took; only of answered ones. */
  done(outcome: PluginOutcome, ms: number): void {
    this.calls.add(PLUGIN_OUTCOMES.indexOf(outcome), 1);
    if (outcome === "ok") this.seconds.observe(ms / 1000);
  }
}

/** Numbers of one plugin. Label: `plugin`. */
export class PluginMetrics {
  /** Processes that take calls. */
  readonly ready: Counter;
  readonly restarts: Counter;
  /** Calls that wait for a process. */
  readonly queued: Counter;
  readonly open: Counter;
  readonly linesDropped: Counter;
  readonly recordsLost: Counter;
  /** Resident bytes of all processes. */
  readonly memory: Counter;
  readonly cpuSeconds: Counter;
  readonly #n: Numbers;
  readonly #plugin: string;
  readonly #phases = new Map<string, PluginPhaseMetrics>();

  constructor(n: Numbers, plugin: string) {
    this.#n = n;
    this.#plugin = plugin;
    const labels = { plugin };
    this.ready = n.gauge("weir_plugin_processes_ready", "Processes of a plugin that take calls", labels);
    this.restarts = n.counter(
      "weir_plugin_restarts_total",
      "Processes of a plugin started in the place of one that ended",
      labels,
    );
    this.queued = n.gauge("weir_plugin_calls_queued", "Calls that wait for a process of a plugin", labels);
    this.open = n.gauge("weir_plugin_calls_open", "Calls of a plugin that wait for an answer", labels);
    this.linesDropped = n.counter(
      "weir_plugin_log_lines_dropped_total",
      "Lines of a plugin's log beyond what it may write",
      labels,
    );
    this.recordsLost = n.counter(
      "weir_plugin_records_lost_total",
      "Records of the log phase that a plugin was too slow for",
      labels,
    );
    this.memory = n.gauge("weir_plugin_memory_bytes", "Resident memory of a plugin's processes", labels);
    this.cpuSeconds = n.counter("weir_plugin_cpu_seconds_total", "Processor time that a plugin's processes have used", labels);
  }

  phase(name: string): PluginPhaseMetrics {
    let known = this.#phases.get(name);
    if (known === undefined) {
      known = new PluginPhaseMetrics(this.#n, this.#plugin, name);
      this.#phases.set(name, known);
    }
    return known;
  }
}
