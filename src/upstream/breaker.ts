import { localFault, type ProxyError } from "../base/error.ts";
import type { BreakerSpec } from "../config/traffic_model.ts";
import { BREAKER_LIMITS, type BreakerLimit, type LimitGauges, type Priority } from "../telemetry/breaker_metrics.ts";
import type { ClusterMetrics } from "../telemetry/metrics.ts";

/** How many there are of something, and how many there may be. Without a limit it still counts: a config may bring one at any time. */
export class Limit {
  used = 0;
  #max = Number.POSITIVE_INFINITY;
  /** null: there is no limit to tell of. */
  #gauges: LimitGauges | null = null;

  get full(): boolean {
    return this.used >= this.#max;
  }

  take(): void {
    this.used++;
    if (this.#gauges !== null) this.#gauges.tell(this.#max - this.used);
  }

  give(): void {
    this.used--;
    if (this.#gauges !== null) this.#gauges.tell(this.#max - this.used);
  }

  become(max: number, gauges: LimitGauges | null): void {
    this.#max = max;
    this.#gauges = gauges;
    gauges?.tell(max - this.used);
  }
}

const TEXTS: Readonly<Record<BreakerLimit, string>> = {
  connections: "the cluster has as many connections as it may have",
  pending: "as many requests wait for a connection of the cluster as may wait",
  requests: "the cluster has as many requests as it may have",
  retries: "the cluster has as many retries as it may have",
};

/** One for each limit: what is refused is refused often. */
const REFUSALS: Readonly<Record<BreakerLimit, ProxyError>> = {
  connections: localFault("overflow", 503, TEXTS.connections),
  pending: localFault("overflow", 503, TEXTS.pending),
  requests: localFault("overflow", 503, TEXTS.requests),
  retries: localFault("overflow", 503, TEXTS.retries),
};

/** What requests of one priority may take of a cluster at once, and what they have taken. */
export class Breaker {
  /** Open or being opened, those of tunnels and sessions among them. */
  readonly connections = new Limit();
  /** Requests that wait for a connection, but for the one that each dial was begun for. */
  readonly pending = new Limit();
  /** Attempts in flight, those that wait among them. */
  readonly requests = new Limit();
  readonly retries: RetryBudget;
  readonly #metrics: ClusterMetrics;
  readonly #priority: Priority;
  readonly #told = new Set<BreakerLimit>();

  constructor(metrics: ClusterMetrics, priority: Priority) {
    this.#metrics = metrics;
    this.#priority = priority;
    this.retries = new RetryBudget(this.requests, () => metrics.breaker(priority).gauges("retries"));
  }

  become(spec: BreakerSpec): void {
    this.connections.become(spec.connections, this.#gauges("connections", spec.connections));
    this.pending.become(spec.pending, this.#gauges("pending", spec.pending));
    this.requests.become(spec.requests, this.#gauges("requests", spec.requests));
    this.retries.become(spec.retries);
  }

  /** Counts that a limit was reached. Returns what whoever wanted more is told. */
  refuse(limit: BreakerLimit): ProxyError {
    this.#metrics.breaker(this.#priority).overflows.add(BREAKER_LIMITS.indexOf(limit), 1);
    return REFUSALS[limit];
  }

  #gauges(limit: BreakerLimit, max: number): LimitGauges | null {
    if (max !== Number.POSITIVE_INFINITY) {
      this.#told.add(limit);
      return this.#metrics.breaker(this.#priority).gauges(limit);
    }
    if (this.#told.delete(limit)) this.#metrics.breaker(this.#priority).forget(limit);
    return null;
  }
}

/**
 * Retries at once, those that wait for their turn among them: a share of what is in flight, so that retries stay few beside the requests
 * whatever the load, and a floor, so that they are possible where little is. Without it a cluster that fails gets its load several times.
 */
export class RetryBudget {
  used = 0;
  #share = 1;
  #floor = Number.POSITIVE_INFINITY;
  readonly #requests: Limit;
  /** Asked for with the first retry. */
  readonly #makeGauges: () => LimitGauges;
  #gauges: LimitGauges | null = null;

  constructor(requests: Limit, gauges: () => LimitGauges) {
    this.#requests = requests;
    this.#makeGauges = gauges;
  }

  get full(): boolean {
    return this.used >= this.#max;
  }

  take(): void {
    this.used++;
    this.#tell();
  }

  give(): void {
    this.used--;
    this.#tell();
  }

  become({ share, floor }: BreakerSpec["retries"]): void {
    this.#share = share;
    this.#floor = floor;
  }

  get #max(): number {
    return Math.max(this.#floor, Math.floor(this.#share * this.#requests.used));
  }

  #tell(): void {
    if (this.#floor === Number.POSITIVE_INFINITY) return;
    this.#gauges ??= this.#makeGauges();
    this.#gauges.tell(this.#max - this.used);
  }
}
