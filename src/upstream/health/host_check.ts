import { Timed } from "../../base/timer_wheel.ts";
import type { HealthCheckSpec } from "../../config/traffic_model.ts";
import type { Flusher } from "../../wire/flusher.ts";
import type { LinkEnv } from "../../wire/link.ts";
import { CheckTally } from "./check_tally.ts";
import type { CheckResult, Probe, ProbeOwner } from "./probe.ts";

/** What hears of one host's checks. */
export interface CheckWatcher {
  /** After each check; `changed`: the host is thought of otherwise now. */
  onChecked(check: HostCheck, result: CheckResult, why: string, changed: boolean): void;
}

export interface HostCheckEnv {
  readonly link: LinkEnv;
  readonly spec: HealthCheckSpec;
  /** 0 to below 1. */
  readonly random: () => number;
  readonly watcher: CheckWatcher;
}

/**
 * The checks of one host, in time: one entry in the wheel, whatever it waits for.
 *
 *   waiting ──due──▶ asking ──result──▶ waiting (a longer or a shorter while, by what is thought of the host)
 *                       └─────timeout────▶ waiting
 */
export class HostCheck extends Timed implements ProbeOwner {
  readonly key: string;
  readonly tally: CheckTally;
  readonly #env: HostCheckEnv;
  readonly #probe: Probe;
  #asking = false;
  #checks = 0;
  #closed = false;

  /** `healthy`: what was known of the host before; null: nothing. */
  constructor(env: HostCheckEnv, key: string, healthy: boolean | null, probe: (owner: ProbeOwner) => Probe) {
    super();
    this.#env = env;
    this.key = key;
    this.tally = new CheckTally(healthy);
    this.#probe = probe(this);
  }

  get #flusher(): Flusher {
    return this.#env.link.flusher;
  }

  /** The first check begins at `at`, milliseconds of the wheel's clock. */
  start(at: number): void {
    this.#env.link.wheel.schedule(this, at);
  }

  close(): void {
    this.#closed = true;
    this.#env.link.wheel.remove(this);
    this.#probe.close();
  }

  onDue(now: number): void {
    const flusher = this.#flusher;
    flusher.enter();
    try {
      if (this.#asking) {
        this.#probe.cancel();
        this.#take("timeout", `no answer within ${this.#env.spec.timeoutMs} ms`, now);
        return;
      }
      this.#asking = true;
      this.#env.link.wheel.schedule(this, now + this.#env.spec.timeoutMs);
      this.#probe.start();
    } finally {
      flusher.leave();
    }
  }

  onResult(result: CheckResult, why: string): void {
    const flusher = this.#flusher;
    flusher.enter();
    try {
      if (this.#asking) this.#take(result, why, flusher.now);
    } finally {
      flusher.leave();
    }
  }

  #take(result: CheckResult, why: string, now: number): void {
    this.#asking = false;
    if (this.#closed) return;
    const { spec, watcher, link } = this.#env;
    const changed = result !== "skipped" && this.tally.take(result === "passed", spec);
    link.wheel.schedule(this, now + this.#wait());
    watcher.onChecked(this, result, why, changed);
  }

  /** The second check comes somewhere in the first interval, so that hosts that came together are not asked together for ever. */
  #wait(): number {
    const { spec, random } = this.#env;
    const healthy = this.tally.healthy === true;
    const ms = healthy ? spec.intervalMs : spec.unhealthyIntervalMs;
    if (this.#checks++ === 0 && healthy) return ms * random();
    return ms * (1 + spec.jitter * random());
  }
}
