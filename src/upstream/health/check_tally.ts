/** How many answers of the other kind in a row change what is thought of a host. Both at least 1. */
export interface Thresholds {
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

/** What is thought of one host, by the answers to its checks. The first answer decides alone. */
export class CheckTally {
  /** null: there was no answer yet. */
  healthy: boolean | null;
  #against = 0;

  constructor(healthy: boolean | null) {
    this.healthy = healthy;
  }

  /** Whether this answer changes what is thought. */
  take(ok: boolean, { healthyThreshold, unhealthyThreshold }: Thresholds): boolean {
    if (ok === this.healthy) {
      this.#against = 0;
      return false;
    }
    const needed = this.healthy === null ? 1 : ok ? healthyThreshold : unhealthyThreshold;
    if (++this.#against < needed) return false;
    this.healthy = ok;
    this.#against = 0;
    return true;
  }
}
