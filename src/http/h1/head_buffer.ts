import { NO_BYTES } from "../../base/bytes.ts";
import { BIG_CHUNK } from "../../base/sole_view.ts";

/**
 * Whether a big chunk holds a head that ends a gathering or begins with it, and nothing before: with the head copied out, the body behind it
 * is then the only view of the chunk's memory.
 */
export function isOwnMemory(chunk: Uint8Array, from: number): boolean {
  return from === 0 && chunk.byteOffset === 0 && chunk.length >= BIG_CHUNK;
}

const FIRST_BYTES = 1024;

/**
 * The bytes of a section that is not complete yet. While one chunk holds all of it, that chunk is used as it is; a section in several
 * chunks is gathered in memory of its own, at most `limit` bytes and one chunk.
 */
export class HeadBuffer {
  bytes: Uint8Array = NO_BYTES;
  length = 0;
  #own = false;

  /** Adds a chunk; a section that begins with it starts at offset `from`. Returns where the chunk's first byte now stands, less `from`. */
  push(b: Uint8Array, from: number): void {
    if (this.length === 0) {
      this.bytes = from === 0 ? b : b.subarray(from);
      this.length = b.length - from;
      this.#own = false;
      return;
    }
    const n = b.length - from;
    this.#room(n);
    this.bytes.set(from === 0 ? b : b.subarray(from), this.length);
    this.length += n;
  }

  clear(): void {
    this.bytes = NO_BYTES;
    this.length = 0;
    this.#own = false;
  }

  #room(n: number): void {
    const need = this.length + n;
    if (this.#own && need <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(FIRST_BYTES, need * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.#own = true;
  }
}
