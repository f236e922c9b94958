import { Timed } from "../../base/timer_wheel.ts";
import type { OutlierSpec } from "../../config/traffic_model.ts";
import type { EventLog } from "../../telemetry/event_log.ts";
import { EJECTION_CAUSES, type EjectionCause } from "../../telemetry/health_cells.ts";
import type { ClusterMetrics } from "../../telemetry/metrics.ts";
import type { LinkEnv } from "../../wire/link.ts";
import type { HostStates } from "../host_states.ts";
import type { Host } from "../types.ts";
import { HostTally, type TallyOwner } from "./host_tally.ts";
import { successThreshold } from "./success_rate.ts";

const CAUSE_TEXT: Readonly<Record<EjectionCause, string>> = {
  consecutive5xx: "5xx in a row",
  consecutiveGatewayErrors: "gateway errors in a row",
  consecutiveLocalFailures: "failures to connect or to answer in a row",
  successRate: "its success rate is far below the others'",
  failureShare: "too large a share of its attempts fail",
};

export interface OutlierEnv {
  readonly now: () => number;
  readonly link: LinkEnv;
  readonly log: EventLog;
  readonly metrics: ClusterMetrics;
  readonly cluster: string;
  readonly states: HostStates;
}

/**
 * Leaves hosts of one cluster out for a while that answer badly, by Envoy's rules. It looks at nothing while nothing happens: the
 * interval begins with the first attempt in it.
 *
 *   taken in ──run of failures, or an interval's figures──▶ ejected ──base × times, at most the longest──▶ taken in
 */
export class OutlierDetector extends Timed implements TallyOwner {
  readonly #env: OutlierEnv;
  /** null: off. */
  #spec: OutlierSpec | null = null;
  #hosts: readonly Host[] = [];
  /** Empty while it is off. */
  readonly #tallies = new Map<Host, HostTally>();
  #ejected = 0;
  #intervalEnds = Number.POSITIVE_INFINITY;

  constructor(env: OutlierEnv) {
    super();
    this.#env = env;
  }

  /** What is ejected stays so for its time, unless detection ends. */
  become(spec: OutlierSpec | null): void {
    this.#spec = spec;
    if (spec !== null) {
      this.#watch();
      return;
    }
    for (const t of this.#tallies.values()) {
      t.host.outcome = null;
      if (t.ejectedUntil !== 0) this.#letBack(t);
    }
    this.#tallies.clear();
    this.#intervalEnds = Number.POSITIVE_INFINITY;
    this.#env.link.wheel.remove(this);
  }

  setHosts(hosts: readonly Host[], gone: readonly Host[]): void {
    for (const h of gone) {
      const t = this.#tallies.get(h);
      if (t === undefined) continue;
      this.#tallies.delete(h);
      h.outcome = null;
      if (t.ejectedUntil !== 0) this.#count(-1);
    }
    this.#hosts = hosts;
    if (this.#spec !== null) this.#watch();
  }

  close(): void {
    this.#env.link.wheel.remove(this);
    for (const t of this.#tallies.values()) t.host.outcome = null;
    this.#count(-this.#ejected);
    this.#tallies.clear();
  }

  #watch(): void {
    for (const h of this.#hosts) {
      if (this.#tallies.has(h)) continue;
      const t = new HostTally(h, this);
      this.#tallies.set(h, t);
      h.outcome = t.tell;
    }
  }

  onFirst(): void {
    if (this.#intervalEnds !== Number.POSITIVE_INFINITY) return;
    this.#intervalEnds = this.#env.now() + this.#spec!.intervalMs;
    this.#schedule();
  }

  onFailure(t: HostTally): void {
    const s = this.#spec!;
    if (s.consecutive5xx > 0 && t.consecutive5xx >= s.consecutive5xx) this.#eject(t, "consecutive5xx");
    else if (s.consecutiveGatewayErrors > 0 && t.consecutiveGateway >= s.consecutiveGatewayErrors)
      this.#eject(t, "consecutiveGatewayErrors");
    else if (s.consecutiveLocalFailures > 0 && t.consecutiveLocal >= s.consecutiveLocalFailures)
      this.#eject(t, "consecutiveLocalFailures");
  }

  onDue(now: number): void {
    const { flusher } = this.#env.link;
    flusher.enter();
    try {
      for (const t of this.#tallies.values()) if (t.ejectedUntil !== 0 && t.ejectedUntil <= now) this.#letBack(t);
      if (now >= this.#intervalEnds) this.#endInterval(now);
      this.#schedule();
    } finally {
      flusher.leave();
    }
  }

  #endInterval(now: number): void {
    const spec = this.#spec!;
    this.#byShares(spec);
    let busy = false;
    for (const t of this.#tallies.values()) {
      // A host that stayed all the while is forgiven one of its ejections.
      if (t.ejectedUntil === 0 && !t.cameBack && t.times > 0) t.times--;
      t.cameBack = false;
      busy ||= t.total > 0 || t.times > 0;
      t.clearInterval();
    }
    this.#intervalEnds = busy ? now + spec.intervalMs : Number.POSITIVE_INFINITY;
  }

  #byShares({ successRate, failureShare }: OutlierSpec): void {
    const taken = [...this.#tallies.values()].filter((t) => t.ejectedUntil === 0);
    if (successRate !== null) {
      const judged = judgedOf(taken, successRate);
      const threshold = successThreshold(judged, successRate.stdevFactor);
      for (const { tally, successes } of judged) if (successes < threshold) this.#eject(tally, "successRate");
    }
    if (failureShare !== null) {
      for (const { tally, successes } of judgedOf(taken, failureShare)) {
        if (tally.ejectedUntil === 0 && 1 - successes >= failureShare.threshold) this.#eject(tally, "failureShare");
      }
    }
  }

  #eject(t: HostTally, cause: EjectionCause): void {
    const { now, metrics, log, cluster, states } = this.#env;
    const { baseEjectionMs, maxEjectionMs, maxEjectedShare } = this.#spec!;
    t.clearRuns();
    const hosts = this.#tallies.size;
    // Without its only host a cluster serves nobody better.
    if (hosts === 1 || (this.#ejected > 0 && (this.#ejected + 1) / hosts > maxEjectedShare)) {
      metrics.ejectionsCapped.add(1);
      return;
    }
    t.times++;
    const ms = Math.min(baseEjectionMs * t.times, maxEjectionMs);
    t.ejectedUntil = now() + ms;
    this.#count(1);
    metrics.ejections.add(EJECTION_CAUSES.indexOf(cause), 1);
    log.log("warning", "host is ejected", { cluster, host: t.host.label, cause, ms, times: t.times });
    states.eject(t.host, `${CAUSE_TEXT[cause]}, ejected for ${ms / 1000} s`);
    this.#schedule();
  }

  #letBack(t: HostTally): void {
    const { log, cluster, states } = this.#env;
    t.ejectedUntil = 0;
    t.cameBack = true;
    t.clearRuns();
    t.clearInterval();
    this.#count(-1);
    log.log("info", "host is let back", { cluster, host: t.host.label });
    states.eject(t.host, null);
  }

  #count(n: number): void {
    this.#ejected += n;
    this.#env.metrics.ejectionsActive.add(n);
  }

  #schedule(): void {
    let at = this.#intervalEnds;
    for (const t of this.#tallies.values()) if (t.ejectedUntil !== 0 && t.ejectedUntil < at) at = t.ejectedUntil;
    this.#env.link.wheel.schedule(this, at);
  }
}

interface Judged {
  readonly tally: HostTally;
  readonly successes: number;
}

/** Hosts with requests enough to say something; none where they are too few. */
function judgedOf(
  tallies: readonly HostTally[],
  { minHosts, minRequests }: { readonly minHosts: number; readonly minRequests: number },
): readonly Judged[] {
  const judged = tallies
    .filter((t) => t.total > 0 && t.total >= minRequests)
    .map((tally) => ({ tally, successes: tally.successes / tally.total }));
  return judged.length < minHosts ? [] : judged;
}
