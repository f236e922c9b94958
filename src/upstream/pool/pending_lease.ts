import type { ProxyError } from "../../base/error.ts";
import type { StreamReader } from "../../http/codec.ts";
import type { ResponseHead } from "../../http/head.ts";
import type { Conn, DialHandler } from "../../platform/types.ts";
import { dialHost, optionsFor } from "../dialer.ts";
import type { LeaseWaiter } from "../types.ts";
import type { HostPool } from "./host_pool.ts";

/** A stream that is wanted and has no connection yet: on its way with a dial, or in the queue. */
export class Wanted {
  readonly reader: StreamReader<ResponseHead>;
  readonly waiter: LeaseWaiter;
  readonly pool: HostPool;
  /** The attempt that wants it is over. */
  cancelled = false;
  /** It counts as one that waits. */
  pending = false;
  /** It counts as one of the host's: a host that takes no connections would look idle for ever. */
  active = false;
  /** null: it has none, and is in the queue. */
  dial: PendingLease | null = null;

  constructor(pool: HostPool, reader: StreamReader<ResponseHead>, waiter: LeaseWaiter) {
    this.pool = pool;
    this.reader = reader;
    this.waiter = waiter;
  }

  cancel(): void {
    this.cancelled = true;
    this.pool.cancelled(this);
  }
}

/** A connection on its way, and who waits for it: one stream, or as many as an HTTP/2 connection is expected to take. */
export class PendingLease implements DialHandler {
  readonly waiting: Wanted[] = [];
  readonly #pool: HostPool;
  readonly #since: number;
  readonly #dial: { cancel(): void };

  constructor(pool: HostPool, first: Wanted) {
    this.#pool = pool;
    this.add(first);
    this.#since = pool.env.link.flusher.now;
    const { env, host } = pool;
    this.#dial = dialHost(env.platform, host, optionsFor(env, host, pool.client), this);
  }

  add(w: Wanted): void {
    w.dial = this;
    this.waiting.push(w);
  }

  /** One of those that wait wants nothing more; with the last one the dial ends. */
  left(): void {
    if (!this.waiting.every((w) => w.cancelled)) return;
    this.#dial.cancel();
    this.#pool.dialEnded(this, false);
  }

  onOpen(conn: Conn): void {
    const { env } = this.#pool;
    const { flusher } = env.link;
    flusher.enter();
    try {
      env.metrics.connected(flusher.now - this.#since);
      this.#pool.dialEnded(this, true);
      for (const w of this.waiting) w.dial = null;
      this.#pool.opened(conn, this.waiting);
    } finally {
      flusher.leave();
    }
  }

  onClose(cause: ProxyError | null): void {
    const { env } = this.#pool;
    const { flusher } = env.link;
    flusher.enter();
    try {
      this.#pool.dialEnded(this, false);
      if (cause === null) return;
      env.metrics.connectFailed(cause.facts.code);
      for (const w of this.waiting) {
        w.dial = null;
        this.#pool.leaves(w);
        if (!w.cancelled) w.waiter.onLeaseError(cause);
      }
    } finally {
      flusher.leave();
    }
  }

  // Nothing comes before onOpen, and then the connection has the handler that was set there.
  onData(): void {}
  onDrain(): void {}
  onEnd(): void {}
}
