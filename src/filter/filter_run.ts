import { ProxyError } from "../base/error.ts";
import type { Fields } from "../http/fields.ts";
import type { RequestHead, ResponseHead } from "../http/head.ts";
import { chooseHost } from "./choose_host.ts";
import { fieldFault } from "./field_fault.ts";
import type { FilterChain } from "./filter_chain.ts";
import { MessagePipe, type PipeOwner } from "./message_pipe.ts";
import { ReplyEnd } from "./reply_end.ts";
import { RequestEnd } from "./request_end.ts";
import type { Filter, FilterExchange, HostChoice, Maybe, Reply } from "./types.ts";

/** The exchange as what runs its filters needs it: where things go that are through. */
export interface FilterHost extends FilterExchange {
  /** As the client sent it: whether its reply may have a body. */
  readonly method: string;
  /** Runs `f` as an event of its own: a promise's continuation is none. */
  event(f: () => void): void;
  /** A filter waits for the request's body; false: there will be none that could be waited for. */
  awaitBody(): boolean;
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
  /** Nothing more of the reply that came is wanted. `r`: what stands in its place, which the run passes on itself; null: what has gone of it. */
  dropReply(r: Reply | null): void;
  filterThrew(cause: unknown): void;
  fail(e: ProxyError): void;
}

/** The filters of one exchange at work. */
export class FilterRun implements PipeOwner {
  /** What goes on of the request has ended. */
  requestEnded = false;
  /** A reply has been given to it. */
  replied = false;
  readonly #host: FilterHost;
  readonly #filters: readonly Filter[];
  /** null: nobody counts. */
  readonly #chain: FilterChain | null;
  readonly #request: MessagePipe<RequestHead>;
  #reply: MessagePipe<ResponseHead> | null = null;
  #over = false;

  constructor(host: FilterHost, filters: readonly Filter[], chain: FilterChain | null = null) {
    this.#host = host;
    this.#filters = filters;
    this.#chain = chain;
    chain?.enter();
    this.#request = new MessagePipe<RequestHead>(this, filters, new RequestEnd(this, host));
  }

  get exchange(): FilterExchange {
    return this.#host;
  }

  // ---- the request ----

  /** The head; `end`: no body comes. */
  request(end: boolean): void {
    this.#request.head(this.#host.request, end);
  }

  /** Whether the pipe is open behind the piece. */
  requestData(b: Uint8Array, end: boolean): boolean {
    return this.#request.data(b, end);
  }

  requestTrailers(f: Fields): void {
    this.#request.trailers(f);
  }

  /** Nothing more of the request is taken. */
  closeRequest(): void {
    this.#request.close();
  }

  unblockRequest(): boolean {
    return this.#request.unblock();
  }

  // ---- the attempts ----

  /** A filter has something to say of hosts. */
  get choosesHost(): boolean {
    for (const f of this.#filters) if (f.onChooseHost !== undefined) return true;
    return false;
  }

  /** `then` gets the address of a host, null where no filter names any; it is not called when the exchange is over before. */
  chooseHost(choice: HostChoice, then: (address: string | null) => void): void {
    const guarded = (f: () => void): void => {
      if (!this.#over) this.#host.event(() => this.#over || f());
    };
    let address: Maybe<string | null>;
    try {
      address = chooseHost(this.#filters, this.#host, choice);
    } catch (cause) {
      this.threw(cause);
      return;
    }
    if (!(address instanceof Promise)) then(address);
    else
      address.then(
        (a) => guarded(() => then(a)),
        (cause: unknown) => guarded(() => this.threw(cause)),
      );
  }

  // ---- the reply ----

  /** The final head, an upstream's or Weir's own. */
  reply(h: ResponseHead, end: boolean): void {
    this.replied = true;
    const filters: Filter[] = [];
    for (let i = this.#request.reached - 1; i >= 0; i--) {
      const f = this.#filters[i]!;
      if (hasReplyPhase(f)) filters.push(f);
    }
    this.#reply = new MessagePipe<ResponseHead>(this, filters, new ReplyEnd(this, this.#host, h));
    this.#reply.head(h, end);
  }

  replyData(b: Uint8Array, end: boolean): boolean {
    return this.#reply === null || this.#reply.data(b, end);
  }

  replyTrailers(f: Fields): void {
    this.#reply?.trailers(f);
  }

  /** Nothing more of the reply that came is taken. */
  closeReply(): void {
    this.#reply?.close();
  }

  unblockReply(): boolean {
    return this.#reply === null || this.#reply.unblock();
  }

  // ---- ends ----

  event(f: () => void): void {
    this.#host.event(f);
  }

  threw(cause: unknown): void {
    if (this.#over) return;
    this.#request.close();
    // A fault that a filter foresees is no throw of its code.
    if (cause instanceof ProxyError) this.#host.fail(cause);
    else this.#host.filterThrew(cause);
  }

  /** Whether filters have added fields that can't be sent: then the exchange fails. */
  refuses(f: Fields): boolean {
    const fault = fieldFault(f);
    if (fault !== null) this.threw(new Error(fault));
    return fault !== null;
  }

  fail(e: ProxyError): void {
    if (this.#over) return;
    this.#request.close();
    this.#host.fail(e);
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
    this.#chain?.leave();
  }
}

function hasReplyPhase(f: Filter): boolean {
  return f.onResponse !== undefined || f.onResponseData !== undefined || f.onResponseTrailers !== undefined;
}
