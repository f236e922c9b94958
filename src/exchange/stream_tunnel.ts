import { NO_BYTES } from "../base/bytes.ts";
import { localFault, type ProxyError } from "../base/error.ts";
import { Timed } from "../base/timer_wheel.ts";
import type { StreamWriter } from "../http/codec.ts";
import type { ResponseHead } from "../http/head.ts";
import type { ConnHandler } from "../platform/types.ts";
import type { LinkEnv } from "../wire/link.ts";
import type { OpenTunnel, TunnelDone, TunnelEnd, TunnelSet } from "../wire/tunnel.ts";
import type { RequestTarget } from "./request_target.ts";

/** The client's side of a tunnel that is one stream of many on its connection. */
export interface TunnelStream {
  readonly writer: StreamWriter<ResponseHead>;
  /** Output of the stream is sent when the current event is over. */
  wake(): void;
}

/**
 * A stream and a connection joined byte for byte: WebSocket over HTTP/2 (RFC 8441) and CONNECT on it (RFC 9113 8.5). END_STREAM and FIN pass as
 * each other, so do RST_STREAM and RST, and each side's reading waits for the other's writing.
 */
export class StreamTunnel extends Timed implements RequestTarget, ConnHandler, OpenTunnel {
  readonly #link: LinkEnv;
  readonly #stream: TunnelStream;
  readonly #up: TunnelEnd;
  readonly #idleMs: number;
  readonly #set: TunnelSet;
  readonly #done: TunnelDone;
  #lastMove: number;
  #bytesUp = 0;
  #bytesDown = 0;
  /** Received on the stream and not yet taken by the upstream's socket. */
  #owed = 0;
  #clientEnded = false;
  #upstreamEnded = false;
  #over = false;

  constructor(link: LinkEnv, stream: TunnelStream, up: TunnelEnd, idleMs: number, set: TunnelSet, done: TunnelDone) {
    super();
    this.#link = link;
    this.#stream = stream;
    this.#up = up;
    this.#idleMs = idleMs;
    this.#set = set;
    this.#done = done;
    this.#lastMove = link.flusher.now;
  }

  start(): void {
    this.#set.add(this);
    this.#link.wheel.schedule(this, this.#lastMove + this.#idleMs);
    const { conn, unread } = this.#up;
    conn.setHandler(this);
    if (unread.length > 0) this.onData(unread);
  }

  close(cause: ProxyError | null): void {
    if (this.#over) return;
    this.#cut(cause ?? localFault("draining", 0, "the tunnel was cut at the drain limit"));
  }

  onDue(now: number): void {
    if (this.#over) return;
    if (now < this.#lastMove + this.#idleMs) {
      this.#link.wheel.schedule(this, this.#lastMove + this.#idleMs);
      return;
    }
    const { flusher } = this.#link;
    flusher.enter();
    this.#cut(localFault("idleTimeout", 0, "nothing moved in the tunnel within its idle timeout"));
    flusher.leave();
  }

  // ---- RequestTarget: the client's stream ----

  takeData(b: Uint8Array, end: boolean): boolean {
    if (this.#over) return true;
    this.#lastMove = this.#link.flusher.now;
    this.#bytesUp += b.length;
    if (b.length > 0) {
      if (this.#up.conn.write([b])) this.#stream.writer.credit(b.length);
      else this.#owed += b.length;
    }
    if (end) this.#clientEnd();
    return true;
  }

  takeTrailers(): void {
    this.#clientEnd();
  }

  resumeReply(): void {
    if (!this.#over) this.#up.conn.resume();
  }

  discard(): void {
    // Its reply has gone.
  }

  /** The stream is gone. */
  abort(e: ProxyError): void {
    if (this.#over) return;
    this.#up.conn.reset();
    this.#finish(e);
  }

  // ---- ConnHandler: the upstream's connection ----

  onData(b: Uint8Array): void {
    this.#event(() => {
      this.#lastMove = this.#link.flusher.now;
      this.#bytesDown += b.length;
      if (this.#stream.writer.sendData(b, false) <= 0) this.#up.conn.pause();
    });
  }

  onDrain(): void {
    this.#event(() => {
      this.#lastMove = this.#link.flusher.now;
      this.#stream.writer.credit(this.#owed);
      this.#owed = 0;
    });
  }

  onEnd(): void {
    this.#event(() => this.#upstreamEnd());
  }

  onClose(cause: ProxyError | null): void {
    this.#event(() => {
      if (cause !== null) {
        this.#stream.writer.reset(cause);
        this.#finish(cause);
        return;
      }
      this.#upstreamEnd();
      this.#finish(null);
    });
  }

  // ---- ends ----

  #clientEnd(): void {
    if (this.#clientEnded || this.#over) return;
    this.#clientEnded = true;
    this.#up.conn.end();
    if (this.#upstreamEnded) this.#finish(null);
  }

  #upstreamEnd(): void {
    if (this.#upstreamEnded) return;
    this.#upstreamEnded = true;
    this.#stream.writer.sendData(NO_BYTES, true);
    if (this.#clientEnded) this.#finish(null);
  }

  /** Ends both sides at once. */
  #cut(cause: ProxyError): void {
    this.#stream.writer.reset(cause);
    this.#stream.wake();
    this.#up.conn.destroy(null);
    this.#finish(cause);
  }

  #finish(cause: ProxyError | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#set.delete(this);
    this.#link.wheel.remove(this);
    this.#done(this.#bytesUp, this.#bytesDown, cause);
  }

  #event(f: () => void): void {
    if (this.#over) return;
    const { flusher } = this.#link;
    flusher.enter();
    try {
      f();
      this.#stream.wake();
    } finally {
      flusher.leave();
    }
  }
}
