import { NO_BYTES } from "../../base/bytes.ts";
import { localFault, type ProxyError, upstreamFault } from "../../base/error.ts";
import type { Slab } from "../../base/slab.ts";
import type { ByteFace, OpenStream, StreamReader, StreamWriter } from "../codec.ts";
import { connectionHas } from "../connection_options.ts";
import type { Fields } from "../fields.ts";
import type { RequestHead, ResponseHead } from "../head.ts";
import { ID } from "../names.ts";
import { bodyForbidden, reasonPhrase } from "../status.ts";
import { BodyReader, type BodySink } from "./body_reader.ts";
import { F_HEAD_TOO_LARGE, F_START_LINE_TOO_LONG, F_TOO_MANY_FIELDS, faultText, MORE } from "./faults.ts";
import { FieldReader } from "./field_reader.ts";
import { CHUNKED, framingOf, framingText, UNTIL_CLOSE } from "./framing.ts";
import { HeadBuffer, isOwnMemory } from "./head_buffer.ts";
import { CHUNKED_FIELD, LAST_CHUNK, Output } from "./head_writer.ts";
import { type H1Limits, INTERIM_RESPONSES, OUTPUT_HIGH, PIECE_BYTES, READ_WINDOW } from "./limits.ts";
import { readStatusLine, type StatusLine } from "./start_line.ts";

export interface H1ClientOptions {
  readonly limits: H1Limits;
  /** Requests on one connection. */
  readonly maxRequests: number;
  readonly slab: Slab;
}

/*
 *   idle ──open──▶ head ──▶ body ──▶ idle (kept)           closed: a fault, FIN, not to be kept
 *                    └─ 1xx ─▲         └──▶ closed
 * Bytes that come while idle were asked for by nobody: the connection is not used again (RFC 9112 9.2, response splitting).
 */
const S_IDLE = 0;
const S_HEAD = 1;
const S_BODY = 2;
const S_CLOSED = 3;
const S_DETACHED = 4;

const CONNECTION_BIT = 1 << ID.connection;
const LENGTH_BIT = 1 << ID["content-length"];
const line: StatusLine = { status: 0, reason: "", minor: 1 };

/** HTTP/1.x, client role (RFC 9112). One live stream, so the codec is its writer itself. */
export class H1Client implements ByteFace, OpenStream, StreamWriter<RequestHead>, BodySink {
  /** Set by the owner while the connection is idle. */
  deadline: number = Number.POSITIVE_INFINITY;
  readonly #o: H1ClientOptions;
  readonly #head = new HeadBuffer();
  readonly #fields: FieldReader;
  readonly #out: Output;
  #body: BodyReader | null = null;
  #reader: StreamReader<ResponseHead> | null = null;
  #s = S_IDLE;
  #fieldsAt = 0;
  #requests = 0;
  #interims = 0;
  #status = 0;
  #reason = "";
  #minor = 1;
  #method = "";
  #upgrade = "";
  #keepAlive = true;
  #chunkedOut = false;
  #sent = true;
  #flushed = true;
  #uncredited = 0;
  #pieceBytes = 0;
  #held = false;
  #unread: Uint8Array = NO_BYTES;
  #failure: ProxyError | null = null;

  constructor(o: H1ClientOptions) {
    this.#o = o;
    // A response's names with `_` pass: nobody behind Weir takes a client for a CGI program.
    this.#fields = new FieldReader(o.limits.fields, "keep");
    this.#out = new Output(o.slab);
  }

  get capacity(): number {
    return this.#s === S_IDLE && this.#requests < this.#o.maxRequests ? 1 : 0;
  }

  /** No exchange is on the connection. */
  get idle(): boolean {
    return this.#s === S_IDLE;
  }

  get wantsRead(): boolean {
    return !this.#held && this.#uncredited + this.#pieceBytes < READ_WINDOW;
  }

  /** One stream at a time bounds itself. */
  get crowded(): boolean {
    return false;
  }

  get wantsClose(): boolean {
    return this.#s === S_CLOSED;
  }

  get failure(): ProxyError | null {
    return this.#failure;
  }

  get hasInput(): boolean {
    return false;
  }

  open(r: StreamReader<ResponseHead>): StreamWriter<RequestHead> | ProxyError {
    if (this.capacity === 0) return localFault("internal", 500, "the upstream connection already carries a request");
    this.#reader = r;
    this.#s = S_HEAD;
    this.#interims = 0;
    this.#requests++;
    this.#sent = false;
    this.#uncredited = 0;
    this.#pieceBytes = 0;
    this.#held = false;
    return this;
  }

  receive(b: Uint8Array): ProxyError | null {
    let at = 0;
    while (at < b.length) {
      if (this.#s === S_HEAD) {
        const r = this.#readHead(b, at);
        if (r === MORE) return null;
        if (r < 0) return this.#headFault(r);
        at = r;
        if (this.#failure !== null) return this.#failure;
      } else if (this.#s === S_BODY) {
        const r = this.#body!.read(b, at, this);
        if (typeof r === "string") return this.#fail("upstreamProtocol", r);
        at = r;
        if (this.#body!.done && this.#s === S_BODY) this.#replyRead();
      } else if (this.#s === S_DETACHED) {
        this.#unread = b.subarray(at);
        return null;
      } else {
        this.#s = S_CLOSED;
        return upstreamFault("upstreamProtocol", 502, "never", "bytes behind the end of a response (RFC 9112 9.2)");
      }
    }
    return null;
  }

  receiveEnd(): ProxyError | null {
    if (this.#s === S_BODY && this.#body!.endsAtClose) {
      this.#body!.endAtClose();
      this.#keepAlive = false;
      this.onBody(NO_BYTES, true);
      this.#replyRead();
      return null;
    }
    if (this.#s === S_HEAD || this.#s === S_BODY) {
      const before = this.#s === S_HEAD && this.#head.length === 0 && this.#interims === 0;
      const text = before ? "the upstream closed before a response" : "the upstream closed in the middle of a response";
      return this.#fault(upstreamFault("upstreamClosed", 502, before ? "ifReused" : "never", text));
    }
    this.#s = S_CLOSED;
    return null;
  }

  tick(): ProxyError | null {
    this.deadline = Number.POSITIVE_INFINITY;
    if (this.#s === S_IDLE) this.#s = S_CLOSED;
    return null;
  }

  takeOutput(into: Uint8Array[]): void {
    this.#out.take(into);
  }

  setFlushed(flushed: boolean): void {
    if (this.#flushed === flushed) return;
    this.#flushed = flushed;
    if (flushed && !this.#sent) this.#reader?.onWritable(OUTPUT_HIGH);
  }

  drain(_stage: "announce" | "last"): void {
    this.#keepAlive = false;
    if (this.#s === S_IDLE) this.#s = S_CLOSED;
  }

  detach(): Uint8Array {
    const rest = this.#unread;
    this.#unread = NO_BYTES;
    this.#reader = null;
    this.#s = S_DETACHED;
    return rest;
  }

  lost(e: ProxyError): void {
    if (this.#reader !== null) this.#fault(e);
    else this.#s = S_CLOSED;
  }

  /** Nothing of a response has come yet: another attempt can't repeat one. */
  get untouched(): boolean {
    return this.#s === S_HEAD && this.#head.length === 0 && this.#interims === 0;
  }

  // ---- StreamWriter ----

  sendInterim(_h: ResponseHead): void {
    // A client sends no interim responses.
  }

  sendHead(h: RequestHead, end: boolean): void {
    this.#method = h.method;
    this.#upgrade = h.upgrade;
    // A server that takes what follows an upgrade's head for the new protocol has left the body where it expects a request.
    this.#keepAlive = end || h.upgrade === "";
    // The field and not only the number: a body that nothing announces would be read as the next request.
    this.#chunkedOut = !end && (h.contentLength < 0 || (h.fields.mask & LENGTH_BIT) === 0);
    this.#out.request(h.method, h.path, h.fields, this.#chunkedOut ? CHUNKED_FIELD : null);
    this.#sent = end;
  }

  sendData(b: Uint8Array, end: boolean): number {
    if (this.#sent) return 0;
    if (b.length > 0) this.#out.body(b, this.#chunkedOut);
    if (end) {
      if (this.#chunkedOut) this.#out.small(LAST_CHUNK);
      this.#sent = true;
      return 0;
    }
    // Output leaves when the event is over: only what the socket then holds back counts.
    return this.#flushed ? OUTPUT_HIGH : 0;
  }

  sendTrailers(f: Fields): void {
    if (this.#sent) return;
    if (this.#chunkedOut) this.#out.trailers(f);
    this.#sent = true;
  }

  stopReading(): void {
    // A server's matter.
  }

  reset(e: ProxyError): void {
    this.#reader = null;
    if (this.#failure === null) this.#failure = e;
    this.#s = S_CLOSED;
  }

  hold(): void {
    this.#held = true;
  }

  credit(bytes: number): void {
    this.#held = false;
    this.#uncredited -= bytes;
    if (this.#uncredited <= 0) this.#uncredited = this.#pieceBytes = 0;
  }

  // ---- BodySink ----

  onBody(b: Uint8Array, end: boolean): void {
    if (this.#reader === null) return;
    this.#uncredited += b.length;
    this.#pieceBytes += PIECE_BYTES;
    this.#reader.onData(b, end);
  }

  onBodyTrailers(f: Fields): void {
    this.#reader?.onTrailers(f);
  }

  // ---- reading ----

  #readHead(chunk: Uint8Array, from: number): number {
    const head = this.#head;
    const before = head.length;
    head.push(chunk, from);
    const { bytes } = head;
    const { headBytes } = this.#o.limits;
    const end = Math.min(head.length, headBytes);
    if (this.#fieldsAt === 0) {
      const limit = this.#o.limits.startLineBytes;
      const r = readStatusLine(bytes, 0, Math.min(end, limit), line);
      if (r === MORE) return end >= limit ? F_START_LINE_TOO_LONG : head.length >= headBytes ? F_HEAD_TOO_LARGE : MORE;
      if (r < 0) return r;
      this.#status = line.status;
      this.#reason = line.reason === reasonPhrase(line.status) ? "" : line.reason;
      this.#minor = line.minor;
      this.#fields.start(r);
      this.#fieldsAt = r;
    }
    const r = this.#fields.read(bytes, end);
    if (r < 0) return r === MORE && head.length >= headBytes ? F_HEAD_TOO_LARGE : r;
    const repeated = this.#fields.repeated;
    const alone = isOwnMemory(chunk, from);
    const f = this.#fields.take(alone ? bytes.slice(0, r) : bytes);
    head.clear();
    this.#fieldsAt = 0;
    const at = from + (r - before);
    this.#headRead(f, repeated, chunk, at, alone);
    return this.#s === S_DETACHED ? chunk.length : at;
  }

  #headRead(f: Fields, repeated: number, chunk: Uint8Array, at: number, alone: boolean): void {
    const status = this.#status;
    const head: ResponseHead = { status, reason: this.#reason, fields: f, contentLength: 0, upgrade: "" };
    if (status < 200 && status !== 101) {
      if (++this.#interims > INTERIM_RESPONSES) this.#fail("upstreamProtocol", "more interim responses than the limit");
      else if ((f.mask & FRAMING) !== 0)
        this.#fail("upstreamProtocol", "interim response with a body's framing (RFC 9110 6.4.1)");
      else this.#reader?.onInterim(head);
      return;
    }
    const tunnel = status === 101 || (this.#method === "CONNECT" && status < 300);
    if (status === 101) {
      head.upgrade = (f.list("upgrade") ?? "").toLowerCase();
      if (head.upgrade === "") {
        this.#fail("upstreamProtocol", "101 (Switching Protocols) that names no protocol (RFC 9110 7.8)");
        return;
      }
      const fault = this.#switchFault(head.upgrade);
      if (fault !== "") {
        this.#fail("upstreamProtocol", fault);
        return;
      }
    }
    // RFC 9112 6.3, RFC 9110 9.3.6: a tunnel begins behind the head, whatever fields say, and they must not be sent with it.
    if (tunnel) dropFraming(f);
    const framing = framingOf(f, repeated, this.#minor, UNTIL_CLOSE);
    if (framing < UNTIL_CLOSE) {
      this.#fail("upstreamProtocol", framingText(framing));
      return;
    }
    this.#keepAlive &&=
      this.#minor === 1
        ? (f.mask & CONNECTION_BIT) === 0 || !connectionHas(f, "close")
        : connectionHas(f, "keep-alive") && !connectionHas(f, "close");
    const bodyless = tunnel || bodyForbidden(status, this.#method);
    head.contentLength = bodyless ? Math.max(0, framing) : Math.max(framing, CHUNKED);
    if (tunnel) {
      this.#unread = chunk.subarray(at);
      this.#s = S_DETACHED;
      this.#reader?.onHead(head, false);
      return;
    }
    if (bodyless || framing === 0) {
      this.#reader?.onHead(head, true);
      if (this.#s === S_HEAD) this.#replyRead();
      return;
    }
    this.#body ??= new BodyReader(this.#o.limits.fields);
    this.#body.start(framing, alone);
    this.#s = S_BODY;
    this.#reader?.onHead(head, false);
  }

  /** What is wrong with a 101 (RFC 9110 7.8), "" when nothing is. */
  #switchFault(to: string): string {
    if (this.#upgrade === "") return "101 (Switching Protocols) that nobody asked for (RFC 9110 15.2.2)";
    // Until then both sides could take one byte for the body's and for the new protocol's.
    if (!this.#sent) return "101 (Switching Protocols) before the request's end (RFC 9110 7.8)";
    const asked = this.#upgrade.split(", ");
    const foreign = to !== "" && !to.split(",").every((t) => asked.includes(t.trim()));
    return foreign ? "101 (Switching Protocols) to a protocol that was not asked for (RFC 9110 7.8)" : "";
  }

  #replyRead(): void {
    this.#reader = null;
    this.#uncredited = 0;
    this.#pieceBytes = 0;
    this.#held = false;
    this.#s = this.#keepAlive && this.#sent && this.#requests < this.#o.maxRequests ? S_IDLE : S_CLOSED;
  }

  // ---- ends ----

  #headFault(fault: number): ProxyError {
    const t = faultText(fault);
    const large = fault === F_HEAD_TOO_LARGE || fault === F_TOO_MANY_FIELDS || fault === F_START_LINE_TOO_LONG;
    return this.#fail(large ? "upstreamHeadTooLarge" : "upstreamProtocol", t.text);
  }

  #fail(code: "upstreamProtocol" | "upstreamHeadTooLarge", text: string): ProxyError {
    return this.#fault(upstreamFault(code, 502, "never", text));
  }

  #fault(e: ProxyError): ProxyError {
    const reader = this.#reader;
    this.#reader = null;
    this.#failure = e;
    this.#s = S_CLOSED;
    reader?.onReset(e);
    return e;
  }
}

const FRAMING = (1 << ID["content-length"]) | (1 << ID["transfer-encoding"]);

function dropFraming(f: Fields): void {
  if ((f.mask & FRAMING) === 0) return;
  f.remove("content-length");
  f.remove("transfer-encoding");
}
