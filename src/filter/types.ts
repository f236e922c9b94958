import type { ErrorCode, ProxyError } from "../base/error.ts";
import type { Fields } from "../http/fields.ts";
import type { RequestHead, ResponseHead } from "../http/head.ts";
import type { ConnInfo, Platform } from "../platform/types.ts";

/** A value, or the promise of one: to await is to pause, and what is not awaited makes no promise. */
export type Maybe<T> = T | Promise<T>;

/** A response that is made here and not by an upstream. */
export interface Reply {
  readonly head: ResponseHead;
  readonly body: Uint8Array;
  /** It is the reply of a fault, which is counted and flagged; absent: of none. */
  readonly code?: ErrorCode;
}

/** One request in flight, as filters see it. Heads and fields are changed in place, in the phase that brings them. */
export interface FilterExchange {
  readonly request: RequestHead;
  /** The reply's head as it was sent; null before. */
  readonly response: ResponseHead | null;
  readonly conn: ConnInfo;
  /** Name of the route. */
  readonly route: string;
  /** As it was sent; 0: no head was yet. */
  readonly status: number;
  /** What a request of gRPC came to; -1: not known yet, or it is none. */
  readonly grpcStatus: number;
  /** Adds a flag to those of the access log. */
  mark(flag: string): void;
}

/** Where a filter writes what goes on of a body: as much or as little as it likes, now or while its promise is pending. */
export interface BodyOut {
  /** Gives `b` away. false: whoever takes it is slow; a filter that makes more of what it gets should wait. */
  write(b: Uint8Array): boolean;
  /** Ends the body. What is written behind it is dropped. */
  end(trailers?: Fields): void;
  /** Fails the exchange: an error reply where none has begun, otherwise a reset. */
  reset(e: ProxyError): void;
}

/**
 * What is done to one exchange: an optional method for each phase. A phase that is absent costs nothing, and what it would see passes.
 * Each is called once for each thing that comes, in the order of the wire; nothing of a direction comes while a promise of it is pending.
 * A throw or a rejection fails the exchange. Requests go through a chain from its first filter to its last, replies back.
 */
export interface Filter {
  /** The head, before the route's action. A reply is the short cut: it goes back through this filter and those before it. `end`: no body comes. */
  onRequest?(x: FilterExchange, end: boolean): Maybe<Reply | null>;
  /** A piece of the body. Only what is written to `out` goes on. When `end` has been dealt with, `out` is ended. */
  onRequestData?(x: FilterExchange, b: Uint8Array, end: boolean, out: BodyOut): Maybe<void>;
  /** Trailers instead of an `end`. They go on unless `out` was ended otherwise. */
  onRequestTrailers?(x: FilterExchange, f: Fields, out: BodyOut): Maybe<void>;
  /** The final head, of an upstream's reply or of Weir's own. `end`: no body comes. */
  onResponse?(x: FilterExchange, head: ResponseHead, end: boolean): Maybe<void>;
  onResponseData?(x: FilterExchange, b: Uint8Array, end: boolean, out: BodyOut): Maybe<void>;
  onResponseTrailers?(x: FilterExchange, f: Fields, out: BodyOut): Maybe<void>;
  /** The exchange is over, whatever became of it. Called once. */
  onDone?(x: FilterExchange): void;
}

/** A filter with its settings, as a route has it. */
export interface FilterFactory {
  /** The filter of one exchange; null: it has nothing to do with this one, which then costs nothing more. */
  open(x: FilterExchange): Filter | null;
}

/** What filters have of the process. */
export interface FilterEnv extends Pick<Platform, "now" | "wallNow" | "setTimer"> {
  /** 0 to below 1. */
  random(): number;
}

/** A kind of filter: what makes it of its settings when the config is compiled. */
export interface FilterKind<Spec> {
  provision(spec: Spec, env: FilterEnv): FilterFactory;
}
