import { ProxyError } from "../../base/error.ts";
import type { StreamReader } from "../../http/codec.ts";
import { H1Client } from "../../http/h1/client.ts";
import type { ResponseHead } from "../../http/head.ts";
import type { Conn } from "../../platform/types.ts";
import { Link } from "../../wire/link.ts";
import type { DetachedLease, StreamLease } from "../types.ts";
import { connectionLost } from "./connection_lost.ts";
import type { HostPool } from "./host_pool.ts";

/** One HTTP/1.x connection to an upstream. It is its own lease: one stream at a time. */
export class H1Upstream extends Link implements StreamLease {
  readonly face: H1Client;
  readonly multiplexed = false;
  protected get lingers(): boolean {
    return false;
  }
  readonly #pool: HostPool;
  /** The pool's when it was opened. */
  readonly epoch: number;
  reused = false;
  /** Listed as unused in the pool. */
  pooled = false;
  /** When it was given back last. */
  unusedSince = Number.POSITIVE_INFINITY;
  /** From then on it takes no more streams. */
  readonly expiresAt: number;
  #leased = false;
  #detached = false;

  constructor(pool: HostPool, conn: Conn) {
    super(pool.env.link, conn, pool.env.metrics.bytesDown, pool.env.metrics.bytesUp);
    this.#pool = pool;
    this.epoch = pool.epoch;
    this.expiresAt = pool.env.link.flusher.now + pool.env.maxAgeMs;
    this.face = new H1Client(pool.env.h1);
  }

  get writer(): H1Client {
    return this.face;
  }

  get label(): string {
    return this.#pool.host.label;
  }

  /** Starts a stream; null when the connection can take none. */
  lend(reader: StreamReader<ResponseHead>): this | null {
    this.reused = this.#leased;
    if (this.face.open(reader) instanceof ProxyError) return null;
    this.face.deadline = Number.POSITIVE_INFINITY;
    this.#leased = true;
    this.pooled = false;
    this.#pool.host.active++;
    return this;
  }

  detach(): DetachedLease {
    const unread = this.face.detach();
    const pool = this.#pool;
    this.#detached = true;
    this.release();
    return { conn: this.conn, unread, gone: () => pool.tunnelGone() };
  }

  protected onFault(_e: ProxyError): void {
    // The stream in hand has been told; the codec closes the connection.
  }

  protected onSettled(): void {
    if (this.pooled || !this.face.idle) return;
    this.#pool.host.active--;
    this.#pool.put(this);
  }

  protected onGone(cause: ProxyError | null): void {
    if (!this.pooled) this.#pool.host.active--;
    const untouched = this.face.untouched;
    this.#pool.remove(this, this.#detached);
    this.face.lost(connectionLost(cause, untouched ? "ifReused" : "never"));
  }
}
