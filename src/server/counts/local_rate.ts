import type { RateSpec } from "../../config/model.ts";
import type { ConnectionRate } from "./connection_counts.ts";

/** A token bucket of this process's own. */
export class LocalRate implements ConnectionRate {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at = 0;

  constructor({ perSecond, burst }: RateSpec) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
  }

  admits(now: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  follow(before: ConnectionRate): void {
    if (!(before instanceof LocalRate) || before.#perMs !== this.#perMs || before.#burst !== this.#burst) return;
    this.#tokens = before.#tokens;
    this.#at = before.#at;
  }
}
