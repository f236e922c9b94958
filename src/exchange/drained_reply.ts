import { localFault } from "../base/error.ts";
import { Timed } from "../base/timer_wheel.ts";
import type { StreamLease } from "../upstream/types.ts";
import type { LinkEnv } from "../wire/link.ts";

/** What is read of an unwanted reply to keep its connection: more costs more than a new connection does. */
const DRAIN_BYTES = 64 * 1024;
const DRAIN_MS = 1_000;
const UNWANTED = localFault("internal", 0, "the reply is not wanted");

/** The rest of a reply that nobody gets: read to its end where that is near, and otherwise reset. */
export class DrainedReply extends Timed {
  readonly #lease: StreamLease;
  readonly #link: LinkEnv;
  #left = DRAIN_BYTES;
  #over = false;

  constructor(lease: StreamLease, link: LinkEnv) {
    super();
    this.#lease = lease;
    this.#link = link;
    // A stream of many is cheap to reset, and the others get its room.
    if (lease.multiplexed) this.#reset();
    else link.wheel.schedule(this, link.flusher.now + DRAIN_MS);
  }

  data(bytes: number, end: boolean): void {
    this.#left -= bytes;
    if (end) this.ended();
    else if (this.#left < 0) this.#reset();
    else if (!this.#over) {
      this.#lease.writer.credit(bytes);
      this.#lease.wake();
    }
  }

  /** Its stream is over. */
  ended(): void {
    this.#over = true;
    this.#link.wheel.remove(this);
  }

  onDue(): void {
    const { flusher } = this.#link;
    flusher.enter();
    this.#reset();
    flusher.leave();
  }

  #reset(): void {
    if (this.#over) return;
    this.ended();
    this.#lease.writer.reset(UNWANTED);
    this.#lease.wake();
  }
}
