import type { OverloadMetrics } from "../../telemetry/overload_metrics.ts";

/** 0: nothing is given up. 1: replies close their connections. 2: requests are refused too. 3: connections as well. */
export type ShedStep = 0 | 1 | 2 | 3;

/** What of connections is given up under pressure. */
export interface ConnectionShedding {
  /** `REFUSES_CONNECTIONS`: new ones are refused. */
  readonly step: number;
  count(step: 3): void;
}

export const REFUSES_CONNECTIONS = 3;

/** What is given up now: one number that each request and each connection looks at. */
export class Shedding {
  step: ShedStep = 0;
  readonly #metrics: OverloadMetrics;

  constructor(metrics: OverloadMetrics) {
    this.#metrics = metrics;
  }

  /** Counts one that the step concerned. */
  count(step: 1 | 2 | 3): void {
    this.#metrics.shed.add(step - 1, 1);
  }
}

/** Of listeners that are served whatever the pressure: an operator must get in. */
export const NO_SHEDDING: { readonly step: ShedStep; count(step: 1 | 2 | 3): void } = Object.freeze({ step: 0, count() {} });
