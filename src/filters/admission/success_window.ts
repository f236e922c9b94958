/** Steps in which old outcomes leave the window. */
const STEPS = 30;
/** A rate is told of no shorter time: of the first requests alone it would say nothing. */
const LEAST_MS = 1_000;

/** Requests of the last while and how many of them succeeded, in a ring of counts: an outcome costs the same whatever the rate. */
export class SuccessWindow {
  requests = 0;
  successes = 0;
  readonly #ms: number;
  readonly #stepMs: number;
  readonly #requests = new Float64Array(STEPS);
  readonly #successes = new Float64Array(STEPS);
  /** Number of the step that is being filled, since the clock's zero; -1: nothing has come yet. */
  #step = -1;
  /** When the first outcome came after the window had been empty. */
  #since = 0;

  constructor(ms: number) {
    this.#ms = ms;
    this.#stepMs = ms / STEPS;
  }

  /** `now` in milliseconds, on a clock that does not go back. */
  record(success: boolean, now: number): void {
    this.forget(now);
    if (this.requests === 0) this.#since = now;
    const i = this.#step % STEPS;
    this.#requests[i]!++;
    this.requests++;
    if (!success) return;
    this.#successes[i]!++;
    this.successes++;
  }

  /** Requests a second. */
  rate(now: number): number {
    this.forget(now);
    return (this.requests * 1000) / Math.min(this.#ms, Math.max(LEAST_MS, now - this.#since));
  }

  /** Lets go of what is older than the window. */
  forget(now: number): void {
    const step = Math.floor(now / this.#stepMs);
    const before = this.#step;
    if (step === before) return;
    this.#step = step;
    for (let s = Math.max(before + 1, step - STEPS + 1); s <= step; s++) {
      const i = s % STEPS;
      this.requests -= this.#requests[i]!;
      this.successes -= this.#successes[i]!;
      this.#requests[i] = 0;
      this.#successes[i] = 0;
    }
  }
}
