import type { ProxyError } from "../../base/error.ts";
import type { StreamReader } from "../../http/codec.ts";
import type { H1ClientOptions } from "../../http/h1/client.ts";
import type { ResponseHead } from "../../http/head.ts";
import type { Conn, DialHandler, Platform } from "../../platform/types.ts";
import type { ClusterMetrics } from "../../telemetry/metrics.ts";
import type { LinkEnv } from "../../wire/link.ts";
import { dialHost, type HostDialOptions } from "../dialer.ts";
import type { Host, LeaseWaiter } from "../types.ts";
import { UpstreamConn } from "./upstream_conn.ts";

/** What the pools of one cluster share. Replaced when the cluster's config changes; connections keep what they were made with. */
export interface PoolEnv {
  readonly platform: Platform;
  readonly link: LinkEnv;
  readonly codec: H1ClientOptions;
  readonly dial: HostDialOptions;
  readonly metrics: ClusterMetrics;
  /** How long an unused connection is kept; 0: not at all. */
  readonly idleMs: number;
  readonly maxIdle: number;
}

/** The connections to one host: a stack of unused ones, the freshest on top, and those that carry a stream. */
export class HostPool {
  readonly host: Host;
  env: PoolEnv;
  readonly #idle: UpstreamConn[] = [];
  readonly #all = new Set<UpstreamConn>();
  #closed = false;

  constructor(host: Host, env: PoolEnv) {
    this.host = host;
    this.env = env;
  }

  /** Connections open now, unused ones included. */
  get size(): number {
    return this.#all.size;
  }

  /** See `Cluster.lease`. */
  lease(fresh: boolean, reader: StreamReader<ResponseHead>, w: LeaseWaiter): { cancel(): void } | null {
    if (!fresh) {
      for (let c = this.#idle.pop(); c !== undefined; c = this.#idle.pop()) {
        this.env.metrics.connectionsIdle.add(-1);
        const lease = c.gone ? null : c.lend(reader);
        if (lease !== null) {
          w.onLease(lease);
          return null;
        }
        c.pooled = false;
      }
    }
    return new PendingLease(this, reader, w);
  }

  opened(conn: Conn): UpstreamConn {
    const c = new UpstreamConn(this, conn);
    this.#all.add(c);
    this.env.metrics.connects.add(1);
    this.env.metrics.connectionsActive.add(1);
    return c;
  }

  /** An exchange has ended and left its connection in order. */
  put(c: UpstreamConn): void {
    const { env } = this;
    if (this.#closed || env.idleMs <= 0 || this.#idle.length >= env.maxIdle || c.face.capacity === 0) {
      c.face.drain("last");
      c.wake();
      c.pooled = true;
      return;
    }
    c.pooled = true;
    c.face.deadline = env.link.flusher.now + env.idleMs;
    c.wake();
    this.#idle.push(c);
    env.metrics.connectionsIdle.add(1);
  }

  remove(c: UpstreamConn): void {
    if (!this.#all.delete(c)) return;
    this.env.metrics.connectionsActive.add(-1);
    const i = this.#idle.indexOf(c);
    if (i < 0) return;
    this.#idle.splice(i, 1);
    this.env.metrics.connectionsIdle.add(-1);
  }

  /** Closes what is unused; streams end on their own and their connections are not kept. */
  close(): void {
    this.#closed = true;
    for (const c of [...this.#idle]) c.drop();
  }
}

/** A lease that waits for its connection. */
class PendingLease implements DialHandler {
  readonly #pool: HostPool;
  readonly #reader: StreamReader<ResponseHead>;
  readonly #waiter: LeaseWaiter;
  readonly #since: number;
  readonly #dial: { cancel(): void };

  constructor(pool: HostPool, reader: StreamReader<ResponseHead>, w: LeaseWaiter) {
    this.#pool = pool;
    this.#reader = reader;
    this.#waiter = w;
    this.#since = pool.env.link.flusher.now;
    this.#dial = dialHost(pool.env.platform, pool.host, pool.env.dial, this);
  }

  cancel(): void {
    this.#dial.cancel();
  }

  onOpen(conn: Conn): void {
    const { env } = this.#pool;
    const { flusher } = env.link;
    flusher.enter();
    try {
      env.metrics.connectDuration.observe((flusher.now - this.#since) / 1000);
      const c = this.#pool.opened(conn);
      conn.setHandler(c);
      this.#waiter.onLease(c.lend(this.#reader)!);
    } finally {
      flusher.leave();
    }
  }

  onClose(cause: ProxyError | null): void {
    const { env } = this.#pool;
    const { flusher } = env.link;
    flusher.enter();
    try {
      if (cause === null) return;
      env.metrics.connectFailed(cause.facts.code);
      this.#waiter.onLeaseError(cause);
    } finally {
      flusher.leave();
    }
  }

  // Nothing comes before onOpen, and then the connection has the handler that was set there.
  onData(): void {}
  onDrain(): void {}
  onEnd(): void {}
}
