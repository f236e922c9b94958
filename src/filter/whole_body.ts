import { NO_BYTES } from "../base/bytes.ts";

const FIRST_BYTES = 4096;

/** A body as far as it has come, in one piece of memory: never more than twice the limit, however small its parts are. */
export class WholeBody {
  readonly #limit: number;
  #memory = NO_BYTES;
  #length = 0;
  /** The only part so far, which needs no copy. */
  #alone: Uint8Array | null = null;

  /** `limit`: bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#length;
  }

  /** Takes a part; false: the body is longer than the limit, and the part is not taken. */
  add(b: Uint8Array): boolean {
    const length = this.#length + b.length;
    if (length > this.#limit) return false;
    if (b.length === 0) return true;
    if (this.#length === 0) this.#alone = b;
    else {
      this.#reserve(length);
      this.#memory.set(b, this.#length);
    }
    this.#length = length;
    return true;
  }

  /** All of it. It is forgotten here. */
  take(): Uint8Array {
    const body = this.#alone ?? this.#memory.subarray(0, this.#length);
    this.#alone = null;
    this.#memory = NO_BYTES;
    this.#length = 0;
    return body;
  }

  #reserve(length: number): void {
    const alone = this.#alone;
    if (alone === null && length <= this.#memory.length) return;
    const grown = new Uint8Array(Math.max(length, Math.min(this.#limit, Math.max(FIRST_BYTES, 2 * this.#length))));
    grown.set(alone ?? this.#memory.subarray(0, this.#length));
    this.#memory = grown;
    this.#alone = null;
  }
}
