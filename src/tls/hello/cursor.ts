/**
 * Reads TLS' presentation language (RFC 8446 3): numbers, and vectors behind their length. Reading over the end gives 0 or nothing and
 * is remembered, so that a parser asks once, at its end.
 */
export class Cursor {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  /** Something was read that is not there. */
  failed = false;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Whether all has been read, and nothing beyond it. */
  get done(): boolean {
    return !this.failed && this.at === this.end;
  }

  u8(): number {
    return this.#take(1) ? this.bytes[this.at - 1]! : 0;
  }

  u16(): number {
    return this.#take(2) ? (this.bytes[this.at - 2]! << 8) | this.bytes[this.at - 1]! : 0;
  }

  skip(n: number): void {
    this.#take(n);
  }

  /** The content of a vector whose length takes `lengthBytes`; an empty one when there is no such vector. */
  vector(lengthBytes: 1 | 2): Cursor {
    const n = lengthBytes === 1 ? this.u8() : this.u16();
    if (!this.#take(n)) return new Cursor(this.bytes, this.end, this.end);
    return new Cursor(this.bytes, this.at - n, this.at);
  }

  /** All that is left as numbers of 16 bits; the caller has seen that there is no odd byte. */
  numbers(): number[] {
    const list: number[] = [];
    for (let i = this.at; i < this.end; i += 2) list.push((this.bytes[i]! << 8) | this.bytes[i + 1]!);
    this.at = this.end;
    return list;
  }

  #take(n: number): boolean {
    if (this.failed || n > this.end - this.at) {
      this.failed = true;
      return false;
    }
    this.at += n;
    return true;
  }
}
