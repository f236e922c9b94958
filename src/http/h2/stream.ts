import { NO_BYTES } from "../../base/bytes.ts";
import type { ProxyError } from "../../base/error.ts";
import type { StreamReader } from "../codec.ts";
import type { Fields } from "../fields.ts";
import { Backlog } from "./backlog.ts";
import { NO_ERROR } from "./error_codes.ts";
import { PIECE_LEAST, PIECE_OF_CHUNK, PIECES, STREAM_WINDOW } from "./limits.ts";

/** What of a reader is the same in both roles. */
export type BodyReader = Pick<StreamReader<never>, "onData" | "onTrailers" | "onWritable" | "onReset">;

/** The connection as its streams need it. */
export interface StreamOwner {
  /** Sends on behalf of a stream; see `SendQueue.send`. */
  sendData(s: H2Stream, b: Uint8Array, end: boolean): number;
  /** More data waits for the peer than `WAITING_FREELY`. */
  readonly crowded: boolean;
  sendTrailers(s: H2Stream, f: Fields): void;
  /** END_STREAM on a frame that is still here, or on an empty DATA frame. */
  sendEnd(s: H2Stream): void;
  sendReset(s: H2Stream, code: number): void;
  sendWindow(s: H2Stream, increment: number): void;
  /** The bytes that readers hold have changed by this many. */
  held(bytes: number): void;
  /** There is something to hand to the stream's reader when the owner calls next. */
  readable(s: H2Stream): void;
  /** A deadline of the stream, on the codec's clock. */
  watch(at: number): void;
  /** The stream has ended on the wire. */
  closed(s: H2Stream, resetByUs: boolean): void;
  /** It has ended on the wire, and whoever had it in hand has let go. */
  forget(s: H2Stream): void;
}

/*
 * RFC 9113 5.1, with a state for each direction. `idle` is a stream that has no object yet, `reserved` does not occur.
 *
 *   peer → us    OPEN ──END_STREAM──▶ remoteEnded          us → peer    IDLE ──head──▶ BODY ──end given──▶ ENDING ──END_STREAM sent──▶ ENDED
 *
 *   open: neither has ended       half-closed (remote): remoteEnded       half-closed (local): ENDED
 *   closed: both have, or RST_STREAM either way; `wireClosed`
 *
 * Who has the stream in hand lets go (`released`) at another time: an exchange may still be at work on a stream that the peer has reset.
 * Until both have happened the stream is there, and counts.
 */
export const L_IDLE = 0;
export const L_BODY = 1;
export const L_ENDING = 2;
export const L_ENDED = 3;

const NONE: Uint8Array[] = [];

/** A stream in either role. Its writing half is fed by `SendQueue`, its reading half by the connection. */
export abstract class H2Stream {
  id: number;
  readonly owner: StreamOwner;
  reader: BodyReader | null = null;
  local = L_IDLE;
  remoteEnded = false;
  wireClosed = false;
  released = false;
  /** DATA is no message's body but what a tunnel carries: each direction ends for itself. */
  tunnel = false;

  // ---- writing: `SendQueue` has the say over these ----
  sendWindow: number;
  pending: Uint8Array[] = NONE;
  pendingAt = 0;
  pendingBytes = 0;
  /** The end comes behind what is pending. */
  ending = false;
  trailers: Fields | null = null;
  /** The reader was told that there is no room. */
  starved = false;
  /** When the peer must have let something through, and what has left since that was set. */
  stallAt: number = Number.POSITIVE_INFINITY;
  stallSent = 0;
  listed = false;
  ringPrev: H2Stream | null = null;
  ringNext: H2Stream | null = null;

  // ---- reading ----
  /** The peer's head has come. */
  hasHead = false;
  /** What comes of the body is wanted by nobody. */
  dropping = false;
  /** Bytes that the peer may still send. */
  receiveWindow: number = STREAM_WINDOW;
  /** Bytes of a body that Content-Length still announces; -1: it announced nothing (RFC 9113 8.1.1). */
  bodyLeft = -1;
  /** When the next byte of a body must have come. */
  bodyAt: number = Number.POSITIVE_INFINITY;
  /** Credited and not yet told to the peer. */
  #uncounted = 0;
  /** With the reader, in so many pieces. */
  #held = 0;
  #pieces = 0;
  #backlog: Backlog | null = null;
  /** The owner knows that the backlog may be handed out. */
  #announced = false;

  constructor(owner: StreamOwner, id: number, sendWindow: number) {
    this.owner = owner;
    this.id = id;
    this.sendWindow = sendWindow;
  }

  // ---- StreamWriter, as far as it is the same in both roles ----

  sendData(b: Uint8Array, end: boolean): number {
    if (this.local !== L_BODY || this.wireClosed) return 0;
    if (end) this.local = L_ENDING;
    return this.owner.sendData(this, b, end);
  }

  sendTrailers(f: Fields): void {
    if (this.local !== L_BODY || this.wireClosed) return;
    this.local = L_ENDING;
    if (f.count() > 0) this.trailers = f;
    if (this.pendingBytes > 0) this.ending = true;
    else this.finishSending(false);
  }

  get crowded(): boolean {
    return this.owner.crowded;
  }

  hold(): void {
    // Its window has been told to the peer already.
  }

  credit(bytes: number): void {
    const n = Math.min(bytes, this.#held);
    if (n <= 0) return;
    this.#held -= n;
    if (this.#held === 0) this.#pieces = 0;
    this.owner.held(-n);
    this.giveBack(n);
    if (this.#pieces > 0 || this.#backlog === null || this.#announced) return;
    this.#announced = true;
    this.owner.readable(this);
  }

  // ---- writing ----

  /** All data has been written; `flagged`: END_STREAM stands on its last frame, if no trailers come. */
  finishSending(flagged: boolean): void {
    const { trailers } = this;
    this.local = L_ENDED;
    this.starved = false;
    this.stallAt = Number.POSITIVE_INFINITY;
    if (trailers !== null) {
      this.trailers = null;
      this.owner.sendTrailers(this, trailers);
    } else if (!flagged) this.owner.sendEnd(this);
    this.settle();
  }

  watch(at: number): void {
    this.owner.watch(at);
  }

  // ---- reading ----

  /** Bytes of the stream's window that nobody holds any more. Those of a message that has ended are wanted by nobody. */
  giveBack(bytes: number): void {
    if (this.remoteEnded || this.wireClosed) return;
    this.#uncounted += bytes;
    // RFC 9113 6.9: one frame for half a window, and not one for each piece.
    if (this.#uncounted < STREAM_WINDOW / 2) return;
    this.receiveWindow += this.#uncounted;
    this.owner.sendWindow(this, this.#uncounted);
    this.#uncounted = 0;
  }

  /** Data of the peer, whose length has been held against all windows. */
  take(b: Uint8Array, end: boolean): void {
    const { reader } = this;
    if (reader === null || this.dropping) return;
    const n = b.length;
    this.owner.held(n);
    const slow = this.#held > 0;
    if (this.#backlog !== null || (slow && this.#pieces >= PIECES && n < PIECE_LEAST)) {
      this.#backlog ??= new Backlog();
      this.#backlog.add(b);
      if (end || this.#backlog.bytes >= PIECE_LEAST) this.#deliverBacklog(reader, end);
      return;
    }
    this.#held += n;
    if (n > 0) this.#pieces++;
    // A reader that keeps up passes the view on at once; what a slow one keeps must not keep more than it says.
    reader.onData(slow && n * PIECE_OF_CHUNK < b.buffer.byteLength ? b.slice() : b, end);
  }

  takeTrailers(f: Fields): void {
    if (this.reader !== null && this.#backlog !== null) this.#deliverBacklog(this.reader, false);
    if (!this.dropping) this.reader?.onTrailers(f);
  }

  /** What waited for the reader's credit. */
  deliver(): void {
    this.#announced = false;
    if (this.reader !== null && this.#backlog !== null) this.#deliverBacklog(this.reader, false);
  }

  #deliverBacklog(reader: BodyReader, end: boolean): void {
    const b = this.#backlog?.take() ?? NO_BYTES;
    this.#backlog = null;
    this.#held += b.length;
    this.#pieces++;
    reader.onData(b, end);
  }

  // ---- ends ----

  /** A byte of the peer's body has come. */
  abstract moved(): void;
  /** The peer's END_STREAM has come, and its reader has been told. */
  abstract endedByPeer(): void;

  /** Looks whether the stream has ended on the wire. */
  settle(): void {
    if (this.wireClosed) return;
    if (this.local === L_ENDED && this.remoteEnded) this.close(false);
    else if (!this.tunnel && this.endsEarly) this.abandon(this.earlyCode);
  }

  /** One side has ended, and what the other still had to say is of no use. */
  protected abstract get endsEarly(): boolean;

  protected get earlyCode(): number {
    return NO_ERROR;
  }

  /** RST_STREAM. */
  abandon(code: number): void {
    if (this.wireClosed) return;
    this.owner.sendReset(this, code);
    this.close(true);
  }

  /** The stream has ended on the wire. */
  close(resetByUs: boolean): void {
    if (this.wireClosed) return;
    this.wireClosed = true;
    this.trailers = null;
    this.starved = false;
    this.stallAt = this.bodyAt = Number.POSITIVE_INFINITY;
    this.owner.closed(this, resetByUs);
    this.pending = NONE;
    this.pendingBytes = 0;
    if (this.released) this.owner.forget(this);
  }

  /** Whoever had it in hand has let go: nothing is told to it any more. */
  release(): void {
    if (this.released) return;
    this.released = true;
    this.reader = null;
    this.owner.held(-this.#held - (this.#backlog?.bytes ?? 0));
    this.#held = 0;
    this.#backlog = null;
    if (this.wireClosed) this.owner.forget(this);
  }

  /** Tells the reader that it is over; the writer may still have something to say. */
  fail(e: ProxyError): void {
    const { reader } = this;
    this.reader = null;
    this.bodyAt = Number.POSITIVE_INFINITY;
    reader?.onReset(e);
  }
}
