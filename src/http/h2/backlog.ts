import { NO_BYTES } from "../../base/bytes.ts";

const FIRST_BYTES = 1024;

/** Small pieces of a body as one, in memory of their own. */
export class Backlog {
  bytes = 0;
  #buf: Uint8Array = NO_BYTES;

  add(b: Uint8Array): void {
    const end = this.bytes + b.length;
    if (end > this.#buf.length) {
      const grown = new Uint8Array(Math.max(FIRST_BYTES, end * 2));
      grown.set(this.#buf.subarray(0, this.bytes));
      this.#buf = grown;
    }
    this.#buf.set(b, this.bytes);
    this.bytes = end;
  }

  /** All of it; the backlog is done with. */
  take(): Uint8Array {
    return this.#buf.subarray(0, this.bytes);
  }
}
