import { localFault, type ProxyError } from "../base/error.ts";
import { Timed, type TimerWheel } from "../base/timer_wheel.ts";
import type { ByteFace } from "../http/codec.ts";
import type { Conn, ConnHandler } from "../platform/types.ts";
import type { Counter } from "../telemetry/numbers.ts";
import type { Flushable, Flusher } from "./flusher.ts";

/** What all connections of a process share. */
export interface LinkEnv {
  readonly flusher: Flusher;
  readonly wheel: TimerWheel;
}

/** After the last output a closing connection still reads this long (ms) and this much (bytes), so that a reply is not lost to an RST. */
export const LINGER_MS = 2_000;
export const LINGER_BYTES = 1024 * 1024;
/** A peer that takes none of the waiting output for this long (ms) is gone: it would pin its memory for ever. */
export const WRITE_STALL_MS = 60_000;

const OPEN = 0;
const LINGERING = 1;
const GONE = 2;

/**
 * Binds a connection to a codec: bytes in, output out at the end of each event, back pressure both ways, deadlines, orderly ends.
 * What the codec's streams mean is the subclass's matter.
 */
export abstract class Link extends Timed implements ConnHandler, Flushable {
  dirty = false;
  readonly env: LinkEnv;
  readonly conn: Conn;
  readonly #received: Counter;
  readonly #sent: Counter;
  #state = OPEN;
  #paused = false;
  #flushed = true;
  #lingerBytes = 0;
  #peerEnded = false;
  #deadline = Number.POSITIVE_INFINITY;
  /** When the peer must have taken something, and what waited for it when this was set. */
  #stallAt = Number.POSITIVE_INFINITY;
  #stallQueued = 0;

  constructor(env: LinkEnv, conn: Conn, received: Counter, sent: Counter) {
    super();
    this.env = env;
    this.conn = conn;
    this.#received = received;
    this.#sent = sent;
  }

  abstract readonly face: ByteFace;
  /** Whether a close waits for the peer's FIN, so that what was sent last is not lost to an RST. */
  protected abstract get lingers(): boolean;
  /** A fault of the peer's bytes or of its time, after the codec has told the stream in hand. */
  protected abstract onFault(e: ProxyError): void;
  /** After each event of this connection: the codec's state may have changed. */
  protected abstract onSettled(): void;
  /** The connection is gone; called once. */
  protected abstract onGone(cause: ProxyError | null): void;

  get gone(): boolean {
    return this.#state === GONE;
  }

  onData(b: Uint8Array): void {
    const { flusher } = this.env;
    flusher.enter();
    try {
      this.#received.add(b.length);
      if (this.#state === LINGERING) this.#discard(b.length);
      else if (this.#state === OPEN) {
        const e = this.face.receive(b);
        if (e !== null) this.onFault(e);
        this.onSettled();
        this.wake();
      }
    } finally {
      flusher.leave();
    }
  }

  onDrain(): void {
    const { flusher } = this.env;
    flusher.enter();
    try {
      this.#flushed = true;
      this.#stallAt = Number.POSITIVE_INFINITY;
      if (this.#state === LINGERING) {
        if (this.#peerEnded) this.drop();
        else this.env.wheel.schedule(this, flusher.now + LINGER_MS);
      }
      if (this.#state !== OPEN) return;
      this.face.setFlushed(true);
      this.onSettled();
      this.wake();
    } finally {
      flusher.leave();
    }
  }

  onEnd(): void {
    const { flusher } = this.env;
    flusher.enter();
    try {
      this.#peerEnded = true;
      if (this.#state === LINGERING) {
        // What still waits for the peer must not be lost to the close.
        if (this.#flushed) this.drop();
      } else if (this.#state === OPEN) {
        const e = this.face.receiveEnd();
        if (e !== null) this.onFault(e);
        this.onSettled();
        this.wake();
      }
    } finally {
      flusher.leave();
    }
  }

  onClose(cause: ProxyError | null): void {
    const { flusher } = this.env;
    flusher.enter();
    try {
      this.#end(cause);
    } finally {
      flusher.leave();
    }
  }

  onDue(now: number): void {
    const { flusher } = this.env;
    flusher.enter();
    try {
      this.#due(now);
    } finally {
      flusher.leave();
    }
  }

  /** There is output, or the codec's wishes may have changed: looked at when the current event is over, or the turn. */
  wake(): void {
    this.env.flusher.mark(this);
  }

  flush(): void {
    if (this.#state !== OPEN) return;
    const { face } = this;
    if (face.failure !== null) {
      this.abort(face.failure);
      return;
    }
    this.#send();
    if (face.wantsClose) {
      if (this.lingers || !this.#flushed) this.#linger();
      else this.drop();
      return;
    }
    const paused = !face.wantsRead;
    if (paused !== this.#paused) {
      this.#paused = paused;
      if (paused) this.conn.pause();
      else this.conn.resume();
    }
    this.#arm();
    if (face.hasInput) this.onData(NOTHING);
  }

  /** RST: what the peer has of a message must not pass for whole. */
  abort(cause: ProxyError | null): void {
    if (this.#state === GONE) return;
    this.conn.reset();
    this.#end(cause);
  }

  /** Closes at once; for connections with nothing in flight. */
  drop(): void {
    if (this.#state === GONE) return;
    this.conn.destroy(null);
    this.#end(null);
  }

  /** Hands the connection over to a tunnel; this link is not called any more. What the codec had to send has left. */
  release(): void {
    this.#send();
    this.#state = GONE;
    this.env.wheel.remove(this);
    if (this.#paused) this.conn.resume();
    this.onGone(null);
  }

  #send(): void {
    const parts: Uint8Array[] = [];
    this.face.takeOutput(parts);
    if (parts.length === 0) return;
    let bytes = 0;
    for (let i = 0; i < parts.length; i++) bytes += parts[i]!.length;
    this.#sent.add(bytes);
    if (this.conn.write(parts) || !this.#flushed) return;
    this.#flushed = false;
    this.#watchStall();
    this.face.setFlushed(false);
  }

  #watchStall(): void {
    this.#stallQueued = this.conn.queued;
    this.#stallAt = this.env.flusher.now + WRITE_STALL_MS;
  }

  #arm(): void {
    const at = Math.min(this.face.deadline, this.#stallAt);
    if (at === this.#deadline) return;
    this.#deadline = at;
    // A deadline that moved back is looked at when the earlier one is due: most move with each request.
    if (at < this.dueAt) this.env.wheel.schedule(this, at);
  }

  #due(now: number): void {
    if (this.#state === GONE) return;
    if (now >= this.#stallAt) {
      if (this.conn.queued === this.#stallQueued) {
        this.abort(localFault("writeTimeout", 0, "the peer took nothing of what waits for it"));
        return;
      }
      this.#watchStall();
    }
    if (this.#state === LINGERING) {
      if (this.#flushed) this.drop();
      else this.env.wheel.schedule(this, this.#stallAt);
      return;
    }
    if (now >= this.face.deadline) {
      const e = this.face.tick();
      if (e !== null) this.onFault(e);
      this.onSettled();
    }
    this.#deadline = Number.NaN;
    this.wake();
  }

  #linger(): void {
    this.#state = LINGERING;
    this.conn.end();
    if (this.#paused) this.conn.resume();
    this.env.wheel.schedule(this, this.#flushed ? this.env.flusher.now + LINGER_MS : this.#stallAt);
  }

  #discard(bytes: number): void {
    this.#lingerBytes += bytes;
    if (this.#lingerBytes > LINGER_BYTES) this.drop();
  }

  #end(cause: ProxyError | null): void {
    if (this.#state === GONE) return;
    this.#state = GONE;
    this.env.wheel.remove(this);
    this.onGone(cause);
  }
}

const NOTHING = new Uint8Array(0);
