import { LatencyPeak } from "../latency_peak.ts";
import type { Host, Picker, PickInput } from "../types.ts";
import type { PolicyEnv } from "./policy.ts";
import { WeightedDraw } from "./weighted_draw.ts";

/** Stands for the latency of a host that has requests in flight and no reply yet: it gets no more until it shows what it can do. */
const UNKNOWN_MS = 1e12;

/** Draws for a second host that is another than the first. */
const DRAWS = 4;

/**
 * Of two hosts that are drawn by weight the one with the lower latency peak × (requests + 1): slow hosts get less whatever the reason, and
 * a host that becomes slow is left at once. From here on the hosts hear how long replies take.
 */
export function peakEwma(hosts: readonly Host[], weights: readonly number[], decayMs: number, env: PolicyEnv): Picker {
  for (const h of hosts) {
    if (h.latency === null) h.latency = new LatencyPeak(decayMs);
    else h.latency.decayMs = decayMs;
  }
  return new EwmaPicker(hosts, weights, env);
}

class EwmaPicker implements Picker {
  readonly #hosts: readonly Host[];
  readonly #env: PolicyEnv;
  readonly #draw: WeightedDraw;

  constructor(hosts: readonly Host[], weights: readonly number[], env: PolicyEnv) {
    this.#hosts = hosts;
    this.#env = env;
    this.#draw = new WeightedDraw(weights, env.random);
  }

  pick({ exclude }: PickInput): Host {
    const { now } = this.#env.clock;
    if (exclude !== null && exclude.length > 0) {
      const other = this.#cheapest(exclude, now);
      if (other !== null) return other;
    }
    const first = this.#draw.next();
    let second = this.#draw.next();
    for (let i = 1; second === first && i < DRAWS; i++) second = this.#draw.next();
    const a = this.#hosts[first]!;
    const b = this.#hosts[second]!;
    return costOf(b, now) < costOf(a, now) ? b : a;
  }

  /** Of all that were not tried, from a place drawn by chance on; null: there is none. */
  #cheapest(exclude: readonly Host[], now: number): Host | null {
    const hosts = this.#hosts;
    let at = this.#draw.next();
    let best: Host | null = null;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < hosts.length; i++) {
      const host = hosts[at]!;
      if (++at === hosts.length) at = 0;
      if (exclude.includes(host)) continue;
      const cost = costOf(host, now);
      if (best !== null && cost >= least) continue;
      best = host;
      least = cost;
    }
    return best;
  }
}

function costOf(h: Host, now: number): number {
  const { latency, active } = h;
  if (latency?.known === true) return latency.valueAt(now) * (active + 1);
  return active === 0 ? 0 : UNKNOWN_MS + active;
}
