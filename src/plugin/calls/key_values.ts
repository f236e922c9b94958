import type { Timer } from "../../platform/types.ts";

interface Kept {
  readonly value: unknown;
  /** Infinity: it stays. */
  readonly until: number;
  readonly bytes: number;
}

/** Bytes of all keys and values of one plugin. */
const ALL_BYTES = 16 * 1024 * 1024;
export const KEY_BYTES = 1024;
export const VALUE_BYTES = 64 * 1024;
const SWEEP_MS = 10_000;

/** What a plugin keeps in Weir, shared by its processes. */
export class KeyValues {
  readonly #now: () => number;
  readonly #setTimer: (ms: number, f: () => void) => Timer;
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;
  #sweep: Timer | null = null;

  constructor(now: () => number, setTimer: (ms: number, f: () => void) => Timer) {
    this.#now = now;
    this.#setTimer = setTimer;
  }

  get(key: string): unknown {
    const found = this.#kept.get(key);
    if (found === undefined) return null;
    if (found.until > this.#now()) return found.value;
    this.delete(key);
    return null;
  }

  /** False: there is no room. `ttlMs`: Infinity: it stays. */
  set(key: string, value: unknown, ttlMs: number): boolean {
    const bytes = key.length + JSON.stringify(value).length;
    if (this.#bytes - (this.#kept.get(key)?.bytes ?? 0) + bytes > ALL_BYTES) return false;
    this.delete(key);
    this.#kept.set(key, { value, until: this.#now() + ttlMs, bytes });
    this.#bytes += bytes;
    if (ttlMs !== Number.POSITIVE_INFINITY) this.#sweepSoon();
    return true;
  }

  delete(key: string): boolean {
    const found = this.#kept.get(key);
    if (found === undefined) return false;
    this.#kept.delete(key);
    this.#bytes -= found.bytes;
    return true;
  }

  /** Adds to a number; its time is set when it is made. Null: what is there is no number, or there is no room. */
  add(key: string, by: number, ttlMs: number): number | null {
    const before = this.get(key);
    if (before !== null && typeof before !== "number") return null;
    const value = (before ?? 0) + by;
    const found = this.#kept.get(key);
    const left = found === undefined ? ttlMs : found.until - this.#now();
    return this.set(key, value, left) ? value : null;
  }

  close(): void {
    this.#sweep?.cancel();
  }

  #sweepSoon(): void {
    if (this.#sweep !== null) return;
    this.#sweep = this.#setTimer(SWEEP_MS, () => {
      this.#sweep = null;
      const now = this.#now();
      let more = false;
      for (const [key, { until }] of this.#kept) {
        if (until <= now) this.delete(key);
        else if (until !== Number.POSITIVE_INFINITY) more = true;
      }
      if (more) this.#sweepSoon();
    });
  }
}
