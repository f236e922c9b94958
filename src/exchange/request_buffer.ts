import { BIG_CHUNK } from "../base/sole_view.ts";
import type { Fields } from "../http/fields.ts";

/** What a piece costs beside its bytes; a body in pieces of one byte must be bounded too. */
const PIECE_COST = 256;
/** A piece that is a smaller part of the memory below it is copied: what is kept must not keep more than it says. */
const PART_OF_MEMORY = 4;

/** Never added to. */
const NO_PARTS: Uint8Array[] = [];

/**
 * A request's body as far as it has come, for another attempt: all that was not sent yet, and what was sent while it is no longer than the
 * bound. Memory is at most twice that, and what the client's window lets through before anything is sent.
 */
export class RequestBuffer {
  readonly limit: number;
  parts: Uint8Array[] = NO_PARTS;
  trailers: Fields | null = null;
  /** Something was sent that is not here any more: there can be no other attempt. */
  lost = false;
  #bytes = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** A piece that can't be sent yet. */
  hold(b: Uint8Array): void {
    if (b.length === 0) return;
    this.#bytes += b.length;
    this.#push(owned(b));
  }

  /** A piece that is being sent. Returns what to send: the memory below a kept piece must not be freed with it. */
  keep(b: Uint8Array): Uint8Array {
    if (this.lost || b.length === 0) return b;
    this.#bytes += b.length;
    if (this.#isLong) {
      this.forget();
      return b;
    }
    const kept = owned(b);
    this.#push(kept);
    return kept === b ? sent(b) : b;
  }

  /** All that is here is being sent. */
  settle(): void {
    if (this.#isLong) this.forget();
  }

  forget(): void {
    this.lost = true;
    this.parts = NO_PARTS;
  }

  #push(b: Uint8Array): void {
    if (this.parts === NO_PARTS) this.parts = [b];
    else this.parts.push(b);
  }

  get #isLong(): boolean {
    return this.#bytes > this.limit || this.#bytes + this.parts.length * PIECE_COST > 2 * this.limit + PIECE_COST;
  }
}

/** A view of a kept piece that whoever sends it may not free. */
export function sent(b: Uint8Array): Uint8Array {
  return b.length < BIG_CHUNK ? b : b.subarray(0);
}

function owned(b: Uint8Array): Uint8Array {
  return b.length * PART_OF_MEMORY < b.buffer.byteLength ? b.slice() : b;
}
