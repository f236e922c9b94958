import type { ProxyError } from "../base/error.ts";
import type { Fields } from "./fields.ts";
import type { RequestHead, ResponseHead } from "./head.ts";

/**
 * The codec contract: streams and bytes apart, so that h1, h2 and RPC protocols pair as N+M, and a stack that brings its own
 * transport (QUIC) brings only the first half. No socket, no clock, no promise: time comes from a
 * `Clock`, faults are returned.
 *
 * A stream is a pair of a writer (towards the peer) and a reader (from the peer). It is an object and not a number, so that a codec
 * with one live stream (h1) can be the writer itself and nothing is looked up. After a side has ended or was reset, it must not be
 * called again: for h1 the same object already serves the next stream.
 */
export interface StreamWriter<Head> {
  /** 1xx other than 101; server role only. */
  sendInterim(h: ResponseHead): void;
  sendHead(h: Head, end: boolean): void;
  /**
   * Takes all of `b`, which belongs to the codec from here on. Returns the room left in bytes: at or below 0 the caller stops
   * until `onWritable`. A chunk may be empty when `end` is set.
   */
  sendData(b: Uint8Array, end: boolean): number;
  /** Ends the stream with trailers. */
  sendTrailers(f: Fields): void;
  /** Server role, before `sendHead`: nothing more of the request is wanted. h1: the connection ends with this reply, and says so. */
  stopReading(): void;
  /** So much waits on the connection, all its streams together, that whoever feeds it should stop at once and not at the end of a window. */
  readonly crowded: boolean;
  /** Client role: nothing more is wanted until the next `credit`, however much of the window is left. h2: what it may send has been told already. */
  hold(): void;
  /** Gives the stream up. h1: the connection goes with it. */
  reset(e: ProxyError): void;
  /** The reader's bytes that have been passed on: the peer may send as many more. */
  credit(bytes: number): void;
}

/** Calls come in the order onInterim*, onHead, onData*, then an end (a flag, or onTrailers), or onReset at any point as the last call. */
export interface StreamReader<Head> {
  onInterim(h: ResponseHead): void;
  onHead(h: Head, end: boolean): void;
  /** The chunk belongs to the reader. Every byte must be credited once it has been passed on. */
  onData(b: Uint8Array, end: boolean): void;
  onTrailers(f: Fields): void;
  /** The writer has room again. */
  onWritable(room: number): void;
  /** The stream is gone: the peer's reset, a fault of its bytes, a closed connection, a deadline. */
  onReset(e: ProxyError): void;
}

/** Server role: called at each request head, returns who reads that request. The head is delivered to it by `onHead` next. */
export type AcceptStream = (w: StreamWriter<ResponseHead>) => StreamReader<RequestHead>;

/** Time as codecs see it: milliseconds that the owner sets before it calls into them, so that they read no clock themselves. */
export interface Clock {
  readonly now: number;
}

/** The connection's side of a codec: bytes in, bytes out, deadlines. */
export interface ByteFace {
  /** Returns the fault that ends the connection, after the stream in hand has heard of it. The owner may still reply when none was in hand. */
  receive(b: Uint8Array): ProxyError | null;
  /** The peer's FIN. */
  receiveEnd(): ProxyError | null;
  /** When `tick` must be called, on the codec's clock; Infinity: never. */
  readonly deadline: number;
  tick(): ProxyError | null;
  /** Moves the bytes to send into `into`. */
  takeOutput(into: Uint8Array[]): void;
  /** false: stop reading from the socket until it is true again. */
  readonly wantsRead: boolean;
  /** true: close once the output has been flushed. */
  readonly wantsClose: boolean;
  /** A message was cut short: the connection must be reset, so that the peer can't take it for whole. */
  readonly failure: ProxyError | null;
  /** Received bytes can be worked on now that output has left: call `receive` with none. */
  readonly hasInput: boolean;
  /** The socket has taken all output (true) or holds some back (false). */
  setFlushed(flushed: boolean): void;
  /** announce: say that no new streams are wanted; last: take no new streams. */
  drain(stage: "announce" | "last"): void;
  /** The connection is gone: the streams in hand are told. */
  lost(e: ProxyError): void;
  /** Gives the connection away to a tunnel: the bytes received and not yet consumed. */
  detach(): Uint8Array;
}

/** Client role: opens a stream on a connection, or says why it can't. */
export interface OpenStream {
  open(r: StreamReader<ResponseHead>): StreamWriter<RequestHead> | ProxyError;
  /** How many more streams may be opened now. h1: 1 or 0. */
  readonly capacity: number;
}
