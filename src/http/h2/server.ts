import { type ErrorCode, ProxyError, type Scope } from "../../base/error.ts";
import type { AcceptStream, StreamWriter } from "../codec.ts";
import { type Fields, STRIDE } from "../fields.ts";
import { isGrpc } from "../grpc/content_type.ts";
import type { RequestHead, ResponseHead } from "../head.ts";
import { dropForbiddenTrailers, FORBIDDEN_TRAILERS } from "../trailer_rules.ts";
import { BUDGET } from "./budgets.ts";
import { H2Connection, type H2Options, type TimeFault } from "./connection.ts";
import { errorName, type FrameFault, NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM } from "./error_codes.ts";
import {
  BAD_PREFACE,
  BAD_TRAILERS,
  BEHIND_END,
  fault,
  NOT_TRAILERS,
  SELF_DEPENDENT,
  SERVER_STREAM,
  WRONG_LENGTH,
} from "./faults.ts";
import { FLAG_END_STREAM, MAX_31 } from "./frame_types.ts";
import type { HeaderFrames } from "./header_frames.ts";
import { CONNECTION_FIELDS } from "./hidden_fields.ts";
import { HpackEncoder } from "./hpack/encoder.ts";
import { type BudgetCause, HEAD_OVERHEAD, PROBE_MS, STREAM_WINDOW } from "./limits.ts";
import { PREFACE } from "./preface.ts";
import { blockFault, type HeadFault, requestHead } from "./request_head.ts";
import { ServerStream, type ServerStreamOwner } from "./server_stream.ts";
import { ENABLE_CONNECT_PROTOCOL, INITIAL_WINDOW_SIZE, MAX_CONCURRENT_STREAMS, MAX_HEADER_LIST_SIZE } from "./settings.ts";
import { type H2Stream, L_IDLE } from "./stream.ts";
import { PING_DRAIN } from "./timers.ts";

export interface H2ServerOptions extends H2Options {
  readonly mergeSlashes: boolean;
  readonly scheme: "http" | "https";
  /** Milliseconds between two parts of a request's body. */
  readonly bodyMs: number;
  /** Requests on one connection: the client is asked to open another one. */
  readonly maxRequests: number;
  /** How long the answer to the PING behind a first GOAWAY is awaited before the second. */
  readonly drainMs: number;
  /**
   * A request that is refused before anyone had it in hand. When the status is not 0 it must be answered through the writer, to its end;
   * otherwise its stream has been reset.
   */
  readonly onRefused: (w: StreamWriter<ResponseHead>, e: ProxyError, r: Refused) => void;
}

/** What was read of a request that is refused: "" for what was not. */
export interface Refused {
  readonly method: string;
  readonly path: string;
  /** Its content-type says so, and it is to be told in gRPC's form. */
  readonly grpc: boolean;
}

const NEVER = Number.POSITIVE_INFINITY;
const STATUS = ["200"];
const DEPENDS_ON_ITSELF: HeadFault = { code: "badRequest", status: 0, text: SELF_DEPENDENT.text };
const TIMES: Readonly<Record<TimeFault, { readonly code: ErrorCode; readonly text: string }>> = {
  head: { code: "headTimeout", text: "preface, SETTINGS or a frame not complete within the head timeout" },
  settings: { code: "headTimeout", text: "SETTINGS not acknowledged within the head timeout (RFC 9113 6.5.3)" },
  ping: { code: "idleTimeout", text: "no answer to PING" },
  idle: { code: "idleTimeout", text: "no request within the idle timeout" },
};

/** HTTP/2, server role (RFC 9113, RFC 8441). Each stream is a writer of its own. */
export class H2Server extends H2Connection implements ServerStreamOwner {
  readonly #o: H2ServerOptions;
  readonly #accept: AcceptStream;
  readonly #policy: { readonly mergeSlashes: boolean; readonly scheme: "http" | "https"; readonly pathBytes: number };
  /** Bytes of the preface that have come. */
  #preface = 0;
  #lastId = 0;
  #requests = 0;
  #headBytes = 0;
  #authority = "";
  #announced = false;
  #ended = false;
  /** The client's FIN has come: it has nothing more to say, and may be gone. */
  #finished = false;

  constructor(o: H2ServerOptions, accept: AcceptStream) {
    super(o, false);
    this.#o = o;
    this.#accept = accept;
    this.#policy = { mergeSlashes: o.mergeSlashes, scheme: o.scheme, pathBytes: o.limits.pathBytes };
    // RFC 9113 3.4: at once, without waiting for the client's.
    this.sendSettings([
      MAX_CONCURRENT_STREAMS,
      o.limits.streams,
      INITIAL_WINDOW_SIZE,
      STREAM_WINDOW,
      MAX_HEADER_LIST_SIZE,
      o.limits.headBytes,
      ENABLE_CONNECT_PROTOCOL,
      1,
    ]);
  }

  /** Streams in hand. */
  get busy(): boolean {
    return this.streams.size > 0;
  }

  /**
   * The client has said that it goes, or has gone, and nothing was wrong: closing at once can't take a frame away from it. Otherwise the
   * close has to wait for its FIN, or a reset might overtake GOAWAY (RFC 9113 5.4.1).
   */
  get clientIsDone(): boolean {
    return this.#ended && !this.stopped;
  }

  isIdle(id: number): boolean {
    // Nothing is pushed: an even id never was open.
    return id % 2 === 0 || id > this.#lastId;
  }

  protected get lastId(): number {
    return this.#lastId;
  }

  // ---- ByteFace ----

  receiveEnd(): ProxyError | null {
    if (this.stopped) return null;
    this.#ended = true;
    this.leaving = true;
    // Requests that are whole can still be answered: the client may have closed its side alone.
    const e = this.#error("clientClosed", 0, "connection", "the client closed in the middle of a request");
    for (const s of this.streams.all()) if (!s.remoteEnded && !s.wireClosed) this.cutOff(s, e);
    this.#finished = true;
    // A peer that writes nothing any more answers nothing.
    this.timers.settingsAck = this.timers.pingAck = NEVER;
    if (this.busy) this.keepAlive(this.#o.clock.now);
    return null;
  }

  /** RFC 9113 6.8 wants GOAWAY before the close anyway. It asks for no answer, and where nobody is left to read it a reset comes back. */
  protected override keepAlive(now: number): void {
    if (!this.#finished) {
      super.keepAlive(now);
      return;
    }
    this.out.goAway(this.#lastId, NO_ERROR, "");
    this.timers.ping = now + PROBE_MS;
  }

  drain(stage: "announce" | "last"): void {
    if (this.stopped || this.#ended) return;
    if (stage === "announce") {
      if (this.#announced || this.leaving) return;
      this.#announced = true;
      // RFC 9113 6.8: requests that are on their way are still taken, until the answer to PING shows that the client has seen this.
      this.out.goAway(MAX_31, NO_ERROR, "");
      this.out.ping(PING_DRAIN);
      this.timers.drain = this.#o.clock.now + this.#o.drainMs;
      return;
    }
    this.timers.drain = NEVER;
    if (this.leaving) return;
    this.leaving = true;
    this.out.goAway(this.#lastId, NO_ERROR, "");
  }

  lost(e: ProxyError): void {
    if (this.stopped) return;
    this.stop();
    for (const s of this.streams.all()) this.cutOff(s, e);
  }

  // ---- ServerStreamOwner ----

  sendResponse(s: ServerStream, status: number, f: Fields, end: boolean): void {
    const b = this.out.beginBlock(HpackEncoder.bound(STATUS, f));
    const to = this.encoder.encodeResponse(b, this.out.blockAt, status, f, CONNECTION_FIELDS);
    this.out.endBlock(s.id, end ? FLAG_END_STREAM : 0, to);
    this.budgets.moved++;
  }

  override forget(s: H2Stream): void {
    this.#headBytes -= (s as ServerStream).headCost;
    super.forget(s);
  }

  provoked(): void {
    this.budgets.take(BUDGET.resets);
  }

  // ---- reading ----

  protected override readPreface(b: Uint8Array): number {
    if (this.#preface === PREFACE.length) return 0;
    let at = 0;
    while (at < b.length && this.#preface < PREFACE.length) {
      // RFC 9113 3.4: anything else is no HTTP/2.
      if (b[at++] !== PREFACE[this.#preface++]) {
        this.onFrameFault(BAD_PREFACE);
        return b.length;
      }
    }
    return at;
  }

  protected onBlock(h: HeaderFrames): void {
    const { id } = h;
    const s = this.streams.find(id);
    if (s !== null && !s.wireClosed) this.#trailers(s, h);
    else if (id % 2 === 0) this.onFrameFault(SERVER_STREAM);
    else if (id > this.#lastId) this.#request(h);
    else {
      const f = this.strayHeaders(id);
      if (f !== null) this.onFrameFault(f);
      else this.decode(h, "trailers");
    }
  }

  #trailers(s: H2Stream, h: HeaderFrames): void {
    if (!this.decode(h, "trailers")) return;
    const { block } = this.#o;
    const bad = blockFault(block);
    if (s.remoteEnded) this.refuse(s, BEHIND_END);
    else if (!h.endStream) this.refuse(s, NOT_TRAILERS);
    else if (h.selfDependent) this.refuse(s, SELF_DEPENDENT);
    else if (bad !== null) this.refuse(s, fault(PROTOCOL_ERROR, `trailers: ${bad.text}`));
    else if (s.bodyLeft > 0) this.refuse(s, WRONG_LENGTH);
    else {
      const f = block.take();
      if ((f.mask & FORBIDDEN_TRAILERS) !== 0) {
        this.refuse(s, BAD_TRAILERS);
        return;
      }
      dropForbiddenTrailers(f);
      s.remoteEnded = true;
      s.takeTrailers(f);
      s.endedByPeer();
    }
  }

  #request(h: HeaderFrames): void {
    const { id, endStream, selfDependent } = h;
    const o = this.#o;
    const { block, limits } = o;
    this.#lastId = id;
    this.budgets.moved++;
    if (!this.decode(h, "request")) return;
    // RFC 9113 5.1.2. One that was reset counts until its exchange has let go of it.
    if (this.leaving || this.streams.size >= limits.streams) {
      this.#turnAway(id);
      return;
    }
    const s = new ServerStream(this, id, this.peer.initialWindow, o.clock, o.bodyMs);
    s.remoteEnded = endStream;
    s.method = block.method ?? "";
    const path = block.path ?? block.authority ?? "";
    let bad = selfDependent ? DEPENDS_ON_ITSELF : blockFault(block);
    let grpc = false;
    if (bad !== null) grpc = bad.status !== 0 && block.saysGrpc;
    else {
      const f = block.take();
      s.headCost = costOf(f);
      if (this.#headBytes + s.headCost > limits.heldHeadBytes) {
        this.#turnAway(id);
        return;
      }
      const head = requestHead(block, f, endStream, this.#policy, this.#authority);
      if ("fields" in head) {
        this.#open(s, head, block.protocol ?? "");
        return;
      }
      bad = head;
      grpc = isGrpc(f);
    }
    this.#refuse(s, bad, { method: s.method, path, grpc });
  }

  #open(s: ServerStream, head: RequestHead, protocol: string): void {
    const end = s.remoteEnded;
    s.protocol = protocol;
    s.fields = head.fields;
    this.#authority = head.authority;
    this.#headBytes += s.headCost;
    this.addStream(s);
    if (!end && head.method !== "CONNECT" && protocol === "") {
      s.bodyLeft = head.contentLength;
      s.awaitBody();
    }
    const reader = this.#accept(s);
    s.reader = reader;
    if (++this.#requests === this.#o.maxRequests) this.drain("announce");
    reader.onHead(head, end);
  }

  /** Not now: the client may ask again, here or elsewhere (RFC 9113 8.7). */
  #turnAway(id: number): void {
    this.provoked();
    this.streams.remember(id, true);
    this.out.resetStream(id, REFUSED_STREAM);
  }

  #refuse(s: ServerStream, f: HeadFault, r: Refused): void {
    s.headCost = 0;
    this.addStream(s);
    if (f.status === 0) {
      this.provoked();
      s.abandon(PROTOCOL_ERROR);
    }
    const e = this.#error(f.code, f.status, "stream", f.text);
    this.#o.onRefused(s, e, r);
    if (!s.released) s.reset(e);
  }

  // ---- ends ----

  /** The client takes no streams of ours anyway; it is about to go. */
  onGoAway(_lastId: number, _code: number): void {
    this.drain("last");
    this.#ended = true;
  }

  protected onBodyLate(s: H2Stream): void {
    s.fail(this.#error("bodyTimeout", s.local === L_IDLE ? 408 : 0, "stream", "no byte of the body within the body timeout"));
  }

  protected onStalled(s: H2Stream): void {
    this.provoked();
    (s as ServerStream).abandonFor("writeTimeout");
    s.fail(this.#error("writeTimeout", 0, "stream", "the client took nothing of what waits for its window"));
  }

  protected connectionFault(f: FrameFault): ProxyError {
    return this.#error("badRequest", 0, "connection", f.text);
  }

  protected floodFault(cause: BudgetCause): ProxyError {
    return this.#error("flood", 0, "connection", `the client went past its budget of HTTP/2 ${cause}`);
  }

  protected streamFault(f: FrameFault): ProxyError {
    return this.#error("badRequest", 400, "stream", f.text);
  }

  endsByReset(): boolean {
    return false;
  }

  resetFault(_s: H2Stream, code: number): ProxyError {
    return this.#error("clientReset", 0, "stream", `the client reset the stream: ${errorName(code)}`);
  }

  protected timeFault(kind: TimeFault): ProxyError {
    return this.#error(TIMES[kind].code, 0, "connection", TIMES[kind].text);
  }

  #error(code: ErrorCode, status: number, scope: Scope, text: string): ProxyError {
    return new ProxyError(text, { code, side: "downstream", scope, retry: "never", status });
  }
}

/** Memory that a head in hand costs: its bytes, and what is made of it. */
function costOf(f: Fields): number {
  const s = f.spans;
  return HEAD_OVERHEAD + (s.length === 0 ? 0 : s[s.length - STRIDE + 3]! - s[0]!);
}
