import type { DescriptorBudget } from "./descriptor_budget.ts";

/** What a listening handle of Deno is asked for here; a listener never reads, but is looked at again when told to. */
interface Wakeable {
  onread: unknown;
  readStart(): number;
  readStop(): number;
}

/** The time between two looks while connections are shed, in milliseconds. */
const RETRY_MS = 100;

/**
 * Deno accepts all that wait before it tells of the first, and once that fails for want of a descriptor it waits for
 * the next one to come: who is in the queue by then is forgotten. So the handle is woken until there is room again.
 */
export class AcceptRetry {
  readonly #server: Wakeable;
  readonly #budget: DescriptorBudget;
  #waiting = false;
  #shed = false;

  /** `server`: the listening handle. */
  constructor(server: object, budget: DescriptorBudget) {
    this.#server = server as Wakeable;
    this.#budget = budget;
  }

  /** A connection was shed. */
  shed(): void {
    this.#shed = true;
    this.accepted();
  }

  /** A connection was accepted: the runtime may have run out of descriptors behind it without a word, so one more look follows. */
  accepted(): void {
    if (this.#waiting || typeof this.#server.readStart !== "function") return;
    this.#waiting = true;
    setTimeout(() => this.#look(), RETRY_MS).unref();
  }

  #look(): void {
    this.#waiting = false;
    const again = this.#shed || !this.#budget.roomForAccept();
    this.#shed = false;
    this.#server.onread = ignore;
    this.#server.readStart();
    this.#server.readStop();
    if (!again) return;
    this.shed();
    this.#shed = false;
  }
}

function ignore(): void {}
