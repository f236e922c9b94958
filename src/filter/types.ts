import type { ErrorCode, ProxyError } from "../base/error.ts";
import type { Problem } from "../config/problem.ts";
import type { Fields } from "../http/fields.ts";
import type { RequestHead, ResponseHead } from "../http/head.ts";
import type { ConnInfo, Platform } from "../platform/types.ts";
import type { AccessRecord } from "../telemetry/access_record.ts";
import type { RequestChange } from "./request_change.ts";

/** A value, or the promise of one: to await is to pause, and what is not awaited makes no promise. */
export type Maybe<T> = T | Promise<T>;

/** A response that is made here and not by an upstream. Its Content-Length is put right and Date added where they are sent. */
export interface Reply {
  readonly head: ResponseHead;
  readonly body: Uint8Array;
  /** It is the reply of a fault, which is counted and flagged; absent: of none. */
  readonly code?: ErrorCode;
}

/** The head waits while the body comes: `BodyOut.release` tells when it goes on. */
export const HOLD = "hold";

/**
 * What a filter makes of a head or of a piece of a body: null or nothing goes on; a reply is the answer, in place of any other; a
 * `ProxyError` fails the exchange, with an error reply by its status, or where that is 0 with a reset of the stream (the connection, over
 * HTTP/1.x). `RESET` of `verdicts.ts` is the error for the latter, `redirectTo` makes the reply of a redirect.
 */
export type Verdict = Reply | ProxyError | null | undefined;
/** The head goes on, with this body in place of what comes of one, if any does; where there can be none it is left out. */
export interface Replacement {
  readonly replace: Uint8Array;
}
/** Of a head, which may be held as well, or get a body. */
export type HeadVerdict = Verdict | Replacement | typeof HOLD;
/** What a method without a value returns, which is a verdict as well. */
type Nothing = ReturnType<() => void>;
export type Answer = Maybe<Verdict | Nothing>;
export type HeadAnswer = Maybe<HeadVerdict | Nothing>;

/** Where else a request goes. Read when the route's action begins; of no meaning where the route does not forward. */
export interface Override {
  /** Name of another cluster of the config; null: as the route says. One that isn't there answers 503. */
  cluster: string | null;
  /** `address:port` of a host of the cluster; null, or one that can't be picked: as the cluster's policy says. */
  host: string | null;
}

/** What is told of the certificate that a client showed and that was verified. */
export interface ClientCertificate {
  /** RFC 4514: printable ASCII. */
  readonly subject: string;
  /** SHA-256 of the certificate's DER, hex in lower case. */
  readonly hash: string;
  readonly uris: readonly string[];
  readonly dns: readonly string[];
  /** Hex, upper case. */
  readonly serial: string;
}

/** What the access log can tell too: at any time what is known then, in `onDone` what is final. Names and units are the log's. */
export type ExchangeFacts = Pick<
  AccessRecord,
  | "startWall"
  | "listener"
  | "remoteAddress"
  | "remotePort"
  | "clientAddress"
  | "localAddress"
  | "connectionId"
  | "cluster"
  | "endpoint"
  | "attempts"
  | "flags"
  | "serverName"
  | "requestBodyBytes"
  | "responseBodyBytes"
  | "duration"
  | "requestDuration"
  | "upstreamHeadDuration"
  | "connectDuration"
>;

/**
 * One request in flight, as filters see it. Heads and fields are changed in place, in the phase that brings them or while the head is held.
 * What is not asked for costs nothing.
 */
export interface FilterExchange extends ExchangeFacts {
  /** Unique in the process, from 1 up; given when it is first asked for. */
  readonly id: number;
  /** Of the method, path, authority and scheme the access log keeps what the client sent; routing has been done. */
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
  /** "1.2", "1.3"; "": no TLS. */
  readonly tlsVersion: string;
  /** null: the client showed none. */
  readonly certificate: ClientCertificate | null;
  /** Where else it goes: set in the phases of the request's head. */
  readonly override: Override;
  /**
   * Changes the request's method, path, authority or scheme with the rules that a client's own head is held to; the path is normalised.
   * Returns what to give instead, and then changes nothing; null: done. What is written into `request` directly is held to the same rules
   * when it goes on, and fails the exchange where it breaks them.
   */
  changeRequest(change: RequestChange): string | null;
  /** X-Request-Id as it is sent on; "": the listener's policy gives none. Made now where it was not yet. */
  readRequestId(): string;
  /** What filters tell each other, and the access log, under a name: made when it is first asked for, kept to the end. */
  metadata(namespace: string): Map<string, unknown>;
  /** The same where somebody has made it; null otherwise. */
  findMetadata(namespace: string): ReadonlyMap<string, unknown> | null;
  /** Gives the request less time than its route does, milliseconds above 0, from its end on. More time than it has changes nothing. */
  shortenTimeout(ms: number): void;
  /** Adds a flag to those of the access log. */
  mark(flag: string): void;
  /** Tells the access log whose call failed. */
  pluginFailed(name: string): void;
}

/** Where a filter writes what goes on of a body: as much or as little as it likes, in a phase's call or at any other time before the end. */
export interface BodyOut {
  /**
   * Gives `b` away, with its memory: what still needs it copies it first. A head that is held goes on before it, with its length forgotten. false: whoever takes it is slow; a filter that makes
   * more of what it gets should wait for `whenRoom`.
   */
  write(b: Uint8Array): boolean;
  /** Ends the body, and lets a held head go. What is written behind it is dropped. */
  end(trailers?: Fields): void;
  /**
   * All of the body, in place of what came and still comes, with the head's Content-Length put right. Only while the head is held;
   * afterwards it is a fault.
   */
  replace(body: Uint8Array, trailers?: Fields): void;
  /** The head is held. */
  readonly held: boolean;
  /** Lets a held head go on as it is; nothing where none is held. */
  release(): void;
  /** Calls `f` once when what is written is taken again, at once where it is now. Not after the exchange's end. */
  whenRoom(f: () => void): void;
  /** Fails the exchange: an error reply where none has begun, otherwise a reset. */
  reset(e: ProxyError): void;
}

/** What a filter is asked when a host is wanted. */
export interface HostChoice {
  readonly cluster: string;
  /** 1: the first attempt. */
  readonly attempt: number;
  /** Hosts that can be picked, made when asked for: none that was tried already while there is another. */
  readonly hosts: readonly ChoosableHost[];
}

export interface ChoosableHost {
  /** `address:port`: what is answered. */
  readonly address: string;
  readonly weight: number;
  /** Requests in flight. */
  readonly active: number;
  /** "": none. */
  readonly zone: string;
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * What is done to one exchange: an optional method for each phase. A phase that is absent costs nothing, and what it would see passes.
 * Each is called once for each thing that comes, in the order of the wire; nothing of a direction comes while a promise of it is pending.
 * A throw or a rejection fails the exchange: with a `ProxyError` as that says, with anything else as a fault of the filter. Requests go through a chain from its first filter to its last, replies back.
 *
 * `HOLD` keeps a head where it is: the body's phases are called as its parts come (once, with no bytes and `end`, where there is none), and
 * the head goes to the next filter with the first `out.write`, or `out.release`, `out.end` or `out.replace`. Until then it may be changed,
 * and a verdict may end it. A body that is held back is bounded by what the filter keeps of it: see `WholeBody`. Nothing is held of what
 * becomes a tunnel, nor of replies that can't have a body (to HEAD, 204, 304): there `HOLD` is as null.
 *
 * A body may become longer or shorter than its head says only where `forgetLength` was called on the head, or with `BodyOut.replace`:
 * Weir refuses to send a message that is not as long as its Content-Length.
 */
export interface Filter {
  /** The head, before the route's action. A reply goes back through this filter and those before it. `end`: no body comes. */
  onRequest?(x: FilterExchange, end: boolean): HeadAnswer;
  /**
   * A piece of the body. Only what is written to `out` goes on. When `end` has been dealt with, `out` is ended. A verdict ends the exchange:
   * a reply where none has begun, otherwise a reset.
   */
  onRequestData?(x: FilterExchange, b: Uint8Array, end: boolean, out: BodyOut): Answer;
  /** Trailers instead of an `end`. They go on unless `out` was ended otherwise. */
  onRequestTrailers?(x: FilterExchange, f: Fields, out: BodyOut): Answer;
  /** A host is wanted for an attempt: its address, or null for the cluster's policy. The first filter that names one is heard. */
  onChooseHost?(x: FilterExchange, choice: HostChoice): Maybe<string | null>;
  /**
   * The final head, of an upstream's reply or of Weir's own. A reply as a verdict takes its place, and goes on from here; the upstream's
   * body is dropped. `end`: no body comes.
   */
  onResponse?(x: FilterExchange, head: ResponseHead, end: boolean): HeadAnswer;
  /** A verdict other than null is heard only while the head is held; later it resets the stream. */
  onResponseData?(x: FilterExchange, b: Uint8Array, end: boolean, out: BodyOut): Answer;
  onResponseTrailers?(x: FilterExchange, f: Fields, out: BodyOut): Answer;
  /**
   * The exchange is over, whatever became of it. Called once, and at once: a client that goes away ends the exchange, so that this is also
   * how a filter whose promise is pending learns that nobody waits for it any more. Where the exchange became a tunnel it is called when
   * that begins.
   */
  onDone?(x: FilterExchange): void;
}

/** A filter with its settings, as a route has it. */
export interface FilterFactory {
  /** The filter of one exchange; null: it has nothing to do with this one, which then costs nothing more. */
  open(x: FilterExchange): Filter | null;
  /** No route has it any more, and the exchanges that had are over. Called once; also where its config never came into force. */
  close?(): void;
}

/** What filters have of the process. */
export interface FilterEnv extends Pick<Platform, "now" | "wallNow" | "setTimer"> {
  /** 0 to below 1. */
  random(): number;
}

/** A kind of filter: what makes it of its settings when the config is compiled. */
export interface FilterKind<Spec> {
  /** Problems refuse the config, as a throw or a rejection does; their paths are put below the route's where they are "". */
  provision(spec: Spec, env: FilterEnv): Maybe<FilterFactory | readonly Problem[]>;
}
