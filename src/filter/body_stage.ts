import { NO_BYTES } from "../base/bytes.ts";
import type { ProxyError } from "../base/error.ts";
import type { Fields } from "../http/fields.ts";
import type { Answer, BodyOut, Filter, FilterExchange } from "./types.ts";

/** Takes a body, piece by piece. */
export interface BodySink {
  /** false: what follows should wait. */
  data(b: Uint8Array, end: boolean): boolean;
  trailers(f: Fields): void;
}

/** What a stage tells of itself. */
export interface StageOwner {
  readonly exchange: FilterExchange;
  /** Nothing is wanted any more. */
  readonly over: boolean;
  /** A promise is pending: nothing more should come. */
  paused(): void;
  resumed(): void;
  /** Runs `f` as an event of its own. */
  event(f: () => void): void;
  threw(cause: unknown): void;
  fail(e: ProxyError): void;
}

type Piece = { readonly b: Uint8Array; readonly end: boolean } | { readonly fields: Fields };

/** The phases of a filter for the body of one direction. */
export interface BodyPhases {
  /** Whether the filter has the phase; what it would see passes otherwise. */
  seesData(filter: Filter): boolean;
  data(filter: Filter, x: FilterExchange, b: Uint8Array, end: boolean, out: BodyOut): Answer;
  trailers(filter: Filter, x: FilterExchange, f: Fields, out: BodyOut): Answer;
}

/** One filter at the body of one direction. What comes while its promise is pending waits here; who sends is told to stop, so it is little. */
export class BodyStage implements BodySink, BodyOut {
  readonly #owner: StageOwner;
  readonly #filter: Filter;
  readonly #phases: BodyPhases;
  readonly #next: BodySink;
  readonly #seesData: boolean;
  /** Not null: a promise is pending. */
  #held: Piece[] | null = null;
  #room = true;
  #ended = false;

  constructor(owner: StageOwner, filter: Filter, phases: BodyPhases, next: BodySink) {
    this.#owner = owner;
    this.#filter = filter;
    this.#phases = phases;
    this.#next = next;
    this.#seesData = phases.seesData(filter);
  }

  // ---- BodySink ----

  data(b: Uint8Array, end: boolean): boolean {
    if (this.#held !== null) {
      this.#held.push({ b, end });
      return false;
    }
    if (this.#ended || this.#owner.over) return true;
    if (!this.#seesData) {
      this.#ended = end;
      return this.#next.data(b, end);
    }
    this.#room = true;
    try {
      const r = this.#phases.data(this.#filter, this.#owner.exchange, b, end, this);
      if (r instanceof Promise) this.#wait(r, end ? () => this.end() : null);
      else if (end) this.end();
    } catch (cause) {
      this.#owner.threw(cause);
    }
    return this.#room && this.#held === null;
  }

  trailers(f: Fields): void {
    if (this.#held !== null) {
      this.#held.push({ fields: f });
      return;
    }
    if (this.#ended || this.#owner.over) return;
    try {
      const r = this.#phases.trailers(this.#filter, this.#owner.exchange, f, this);
      if (r instanceof Promise) this.#wait(r, () => this.end(f));
      else this.end(f);
    } catch (cause) {
      this.#owner.threw(cause);
    }
  }

  // ---- BodyOut ----

  write(b: Uint8Array): boolean {
    if (this.#ended || this.#owner.over || b.length === 0) return this.#room;
    this.#room = this.#next.data(b, false);
    return this.#room;
  }

  end(trailers?: Fields): void {
    if (this.#ended || this.#owner.over) return;
    this.#ended = true;
    if (trailers === undefined) this.#next.data(NO_BYTES, true);
    else this.#next.trailers(trailers);
  }

  reset(e: ProxyError): void {
    if (this.#ended || this.#owner.over) return;
    this.#ended = true;
    this.#owner.fail(e);
  }

  replace(): void {
    this.#owner.threw(new Error("release no head that is not held: BodyOut.replace needs one"));
  }

  release(): void {
    // Nothing is held.
  }

  whenRoom(f: () => void): void {
    f();
  }

  // ---- a pause ----

  #wait(promise: Promise<unknown>, then: (() => void) | null): void {
    const owner = this.#owner;
    this.#held = [];
    owner.paused();
    promise.then(
      () => owner.event(() => this.#resume(then)),
      (cause: unknown) => owner.event(() => owner.threw(cause)),
    );
  }

  #resume(then: (() => void) | null): void {
    const owner = this.#owner;
    const held = this.#held ?? [];
    this.#held = null;
    if (owner.over) return;
    then?.();
    for (const [i, piece] of held.entries()) {
      if (this.#held !== null) {
        this.#held = (this.#held as Piece[]).concat(held.slice(i));
        break;
      }
      if ("fields" in piece) this.trailers(piece.fields);
      else this.data(piece.b, piece.end);
    }
    owner.resumed();
  }
}
