import type { RateSpec } from "../../config/model.ts";
import type { ConnectionRate } from "./connection_counts.ts";

/**
 * A token bucket of all processes in one word, as the generic cell rate algorithm has it (ITU-T I.371): the time at which the bucket is
 * full again, in nanoseconds. A token moves it on by what a token takes to come. Whoever changes the word first has the token; the others look again.
 */
export class SharedRate implements ConnectionRate {
  readonly #times: BigInt64Array;
  readonly #at: number;
  readonly #token: bigint;
  readonly #burst: bigint;
  readonly #micros: () => number;

  constructor(times: BigInt64Array, at: number, { perSecond, burst }: RateSpec, micros: () => number) {
    this.#times = times;
    this.#at = at;
    this.#token = BigInt(Math.round(1e9 / perSecond));
    this.#burst = this.#token * BigInt(burst);
    this.#micros = micros;
  }

  admits(): boolean {
    const now = BigInt(this.#micros()) * 1000n;
    for (let seen = Atomics.load(this.#times, this.#at); ; ) {
      const lacks = seen - now;
      // More than a whole bucket can't be lacking: it is of a rate that was in force before.
      const full = lacks > 0n && lacks <= this.#burst ? seen : now;
      const next = full + this.#token;
      if (next - now > this.#burst) return false;
      const found = Atomics.compareExchange(this.#times, this.#at, seen, next);
      if (found === seen) return true;
      seen = found;
    }
  }

  /** It is the listener's, whoever looks at it. */
  follow(): void {}
}
