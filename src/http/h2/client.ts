import { type ErrorCode, localFault, ProxyError, type Retry } from "../../base/error.ts";
import type { OpenStream, StreamReader, StreamWriter } from "../codec.ts";
import type { RequestHead, ResponseHead } from "../head.ts";
import { ID } from "../names.ts";
import { dropForbiddenTrailers, FORBIDDEN_TRAILERS } from "../trailer_rules.ts";
import { ClientStream, type ClientStreamOwner } from "./client_stream.ts";
import { H2Connection, type H2Options, type TimeFault } from "./connection.ts";
import { CANCEL, errorName, type FrameFault, NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM } from "./error_codes.ts";
import { BAD_TRAILERS, BEHIND_END, fault, IDLE_STREAM, NOT_TRAILERS, WRONG_LENGTH } from "./faults.ts";
import { FLAG_END_STREAM, MAX_31 } from "./frame_types.ts";
import type { HeaderFrames } from "./header_frames.ts";
import { REQUEST_HIDDEN } from "./hidden_fields.ts";
import { HpackEncoder } from "./hpack/encoder.ts";
import { HB_TOO_LARGE, HB_TOO_MANY } from "./hpack/header_block.ts";
import { type BudgetCause, FIRST_STREAMS, INTERIM_RESPONSES, STREAM_WINDOW } from "./limits.ts";
import { PREFACE } from "./preface.ts";
import { blockFault } from "./request_head.ts";
import { responseHead } from "./response_head.ts";
import { ENABLE_PUSH, INITIAL_WINDOW_SIZE, MAX_HEADER_LIST_SIZE } from "./settings.ts";
import type { H2Stream } from "./stream.ts";
import { ENDED } from "./stream_table.ts";

export interface H2ClientOptions extends H2Options {
  /** What :scheme says: how the connection is. */
  readonly scheme: "http" | "https";
  /** Streams open at once, where the server allows no fewer. */
  readonly maxStreams: number;
  /** Requests on one connection. */
  readonly maxRequests: number;
}

const TIMES: Readonly<Record<TimeFault, { readonly code: ErrorCode; readonly status: number; readonly text: string }>> = {
  head: { code: "upstreamProtocol", status: 502, text: "the upstream's SETTINGS, or a frame, not complete in time" },
  settings: { code: "upstreamProtocol", status: 502, text: "the upstream did not acknowledge SETTINGS in time (RFC 9113 6.5.3)" },
  ping: { code: "upstreamClosed", status: 502, text: "the upstream did not answer PING" },
  idle: { code: "idleTimeout", status: 0, text: "unused for the idle timeout" },
};

/** HTTP/2, client role (RFC 9113, RFC 8441): an upstream connection with many streams. */
export class H2Client extends H2Connection implements OpenStream, ClientStreamOwner {
  readonly #o: H2ClientOptions;
  #nextId = 1;
  #requests = 0;
  /** Streams opened whose head has not been sent. */
  #reserved = 0;
  /** The server has said how many streams it takes. */
  #told = false;

  constructor(o: H2ClientOptions) {
    super(o, true);
    this.#o = o;
    this.out.raw(PREFACE);
    this.sendSettings([ENABLE_PUSH, 0, INITIAL_WINDOW_SIZE, STREAM_WINDOW, MAX_HEADER_LIST_SIZE, o.limits.headBytes]);
  }

  // ---- OpenStream ----

  get capacity(): number {
    if (this.stopped || this.leaving || this.#nextId > MAX_31) return 0;
    return Math.max(0, Math.min(this.streamLimit - this.active, this.#o.maxRequests - this.#requests));
  }

  /** Streams that may be open at once, as far as the server has told. */
  get streamLimit(): number {
    return Math.min(this.#o.maxStreams, this.#told ? this.peer.maxStreams : FIRST_STREAMS);
  }

  /** Streams in hand. */
  get active(): number {
    return this.streams.size + this.#reserved;
  }

  get idle(): boolean {
    return this.active === 0;
  }

  open(r: StreamReader<ResponseHead>): StreamWriter<RequestHead> | ProxyError {
    if (this.capacity === 0) return localFault("internal", 500, "the upstream connection takes no more streams");
    this.#reserved++;
    this.#requests++;
    return new ClientStream(this, r);
  }

  unreserve(): void {
    this.#reserved--;
  }

  sendRequest(s: ClientStream, h: RequestHead, end: boolean): boolean {
    this.#reserved--;
    if (this.stopped || this.leaving) {
      s.wireClosed = true;
      s.fail(this.#error("upstreamClosed", "always", "the upstream connection closed before the request"));
      return false;
    }
    s.id = this.#nextId;
    this.#nextId += 2;
    s.sendWindow = this.peer.initialWindow;
    this.addStream(s);
    // RFC 8441 4: only a server that has said so may be asked; for others it is a request that asks for nothing.
    if (h.upgrade !== "" && this.peer.connectProtocol) s.protocol = h.upgrade;
    const tunnel = s.protocol !== "" || h.method === "CONNECT";
    const plain = h.method === "CONNECT";
    const f = h.fields;
    const method = tunnel ? "CONNECT" : h.method;
    // RFC 9113 8.5: CONNECT names its target alone.
    const authority = plain ? h.path : (f.getId(ID.host, "host") ?? h.authority);
    const scheme = plain ? "" : this.#o.scheme;
    const path = plain ? "" : h.path;
    const b = this.out.beginBlock(HpackEncoder.bound([method, scheme, authority, path, s.protocol], f));
    const at = this.out.blockAt;
    const to = this.encoder.encodeRequest(b, at, method, scheme, authority, path, s.protocol, f, REQUEST_HIDDEN);
    this.out.endBlock(s.id, end && !tunnel ? FLAG_END_STREAM : 0, to);
    this.budgets.moved++;
    return true;
  }

  // ---- ByteFace ----

  receiveEnd(): ProxyError | null {
    if (this.stopped) return null;
    if (this.idle) {
      this.stop();
      return null;
    }
    const e = this.#error("upstreamClosed", "ifReused", "the upstream closed the connection");
    this.lost(e);
    return e;
  }

  override get wantsClose(): boolean {
    return this.stopped || (this.leaving && this.active === 0);
  }

  drain(_stage: "announce" | "last"): void {
    if (this.leaving) return;
    this.leaving = true;
    this.out.goAway(0, NO_ERROR, "");
  }

  lost(e: ProxyError): void {
    if (this.stopped) return;
    this.stop();
    for (const s of this.streams.all()) this.cutOff(s, e);
  }

  // ---- reading ----

  isIdle(id: number): boolean {
    // RFC 9113 8.4: pushed streams have even ids, and none may be pushed.
    return id % 2 === 0 || id >= this.#nextId;
  }

  protected get lastId(): number {
    return 0;
  }

  /** What an upstream resets is its loss. */
  provoked(): void {}

  override onSettings(): void {
    this.#told = true;
    super.onSettings();
  }

  protected onBlock(h: HeaderFrames): void {
    const s = this.streams.find(h.id) as ClientStream | null;
    if (s === null || s.wireClosed) this.#stray(h);
    else if (!this.decode(h, s.hasHead ? "trailers" : "response")) return;
    else if (s.remoteEnded) this.refuse(s, BEHIND_END);
    else if (s.hasHead) this.#trailers(s, h.endStream);
    else this.#response(s, h.endStream);
  }

  #stray(h: HeaderFrames): void {
    if (this.isIdle(h.id)) this.onFrameFault(IDLE_STREAM);
    else if (this.streams.howEnded(h.id) === ENDED) this.onFrameFault(BEHIND_END);
    else this.decode(h, "trailers");
  }

  #response(s: ClientStream, end: boolean): void {
    const { block } = this.#o;
    const bad = blockFault(block);
    if (bad !== null) {
      const large = block.fault === HB_TOO_LARGE || block.fault === HB_TOO_MANY;
      this.#give(s, large ? CANCEL : PROTOCOL_ERROR, large ? "upstreamHeadTooLarge" : "upstreamProtocol", bad.text);
      return;
    }
    const head = responseHead(block.status, block.take(), block.repeated, s, end);
    if (typeof head === "string") {
      this.#give(s, PROTOCOL_ERROR, "upstreamProtocol", head);
      return;
    }
    if (head.status < 200 && head.status !== 101) {
      if (++s.interims > INTERIM_RESPONSES) this.#give(s, CANCEL, "upstreamProtocol", "more interim responses than the limit");
      else s.head?.onInterim(head);
      return;
    }
    s.hasHead = true;
    s.remoteEnded = end;
    const reader = s.head;
    s.head = null;
    reader?.onHead(head, end);
    if (end) s.endedByPeer();
  }

  #trailers(s: ClientStream, end: boolean): void {
    const { block } = this.#o;
    const bad = blockFault(block);
    if (!end) this.refuse(s, NOT_TRAILERS);
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

  // ---- ends ----

  onGoAway(lastId: number, code: number): void {
    this.leaving = true;
    // RFC 9113 6.8: these were not worked on, and may be sent again, whatever they are.
    for (const s of this.streams.all()) {
      if (s.id <= lastId) continue;
      s.close(true);
      s.fail(this.#error("upstreamClosed", "always", `the upstream takes no more requests: ${errorName(code)}`));
    }
  }

  /** Each stream is told what it may do: where something of a reply has come, nothing is tried again. */
  protected override cutOff(s: H2Stream, e: ProxyError): void {
    const { retry } = e.facts;
    const touched = retry !== "never" && !(s as ClientStream).untouched;
    super.cutOff(s, touched ? new ProxyError(e.message, { ...e.facts, retry: "never" }) : e);
  }

  protected onBodyLate(_s: H2Stream): void {
    // No time is set for it here.
  }

  protected onStalled(s: H2Stream): void {
    s.abandon(CANCEL);
    s.fail(this.#error("writeTimeout", "never", "the upstream took nothing of what waits for its window", 504));
  }

  protected connectionFault(f: FrameFault): ProxyError {
    return this.#error("upstreamProtocol", "never", f.text);
  }

  protected floodFault(cause: BudgetCause): ProxyError {
    return this.#error("flood", "never", `the upstream went past its budget of HTTP/2 ${cause}`);
  }

  protected streamFault(f: FrameFault): ProxyError {
    return this.#error("upstreamProtocol", "never", f.text);
  }

  /** Behind the last byte that Content-Length announced there is nothing to lose; Node's server does so under load (RFC 9113 8.1). */
  endsByReset(s: H2Stream, code: number): boolean {
    return code === NO_ERROR && s.hasHead && !s.remoteEnded && s.bodyLeft === 0;
  }

  resetFault(_s: H2Stream, code: number): ProxyError {
    // RFC 9113 8.7: nothing was done.
    const refused = code === REFUSED_STREAM;
    const text = `the upstream reset the stream: ${errorName(code)}`;
    return this.#error("upstreamReset", refused ? "always" : "never", text, refused ? 503 : 502);
  }

  protected timeFault(kind: TimeFault): ProxyError {
    const { code, status, text } = TIMES[kind];
    return this.#error(code, "ifReused", text, status);
  }

  /** Gives a stream up for what its reply is. */
  #give(s: ClientStream, code: number, as: ErrorCode, text: string): void {
    s.abandon(code);
    s.fail(this.#error(as, "never", text));
  }

  #error(code: ErrorCode, retry: Retry, text: string, status = 502): ProxyError {
    return new ProxyError(text, { code, side: "upstream", scope: "stream", retry, status });
  }
}
