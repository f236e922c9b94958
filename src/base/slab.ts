const SLAB_BYTES = 64 * 1024;

/**
 * Memory for small outgoing pieces: a bump allocator. A region handed out is never written again, so what a socket still holds stays
 * intact; a full slab is left to the garbage collector with the last view of it.
 */
export class Slab {
  buf: Uint8Array = new Uint8Array(SLAB_BYTES);
  /** First free byte. */
  at = 0;

  /** Makes sure that `n` bytes are free behind `at`; `buf` may be another one afterwards. */
  reserve(n: number): void {
    if (this.at + n <= this.buf.length) return;
    this.buf = new Uint8Array(Math.max(SLAB_BYTES, n));
    this.at = 0;
  }
}
