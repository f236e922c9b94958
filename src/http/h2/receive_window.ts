import { CONNECTION_WINDOW, HELD_FREELY } from "./limits.ts";

/**
 * The connection's receive window (RFC 9113 6.9.1). It is given back as bytes come in, so that a stream whose reader is slow takes nothing
 * from the others; only what readers hold beyond `HELD_FREELY` narrows it, so that memory stays bounded.
 */
export class ReceiveWindow {
  /** Bytes that the peer may send. */
  available = CONNECTION_WINDOW;
  /** Handed to readers, or kept for them, and not yet credited. */
  #held = 0;

  get held(): number {
    return this.#held;
  }

  /** Whether a frame of `length` bytes is within the window; it is counted. */
  take(length: number): boolean {
    if (length > this.available) return false;
    this.available -= length;
    return true;
  }

  /** Bytes that a reader holds from now on; below 0: that it has credited or dropped. */
  hold(bytes: number): void {
    this.#held += bytes;
  }

  /** The increment that is to be sent now (RFC 9113 6.9), 0: none yet, as a frame for it would not be worth it. */
  grant(): number {
    const wanted = CONNECTION_WINDOW - Math.max(0, this.#held - HELD_FREELY);
    const due = wanted - this.available;
    if (due < LEAST_GRANT || due < wanted / 2) return 0;
    this.available += due;
    return due;
  }
}

const LEAST_GRANT = 16 * 1024;
