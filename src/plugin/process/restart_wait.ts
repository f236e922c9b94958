import type { PluginRestartSpec } from "../../config/plugin_model.ts";

/** How long is waited before a process that ended is started again: longer each time, until one has served for a while. */
export class RestartWait {
  readonly #spec: PluginRestartSpec;
  readonly #random: () => number;
  /** When the last ends were, within the window. */
  #ends: number[] = [];

  constructor(spec: PluginRestartSpec, random: () => number) {
    this.#spec = spec;
    this.#random = random;
  }

  /** A process ended at `now` (milliseconds). Returns what is waited: half of it at least, the rest by chance. */
  ended(now: number): number {
    const { baseMs, maxMs, windowMs } = this.#spec;
    this.#ends = [...this.#ends.filter((at) => now - at < windowMs), now];
    const full = this.isOpen(now) ? maxMs : Math.min(maxMs, baseMs * 2 ** (this.#ends.length - 1));
    return full * (0.5 + this.#random() / 2);
  }

  /** Whether so many have ended lately that another try is hopeless for now. */
  isOpen(now: number): boolean {
    const { crashes, windowMs } = this.#spec;
    return this.#ends.filter((at) => now - at < windowMs).length >= crashes;
  }
}
