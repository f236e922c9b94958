import type { Clock } from "../codec.ts";
import { BUDGET, type Budgets } from "./budgets.ts";
import type { FrameOutput } from "./frame_output.ts";
import { FIRST_WINDOW, LEAST_FRAME_SIZE } from "./frame_types.ts";
import { CROWDED_STALL_MS, OUTPUT_HIGH, TINY_FRAME, WAITING_FREELY } from "./limits.ts";
import type { H2Stream } from "./stream.ts";

/** A frame larger than this would let one stream hold the connection for too long; every peer takes it. */
const FRAME_BYTES = LEAST_FRAME_SIZE;

/**
 * What may leave now, and whose turn it is: the connection's send window, the socket's back pressure, and a ring of the streams that have
 * something to say (data, or a reader that waits for room). Each gets a frame a turn.
 */
export class SendQueue {
  /** Bytes of DATA that the peer takes on all streams (RFC 9113 6.9.1). */
  window: number = FIRST_WINDOW;
  /** The socket has taken all output. */
  flushed = true;
  readonly #out: FrameOutput;
  readonly #budgets: Budgets;
  readonly #clock: Clock;
  readonly #stallMs: number;
  #head: H2Stream | null = null;
  #tail: H2Stream | null = null;
  /** Bytes that wait in all streams. */
  #waiting = 0;

  constructor(out: FrameOutput, budgets: Budgets, clock: Clock, stallMs: number) {
    this.#out = out;
    this.#budgets = budgets;
    this.#clock = clock;
    this.#stallMs = stallMs;
  }

  /** A stream waits that could go on now. */
  get ready(): boolean {
    return this.#head !== null && this.#open();
  }

  /** So much waits that no more should come. */
  get crowded(): boolean {
    return this.#waiting > WAITING_FREELY;
  }

  /** Milliseconds in which the peer must let something of a stream through. */
  get patience(): number {
    return this.crowded ? Math.min(CROWDED_STALL_MS, this.#stallMs) : this.#stallMs;
  }

  /** Sends what may leave of `b` and keeps the rest; returns the room left, at or below 0 when the stream must wait. */
  send(s: H2Stream, b: Uint8Array, end: boolean): number {
    const n = b.length;
    let from = 0;
    if (s.pendingBytes === 0) {
      from = this.#write(s, b, end);
      if (from === n) {
        if (!end) return this.#room(s);
        s.finishSending(n > 0);
        return 0;
      }
    }
    if (from < n) {
      const rest = from === 0 ? b : b.subarray(from);
      if (s.pendingBytes === 0) s.pending = [rest];
      else s.pending.push(rest);
      s.pendingBytes += n - from;
      this.#waiting += n - from;
    }
    s.ending = end;
    s.starved = !end;
    this.#wait(s);
    return -s.pendingBytes;
  }

  /** The stream's own window has changed. */
  windowMoved(s: H2Stream): void {
    if (s.sendWindow <= 0) {
      if (s.listed) this.remove(s);
    } else if (!s.listed && (s.pendingBytes > 0 || s.starved)) this.#enlist(s);
  }

  /** Goes round the streams that wait, until the window, the output or the streams are at their end. */
  pump(): void {
    for (let s = this.#head; s !== null && this.#open(); s = this.#head) {
      this.remove(s);
      // A writer that did not wait for room may have used its window up meanwhile.
      if (s.pendingBytes > 0 && s.sendWindow > 0) this.#writePending(s);
      if (s.pendingBytes > 0) {
        if (s.sendWindow > 0) this.#enlist(s);
      } else if (s.starved) {
        const room = this.#room(s);
        if (room <= 0) continue;
        s.starved = false;
        s.reader?.onWritable(room);
      }
    }
  }

  remove(s: H2Stream): void {
    if (!s.listed) return;
    const { ringPrev: prev, ringNext: next } = s;
    if (prev === null) this.#head = next;
    else prev.ringNext = next;
    if (next === null) this.#tail = prev;
    else next.ringPrev = prev;
    s.ringPrev = s.ringNext = null;
    s.listed = false;
  }

  /** The stream is gone, with all that waits in it. */
  drop(s: H2Stream): void {
    this.remove(s);
    this.#waiting -= s.pendingBytes;
  }

  #open(): boolean {
    return this.flushed && this.window > 0 && this.#out.bytes < OUTPUT_HIGH;
  }

  #room(s: H2Stream): number {
    const room = this.#open() ? Math.min(s.sendWindow, this.window, OUTPUT_HIGH) : 0;
    if (room > 0) {
      s.stallAt = Number.POSITIVE_INFINITY;
      return room;
    }
    s.starved = true;
    this.#wait(s);
    return 0;
  }

  #wait(s: H2Stream): void {
    if (s.stallAt === Number.POSITIVE_INFINITY) {
      s.stallSent = 0;
      s.stallAt = this.#clock.now + this.patience;
      s.watch(s.stallAt);
    }
    if (!s.listed && s.sendWindow > 0) this.#enlist(s);
  }

  #enlist(s: H2Stream): void {
    s.listed = true;
    s.ringPrev = this.#tail;
    if (this.#tail === null) this.#head = s;
    else this.#tail.ringNext = s;
    this.#tail = s;
  }

  /** Offset behind what left of `b`. */
  #write(s: H2Stream, b: Uint8Array, end: boolean): number {
    const n = b.length;
    let from = 0;
    while (from < n && this.#open() && s.sendWindow > 0) {
      const length = this.#frameLength(s, n - from);
      this.#out.data(s.id, b, from, from + length, end && from + length === n);
      from += length;
      this.#sent(s, length);
    }
    return from;
  }

  /** One frame of what waits, of several pieces when they are small. */
  #writePending(s: H2Stream): void {
    const { pending } = s;
    const length = this.#frameLength(s, s.pendingBytes);
    const last = length === s.pendingBytes;
    const out = this.#out;
    out.dataHead(s.id, length, last && s.ending && s.trailers === null);
    let left = length;
    let i = 0;
    while (left > 0) {
      const b = pending[i]!;
      const from = s.pendingAt;
      const n = Math.min(left, b.length - from);
      out.dataPiece(b, from, from + n);
      left -= n;
      if (from + n < b.length) s.pendingAt = from + n;
      else {
        s.pendingAt = 0;
        i++;
      }
    }
    if (i > 0) pending.splice(0, i);
    s.pendingBytes -= length;
    this.#waiting -= length;
    this.#sent(s, length);
    if (last && s.ending) s.finishSending(true);
  }

  #frameLength(s: H2Stream, wanted: number): number {
    const length = Math.min(wanted, FRAME_BYTES);
    const allowed = Math.min(s.sendWindow, this.window);
    if (length <= allowed) return length;
    if (allowed < TINY_FRAME) this.#budgets.take(BUDGET.tinyWindow);
    return allowed;
  }

  #sent(s: H2Stream, length: number): void {
    s.sendWindow -= length;
    this.window -= length;
    s.stallSent += length;
    this.#budgets.moved++;
  }
}
