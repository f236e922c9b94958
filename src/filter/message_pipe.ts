import type { ProxyError } from "../base/error.ts";
import type { Fields } from "../http/fields.ts";
import type { RequestHead, ResponseHead } from "../http/head.ts";
import { type Answered, FilterStage, type Phases, type StageOwner } from "./filter_stage.ts";
import type { MessageSink } from "./message_sink.ts";
import type { Filter, FilterExchange, Reply } from "./types.ts";

/** What a pipe needs of the exchange. */
export interface PipeOwner {
  readonly exchange: FilterExchange;
  event(f: () => void): void;
  threw(cause: unknown): void;
  fail(e: ProxyError): void;
}

/** What differs by direction, and who takes the message in the end. */
export interface Direction<Head> extends Pick<StageOwner<Head>, "hold" | "answer">, Omit<MessageSink<Head>, "open"> {
  readonly phases: Phases<Head>;
  /** Room came back: who sends may go on. */
  opened(): void;
}

/**
 * Bytes that filters write in one event: what codecs are given leaves at its end, and until then no socket says that it is full. So a filter
 * that makes much of little can't fill the memory.
 */
const BURST_BYTES = 256 * 1024;

interface Waiter<Head> {
  readonly sink: MessageSink<Head>;
  readonly f: () => void;
}

/**
 * The message of one direction on its way through filters, and the back pressure across them: it is open while no filter is pausing and
 * whoever takes the body in the end has room. What filters make of a piece does not matter: the piece is credited when the pipe is open
 * behind it.
 */
export class MessagePipe<Head extends RequestHead | ResponseHead> implements StageOwner<Head> {
  over = false;
  /** Filters that the head has come to. */
  reached = 0;
  readonly #owner: PipeOwner;
  readonly #direction: Direction<Head>;
  readonly #first: MessageSink<Head>;
  readonly #last: PipeEnd<Head>;
  #pauses = 0;
  #waiters: Waiter<Head>[] | null = null;
  #burst = 0;
  #waking = false;

  /** `filters` in the order in which the message meets them. */
  constructor(owner: PipeOwner, filters: readonly Filter[], direction: Direction<Head>) {
    this.#owner = owner;
    this.#direction = direction;
    const { phases } = direction;
    this.#last = new PipeEnd(direction);
    let sink: MessageSink<Head> = this.#last;
    for (let i = filters.length - 1; i >= 0; i--) sink = new FilterStage<Head>(this, filters[i]!, i, phases, sink);
    this.#first = sink;
  }

  get exchange(): FilterExchange {
    return this.#owner.exchange;
  }

  get open(): boolean {
    return this.#pauses === 0 && this.#last.open;
  }

  head(h: Head, end: boolean): void {
    this.#first.head(h, end);
  }

  /** Whether the pipe is open behind the piece. */
  data(b: Uint8Array, end: boolean): boolean {
    this.#burst = 0;
    if (!this.over) this.#first.data(b, end);
    return this.over || this.open;
  }

  trailers(f: Fields): void {
    if (!this.over) this.#first.trailers(f);
  }

  /** Whoever takes the body has room again; whether the pipe is open now. */
  unblock(): boolean {
    this.#last.open = true;
    if (this.#waiters !== null) this.#wake();
    return this.open;
  }

  close(): void {
    this.over = true;
    this.#waiters = null;
  }

  // ---- StageOwner ----

  reach(index: number): void {
    this.reached = index + 1;
  }

  hold(h: Head, end: boolean): boolean {
    return this.#direction.hold(h, end);
  }

  paused(): void {
    this.#pauses++;
  }

  resumed(): void {
    this.#pauses--;
    if (this.over) return;
    if (this.#waiters !== null) this.#wake();
    if (this.open) this.#direction.opened();
  }

  spend(bytes: number): boolean {
    this.#burst += bytes;
    return !this.spent;
  }

  get spent(): boolean {
    return this.#burst >= BURST_BYTES;
  }

  waitFor(sink: MessageSink<Head>, f: () => void): void {
    if (this.#waiters === null) this.#waiters = [{ sink, f }];
    else this.#waiters.push({ sink, f });
    if (!this.spent || this.#waking) return;
    this.#waking = true;
    void Promise.resolve().then(() => {
      this.#waking = false;
      if (!this.over) this.event(() => this.#wake());
    });
  }

  event(f: () => void): void {
    this.#owner.event(() => {
      this.#burst = 0;
      f();
    });
  }

  answer(r: Reply, headGone: boolean): Answered<Head> | null {
    return this.#direction.answer(r, headGone);
  }

  threw(cause: unknown): void {
    if (!this.over) this.#owner.threw(cause);
  }

  fail(e: ProxyError): void {
    if (!this.over) this.#owner.fail(e);
  }

  #wake(): void {
    const waiters = this.#waiters;
    if (waiters === null) return;
    this.#waiters = null;
    for (const w of waiters) {
      if (this.over) return;
      if (!w.sink.open || this.spent) this.waitFor(w.sink, w.f);
      else {
        try {
          w.f();
        } catch (cause) {
          this.threw(cause);
        }
      }
    }
  }
}

/** Behind the last filter: remembers whether who takes the message has room. */
class PipeEnd<Head> implements MessageSink<Head> {
  open = true;
  readonly #to: Omit<MessageSink<Head>, "open">;

  constructor(to: Omit<MessageSink<Head>, "open">) {
    this.#to = to;
  }

  head(h: Head, end: boolean): void {
    this.#to.head(h, end);
  }

  data(b: Uint8Array, end: boolean): boolean {
    const room = this.#to.data(b, end);
    if (!room) this.open = false;
    return room;
  }

  trailers(f: Fields): void {
    this.#to.trailers(f);
  }
}
