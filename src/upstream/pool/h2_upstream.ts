import { ProxyError } from "../../base/error.ts";
import type { StreamReader, StreamWriter } from "../../http/codec.ts";
import { H2Client } from "../../http/h2/client.ts";
import type { RequestHead, ResponseHead } from "../../http/head.ts";
import type { Conn, Timer } from "../../platform/types.ts";
import { Link } from "../../wire/link.ts";
import type { StreamLease } from "../types.ts";
import { connectionLost } from "./connection_lost.ts";
import type { HostPool } from "./host_pool.ts";

/** One HTTP/2 connection to an upstream, which carries many streams. */
export class H2Upstream extends Link {
  readonly face: H2Client;
  protected get lingers(): boolean {
    return false;
  }
  readonly #pool: HostPool;
  /** Streams that are told to the host's count of active ones. */
  #counted = 0;
  #served = false;
  /** When its last stream ended; Infinity: it has some. */
  unusedSince: number;
  /** null: it may grow old. */
  readonly #age: Timer | null;

  constructor(pool: HostPool, conn: Conn) {
    super(pool.env.link, conn, pool.env.metrics.bytesDown, pool.env.metrics.bytesUp);
    this.#pool = pool;
    this.face = new H2Client(pool.env.h2);
    const { platform, link, maxAgeMs } = pool.env;
    this.unusedSince = link.flusher.now;
    this.#age = maxAgeMs === Number.POSITIVE_INFINITY ? null : platform.setTimer(maxAgeMs, () => this.#expire());
    // The preface leaves with the event that opened the connection.
    this.wake();
  }

  /** Its streams are moved by events of many connections. */
  override wake(): void {
    this.env.flusher.gather(this);
  }

  /** Streams that can be opened now. */
  get capacity(): number {
    return this.gone ? 0 : this.face.capacity;
  }

  get label(): string {
    return this.#pool.host.label;
  }

  /** Starts a stream; null when the connection can take none. */
  lend(reader: StreamReader<ResponseHead>): StreamLease | null {
    const writer = this.face.open(reader);
    if (writer instanceof ProxyError) return null;
    const lease = new H2Lease(this, writer, this.#served);
    this.#served = true;
    this.#count();
    this.wake();
    return lease;
  }

  /** Takes no more streams, and ends with the last. */
  leave(): void {
    this.face.drain("last");
    this.wake();
  }

  #expire(): void {
    const { flusher } = this.env;
    flusher.enter();
    this.leave();
    flusher.leave();
  }

  protected onFault(_e: ProxyError): void {
    // The streams have been told; the codec closes the connection.
  }

  protected onSettled(): void {
    this.#pool.learned(this.face.streamLimit);
    this.#count();
  }

  /** A stream may end from either side, and between events of this connection too. */
  override flush(): void {
    this.#count();
    super.flush();
  }

  protected onGone(cause: ProxyError | null): void {
    this.#age?.cancel();
    this.#pool.host.active -= this.#counted;
    this.#pool.removeShared(this, this.#counted);
    this.#counted = 0;
    // The codec knows which streams something of a reply has come on.
    this.face.lost(connectionLost(cause, "ifReused"));
  }

  #count(): void {
    const { active } = this.face;
    if (active === this.#counted) return;
    const before = this.#counted;
    this.#counted = active;
    this.#pool.host.active += active - before;
    this.unusedSince = active === 0 ? this.env.flusher.now : Number.POSITIVE_INFINITY;
    this.#pool.sharedChanged(this, before, active);
  }
}

class H2Lease implements StreamLease {
  readonly multiplexed = true;
  readonly writer: StreamWriter<RequestHead>;
  readonly reused: boolean;
  readonly #conn: H2Upstream;

  constructor(conn: H2Upstream, writer: StreamWriter<RequestHead>, reused: boolean) {
    this.#conn = conn;
    this.writer = writer;
    this.reused = reused;
  }

  get label(): string {
    return this.#conn.label;
  }

  wake(): void {
    this.#conn.wake();
  }

  detach(): never {
    throw new Error("call this only where `multiplexed` is false: a stream has no connection to give away");
  }
}
