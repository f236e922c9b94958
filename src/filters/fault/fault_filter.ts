import type { Filter, FilterExchange, Maybe, Reply } from "../../filter/types.ts";
import type { Timer } from "../../platform/types.ts";
import { DELAY_FLAG } from "../../telemetry/response_flags.ts";
import type { FaultFactory } from "./fault_factory.ts";

/** One request that meets a fault: it is held back, then answered or let through. */
export class FaultFilter implements Filter {
  readonly #faults: FaultFactory;
  readonly #delayMs: number;
  readonly #aborts: boolean;
  /** Not null: it is held back. */
  #timer: Timer | null = null;

  constructor(faults: FaultFactory, delayMs: number, aborts: boolean) {
    this.#faults = faults;
    this.#delayMs = delayMs;
    this.#aborts = aborts;
  }

  onRequest(x: FilterExchange): Maybe<Reply | null> {
    if (this.#delayMs === 0) return this.#outcome(x);
    const faults = this.#faults;
    x.mark(DELAY_FLAG);
    faults.active++;
    return new Promise((resolve) => {
      this.#timer = faults.env.setTimer(this.#delayMs, () => {
        this.#letGo();
        resolve(this.#outcome(x));
      });
    });
  }

  /** Nobody waits any more: the client went away, or its time was over. */
  onDone(): void {
    this.#timer?.cancel();
    if (this.#timer !== null) this.#letGo();
  }

  #letGo(): void {
    this.#timer = null;
    this.#faults.active--;
  }

  #outcome(x: FilterExchange): Reply | null {
    return this.#aborts ? this.#faults.reply(x) : null;
  }
}
