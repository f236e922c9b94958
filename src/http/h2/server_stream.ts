import type { ErrorCode, ProxyError } from "../../base/error.ts";
import type { Clock, StreamWriter } from "../codec.ts";
import type { Fields } from "../fields.ts";
import { isGrpc } from "../grpc/content_type.ts";
import type { ResponseHead } from "../head.ts";
import { bodyForbidden } from "../status.ts";
import { OUTPUT_HIGH } from "./limits.ts";
import { resetCode, type StreamKind } from "./reset_codes.ts";
import { H2Stream, L_BODY, L_ENDED, L_IDLE, type StreamOwner } from "./stream.ts";

export interface ServerStreamOwner extends StreamOwner {
  sendResponse(s: ServerStream, status: number, f: Fields, end: boolean): void;
}

const NEVER = Number.POSITIVE_INFINITY;

/** A request and its reply: the writer of the reply. */
export class ServerStream extends H2Stream implements StreamWriter<ResponseHead> {
  /** As it was sent: CONNECT for an extended CONNECT too. */
  method = "";
  /** What an extended CONNECT asks for (RFC 8441); "": it is none. */
  protocol = "";
  /** Of the request; null: it became a tunnel, or never was one. */
  fields: Fields | null = null;
  /** Bytes that its head counts for. */
  headCost = 0;
  readonly #owner: ServerStreamOwner;
  readonly #clock: Clock;
  readonly #bodyMs: number;

  constructor(owner: ServerStreamOwner, id: number, sendWindow: number, clock: Clock, bodyMs: number) {
    super(owner, id, sendWindow);
    this.#owner = owner;
    this.#clock = clock;
    this.#bodyMs = bodyMs;
    this.hasHead = true;
  }

  sendInterim(h: ResponseHead): void {
    // RFC 9113 8.6: there is no 101 here.
    if (this.local !== L_IDLE || this.wireClosed || h.status === 101) return;
    this.#owner.sendResponse(this, h.status, h.fields, false);
  }

  sendHead(h: ResponseHead, end: boolean): void {
    if (this.local !== L_IDLE) return;
    this.local = L_BODY;
    if (!this.wireClosed) this.#sendHead(h, end);
    if (end && !this.tunnel) this.release();
  }

  #sendHead(h: ResponseHead, end: boolean): void {
    const success = h.status >= 200 && h.status < 300;
    let { status } = h;
    if (this.protocol !== "") {
      // RFC 8441 5: 101 becomes 200. A 2xx that is no switch must not pass for one.
      if (status === 101) this.#becomeTunnel();
      status = status === 101 ? 200 : success ? 502 : status;
    } else if (this.method === "CONNECT" && success) this.#becomeTunnel();
    const last = end || (!this.tunnel && bodyForbidden(status, this.method));
    this.#owner.sendResponse(this, status, h.fields, last);
    if (!last) return;
    this.local = L_ENDED;
    this.settle();
  }

  /** Takes data that nobody will see, too: of a reply whose head allows none, or that the client does not want any more. */
  override sendData(b: Uint8Array, end: boolean): number {
    if (this.local === L_IDLE) return 0;
    const room = this.local === L_ENDED || this.wireClosed ? OUTPUT_HIGH : super.sendData(b, end);
    if (!end) return room;
    if (!this.tunnel || this.wireClosed) this.release();
    return 0;
  }

  override sendTrailers(f: Fields): void {
    super.sendTrailers(f);
    if (!this.tunnel || this.wireClosed) this.release();
  }

  stopReading(): void {
    this.dropping = true;
  }

  reset(e: ProxyError): void {
    this.abandonFor(e.facts.code);
    this.release();
  }

  /** RST_STREAM with the code that the fault has on such a stream. */
  abandonFor(code: ErrorCode): void {
    this.abandon(resetCode(code, this.#kind));
  }

  get #kind(): StreamKind {
    if (this.tunnel) return this.protocol === "" ? "connect" : "extended";
    return this.fields !== null && isGrpc(this.fields) ? "call" : "message";
  }

  /** Arms the time that each part of the body has. */
  awaitBody(): void {
    this.bodyAt = this.#clock.now + this.#bodyMs;
    this.watch(this.bodyAt);
  }

  moved(): void {
    if (this.bodyAt !== NEVER) this.bodyAt = this.#clock.now + this.#bodyMs;
  }

  endedByPeer(): void {
    this.bodyAt = NEVER;
    this.settle();
  }

  override close(resetByUs: boolean): void {
    super.close(resetByUs);
    if (this.tunnel && !resetByUs && this.local === L_ENDED && this.remoteEnded) this.release();
  }

  /** RFC 9113 8.1: a reply that is whole before its request lets the client stop, without an error. */
  protected get endsEarly(): boolean {
    return this.local === L_ENDED;
  }

  #becomeTunnel(): void {
    this.tunnel = true;
    this.fields = null;
    this.bodyAt = NEVER;
    this.bodyLeft = -1;
  }
}
