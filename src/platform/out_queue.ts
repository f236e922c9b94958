import { releaseChunk } from "./received_chunk.ts";

interface Mark {
  readonly at: number;
  readonly f: () => void;
}

/** What a kernel did not take at once. Made when a connection first blocks and dropped when it is through. */
export class OutQueue {
  /** Bytes not yet taken. */
  bytes = 0;
  readonly #parts: Uint8Array[] = [];
  #head = 0;
  #offset = 0;
  #taken = 0;
  #marks: Mark[] | null = null;

  /** `from`: how much of the part has left already. */
  push(part: Uint8Array, from: number): void {
    const n = part.length - from;
    if (n <= 0) return;
    if (this.bytes === 0) this.#offset = from;
    else if (from > 0) part = part.subarray(from);
    this.#parts.push(part);
    this.bytes += n;
  }

  /** Calls `f`, by `due`, when all that is queued now has been taken. */
  mark(f: () => void): void {
    this.#marks ??= [];
    this.#marks.push({ at: this.#taken + this.bytes, f });
  }

  /** The first part, to be written from `offset` on. Only when `bytes` is above 0. */
  get first(): Uint8Array {
    return this.#parts[this.#head]!;
  }
  get offset(): number {
    return this.#offset;
  }
  /** Whether the first part is also the last. */
  get single(): boolean {
    return this.#head + 1 === this.#parts.length;
  }

  /** Copies whole or cut parts to the front of `scratch`; returns how many bytes. */
  gather(scratch: Uint8Array): number {
    let at = 0;
    let from = this.#offset;
    for (let i = this.#head; i < this.#parts.length && at < scratch.length; i++) {
      const part = this.#parts[i]!;
      const n = Math.min(part.length - from, scratch.length - at);
      scratch.set(part.subarray(from, from + n), at);
      at += n;
      from = 0;
    }
    return at;
  }

  /** The kernel took `n` bytes from the front. Received chunks that it took whole are freed. */
  advance(n: number): void {
    this.bytes -= n;
    this.#taken += n;
    let left = n;
    while (left > 0) {
      const part = this.#parts[this.#head]!;
      const room = part.length - this.#offset;
      if (left < room) {
        this.#offset += left;
        return;
      }
      left -= room;
      releaseChunk(part);
      this.#offset = 0;
      this.#head++;
    }
    if (this.#head === this.#parts.length) {
      this.#parts.length = 0;
      this.#head = 0;
    } else if (this.#head > 64) {
      this.#parts.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** The next callback whose bytes have all left, taken out; null: none is due. */
  due(): (() => void) | null {
    const marks = this.#marks;
    if (marks === null || marks.length === 0 || marks[0]!.at > this.#taken) return null;
    return marks.shift()!.f;
  }
}
