import { MetricRows } from "./metric_rows.ts";
import type { CellSpec, Counter, CounterVector, Numbers } from "./numbers.ts";

/** What is given up under pressure, from the mild to the hard: number 1, 2 and 3. */
export const SHED_STEPS = Object.freeze(["stopKeepAlive", "refuseRequests", "refuseConnections"] as const);
/** What pressure is made of. */
export const PRESSURES = Object.freeze(["heap", "loopDelay", "connections"] as const);
export type PressureKind = (typeof PRESSURES)[number];

const STEP: CellSpec = { label: "step", names: SHED_STEPS };

/** Numbers of what is given up under pressure. */
export class OverloadMetrics {
  /** In the order of `PRESSURES`. */
  readonly pressures: readonly Counter[];
  /** In the order of `SHED_STEPS`; 1 while it is taken. */
  readonly active: readonly Counter[];
  readonly shed: CounterVector;

  constructor(n: Numbers) {
    this.pressures = PRESSURES.map((resource) =>
      new MetricRows(n, "weir_overload_", { resource }).gauge(
        "pressure",
        "Share of its limit, of the process with the most",
        "max",
      ),
    );
    this.active = SHED_STEPS.map((step) =>
      new MetricRows(n, "weir_overload_", { step }).gauge("step_active", "Processes in which the step is taken now"),
    );
    this.shed = new MetricRows(n, "weir_overload_", {}).vector(
      "shed_total",
      "Replies that closed their connections, and requests and connections that were refused, for pressure",
      STEP,
      "never",
    );
  }
}
