import { REMEMBERED } from "./limits.ts";
import type { H2Stream } from "./stream.ts";

/** How a stream that is gone ended, as far as it matters for frames that come behind its end. */
export const UNKNOWN = 0;
/** By both sides' END_STREAM, or by the peer's RST_STREAM: whatever else the peer sends on it is its fault. */
export const ENDED = 1;
/** By our RST_STREAM: the peer may not have seen it yet (RFC 9113 5.1). */
export const RESET_BY_US = 2;

/** The streams of a connection by their ids, and a memory of the last that have ended. */
export class StreamTable {
  readonly #byId: Map<number, H2Stream> = new Map();
  /** Frames of one stream come in a row. */
  #last: H2Stream | null = null;
  /** A ring; the id of one that we have reset is below 0. A connection that never ended a stream has none. */
  #ended: Int32Array | null = null;
  #at = 0;

  get size(): number {
    return this.#byId.size;
  }

  add(s: H2Stream): void {
    this.#byId.set(s.id, s);
    this.#last = s;
  }

  find(id: number): H2Stream | null {
    const last = this.#last;
    if (last !== null && last.id === id) return last;
    const s = this.#byId.get(id) ?? null;
    if (s !== null) this.#last = s;
    return s;
  }

  remove(s: H2Stream): void {
    this.#byId.delete(s.id);
    if (this.#last === s) this.#last = null;
  }

  all(): Iterable<H2Stream> {
    return this.#byId.values();
  }

  remember(id: number, resetByUs: boolean): void {
    this.#ended ??= new Int32Array(REMEMBERED);
    const ended = this.#ended;
    ended[this.#at] = resetByUs ? -id : id;
    this.#at = (this.#at + 1) % REMEMBERED;
  }

  /** Looked at only when a frame comes on a stream that has ended. */
  howEnded(id: number): number {
    const ended = this.#ended;
    if (ended === null) return UNKNOWN;
    for (let i = 0; i < REMEMBERED; i++) {
      if (ended[i] === id) return ENDED;
      if (ended[i] === -id) return RESET_BY_US;
    }
    return UNKNOWN;
  }
}
