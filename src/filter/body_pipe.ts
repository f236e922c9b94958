import type { ProxyError } from "../base/error.ts";
import type { Fields } from "../http/fields.ts";
import { type BodyPhases, type BodySink, BodyStage, type StageOwner } from "./body_stage.ts";
import type { Filter, FilterExchange } from "./types.ts";

/** What a pipe needs of the exchange. */
export interface PipeOwner {
  readonly exchange: FilterExchange;
  event(f: () => void): void;
  threw(cause: unknown): void;
  fail(e: ProxyError): void;
}

/**
 * The body of one direction on its way through filters, and the back pressure across them: it is open while no filter is pausing and
 * whoever takes the body in the end has room. What filters make of a piece does not matter: the piece is credited when the pipe is open
 * behind it.
 */
export class BodyPipe implements BodySink, StageOwner {
  over = false;
  readonly #owner: PipeOwner;
  readonly #first: BodySink;
  /** Room came back: who sends may go on. */
  readonly #opened: () => void;
  /** Not null: the head is not through yet. */
  #held: ((b: BodySink) => void)[] | null = null;
  #pauses = 0;
  #blocked = false;

  /** `filters` in the order in which the body meets them. */
  constructor(owner: PipeOwner, filters: readonly Filter[], phases: BodyPhases, last: BodySink, opened: () => void) {
    this.#owner = owner;
    this.#opened = opened;
    let sink: BodySink = {
      data: (b, end) => {
        const room = last.data(b, end);
        if (!room) this.#blocked = true;
        return room;
      },
      trailers: (f) => last.trailers(f),
    };
    for (let i = filters.length - 1; i >= 0; i--) sink = new BodyStage(this, filters[i]!, phases, sink);
    this.#first = sink;
  }

  get exchange(): FilterExchange {
    return this.#owner.exchange;
  }

  get open(): boolean {
    return this.#pauses === 0 && !this.#blocked && this.#held === null;
  }

  data(b: Uint8Array, end: boolean): boolean {
    if (this.#held !== null) this.#held.push((to) => to.data(b, end));
    else if (!this.over) this.#first.data(b, end);
    return this.over || this.open;
  }

  trailers(f: Fields): void {
    if (this.#held !== null) this.#held.push((to) => to.trailers(f));
    else if (!this.over) this.#first.trailers(f);
  }

  /** Whoever takes the body has room again; whether the pipe is open now. */
  unblock(): boolean {
    this.#blocked = false;
    return this.open;
  }

  /** The head waits, and the body with it. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    for (const give of held) if (!this.over) give(this.#first);
    if (held.length > 0 && this.open && !this.over) this.#opened();
  }

  close(): void {
    this.over = true;
    this.#held = null;
  }

  // ---- StageOwner ----

  paused(): void {
    this.#pauses++;
  }

  resumed(): void {
    this.#pauses--;
    if (this.open && !this.over) this.#opened();
  }

  event(f: () => void): void {
    this.#owner.event(f);
  }

  threw(cause: unknown): void {
    if (!this.over) this.#owner.threw(cause);
  }

  fail(e: ProxyError): void {
    if (!this.over) this.#owner.fail(e);
  }
}
