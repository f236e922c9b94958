import type { ProxyError } from "../../base/error.ts";
import type { StreamReader } from "../../http/codec.ts";
import type { ResponseHead } from "../../http/head.ts";
import type { Conn, DialHandler } from "../../platform/types.ts";
import { dialHost, optionsFor } from "../dialer.ts";
import type { LeaseWaiter } from "../types.ts";
import type { HostPool } from "./host_pool.ts";

/** A stream that is wanted and has no connection yet. */
export interface Wanted {
  readonly reader: StreamReader<ResponseHead>;
  readonly waiter: LeaseWaiter;
  /** The attempt that wants it is over. */
  cancelled: boolean;
}

/** A connection on its way, and who waits for it: one stream, or as many as an HTTP/2 connection is expected to take. */
export class PendingLease implements DialHandler {
  readonly waiting: Wanted[] = [];
  readonly #pool: HostPool;
  readonly #since: number;
  readonly #dial: { cancel(): void };
  #over = false;

  constructor(pool: HostPool, first: Wanted) {
    this.#pool = pool;
    this.add(first);
    this.#since = pool.env.link.flusher.now;
    const { env, host } = pool;
    this.#dial = dialHost(env.platform, host, optionsFor(env, host, pool.client), this);
  }

  /** One more stream waits. It counts as one of the host's: a host that takes no connections would look idle for ever. */
  add(w: Wanted): void {
    this.waiting.push(w);
    this.#pool.host.active++;
  }

  /** A handle that takes one stream back; with the last one the dial ends. */
  handle(w: Wanted): { cancel(): void } {
    return {
      cancel: () => {
        if (w.cancelled) return;
        w.cancelled = true;
        if (!this.#over) this.#pool.host.active--;
        if (!this.waiting.every((o) => o.cancelled)) return;
        this.#pool.dialEnded(this);
        this.#dial.cancel();
      },
    };
  }

  onOpen(conn: Conn): void {
    const { env } = this.#pool;
    const { flusher } = env.link;
    flusher.enter();
    try {
      env.metrics.connected(flusher.now - this.#since);
      this.#ended();
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
      this.#ended();
      if (cause === null) return;
      env.metrics.connectFailed(cause.facts.code);
      for (const w of this.waiting) if (!w.cancelled) w.waiter.onLeaseError(cause);
    } finally {
      flusher.leave();
    }
  }

  /** Nobody waits any more: each has a stream, an error, or waits anew. */
  #ended(): void {
    this.#pool.dialEnded(this);
    if (this.#over) return;
    this.#over = true;
    for (const w of this.waiting) if (!w.cancelled) this.#pool.host.active--;
  }

  // Nothing comes before onOpen, and then the connection has the handler that was set there.
  onData(): void {}
  onDrain(): void {}
  onEnd(): void {}
}
