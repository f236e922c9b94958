import { localFault, type ProxyError } from "../base/error.ts";
import { Timed } from "../base/timer_wheel.ts";
import type { Conn, ConnHandler } from "../platform/types.ts";
import type { Counter } from "../telemetry/numbers.ts";
import type { LinkEnv } from "./link.ts";

/** One end of a tunnel: a connection and what came on it before. */
export interface TunnelEnd {
  readonly conn: Conn;
  readonly unread: Uint8Array;
  /** The peer's FIN has come too. */
  readonly ended?: boolean;
  /** What this end sends is added to both, as it comes. */
  readonly counters?: readonly [Counter, Counter];
  /** To be called once when it has ended, by who made the tunnel. */
  readonly gone?: () => void;
  /** The host that it goes to, for which the tunnel is a stream while it lasts. */
  readonly host?: { active: number };
}

/** What a listener does to its tunnels when it ends. */
export interface OpenTunnel {
  /** `cause` null: cut by a drain. */
  close(cause: ProxyError | null): void;
}

/** The tunnels of a listener, for draining. */
export type TunnelSet = Set<OpenTunnel>;

/** Told once, with the bytes each way and what ended the tunnel; null: an orderly end. */
export type TunnelDone = (bytesUp: number, bytesDown: number, cause: ProxyError | null) => void;

/**
 * Two connections joined byte for byte: an upgraded exchange, a CONNECT, or a session of TCP. Half-close and reset pass through, each
 * side's reading waits for the other's writing, and a tunnel on which nothing moves for its idle time is closed.
 */
export class Tunnel extends Timed implements OpenTunnel {
  readonly link: LinkEnv;
  lastMove: number;
  readonly #idleMs: number;
  readonly #set: TunnelSet;
  readonly #client: Side;
  readonly #upstream: Side;
  readonly #done: TunnelDone;
  #cause: ProxyError | null = null;
  #open = 2;

  /** `idleMs` Infinity: it may be idle for ever. */
  constructor(link: LinkEnv, client: TunnelEnd, upstream: TunnelEnd, idleMs: number, set: TunnelSet, done: TunnelDone) {
    super();
    this.link = link;
    this.lastMove = link.flusher.now;
    this.#idleMs = idleMs;
    this.#set = set;
    this.#done = done;
    this.#client = new Side(this, client);
    this.#upstream = new Side(this, upstream);
    this.#client.peer = this.#upstream;
    this.#upstream.peer = this.#client;
  }

  start(): void {
    this.#set.add(this);
    if (this.#idleMs !== Number.POSITIVE_INFINITY) this.link.wheel.schedule(this, this.lastMove + this.#idleMs);
    this.#client.start();
    this.#upstream.start();
  }

  onDue(now: number): void {
    if (this.#open === 0) return;
    if (now < this.lastMove + this.#idleMs) this.link.wheel.schedule(this, this.lastMove + this.#idleMs);
    else this.close(localFault("idleTimeout", 0, "nothing moved in the tunnel within its idle timeout"));
  }

  /** Ends both sides. */
  close(cause: ProxyError | null): void {
    if (this.#cause === null) this.#cause = cause ?? localFault("draining", 0, "the tunnel was cut at the drain limit");
    this.#client.conn.destroy(null);
    this.#upstream.conn.destroy(null);
  }

  sideClosed(cause: ProxyError | null): void {
    if (this.#cause === null) this.#cause = cause;
    if (--this.#open > 0) return;
    this.#set.delete(this);
    this.link.wheel.remove(this);
    this.#done(this.#client.bytes, this.#upstream.bytes, this.#cause);
  }
}

class Side implements ConnHandler {
  readonly conn: Conn;
  /** Received on this side. */
  bytes = 0;
  peer!: Side;
  readonly #tunnel: Tunnel;
  readonly #counters: readonly [Counter, Counter] | null;
  #unread: Uint8Array;
  #closed = false;
  #ended: boolean;

  constructor(tunnel: Tunnel, end: TunnelEnd) {
    this.#tunnel = tunnel;
    this.conn = end.conn;
    this.#unread = end.unread;
    this.#ended = end.ended ?? false;
    this.#counters = end.counters ?? null;
  }

  start(): void {
    this.conn.setHandler(this);
    const unread = this.#unread;
    this.#unread = NOTHING;
    if (unread.length > 0) this.#pass(unread);
    if (this.#ended) this.peer.conn.end();
  }

  onData(b: Uint8Array): void {
    this.#pass(b);
  }

  onDrain(): void {
    const { flusher } = this.#tunnel.link;
    flusher.enter();
    this.#tunnel.lastMove = flusher.now;
    this.peer.conn.resume();
    flusher.leave();
  }

  onEnd(): void {
    this.#ended = true;
    if (!this.peer.#closed) this.peer.conn.end();
  }

  onClose(cause: ProxyError | null): void {
    if (this.#closed) return;
    this.#closed = true;
    const { flusher } = this.#tunnel.link;
    flusher.enter();
    try {
      if (!this.peer.#closed) {
        // An orderly end passes as FIN, anything else as RST.
        if (cause !== null) this.peer.conn.reset();
        else if (!this.#ended) this.peer.conn.end();
      }
      this.#tunnel.sideClosed(cause);
    } finally {
      flusher.leave();
    }
  }

  #pass(b: Uint8Array): void {
    const { flusher } = this.#tunnel.link;
    flusher.enter();
    this.#tunnel.lastMove = flusher.now;
    this.bytes += b.length;
    const counters = this.#counters;
    if (counters !== null) {
      counters[0].add(b.length);
      counters[1].add(b.length);
    }
    if (!this.peer.#closed && !this.peer.conn.write([b])) this.conn.pause();
    flusher.leave();
  }
}

const NOTHING = new Uint8Array(0);
