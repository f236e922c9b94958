import type { Breaker } from "../breaker.ts";
import type { HostPool } from "./host_pool.ts";
import type { Wanted } from "./pending_lease.ts";

/**
 * Where the pools of one cluster and priority ask for connections. While the cluster has as many as it may have, streams that want one
 * stand in one queue, the oldest first:
 *
 *   wanted ── there is a place ──────────────────────────────▶ dialled
 *      │ └─── an unused connection of any host is closed ────▶ dialled
 *      └ queued ── a connection of its own host comes free ──▶ lent
 *           │ └─── a connection of any host ends ────────────▶ dialled
 *           └───── cancelled
 */
export class ConnectionGate {
  readonly breaker: Breaker;
  /** All that may have unused connections. */
  readonly pools = new Set<HostPool>();
  readonly #queue = new Set<Wanted>();

  constructor(breaker: Breaker) {
    this.breaker = breaker;
  }

  /** Somebody waits for a connection to end, or to come free. */
  get waits(): boolean {
    return this.#queue.size > 0;
  }

  /** Takes a place for a connection; false: there is none. `leave` gives it back. */
  enter(): boolean {
    const { connections } = this.breaker;
    if (connections.full) this.#dropUnused();
    if (connections.full) return false;
    connections.take();
    return true;
  }

  /** A connection, or a dial that came to nothing, is gone. */
  leave(): void {
    this.breaker.connections.give();
    this.serve();
  }

  queue(w: Wanted): void {
    this.#queue.add(w);
  }

  unqueue(w: Wanted): void {
    this.#queue.delete(w);
  }

  /** Begins dials for those who wait longest, as far as there are places. */
  serve(): void {
    const { connections } = this.breaker;
    for (const w of this.#queue) {
      if (connections.full) return;
      connections.take();
      w.pool.dialQueued(w);
    }
  }

  /** Who waits longest can't be helped by a connection of its own host: there is none. */
  get starves(): boolean {
    for (const w of this.#queue) return w.pool.connections === 0;
    return false;
  }

  /** Closes what has been unused longest, whichever host it goes to. */
  #dropUnused(): void {
    let oldest: HostPool | null = null;
    for (const pool of this.pools) if (pool.unusedSince < (oldest?.unusedSince ?? Number.POSITIVE_INFINITY)) oldest = pool;
    oldest?.dropUnused();
  }
}
