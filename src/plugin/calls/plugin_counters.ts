import type { Counter, Numbers } from "../../telemetry/numbers.ts";

const SERIES = 100;
/** Counters of the same form that Weir has itself (`PluginMetrics`). */
const OWN: ReadonlySet<string> = new Set(["calls", "restarts", "log_lines_dropped", "records_lost", "cpu_seconds"]);
const NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Counters that a plugin has, as `weir_plugin_NAME_total`. */
export class PluginCounters {
  readonly #numbers: Numbers;
  readonly #plugin: string;
  readonly #series = new Map<string, Counter>();

  constructor(numbers: Numbers, plugin: string) {
    this.#numbers = numbers;
    this.#plugin = plugin;
  }

  /** False: no name or labels of a counter, or one too many. */
  add(name: unknown, by: unknown, labels: unknown): boolean {
    if (typeof name !== "string" || !NAME.test(name) || OWN.has(name)) return false;
    if (typeof by !== "number" || !(by >= 0)) return false;
    const own = labelsOf(labels);
    if (own === null) return false;
    const key = `${name} ${JSON.stringify(own)}`;
    let counter = this.#series.get(key);
    if (counter === undefined) {
      if (this.#series.size >= SERIES) return false;
      const all = { plugin: this.#plugin, labels: JSON.stringify(Object.fromEntries(own)) };
      counter = this.#numbers.counter(
        `weir_plugin_${name}_total`,
        "Counted by plugins",
        own.length === 0 ? { plugin: this.#plugin, labels: "" } : all,
      );
      this.#series.set(key, counter);
    }
    counter.add(by);
    return true;
  }
}

function labelsOf(raw: unknown): readonly (readonly [string, string])[] | null {
  if (raw === undefined) return [];
  if (typeof raw !== "object" || raw === null) return null;
  const all = Object.entries(raw);
  if (all.length > 8 || !all.every(([k, v]) => NAME.test(k) && typeof v === "string" && v.length <= 200)) return null;
  return (all as [string, string][]).sort(([a], [b]) => (a < b ? -1 : 1));
}
