import type { ProxyError } from "../base/error.ts";
import { acceptFault } from "./system_fault.ts";
import type { Address } from "./types.ts";

/** The least time between two notices of one listener, in milliseconds. */
const PACE_MS = 100;

/** Tells a listener's owner that connections are shed, at a pace that a flood of them can't set. */
export class ShedNotice {
  readonly #at: Address;
  readonly #tell: ((e: ProxyError) => void) | undefined;
  #next = Number.NEGATIVE_INFINITY;

  constructor(at: Address, tell: ((e: ProxyError) => void) | undefined) {
    this.#at = at;
    this.#tell = tell;
  }

  /** A connection was shed at `now`, in milliseconds of a monotonic clock. */
  shed(now: number = performance.now()): void {
    if (this.#tell === undefined || now < this.#next) return;
    this.#next = now + PACE_MS;
    this.#tell(acceptFault(this.#at, OUT_OF_DESCRIPTORS));
  }
}

/** What the system would have said. */
export const OUT_OF_DESCRIPTORS: { readonly code: "EMFILE" } = { code: "EMFILE" };
