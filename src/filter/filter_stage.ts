import { NO_BYTES } from "../base/bytes.ts";
import type { ProxyError } from "../base/error.ts";
import type { Fields } from "../http/fields.ts";
import type { RequestHead, ResponseHead } from "../http/head.ts";
import { forgetLength, setLength } from "./body_length.ts";
import type { MessageSink } from "./message_sink.ts";
import type { Answer, BodyOut, Filter, FilterExchange, HeadAnswer, HeadVerdict, Reply, Verdict } from "./types.ts";
import { HOLD } from "./types.ts";

/** The phases of a filter for one direction. */
export interface Phases<Head> {
  /** Whether the filter has the phase of the body; what it would see passes otherwise. */
  seesData(filter: Filter): boolean;
  head(filter: Filter, x: FilterExchange, h: Head, end: boolean): HeadAnswer;
  data(filter: Filter, x: FilterExchange, b: Uint8Array, end: boolean, out: BodyOut): Answer;
  trailers(filter: Filter, x: FilterExchange, f: Fields, out: BodyOut): Answer;
}

/** What a stage tells of itself. */
export interface StageOwner<Head> {
  readonly exchange: FilterExchange;
  /** Nothing is wanted any more. */
  readonly over: boolean;
  /** The head has come to the filter at `index`. */
  reach(index: number): void;
  /** Whether the head may wait for its body; where it does, the body's sender is asked for it. */
  hold(h: Head, end: boolean): boolean;
  /** A promise is pending: nothing more should come. */
  paused(): void;
  resumed(): void;
  /** So many bytes were written; false: it is enough for one event. */
  spend(bytes: number): boolean;
  readonly spent: boolean;
  /** `f` is called when `sink` is open, and there may be more bytes. */
  waitFor(sink: MessageSink<Head>, f: () => void): void;
  /** Runs `f` as an event of its own. */
  event(f: () => void): void;
  /** A filter answers. null: that is the end of this direction; otherwise the answer goes on in the message's place. */
  answer(r: Reply, headGone: boolean): Answered<Head> | null;
  threw(cause: unknown): void;
  fail(e: ProxyError): void;
}

export interface Answered<Head> {
  readonly head: Head;
  readonly body: Uint8Array;
}

type Piece = { readonly b: Uint8Array; readonly end: boolean } | { readonly fields: Fields };

/*
 * waiting ──head──▶ (its promise) ──▶ gone ──end──▶ ended       What comes while a promise is pending waits in its order; who sends is told
 *                        │             ▲                        to stop, so it is little.
 *                        └─ HOLD ─▶ held ── write, release, end, replace
 */
const WAITING = 0;
const HELD = 1;
const GONE = 2;

/** One filter at the messages of one direction. */
export class FilterStage<Head extends RequestHead | ResponseHead> implements MessageSink<Head>, BodyOut {
  readonly #owner: StageOwner<Head>;
  readonly #filter: Filter;
  readonly #index: number;
  readonly #phases: Phases<Head>;
  readonly #next: MessageSink<Head>;
  readonly #seesData: boolean;
  #state = WAITING;
  #head: Head | null = null;
  #bodyless = false;
  /** Not null: a promise is pending. */
  #queue: Piece[] | null = null;
  #room = true;
  /** Nothing more goes on. */
  #ended = false;
  /** Calls of the filter that are at work: what it writes meanwhile belongs to an event already. */
  #depth = 0;

  constructor(owner: StageOwner<Head>, filter: Filter, index: number, phases: Phases<Head>, next: MessageSink<Head>) {
    this.#owner = owner;
    this.#filter = filter;
    this.#index = index;
    this.#phases = phases;
    this.#next = next;
    this.#seesData = phases.seesData(filter);
  }

  // ---- MessageSink ----

  get open(): boolean {
    return this.#queue === null && this.#next.open;
  }

  head(h: Head, end: boolean): void {
    const owner = this.#owner;
    this.#head = h;
    this.#bodyless = end;
    owner.reach(this.#index);
    this.#depth++;
    try {
      const r = this.#phases.head(this.#filter, owner.exchange, h, end);
      if (r instanceof Promise) this.#wait(r as Promise<HeadVerdict>, (v) => this.#settleHead(v));
      else this.#settleHead(r as HeadVerdict);
    } catch (cause) {
      owner.threw(cause);
    } finally {
      this.#depth--;
    }
  }

  data(b: Uint8Array, end: boolean): boolean {
    if (this.#queue !== null) {
      this.#queue.push({ b, end });
      return false;
    }
    if (this.#ended || this.#owner.over) return true;
    if (this.#seesData) this.#call(b, end);
    else {
      if (this.#state === HELD) this.#passHead(false);
      this.#ended = end;
      return this.#next.data(b, end);
    }
    return this.#room && this.#queue === null;
  }

  trailers(f: Fields): void {
    if (this.#queue !== null) {
      this.#queue.push({ fields: f });
      return;
    }
    if (this.#ended || this.#owner.over) return;
    const then = (v: Verdict): void => this.#settle(v, () => this.end(f));
    this.#depth++;
    try {
      const r = this.#phases.trailers(this.#filter, this.#owner.exchange, f, this);
      if (r instanceof Promise) this.#wait(r as Promise<Verdict>, then);
      else then(r as Verdict);
    } catch (cause) {
      this.#owner.threw(cause);
    } finally {
      this.#depth--;
    }
  }

  // ---- BodyOut ----

  write(b: Uint8Array): boolean {
    if (this.#ended || this.#owner.over || b.length === 0) return this.#room;
    if (this.#depth === 0) this.#event(() => this.write(b));
    else {
      if (this.#state === HELD) {
        forgetLength(this.#head!);
        this.#passHead(false);
      }
      const taken = this.#next.data(b, false);
      this.#room = this.#owner.spend(b.length) && taken;
    }
    return this.#room;
  }

  end(trailers?: Fields): void {
    if (this.#ended || this.#owner.over) return;
    if (this.#depth === 0) {
      this.#event(() => this.end(trailers));
      return;
    }
    const held = this.#state === HELD;
    if (held) this.#passHead(trailers === undefined);
    this.#ended = true;
    if (trailers !== undefined) this.#next.trailers(trailers);
    else if (!held) this.#next.data(NO_BYTES, true);
  }

  replace(body: Uint8Array, trailers?: Fields): void {
    if (this.#ended || this.#owner.over) return;
    if (this.#state !== HELD) {
      this.#owner.threw(new Error("return HOLD for the head first: its body can't be replaced when it has gone on"));
      return;
    }
    if (this.#depth === 0) {
      this.#event(() => this.replace(body, trailers));
      return;
    }
    const end = trailers === undefined;
    setLength(this.#head!, body.length);
    // Over HTTP/1.1 there are no trailers behind a length.
    if (!end) forgetLength(this.#head!);
    this.#passHead(end && body.length === 0);
    this.#ended = true;
    if (body.length > 0) this.#next.data(body, end);
    if (!end) this.#next.trailers(trailers);
  }

  get held(): boolean {
    return this.#state === HELD && !this.#ended && !this.#owner.over;
  }

  release(): void {
    if (this.#state !== HELD || this.#ended || this.#owner.over) return;
    if (this.#depth === 0) {
      this.#event(() => this.release());
      return;
    }
    this.#passHead(this.#bodyless);
    if (this.#bodyless) this.#ended = true;
  }

  whenRoom(f: () => void): void {
    if (this.#owner.over) return;
    if (this.#next.open && !this.#owner.spent) f();
    else this.#owner.waitFor(this.#next, f);
  }

  reset(e: ProxyError): void {
    if (this.#ended || this.#owner.over) return;
    if (this.#depth === 0) {
      this.#event(() => this.reset(e));
      return;
    }
    this.#ended = true;
    this.#owner.fail(e);
  }

  // ---- verdicts ----

  #settleHead(v: HeadVerdict): void {
    if (v === HOLD) {
      if (this.#owner.hold(this.#head!, this.#bodyless)) {
        this.#state = HELD;
        if (this.#bodyless && !this.#seesData) this.release();
        else if (this.#bodyless) this.#call(NO_BYTES, true);
      } else this.#passHead(this.#bodyless);
    } else if (v !== null && v !== undefined && "replace" in v) {
      if (this.#owner.hold(this.#head!, this.#bodyless)) {
        this.#state = HELD;
        this.replace(v.replace);
      } else this.#passHead(this.#bodyless);
    } else this.#settle(v, () => this.#passHead(this.#bodyless));
  }

  #settle(v: Verdict, goOn: () => void): void {
    if (v === null || v === undefined) goOn();
    else if (this.#ended || this.#owner.over) return;
    else if (v instanceof Error) {
      this.#ended = true;
      this.#owner.fail(v);
    } else {
      this.#ended = true;
      const instead = this.#owner.answer(v, this.#state === GONE);
      if (instead === null) return;
      this.#state = GONE;
      this.#next.head(instead.head, instead.body.length === 0);
      if (instead.body.length > 0 && !this.#owner.over) this.#next.data(instead.body, true);
    }
  }

  #passHead(end: boolean): void {
    this.#state = GONE;
    this.#next.head(this.#head!, end);
  }

  #call(b: Uint8Array, end: boolean): void {
    this.#room = true;
    this.#depth++;
    try {
      const r = this.#phases.data(this.#filter, this.#owner.exchange, b, end, this);
      if (r instanceof Promise) this.#wait(r as Promise<Verdict>, (v) => this.#settleData(v, end));
      else this.#settleData(r as Verdict, end);
    } catch (cause) {
      this.#owner.threw(cause);
    } finally {
      this.#depth--;
    }
  }

  #settleData(v: Verdict, end: boolean): void {
    if ((v !== null && v !== undefined) || end) this.#settle(v, () => this.end());
  }

  /** What a filter does on a turn of its own is an event. */
  #event(f: () => void): void {
    this.#owner.event(() => this.#inside(f));
  }

  #inside(f: () => void): void {
    this.#depth++;
    try {
      f();
    } finally {
      this.#depth--;
    }
  }

  // ---- a pause ----

  #wait<T>(promise: Promise<T>, then: (value: T) => void): void {
    const owner = this.#owner;
    this.#queue = [];
    owner.paused();
    promise.then(
      (value) => owner.event(() => this.#inside(() => this.#resume(() => then(value)))),
      (cause: unknown) => owner.event(() => owner.threw(cause)),
    );
  }

  #resume(then: () => void): void {
    const owner = this.#owner;
    const queue = this.#queue ?? [];
    this.#queue = null;
    if (owner.over) return;
    then();
    for (const [i, piece] of queue.entries()) {
      if (this.#queue !== null) {
        this.#queue = (this.#queue as Piece[]).concat(queue.slice(i));
        break;
      }
      if ("fields" in piece) this.trailers(piece.fields);
      else this.data(piece.b, piece.end);
    }
    owner.resumed();
  }
}
