import type { ProxyError } from "../base/error.ts";
import { EarlyWrites } from "./early_writes.ts";
import { type Heard, MemoryHandshake } from "./memory_tls.ts";
import { OutQueue } from "./out_queue.ts";
import { handlerFault, handshakeFault, resetFault } from "./system_fault.ts";
import type { Conn, ConnHandler, ConnInfo, DialHandler, TlsInfo, TlsServerContext } from "./types.ts";

/** What the connections of one network share. */
export interface MemoryNet {
  /** Bytes that a connection holds between a write and the reading, each way. */
  readonly window: number;
  /** The most bytes of one `onData`. */
  readonly chunk: number;
  readonly onFault: (e: unknown) => void;
  /** Runs `f` when the present call stack is gone, in the order of the calls. */
  post(f: () => void): void;
}

/** One end of a connection in memory. What a kernel would do stands in `#inbox`, `#flush` and `#pump`. */
export class MemoryConn implements Conn {
  info: ConnInfo;
  handler: ConnHandler;
  tls: TlsInfo | null = null;
  #handshake: MemoryHandshake | null = null;
  #early: EarlyWrites | null = null;
  /** The other end; null before the connection stands and once it is gone. */
  peer: MemoryConn | null = null;
  readonly #net: MemoryNet;
  readonly #accepted: boolean;
  readonly #inbox: Uint8Array[] = [];
  #inboxBytes = 0;
  #out: OutQueue | null = null;
  #owesDrain = false;
  #paused = false;
  #ending = false;
  #finSent = false;
  #finReceived = false;
  #finTold = false;
  #closed = false;
  #pumping = false;
  #opened = false;
  #cancelled = false;

  constructor(net: MemoryNet, info: ConnInfo, handler: ConnHandler, accepted: boolean) {
    this.#net = net;
    this.info = info;
    this.handler = handler;
    this.#accepted = accepted;
  }

  get queued(): number {
    return (this.#out === null ? 0 : this.#out.bytes) + (this.#early === null ? 0 : this.#early.bytes);
  }

  setHandler(h: ConnHandler): void {
    this.handler = h;
  }

  write(parts: readonly Uint8Array[], flushed?: () => void): boolean {
    if (this.#closed || this.#ending) return true;
    if (this.#early !== null) return this.#early.write(parts, flushed);
    return this.#write(parts, flushed);
  }

  secure(ctx: TlsServerContext, head: Uint8Array): void {
    if (this.#closed || this.tls !== null || this.#handshake !== null) return;
    this.#handshake = new MemoryHandshake({ server: ctx.options });
    this.#early = new EarlyWrites();
    if (head.length > 0) this.#inbox.unshift(head);
    this.#inboxBytes += head.length;
    this.wake();
  }

  /** A dial came through: `onOpen`, after the handshake if there is one. `first` is sent before all else. */
  start(h: MemoryHandshake | null, first: Uint8Array | undefined): void {
    if (this.#cancelled) return;
    if (first !== undefined) this.#write([first], undefined);
    if (h === null) {
      this.#open();
      return;
    }
    if (this.#closed) return;
    this.#handshake = h;
    this.#write([h.hello()], undefined);
    this.wake();
  }

  /** For a dial: no more calls, unless it is open. */
  cancel(): void {
    if (this.#opened) return;
    this.#cancelled = true;
    this.destroy(null);
  }

  #open(): void {
    this.#opened = true;
    this.#call(() => (this.handler as DialHandler).onOpen(this));
  }

  #write(parts: readonly Uint8Array[], flushed: (() => void) | undefined): boolean {
    const out = this.#out ?? new OutQueue();
    for (const part of parts) out.push(part, 0);
    if (flushed !== undefined) out.mark(flushed);
    const blocked = this.#out !== null || !this.#flush(out);
    if (blocked) {
      this.#out = out;
      this.#owesDrain = true;
    }
    this.#tellFlushed(out);
    return !blocked;
  }

  detach(): null {
    return null;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.wake();
  }

  end(): void {
    if (this.#closed || this.#ending) return;
    this.#ending = true;
    if (this.#out === null && this.#early === null) this.#sendFin();
  }

  reset(): void {
    const peer = this.peer;
    if (this.#close(null)) peer?.resetByPeer();
  }

  destroy(cause: ProxyError | null): void {
    const peer = this.peer;
    const unread = this.#inboxBytes > 0;
    if (!this.#close(cause)) return;
    // As TCP does: closing over unread bytes is a reset, and what comes after it finds nobody.
    if (unread) peer?.resetByPeer();
    else peer?.closedByPeer();
  }

  /** Schedules a look at what there is to tell. */
  wake(): void {
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    this.#net.post(() => this.#pump());
  }

  resetByPeer(): void {
    this.#close(this.#handshake === null ? resetFault(this.#accepted) : this.#handshakeFault("a reset"));
  }

  /** The peer is gone for good: its FIN stands, and the first write after it is answered with a reset. */
  closedByPeer(): void {
    if (this.#closed) return;
    this.peer = null;
    this.#finReceived = true;
    this.wake();
  }

  /** A handler threw: this connection pays, and nobody else. */
  fault(e: unknown): void {
    this.#net.onFault(e);
    this.destroy(handlerFault(e));
  }

  #close(cause: ProxyError | null): boolean {
    if (this.#closed) return false;
    this.#closed = true;
    this.peer = null;
    this.#out = null;
    this.#inbox.length = 0;
    this.#inboxBytes = 0;
    this.#net.post(() => {
      if (this.#cancelled) return;
      try {
        this.handler.onClose(cause);
      } catch (e) {
        this.#net.onFault(e);
      }
    });
    return true;
  }

  #sendFin(): void {
    this.#finSent = true;
    if (this.peer !== null) {
      this.peer.#finReceived = true;
      this.peer.wake();
    }
    this.wake();
  }

  /** Moves what fits into the peer's window; whether all has left. */
  #flush(out: OutQueue): boolean {
    while (out.bytes > 0) {
      const peer = this.peer;
      if (peer === null) {
        // Written to a closed peer: its kernel answers with RST.
        this.#net.post(() => this.resetByPeer());
        return true;
      }
      const room = this.#net.window - peer.#inboxBytes;
      if (room <= 0) return false;
      const n = Math.min(room, out.first.length - out.offset, this.#net.chunk);
      peer.#inbox.push(out.first.slice(out.offset, out.offset + n));
      peer.#inboxBytes += n;
      peer.wake();
      out.advance(n);
    }
    return true;
  }

  /** One turn of this end: first what can leave, then what has come. */
  #pump(): void {
    this.#pumping = false;
    if (this.#closed) return;
    this.#drain();
    while (!this.#closed && (!this.#paused || this.#handshake !== null) && this.#inbox.length > 0) {
      const b = this.#inbox.shift()!;
      this.#inboxBytes -= b.length;
      this.peer?.wake();
      if (this.#handshake !== null) this.#hear(this.#handshake, b);
      else this.#call(() => this.handler.onData(b));
    }
    if (this.#handshake !== null && this.#finReceived) {
      this.destroy(this.#handshakeFault("the end of the connection"));
      return;
    }
    if (this.#closed || this.#paused || this.#inbox.length > 0 || !this.#finReceived) return;
    if (!this.#finTold) {
      this.#finTold = true;
      this.#call(() => this.handler.onEnd());
    }
    if (this.#finSent) this.#close(null);
  }

  #hear(h: MemoryHandshake, b: Uint8Array): void {
    let heard: Heard;
    try {
      heard = h.hear(b);
    } catch (e) {
      this.fault(e);
      return;
    }
    if (heard.state === "more") return;
    if (heard.reply !== null) this.#write([heard.reply], undefined);
    if (heard.state === "failed") {
      this.destroy(this.#handshakeFault(heard.reason));
      return;
    }
    if (heard.rest.length > 0) {
      this.#inbox.unshift(heard.rest);
      this.#inboxBytes += heard.rest.length;
    }
    const early = this.#early;
    this.#handshake = null;
    this.#early = null;
    this.tls = heard.info;
    if (!this.#accepted) this.#open();
    if (early === null) return;
    const writer = { write: (parts: readonly Uint8Array[], flushed?: () => void) => this.#write(parts, flushed) };
    if (early.sendTo(writer)) this.#owesDrain = true;
    this.#call(() => this.handler.onSecure?.(heard.info));
    if (this.#out !== null || this.#closed) return;
    if (this.#ending) this.#sendFin();
    this.#tellDrain();
  }

  #handshakeFault(reason: string): ProxyError {
    return handshakeFault(this.#accepted, this.info.remote, reason);
  }

  #drain(): void {
    const out = this.#out;
    if (out === null) return;
    const through = this.#flush(out);
    if (through) this.#out = null;
    this.#tellFlushed(out);
    if (!through || this.#out !== null || this.#closed) return;
    if (this.#ending) this.#sendFin();
    this.#tellDrain();
  }

  #tellDrain(): void {
    if (!this.#owesDrain) return;
    this.#owesDrain = false;
    this.#call(() => this.handler.onDrain());
  }

  #tellFlushed(out: OutQueue): void {
    for (let f = out.due(); f !== null && !this.#closed; f = out.due()) this.#call(f);
  }

  #call(f: () => void): void {
    try {
      f();
    } catch (e) {
      this.fault(e);
    }
  }
}
