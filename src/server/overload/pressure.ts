import type { OverloadSpec } from "../../config/traffic_model.ts";
import type { Platform } from "../../platform/types.ts";

/** Between two looks. */
export const LOOK_MS = 200;
/** Delays of so many looks are averaged: one long turn is no overload. */
const LOOKS = 5;
/** Collecting takes a third of a millisecond a MiB, in which nothing else runs. */
const COLLECT_AGAIN_MS = 10_000;

/** What is looked at. */
export interface PressureEnv {
  readonly platform: Pick<Platform, "now" | "memory">;
  /** Client connections now, of all processes that serve together. */
  connections(): number;
}

/** Shares of their limits, 0 and up; 0 where there is no limit. */
export interface Pressures {
  readonly heap: number;
  readonly loopDelay: number;
  readonly connections: number;
}

/** Measures pressure, once every `LOOK_MS`. */
export class PressureGauge {
  readonly #env: PressureEnv;
  readonly #spec: OverloadSpec;
  readonly #late = new Float64Array(LOOKS);
  #looks = 0;
  /** When the next look is due. */
  #due: number;
  #collected = Number.NEGATIVE_INFINITY;

  constructor(env: PressureEnv, spec: OverloadSpec) {
    this.#env = env;
    this.#spec = spec;
    this.#due = env.platform.now() + LOOK_MS;
  }

  /** To be called by a timer of `LOOK_MS` that was set when this last returned, or when the gauge was made. */
  look(): Pressures {
    const { platform, connections } = this.#env;
    const { loopDelayMs, connections: most } = this.#spec;
    this.#late[this.#looks++ % LOOKS] = Math.max(0, platform.now() - this.#due);
    const heap = this.#heap();
    const delay = this.#late.reduce((sum, ms) => sum + ms, 0) / LOOKS;
    // What collecting took is no delay that anybody could be spared by shedding.
    this.#due = platform.now() + LOOK_MS;
    return {
      heap,
      loopDelay: loopDelayMs === null ? 0 : delay / loopDelayMs,
      connections: most === null ? 0 : connections() / most,
    };
  }

  /** Resident memory, which garbage is part of: before anything is given up for it, and then now and again, it is collected. */
  #heap(): number {
    const { heapBytes, stopKeepAliveAt } = this.#spec;
    if (heapBytes === null) return 0;
    const { now, memory } = { now: this.#env.platform.now(), memory: this.#env.platform.memory };
    const share = memory.resident() / heapBytes;
    if (share < stopKeepAliveAt || now - this.#collected < COLLECT_AGAIN_MS) return share;
    this.#collected = now;
    memory.collect();
    return memory.resident() / heapBytes;
  }
}
