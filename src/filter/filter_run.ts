import type { ProxyError } from "../base/error.ts";
import type { Fields } from "../http/fields.ts";
import type { ResponseHead } from "../http/head.ts";
import { BodyPipe, type PipeOwner } from "./body_pipe.ts";
import type { BodyPhases } from "./body_stage.ts";
import { type Filter, type FilterExchange, type HeadAnswer, HOLD, type Reply } from "./types.ts";

/** The exchange as what runs its filters needs it: where things go that are through. */
export interface FilterHost extends FilterExchange {
  /** Runs `f` as an event of its own: a promise's continuation is none. */
  event(f: () => void): void;
  passRequest(): void;
  passRequestData(b: Uint8Array, end: boolean): boolean;
  passRequestTrailers(f: Fields): void;
  /** The request's sender may go on. */
  requestOpened(): void;
  passReply(h: ResponseHead, end: boolean): void;
  passReplyData(b: Uint8Array, end: boolean): boolean;
  passReplyTrailers(f: Fields): void;
  replyOpened(): void;
  /** A filter answered the request. */
  shortCut(r: Reply): void;
  filterThrew(cause: unknown): void;
  fail(e: ProxyError): void;
}

const REQUEST: BodyPhases = {
  seesData: (filter) => filter.onRequestData !== undefined,
  data: (filter, x, b, end, out) => filter.onRequestData!(x, b, end, out),
  trailers: (filter, x, f, out) => filter.onRequestTrailers?.(x, f, out),
};
const RESPONSE: BodyPhases = {
  seesData: (filter) => filter.onResponseData !== undefined,
  data: (filter, x, b, end, out) => filter.onResponseData!(x, b, end, out),
  trailers: (filter, x, f, out) => filter.onResponseTrailers?.(x, f, out),
};

/** The filters of one exchange at work. */
export class FilterRun implements PipeOwner {
  /** What goes on of the request has ended. */
  requestEnded = false;
  /** A reply has been given to it. */
  replied = false;
  readonly #host: FilterHost;
  readonly #filters: readonly Filter[];
  readonly #request: BodyPipe;
  #reply: BodyPipe | null = null;
  /** Filters that the request's head has come to: what a reply goes through. */
  #reached = 0;
  #over = false;

  constructor(host: FilterHost, filters: readonly Filter[]) {
    this.#host = host;
    this.#filters = filters;
    const last = {
      data: (b: Uint8Array, end: boolean): boolean => {
        if (end) this.requestEnded = true;
        return host.passRequestData(b, end);
      },
      trailers: (f: Fields): void => {
        this.requestEnded = true;
        host.passRequestTrailers(f);
      },
    };
    const concerned = filters.filter((f) => f.onRequestData !== undefined || f.onRequestTrailers !== undefined);
    this.#request = new BodyPipe(this, concerned, REQUEST, last, () => host.requestOpened());
  }

  get exchange(): FilterExchange {
    return this.#host;
  }

  // ---- the request ----

  /** The head; `end`: no body comes. */
  request(end: boolean): void {
    if (end) this.requestEnded = true;
    this.#request.hold();
    this.#requestFrom(0, end);
  }

  /** Whether the pipe is open behind the piece. */
  requestData(b: Uint8Array, end: boolean): boolean {
    return this.#request.data(b, end);
  }

  requestTrailers(f: Fields): void {
    this.#request.trailers(f);
  }

  unblockRequest(): boolean {
    return this.#request.unblock();
  }

  // ---- the reply ----

  /** The final head, an upstream's or Weir's own. */
  reply(h: ResponseHead, end: boolean): void {
    const host = this.#host;
    this.replied = true;
    const filters = this.#filters.slice(0, this.#reached).reverse();
    const concerned = filters.filter((f) => f.onResponseData !== undefined || f.onResponseTrailers !== undefined);
    const last = {
      data: (b: Uint8Array, ends: boolean): boolean => host.passReplyData(b, ends),
      trailers: (f: Fields): void => host.passReplyTrailers(f),
    };
    this.#reply = new BodyPipe(this, concerned, RESPONSE, last, () => host.replyOpened());
    this.#reply.hold();
    this.#replyFrom(filters, 0, h, end);
  }

  replyData(b: Uint8Array, end: boolean): boolean {
    return this.#reply === null || this.#reply.data(b, end);
  }

  replyTrailers(f: Fields): void {
    this.#reply?.trailers(f);
  }

  unblockReply(): boolean {
    return this.#reply === null || this.#reply.unblock();
  }

  // ---- ends ----

  event(f: () => void): void {
    this.#host.event(f);
  }

  threw(cause: unknown): void {
    if (!this.#over) this.#host.filterThrew(cause);
  }

  fail(e: ProxyError): void {
    if (!this.#over) this.#host.fail(e);
  }

  /** The exchange is over. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#request.close();
    this.#reply?.close();
    for (const f of this.#filters) {
      try {
        f.onDone?.(this.#host);
      } catch (cause) {
        this.#host.filterThrew(cause);
      }
    }
  }

  // ---- heads ----

  #requestFrom(from: number, end: boolean): void {
    const host = this.#host;
    for (let i = from; i < this.#filters.length; i++) {
      const filter = this.#filters[i]!;
      this.#reached = i + 1;
      if (filter.onRequest === undefined) continue;
      let r: HeadAnswer;
      try {
        r = filter.onRequest(host, end);
      } catch (cause) {
        this.threw(cause);
        return;
      }
      if (r === null || r === undefined || r === HOLD) continue;
      if (r instanceof Promise) {
        this.#after(r as Promise<HeadVerdict>, (v) => {
          if (v === null || v === undefined || v === HOLD) this.#requestFrom(i + 1, end);
          else if (v instanceof Error) this.fail(v);
          else host.shortCut(v);
        });
        return;
      }
      if (r instanceof Error) this.fail(r);
      else host.shortCut(r);
      return;
    }
    host.passRequest();
    this.#request.release();
  }

  #replyFrom(filters: readonly Filter[], from: number, h: ResponseHead, end: boolean): void {
    const host = this.#host;
    for (let i = from; i < filters.length; i++) {
      let r: HeadAnswer;
      try {
        r = filters[i]!.onResponse?.(host, h, end);
      } catch (cause) {
        this.threw(cause);
        return;
      }
      if (!(r instanceof Promise)) continue;
      this.#after(r as Promise<HeadVerdict>, () => this.#replyFrom(filters, i + 1, h, end));
      return;
    }
    host.passReply(h, end);
    this.#reply?.release();
  }

  #after<T>(promise: Promise<T>, then: (value: T) => void): void {
    const guarded = (f: () => void): void => {
      if (!this.#over) this.#host.event(() => this.#over || f());
    };
    promise.then(
      (value) => guarded(() => then(value)),
      (cause: unknown) => guarded(() => this.threw(cause)),
    );
  }
}
