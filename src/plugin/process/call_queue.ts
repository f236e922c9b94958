import type { PluginCall } from "./plugin_call.ts";
import type { PoolProcess } from "./pool_process.ts";

/** Calls that wait for a process that may take one more, in their order. */
export class CallQueue {
  readonly #waiting = new Set<PluginCall>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** False: it is full. */
  push(c: PluginCall): boolean {
    if (this.#waiting.size >= this.#limit) return false;
    this.#waiting.add(c);
    return true;
  }

  /** False: it does not wait here. */
  remove(c: PluginCall): boolean {
    return this.#waiting.delete(c);
  }

  /**
   * Sends the oldest, as long as there is room. A call that has a process of its own waits for that one, and holds up no other; one whose
   * time is over at `now` is left to its deadline.
   */
  drain(now: number, roomFor: (c: PluginCall) => PoolProcess | null, send: (c: PluginCall, p: PoolProcess) => void): void {
    for (const c of this.#waiting) {
      if (c.at <= now) continue;
      const p = roomFor(c);
      if (p === null) {
        if (c.seat.process === null) return;
        continue;
      }
      this.#waiting.delete(c);
      send(c, p);
    }
  }

  /** Takes out those for which `which` says so. */
  take(which: (c: PluginCall) => boolean): readonly PluginCall[] {
    const taken = [...this.#waiting].filter(which);
    for (const c of taken) this.#waiting.delete(c);
    return taken;
  }
}
