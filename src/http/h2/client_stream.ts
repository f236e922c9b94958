import type { ProxyError } from "../../base/error.ts";
import type { StreamReader, StreamWriter } from "../codec.ts";
import type { RequestHead, ResponseHead } from "../head.ts";
import { CANCEL } from "./error_codes.ts";
import { H2Stream, L_BODY, L_ENDED, L_IDLE, type StreamOwner } from "./stream.ts";

export interface ClientStreamOwner extends StreamOwner {
  /** Gives the stream its id and sends its head; false: the connection takes no streams any more, and the reader has been told. */
  sendRequest(s: ClientStream, h: RequestHead, end: boolean): boolean;
  /** A stream that was opened was given up before its head. */
  unreserve(): void;
}

/** A request to an upstream and its reply: the writer of the request. It has an id from its head on. */
export class ClientStream extends H2Stream implements StreamWriter<RequestHead> {
  method = "";
  /** What the request asked to switch to, by an extended CONNECT; "": nothing. */
  protocol = "";
  interims = 0;
  head: StreamReader<ResponseHead> | null;
  readonly #owner: ClientStreamOwner;

  constructor(owner: ClientStreamOwner, reader: StreamReader<ResponseHead>) {
    super(owner, 0, 0);
    this.#owner = owner;
    this.reader = this.head = reader;
  }

  /** Nothing of a reply has come: another attempt can't repeat one. */
  get untouched(): boolean {
    return !this.hasHead && this.interims === 0;
  }

  sendInterim(_h: ResponseHead): void {
    // A client sends no interim responses.
  }

  sendHead(h: RequestHead, end: boolean): void {
    if (this.local !== L_IDLE || this.released) return;
    this.method = h.method;
    this.local = L_BODY;
    if (!this.#owner.sendRequest(this, h, end)) return;
    // A tunnel may follow: whoever asks for one has no body, and still something to say.
    if (!end || this.protocol !== "" || h.method === "CONNECT") return;
    this.local = L_ENDED;
  }

  stopReading(): void {
    // A server's matter.
  }

  reset(_e: ProxyError): void {
    if (this.released) return;
    if (this.id === 0) {
      this.released = this.wireClosed = true;
      this.reader = this.head = null;
      this.#owner.unreserve();
      return;
    }
    this.abandon(CANCEL);
    this.release();
  }

  override release(): void {
    this.head = null;
    super.release();
  }

  /** Who reads a reply is done with it when it is told of its end. */
  override fail(e: ProxyError): void {
    super.fail(e);
    this.release();
  }

  moved(): void {
    // The exchange looks after the time of a reply.
  }

  endedByPeer(): void {
    if (!this.tunnel) this.release();
    this.settle();
  }

  override close(resetByUs: boolean): void {
    super.close(resetByUs);
    if (this.tunnel && this.local === L_ENDED && this.remoteEnded) this.release();
  }

  /** A reply that is whole before its request: what is left of that is wanted by nobody. */
  protected get endsEarly(): boolean {
    return this.remoteEnded;
  }
}
