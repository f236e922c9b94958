/** Messages that nobody asked for, a second, after a burst of as many: beyond that a process is ended, for it takes the time of requests. */
const STRAY_PER_SECOND = 20_000;

export const TOO_MANY_STRAY = `it sends more than ${STRAY_PER_SECOND} messages a second that nobody asked for`;

/** How many messages that nobody asked for a process may send. */
export class StrayLimit {
  readonly #now: () => number;
  #left = STRAY_PER_SECOND;
  #at: number;

  /** `now`: milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
    this.#at = now();
  }

  /** Whether there is room for one more. */
  take(): boolean {
    const now = this.#now();
    this.#left = Math.min(STRAY_PER_SECOND, this.#left + ((now - this.#at) * STRAY_PER_SECOND) / 1000);
    this.#at = now;
    return this.#left-- >= 1;
  }
}
