import type { OverloadSpec } from "../../config/traffic_model.ts";
import type { Platform, Timer } from "../../platform/types.ts";
import type { EventLog } from "../../telemetry/event_log.ts";
import { type OverloadMetrics, PRESSURES, SHED_STEPS } from "../../telemetry/overload_metrics.ts";
import { LOOK_MS, type PressureEnv, PressureGauge, type Pressures } from "./pressure.ts";
import { Shedding, type ShedStep } from "./shedding.ts";

export interface OverloadEnv extends PressureEnv {
  readonly platform: Pick<Platform, "now" | "memory" | "setTimer">;
  readonly log: EventLog;
  readonly metrics: OverloadMetrics;
}

/** A step is left below this part of what it is taken at, */
const LEAVE_AT = 0.9;
/** and only when it has been so for so long: what sheds load lowers its own pressure. */
const HOLD_MS = 1_000;

/**
 * Looks at the pressure on the process a few times a second, and takes or leaves steps.
 *
 *   none ⇄ stopKeepAlive ⇄ refuseRequests ⇄ refuseConnections      up at once to any of them, down after a second below 90 %
 */
export class OverloadMonitor {
  /** What requests and connections look at. */
  readonly shedding: Shedding;
  readonly #env: OverloadEnv;
  #spec: OverloadSpec | null = null;
  #gauge: PressureGauge | null = null;
  #timer: Timer | null = null;
  /** Since when a lower step would do, on the platform's clock; Infinity: none would. */
  #calmSince = Number.POSITIVE_INFINITY;

  constructor(env: OverloadEnv) {
    this.#env = env;
    this.shedding = new Shedding(env.metrics);
  }

  /** Takes the limits of a config; null: nothing is looked at and nothing given up. */
  apply(spec: OverloadSpec | null): void {
    if (JSON.stringify(spec) === JSON.stringify(this.#spec)) return;
    this.#spec = spec;
    this.#timer?.cancel();
    this.#timer = null;
    this.#gauge = spec === null ? null : new PressureGauge(this.#env, spec);
    if (spec === null) {
      this.#show({ heap: 0, loopDelay: 0, connections: 0 });
      this.#take(0, "nothing", 0);
    } else this.#later();
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#gauge = null;
  }

  #later(): void {
    this.#timer = this.#env.platform.setTimer(LOOK_MS, () => this.#look());
  }

  #look(): void {
    const [gauge, spec] = [this.#gauge, this.#spec];
    if (gauge === null || spec === null) return;
    const pressures = gauge.look();
    this.#show(pressures);
    let most: (typeof PRESSURES)[number] = "heap";
    for (const kind of PRESSURES) if (pressures[kind] > pressures[most]) most = kind;
    this.#decide(spec, pressures[most], most);
    if (this.#gauge === gauge) this.#later();
  }

  #decide(spec: OverloadSpec, pressure: number, by: string): void {
    const { step } = this.shedding;
    const up = stepAt(spec, pressure);
    const down = stepAt(spec, pressure / LEAVE_AT);
    const now = this.#env.platform.now();
    if (down >= step) this.#calmSince = Number.POSITIVE_INFINITY;
    else if (this.#calmSince === Number.POSITIVE_INFINITY) this.#calmSince = now;
    if (up > step) this.#take(up, by, pressure);
    else if (down < step && now - this.#calmSince >= HOLD_MS) this.#take(down, by, pressure);
  }

  #take(step: ShedStep, by: string, pressure: number): void {
    const before = this.shedding.step;
    this.#calmSince = Number.POSITIVE_INFINITY;
    if (step === before) return;
    this.shedding.step = step;
    for (const [i, c] of this.#env.metrics.active.entries()) c.value = i < step ? 1 : 0;
    const facts = { step: nameOf(step), before: nameOf(before), pressure: Math.round(pressure * 1000) / 1000, of: by };
    if (step > before) this.#env.log.log("warning", "Under pressure: more is given up", facts);
    else this.#env.log.log("info", "Under less pressure: less is given up", facts);
  }

  #show(pressures: Pressures): void {
    for (const [i, kind] of PRESSURES.entries()) this.#env.metrics.pressures[i]!.value = pressures[kind];
  }
}

/** The hardest step whose limit is reached. */
function stepAt({ stopKeepAliveAt, refuseRequestsAt, refuseConnectionsAt }: OverloadSpec, pressure: number): ShedStep {
  if (pressure >= refuseConnectionsAt) return 3;
  if (pressure >= refuseRequestsAt) return 2;
  return pressure >= stopKeepAliveAt ? 1 : 0;
}

function nameOf(step: ShedStep): string {
  return step === 0 ? "none" : SHED_STEPS[step - 1]!;
}
