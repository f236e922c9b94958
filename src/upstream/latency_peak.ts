/** What an attempt that failed counts as, unless it took longer: a host that refuses at once must not look like the fastest. */
export const FAILURE_MS = 1_000;

/**
 * How long a host's replies take, with a memory for the worst: a reply that took longer than the value sets it at once, others draw it
 * down as an exponentially weighted mean (Finagle's peak EWMA). Without replies it decays too, so that a host that was slow is tried again.
 */
export class LatencyPeak {
  /** Time in which what is remembered falls to 1/e: milliseconds. */
  decayMs: number;
  #value = 0;
  #at = Number.NEGATIVE_INFINITY;

  constructor(decayMs: number) {
    this.decayMs = decayMs;
  }

  /** Whether anything has been observed. */
  get known(): boolean {
    return this.#at !== Number.NEGATIVE_INFINITY;
  }

  /** A reply's head came after `ms`; `now`: milliseconds of the platform's clock. */
  observe(ms: number, now: number): void {
    const before = this.valueAt(now);
    if (ms >= before) this.#value = ms;
    else {
      const kept = Math.exp((this.#at - now) / this.decayMs);
      this.#value = this.#value * kept + ms * (1 - kept);
    }
    if (now > this.#at) this.#at = now;
  }

  /** An attempt failed after `ms`. */
  fail(ms: number, now: number): void {
    this.observe(Math.max(ms, FAILURE_MS), now);
  }

  /** Milliseconds; 0 when nothing is known. */
  valueAt(now: number): number {
    return this.#value === 0 ? 0 : this.#value * Math.exp((this.#at - now) / this.decayMs);
  }
}
