import { NO_BYTES } from "../../base/bytes.ts";
import { downstreamFault, type ProxyError } from "../../base/error.ts";
import type { Slab } from "../../base/slab.ts";
import type { AcceptStream, ByteFace, Clock, StreamReader, StreamWriter } from "../codec.ts";
import { connectionHas } from "../connection_options.ts";
import type { Fields } from "../fields.ts";
import type { RequestHead, ResponseHead } from "../head.ts";
import { ID } from "../names.ts";
import { bodyForbidden } from "../status.ts";
import { BodyReader, type BodySink } from "./body_reader.ts";
import { F_EMPTY_LINES, F_HEAD_TOO_LARGE, F_NOT_HTTP, F_URI_TOO_LONG, faultText, MORE } from "./faults.ts";
import { FieldReader } from "./field_reader.ts";
import { BAD_TRANSFER_CODING, CHUNKED, framingOf, framingText } from "./framing.ts";
import { HeadBuffer, isOwnMemory } from "./head_buffer.ts";
import { CHUNKED_FIELD, CLOSE_FIELD, EMPTY_FIELD, KEEP_ALIVE_FIELD, LAST_CHUNK, Output } from "./head_writer.ts";
import { type H1Limits, LEADING_EMPTY_LINES, OUTPUT_HIGH, PIECE_BYTES, READ_WINDOW } from "./limits.ts";
import { requestTarget, T_EXPECT, targetText } from "./request_target.ts";
import { type RequestLine, readRequestLine } from "./start_line.ts";

export interface H1ServerOptions {
  readonly limits: H1Limits;
  readonly underscores: "drop" | "keep" | "refuse";
  readonly mergeSlashes: boolean;
  readonly scheme: "http" | "https";
  /** The first bytes chose this codec, for want of a better one: what turns out to be no HTTP is not answered. */
  readonly guessed: boolean;
  /** Milliseconds: between requests, from a head's first byte to its last, between two reads of a body. */
  readonly idleMs: number;
  readonly headMs: number;
  readonly bodyMs: number;
  /** Requests on one connection. */
  readonly maxRequests: number;
  readonly slab: Slab;
  /** Set by the owner before each call. */
  readonly clock: Clock;
}

/*
 * Reading                                        Writing (of the same request)
 *   head ──▶ body ──▶ wait ──▶ head …              idle ──head──▶ body ──end──▶ done
 *     │        │        (until writing is done)     └──────── head with end ────▲
 *     └────────┴──▶ closed (a fault, the last reply sent, FIN)
 * The next head is read when both sides are done: replies leave in the order of their requests (RFC 9112 9.3.2).
 */
const R_HEAD = 0;
const R_BODY = 1;
const R_WAIT = 2;
const R_CLOSED = 3;
const R_DETACHED = 4;
const W_IDLE = 0;
const W_BODY = 1;
const W_DONE = 2;

const HOST_BIT = 1 << ID.host;
const CONNECTION_BIT = 1 << ID.connection;
const LENGTH_BIT = 1 << ID["content-length"];
const EXPECT_BIT = 1 << ID.expect;
const line: RequestLine = { method: "", target: "", minor: 1, special: false };

/** HTTP/1.x, server role (RFC 9112). One live stream, so the codec is its writer itself. */
export class H1Server implements ByteFace, StreamWriter<ResponseHead>, BodySink {
  deadline: number;
  readonly #o: H1ServerOptions;
  readonly #accept: AcceptStream;
  readonly #head = new HeadBuffer();
  readonly #fields: FieldReader;
  readonly #out: Output;
  #body: BodyReader | null = null;
  #reader: StreamReader<RequestHead> | null = null;
  #r = R_HEAD;
  #w = W_IDLE;
  /** Offset of the first field line in the head buffer; 0: the request line is not complete. */
  #fieldsAt = 0;
  #requests = 0;
  #method = "";
  #minor = 1;
  #target = "";
  #authority = "";
  #special = false;
  #keepAlive = true;
  /** The request in hand says that it is the last. */
  #clientCloses = false;
  #chunkedOut = false;
  /** The reply's head allows no body: what comes of one is dropped (RFC 9112 6.3). */
  #bodyless = false;
  /** Each reply is the last one. */
  #draining = false;
  /** No further request is waited for. */
  #last = false;
  #flushed = true;
  /** `receive` is at work: what it has not read yet stands in no field. */
  #reading = false;
  #uncredited = 0;
  #pieceBytes = 0;
  #continueDue = false;
  /** Bytes behind the request in hand: pipelined requests. */
  #stash: Uint8Array = NO_BYTES;
  /** A reply was cut short. */
  #failure: ProxyError | null = null;
  /** A head that was refused. */
  #fault: ProxyError | null = null;
  #ended = false;

  constructor(o: H1ServerOptions, accept: AcceptStream) {
    this.#o = o;
    this.#accept = accept;
    this.#fields = new FieldReader(o.limits.fields, o.underscores);
    this.#out = new Output(o.slab);
    // A connection that never sends anything has as long as a head has, not as long as a kept one.
    this.deadline = o.clock.now + o.headMs;
  }

  get wantsRead(): boolean {
    if (this.#r === R_CLOSED) return true;
    return this.#stash.length === 0 && this.#uncredited + this.#pieceBytes < READ_WINDOW;
  }

  /** One stream at a time bounds itself. */
  get crowded(): boolean {
    return false;
  }

  get wantsClose(): boolean {
    return this.#r === R_CLOSED && this.#w !== W_BODY && this.#reader === null;
  }

  /** The fault that cut a reply short: nothing more can be said on this connection. */
  get failure(): ProxyError | null {
    return this.#failure;
  }

  /**
   * The client has announced the end itself and sent no more: closing at once can't reset a reply on its way (RFC 9112 9.6). Otherwise it
   * may be sending still, and the close has to wait for its FIN.
   */
  get clientIsDone(): boolean {
    return this.#clientCloses && this.#fault === null && this.#w === W_IDLE;
  }

  /** It waits for the first byte of a request, and holds nothing that was received. */
  get atRest(): boolean {
    return this.#r === R_HEAD && this.#reader === null && this.#head.length === 0 && this.#stash.length === 0 && !this.#last;
  }

  /** A request is in hand. */
  get busy(): boolean {
    return this.#reader !== null;
  }

  /** A reply to the request in hand, or to a fault, has been begun. */
  get replied(): boolean {
    return this.#w !== W_IDLE;
  }

  /** What was read of a request that was refused; "" for what was not. */
  get refused(): { readonly method: string; readonly target: string } {
    return { method: this.#method, target: this.#target };
  }

  /** Pipelined bytes can be worked on now: call `receive` with no bytes. */
  get hasInput(): boolean {
    return this.#r === R_HEAD && this.#stash.length > 0 && this.#flushed;
  }

  receive(b: Uint8Array): ProxyError | null {
    let chunk = b;
    if (this.#stash.length > 0 && this.#r !== R_CLOSED) {
      chunk = b.length === 0 ? this.#stash : join(this.#stash, b);
      this.#stash = NO_BYTES;
    }
    this.#reading = true;
    const e = this.#read(chunk);
    this.#reading = false;
    if (e !== null) return e;
    return this.#ended || this.#last ? this.#settleEnd() : null;
  }

  #read(chunk: Uint8Array): ProxyError | null {
    let at = 0;
    while (at < chunk.length) {
      if (this.#r === R_HEAD) {
        if (this.#out.bytes > OUTPUT_HIGH || !this.#flushed) break;
        const r = this.#readHead(chunk, at);
        if (r < 0) return r === MORE ? null : this.#headFault(r);
        if (this.#fault !== null) return this.#fault;
        at = r;
      } else if (this.#r === R_BODY) {
        const r = this.#body!.read(chunk, at, this);
        if (typeof r === "string") return this.#bodyFault(r);
        at = r;
        if (this.#r === R_BODY) this.#armBody();
      } else break;
    }
    if (at < chunk.length && this.#r !== R_CLOSED) this.#stash = at === 0 ? chunk : chunk.subarray(at);
    return null;
  }

  receiveEnd(): ProxyError | null {
    this.#ended = true;
    return this.#settleEnd();
  }

  /** No byte will come (or none is wanted) behind those at hand: what they leave half done ends here. */
  #settleEnd(): ProxyError | null {
    if (this.#stash.length > 0) return null;
    if (this.#r === R_BODY && this.#ended) {
      const e = downstreamFault("clientClosed", 0, "the client closed in the middle of a request's body");
      this.#fail(e);
      return e;
    }
    if (this.#r !== R_HEAD) return null;
    if (this.#head.length === 0) {
      this.#shut();
      return null;
    }
    if (!this.#ended) return null;
    this.#shut();
    return downstreamFault("clientClosed", 0, "the client closed in the middle of a head");
  }

  tick(): ProxyError | null {
    if (this.#o.clock.now < this.deadline) return null;
    this.deadline = Number.POSITIVE_INFINITY;
    if (this.#r === R_HEAD) {
      if (this.#head.length === 0) {
        this.#shut();
        return this.#requests > 0
          ? downstreamFault("idleTimeout", 0, "no request within the idle timeout")
          : downstreamFault("headTimeout", 0, "no byte within the head timeout");
      }
      if (this.#fieldsAt === 0) this.#method = "";
      return this.#refuse(downstreamFault("headTimeout", 408, "head not complete within the head timeout"));
    }
    if (this.#r === R_BODY) {
      const e = downstreamFault("bodyTimeout", 408, "no byte of the body within the body timeout");
      this.#fail(e);
      return e;
    }
    return null;
  }

  takeOutput(into: Uint8Array[]): void {
    this.#out.take(into);
  }

  setFlushed(flushed: boolean): void {
    if (this.#flushed === flushed) return;
    this.#flushed = flushed;
    if (flushed && this.#w === W_BODY) this.#reader?.onWritable(OUTPUT_HIGH);
  }

  /** The connection has been served before, elsewhere: it may wait as long as a kept one. */
  kept(): void {
    this.#requests = 1;
    this.deadline = this.#o.clock.now + this.#o.idleMs;
  }

  drain(stage: "announce" | "last"): void {
    this.#draining = true;
    if (stage !== "last") return;
    this.#last = true;
    this.#settleEnd();
  }

  detach(): Uint8Array {
    const rest = this.#stash;
    this.#stash = NO_BYTES;
    this.#reader = null;
    this.#r = R_DETACHED;
    this.deadline = Number.POSITIVE_INFINITY;
    return rest;
  }

  lost(e: ProxyError): void {
    const reader = this.#reader;
    this.#reader = null;
    this.#shut();
    reader?.onReset(e);
  }

  // ---- StreamWriter ----

  sendInterim(h: ResponseHead): void {
    if (this.#minor === 0 || this.#w !== W_IDLE) return;
    if (h.status === 100) this.#continueDue = false;
    this.#out.response(h.status, h.reason, h.fields, null, null);
  }

  sendHead(h: ResponseHead, end: boolean): void {
    if (h.status === 101 || (this.#method === "CONNECT" && h.status >= 200 && h.status < 300)) {
      this.#out.response(h.status, h.reason, h.fields, null, null);
      this.#w = W_BODY;
      return;
    }
    const bodyless = bodyForbidden(h.status, this.#method);
    this.#bodyless = bodyless;
    this.#chunkedOut = false;
    let framing: Uint8Array | null = null;
    // The field and not only the number: without one the client would wait for a close (RFC 9112 6.3).
    if (!bodyless && (h.contentLength < 0 || (h.fields.mask & LENGTH_BIT) === 0)) {
      if (end) framing = EMPTY_FIELD;
      else if (this.#minor === 0) this.#keepAlive = false;
      else {
        this.#chunkedOut = true;
        framing = CHUNKED_FIELD;
      }
    }
    // A client that still waits for 100 (Continue) may or may not send the body that it announced: only a close tells it apart.
    if (
      this.#draining ||
      (this.#ended && this.#stash.length === 0 && !this.#reading) ||
      this.#requests >= this.#o.maxRequests ||
      this.#r === R_CLOSED ||
      (this.#r === R_BODY && (end || this.#continueDue)) ||
      // RFC 9931: what stands behind a CONNECT may be an untrusted program's and meant for the tunnel; refused, it must not become a request.
      this.#method === "CONNECT"
    ) {
      this.#keepAlive = false;
    }
    const connection = this.#keepAlive ? (this.#minor === 0 ? KEEP_ALIVE_FIELD : null) : CLOSE_FIELD;
    this.#out.response(h.status, h.reason, h.fields, framing, connection);
    this.#w = W_BODY;
    if (end) this.#replySent();
  }

  sendData(b: Uint8Array, end: boolean): number {
    if (this.#w !== W_BODY) return 0;
    if (b.length > 0 && !this.#bodyless) this.#out.body(b, this.#chunkedOut);
    if (end) {
      if (this.#chunkedOut) this.#out.small(LAST_CHUNK);
      this.#replySent();
      return 0;
    }
    // Output leaves when the event is over: only what the socket then holds back counts.
    return this.#flushed ? OUTPUT_HIGH : 0;
  }

  sendTrailers(f: Fields): void {
    if (this.#w !== W_BODY) return;
    if (this.#chunkedOut) this.#out.trailers(f);
    this.#replySent();
  }

  stopReading(): void {
    if (this.#r === R_BODY) this.#keepAlive = false;
  }

  reset(e: ProxyError): void {
    this.#reader = null;
    if (this.#failure === null) this.#failure = e;
    this.#shut();
  }

  hold(): void {
    // A client's matter.
  }

  credit(bytes: number): void {
    this.#uncredited -= bytes;
    if (this.#uncredited <= 0) this.#uncredited = this.#pieceBytes = 0;
    if (this.#r === R_BODY && this.deadline === Number.POSITIVE_INFINITY && this.#uncredited + this.#pieceBytes < READ_WINDOW)
      this.#armBody();
  }

  // ---- BodySink ----

  onBody(b: Uint8Array, end: boolean): void {
    // Before the reader hears of it: it may reply at once.
    if (end) this.#requestRead();
    if (this.#reader === null) return;
    this.#uncredited += b.length;
    this.#pieceBytes += PIECE_BYTES;
    this.#reader.onData(b, end);
  }

  onBodyTrailers(f: Fields): void {
    this.#requestRead();
    this.#reader?.onTrailers(f);
  }

  // ---- reading ----

  /** Offset behind the head in `chunk`, `MORE`, or a fault. */
  #readHead(chunk: Uint8Array, from: number): number {
    const head = this.#head;
    const before = head.length;
    if (before === 0) this.deadline = this.#o.clock.now + this.#o.headMs;
    head.push(chunk, from);
    const { bytes } = head;
    const { headBytes } = this.#o.limits;
    const end = Math.min(head.length, headBytes);
    let fields = this.#fieldsAt;
    if (fields === 0) {
      this.#method = this.#target = "";
      fields = this.#readStartLine(bytes, end);
      if (fields < 0) return fields === MORE && head.length >= headBytes ? F_HEAD_TOO_LARGE : fields;
      this.#fields.start(fields);
      this.#fieldsAt = fields;
    }
    const r = this.#fields.read(bytes, end);
    if (r < 0) return r === MORE && head.length >= headBytes ? F_HEAD_TOO_LARGE : r;
    const repeated = this.#fields.repeated;
    const alone = isOwnMemory(chunk, from);
    const f = this.#fields.take(alone ? bytes.slice(0, r) : bytes);
    head.clear();
    this.#fieldsAt = 0;
    this.#headRead(f, repeated, alone);
    return from + (r - before);
  }

  #readStartLine(bytes: Uint8Array, end: number): number {
    let p = 0;
    let empty = 0;
    while (p + 1 < end && bytes[p] === 13 && bytes[p + 1] === 10) {
      p += 2;
      if (++empty > LEADING_EMPTY_LINES) return F_EMPTY_LINES;
    }
    if (p + 1 === end && bytes[p] === 13) return MORE;
    if (p === end) return MORE;
    const limit = p + this.#o.limits.startLineBytes;
    const r = readRequestLine(bytes, p, Math.min(end, limit), line);
    if (r === MORE) return end >= limit ? F_URI_TOO_LONG : MORE;
    if (r < 0) return r;
    this.#method = line.method;
    this.#target = line.target;
    this.#special = line.special;
    this.#minor = line.minor;
    return r;
  }

  #headRead(f: Fields, repeated: number, alone: boolean): void {
    this.#requests++;
    const minor = this.#minor;
    const framing = framingOf(f, repeated, minor, 0);
    if (framing < CHUNKED) {
      // RFC 9112 6.1: a transfer coding that is not understood is answered with 501.
      const unknown = framing === BAD_TRANSFER_CODING;
      this.#refuse(
        downstreamFault(unknown ? "unsupportedTransferCoding" : "badRequest", unknown ? 501 : 400, framingText(framing)),
      );
      return;
    }
    // RFC 9112 3.2: exactly one Host in HTTP/1.1.
    if ((repeated & HOST_BIT) !== 0 || (minor === 1 && (f.mask & HOST_BIT) === 0)) {
      this.#refuse(downstreamFault("badRequest", 400, "not exactly one Host field (RFC 9112 3.2)"));
      return;
    }
    const head = requestTarget(this.#method, this.#target, this.#special, minor, f, this.#o, this.#authority);
    if (typeof head === "number") {
      const expectation = head === T_EXPECT;
      this.#refuse(
        downstreamFault(expectation ? "unsupportedExpectation" : "badRequest", expectation ? 417 : 400, targetText(head)),
      );
      return;
    }
    // RFC 9110 9.3.6, 9.3.8: neither has content, and who takes the one for granted reads the other's as a request.
    if (framing !== 0 && (head.method === "CONNECT" || head.method === "TRACE")) {
      this.#refuse(downstreamFault("badRequest", 400, `${head.method} with a body (RFC 9110 9.3.6, 9.3.8)`));
      return;
    }
    this.#authority = head.authority;
    head.contentLength = framing;
    // RFC 9110 10.1.1: ignored in HTTP/1.0, and not to be asked of the upstream for a request without content.
    if ((f.mask & EXPECT_BIT) !== 0 && (framing === 0 || !head.expectContinue)) {
      head.expectContinue = false;
      f.remove("expect");
    }
    this.#keepAlive =
      minor === 1
        ? (f.mask & CONNECTION_BIT) === 0 || !connectionHas(f, "close")
        : connectionHas(f, "keep-alive") && !connectionHas(f, "close");
    this.#clientCloses = !this.#keepAlive;
    this.#continueDue = head.expectContinue && framing !== 0;
    this.#target = "";
    this.#w = W_IDLE;
    if (framing === 0) {
      this.#r = R_WAIT;
      this.deadline = Number.POSITIVE_INFINITY;
    } else {
      this.#r = R_BODY;
      this.#body ??= new BodyReader(this.#o.limits.fields);
      this.#body.start(framing, alone);
      this.#armBody();
    }
    const reader = this.#accept(this);
    this.#reader = reader;
    reader.onHead(head, framing === 0);
  }

  #requestRead(): void {
    if (this.#r !== R_BODY) return;
    this.#continueDue = false;
    this.deadline = Number.POSITIVE_INFINITY;
    this.#r = R_WAIT;
  }

  #armBody(): void {
    // While the exchange holds bytes back it is not the client who is slow.
    this.deadline =
      this.#uncredited + this.#pieceBytes >= READ_WINDOW ? Number.POSITIVE_INFINITY : this.#o.clock.now + this.#o.bodyMs;
  }

  #next(): void {
    this.#reader = null;
    this.#uncredited = 0;
    this.#pieceBytes = 0;
    this.#w = W_IDLE;
    if (!this.#keepAlive) {
      // What stands behind the request in hand is not known inside `receive`.
      if (this.#reading || this.#stash.length > 0) this.#clientCloses = false;
      this.#shut();
      return;
    }
    this.#r = R_HEAD;
    this.deadline = this.#o.clock.now + this.#o.idleMs;
    // Inside `receive` the bytes behind this request come first. A reply that had begun when a drain was announced said nothing of a close,
    // and the next request may be on its way.
    if (!this.#reading && (this.#ended || this.#last)) this.#settleEnd();
  }

  // ---- writing ----

  #replySent(): void {
    this.#w = W_DONE;
    if (this.#r === R_WAIT) {
      // Inside `receive` the loop there goes on by itself; the state is what it looks at.
      this.#next();
      return;
    }
    if (this.#r === R_BODY) {
      // The reply came before the request's end: what is left of the body can't be told from a next request by anyone who gave up on it.
      this.#reader = null;
      this.#shut();
    } else if (this.#r === R_CLOSED) this.#reader = null;
  }

  // ---- ends ----

  #headFault(fault: number): ProxyError {
    const t = faultText(fault);
    // RFC 9113 3.4: who sends a broken preface is cut off, and would take a reply in HTTP/1.1 for frames.
    const silent = fault === F_NOT_HTTP && this.#o.guessed && this.#requests === 0;
    // The method in hand is the last request's when this one's line can't be read.
    if (this.#fieldsAt === 0) this.#method = "";
    return this.#refuse(downstreamFault(t.code, silent ? 0 : t.status, t.text));
  }

  /** A request that can't be read: the owner replies through this writer, and the connection ends. */
  #refuse(e: ProxyError): ProxyError {
    this.#fault = e;
    this.#w = W_IDLE;
    this.#keepAlive = false;
    this.#shut();
    return e;
  }

  #bodyFault(text: string): ProxyError {
    const e = downstreamFault("badRequest", 400, text);
    this.#fail(e);
    return e;
  }

  /** A fault of a request that an exchange has in hand: it replies if it still can. */
  #fail(e: ProxyError): void {
    this.#keepAlive = false;
    const reader = this.#reader;
    this.#shut();
    reader?.onReset(e);
  }

  #shut(): void {
    this.#r = R_CLOSED;
    this.#stash = NO_BYTES;
    this.#head.clear();
    this.#fields.start(0);
    this.deadline = Number.POSITIVE_INFINITY;
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
