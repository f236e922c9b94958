import { upstreamFault } from "../../base/error.ts";
import type { SentProxyHeaderSpec } from "../../config/model.ts";
import type { StreamReader } from "../../http/codec.ts";
import type { H1ClientOptions } from "../../http/h1/client.ts";
import type { H2ClientOptions } from "../../http/h2/client.ts";
import type { ResponseHead } from "../../http/head.ts";
import type { Conn, Platform } from "../../platform/types.ts";
import type { ClusterMetrics } from "../../telemetry/metrics.ts";
import type { LinkEnv } from "../../wire/link.ts";
import type { HostDialOptions } from "../dialer.ts";
import type { DialClient, Host, LeaseWaiter, UpstreamTls } from "../types.ts";
import type { ConnectionGate } from "./connection_gate.ts";
import { H1Upstream } from "./h1_upstream.ts";
import { H2Upstream } from "./h2_upstream.ts";
import { PendingLease, Wanted } from "./pending_lease.ts";

/** What the pools of one cluster share. Replaced when the cluster's config changes; connections keep what they were made with. */
export interface PoolEnv {
  readonly platform: Platform;
  readonly link: LinkEnv;
  /** auto: what ALPN settles on, HTTP/1.1 where it says nothing (RFC 7301). */
  readonly protocol: "http1" | "h2" | "auto";
  readonly h1: H1ClientOptions;
  readonly h2: H2ClientOptions;
  readonly dial: HostDialOptions;
  /** null: cleartext. */
  readonly tls: UpstreamTls | null;
  /** What connections begin with; null: nothing. */
  readonly proxyHeader: SentProxyHeaderSpec | null;
  readonly metrics: ClusterMetrics;
  /** How long an unused connection is kept; 0: not at all. */
  readonly idleMs: number;
  readonly maxIdle: number;
  /** A connection of this age takes no more streams; Infinity: it may grow old. */
  readonly maxAgeMs: number;
}

const NO_H2 = upstreamFault("upstreamProtocol", 502, "never", "the upstream did not agree on HTTP/2 by ALPN (RFC 9113 3.2)");

/** Streams that wait for one HTTP/2 connection on its way: its limit is not known before its SETTINGS, and servers rarely allow fewer. */
const STREAMS_PER_DIAL = 100;

/**
 * The connections to one host. HTTP/1.x: a stack of unused ones, the freshest on top, and those that carry a stream. HTTP/2: a few that carry
 * many streams each, filled in their order, with another one opened when streams run out. Where no other may be opened, streams wait.
 */
export class HostPool {
  readonly host: Host;
  /** Whom the connections speak for; null: for all. */
  readonly client: DialClient | null;
  env: PoolEnv;
  readonly #gate: ConnectionGate;
  /** Raised when what is open does not speak as the config says any more. */
  epoch = 0;
  readonly #idle: H1Upstream[] = [];
  readonly #all = new Set<H1Upstream>();
  readonly #shared: H2Upstream[] = [];
  readonly #dials: PendingLease[] = [];
  /** Streams that wait for a place for a connection, the oldest first. */
  readonly #queued = new Set<Wanted>();
  /** The last connection spoke HTTP/2: for `auto`, the next one will too. */
  #multiplexes = false;
  /** Streams that are asked of a connection before its own SETTINGS say how many it takes: what the host's last one took. */
  #expected = STREAMS_PER_DIAL;
  #closed = false;

  constructor(host: Host, env: PoolEnv, client: DialClient | null, gate: ConnectionGate) {
    this.host = host;
    this.client = client;
    this.env = env;
    this.#gate = gate;
    gate.pools.add(this);
  }

  /** Goes on under a changed config. A connection of another protocol, other TLS or another header carries what it has and nothing after that. */
  become(env: PoolEnv): void {
    const before = this.env;
    this.env = env;
    if (before.protocol === env.protocol && before.tls === env.tls && sameHeader(before.proxyHeader, env.proxyHeader)) return;
    this.epoch++;
    this.#multiplexes = false;
    this.#leaveAll();
  }

  /** Connections open now, unused ones included. */
  get size(): number {
    return this.#all.size + this.#shared.length;
  }

  /** Connections open now and on their way. */
  get connections(): number {
    return this.size + this.#dials.length;
  }

  /** Since when the connection that has been unused longest is; Infinity: none is unused. */
  get unusedSince(): number {
    const single = this.#idle[0]?.unusedSince ?? Number.POSITIVE_INFINITY;
    return this.#shared.reduce((since, c) => Math.min(since, c.unusedSince), single);
  }

  /** Closes that one. */
  dropUnused(): void {
    const since = this.unusedSince;
    const c = this.#idle[0]?.unusedSince === since ? this.#idle[0] : this.#shared.find((o) => o.unusedSince === since);
    c?.drop();
  }

  /** See `Cluster.lease`. */
  lease(fresh: boolean, reader: StreamReader<ResponseHead>, w: LeaseWaiter): { cancel(): void } | null {
    const { protocol } = this.env;
    if (protocol !== "http1" && !fresh && this.#lendShared(reader, w)) return null;
    if (protocol !== "h2" && !fresh && this.#lendIdle(reader, w)) return null;
    return this.#want(new Wanted(this, reader, w));
  }

  /** A dial came through: its streams begin. */
  opened(conn: Conn, waiting: readonly Wanted[]): void {
    const { metrics, protocol } = this.env;
    const { tls } = conn;
    // RFC 9113 3.2: over TLS both sides must have agreed on it. Cleartext is by prior knowledge.
    if (protocol === "h2" && tls !== null && tls.alpn !== "h2") {
      conn.destroy(null);
      this.#gate.leave();
      for (const w of waiting) {
        this.leaves(w);
        if (!w.cancelled) w.waiter.onLeaseError(NO_H2);
      }
      return;
    }
    metrics.connectionsActive.add(1);
    this.#multiplexes = protocol === "h2" || (protocol === "auto" && tls?.alpn === "h2");
    if (this.#multiplexes) this.#openedShared(conn, waiting);
    else this.#openedSingle(conn, waiting);
  }

  dialEnded(d: PendingLease, opened: boolean): void {
    const i = this.#dials.indexOf(d);
    if (i >= 0) this.#dials.splice(i, 1);
    if (!opened) this.#gate.leave();
  }

  /** There is a place for a connection, which was taken for `first`. */
  dialQueued(first: Wanted): void {
    this.#unqueue(first);
    this.settled(first);
    const dial = this.#dialFor(first);
    if (!this.#expectsMany) return;
    for (const w of this.#queued) {
      if (dial.waiting.length >= this.#expected) return;
      this.#unqueue(w);
      dial.add(w);
    }
  }

  /** It does not count as one that waits any more. */
  settled(w: Wanted): void {
    if (!w.pending) return;
    w.pending = false;
    this.#gate.breaker.pending.give();
  }

  /** It waits no more: it has a stream, an error, or is wanted by nobody. */
  leaves(w: Wanted): void {
    this.settled(w);
    if (!w.active) return;
    w.active = false;
    this.host.active--;
  }

  cancelled(w: Wanted): void {
    this.leaves(w);
    this.#unqueue(w);
    w.dial?.left();
  }

  /** An exchange has ended and left its HTTP/1.x connection in order. */
  put(c: H1Upstream): void {
    const { env } = this;
    const { now } = env.link.flusher;
    const fit = c.epoch === this.epoch && c.face.capacity > 0 && now < c.expiresAt;
    const wanted = this.#gate.waits;
    if (fit && wanted && this.#lendQueued(c)) return;
    // What no stream of this host wants makes room for one of another.
    if (!fit || wanted || this.#closed || env.idleMs <= 0 || this.#idle.length >= env.maxIdle) {
      c.face.drain("last");
      c.wake();
      c.pooled = true;
      return;
    }
    c.pooled = true;
    c.unusedSince = now;
    c.face.deadline = Math.min(now + env.idleMs, c.expiresAt);
    c.wake();
    this.#idle.push(c);
    env.metrics.connectionsIdle.add(1);
  }

  /** `detached`: it goes on as a tunnel's, and keeps its place until `tunnelGone`. */
  remove(c: H1Upstream, detached: boolean): void {
    if (!this.#all.delete(c)) return;
    this.env.metrics.connectionsActive.add(-1);
    const i = this.#idle.indexOf(c);
    if (i >= 0) {
      this.#idle.splice(i, 1);
      this.env.metrics.connectionsIdle.add(-1);
    }
    if (!detached) this.#gate.leave();
  }

  tunnelGone(): void {
    this.#gate.leave();
  }

  /** What a connection of HTTP/2 takes at once. */
  learned(streams: number): void {
    this.#expected = Math.max(1, Math.min(streams, STREAMS_PER_DIAL));
    if (this.#queued.size > 0) this.#lendQueuedShared();
  }

  /** The number of streams of an HTTP/2 connection has changed. */
  sharedChanged(c: H2Upstream, before: number, now: number): void {
    if (before === 0) this.env.metrics.connectionsIdle.add(-1);
    else if (now === 0) this.env.metrics.connectionsIdle.add(1);
    if (now > before || !this.#gate.waits) return;
    // Streams of this host, new ones too, would go on taking its place.
    if (this.#gate.starves) c.leave();
    else if (this.#queued.size > 0) this.#lendQueuedShared();
    else if (now === 0) c.leave();
  }

  removeShared(c: H2Upstream, streams: number): void {
    const i = this.#shared.indexOf(c);
    if (i < 0) return;
    this.#shared.splice(i, 1);
    this.env.metrics.connectionsActive.add(-1);
    if (streams === 0) this.env.metrics.connectionsIdle.add(-1);
    this.#gate.leave();
  }

  /** Closes what is unused; streams end on their own and their connections are not kept. */
  close(): void {
    this.#closed = true;
    this.#gate.pools.delete(this);
    this.#leaveAll();
  }

  #leaveAll(): void {
    for (const c of [...this.#idle]) c.drop();
    for (const c of [...this.#shared]) c.leave();
  }

  #lendIdle(reader: StreamReader<ResponseHead>, w: LeaseWaiter): boolean {
    for (let c = this.#idle.pop(); c !== undefined; c = this.#idle.pop()) {
      this.env.metrics.connectionsIdle.add(-1);
      const lease = c.gone ? null : c.lend(reader);
      if (lease !== null) {
        w.onLease(lease);
        return true;
      }
    }
    return false;
  }

  #lendShared(reader: StreamReader<ResponseHead>, w: LeaseWaiter): boolean {
    for (const c of this.#shared) {
      const lease = c.capacity > 0 ? c.lend(reader) : null;
      if (lease === null) continue;
      w.onLease(lease);
      return true;
    }
    return false;
  }

  /** A connection to come takes many streams. */
  get #expectsMany(): boolean {
    const { protocol } = this.env;
    return protocol === "h2" || (protocol === "auto" && this.#multiplexes);
  }

  #want(w: Wanted): { cancel(): void } | null {
    if (!w.active) {
      w.active = true;
      this.host.active++;
    }
    if (this.#expectsMany) {
      for (const dial of this.#dials) {
        if (dial.waiting.length >= this.#expected) continue;
        if (!this.#pend(w)) return null;
        dial.add(w);
        return w;
      }
    }
    if (!this.#gate.waits && this.#gate.enter()) {
      this.settled(w);
      this.#dialFor(w);
      return w;
    }
    // A stream that would rather have a new connection has none to hope for.
    if (this.#lendShared(w.reader, w.waiter)) {
      this.leaves(w);
      return null;
    }
    if (!this.#pend(w)) return null;
    this.#queued.add(w);
    this.#gate.queue(w);
    return w;
  }

  /** Counts it as one that waits, or tells it that too many do. */
  #pend(w: Wanted): boolean {
    if (w.pending) return true;
    const { breaker } = this.#gate;
    if (breaker.pending.full) {
      this.leaves(w);
      w.waiter.onLeaseError(breaker.refuse("pending"));
      return false;
    }
    breaker.pending.take();
    w.pending = true;
    return true;
  }

  #unqueue(w: Wanted): void {
    if (this.#queued.delete(w)) this.#gate.unqueue(w);
  }

  #dialFor(w: Wanted): PendingLease {
    const dial = new PendingLease(this, w);
    this.#dials.push(dial);
    return dial;
  }

  /** Lends a connection that has come free to who waits longest for one of this host; false: nobody does, or somebody else has the better claim. */
  #lendQueued(c: H1Upstream): boolean {
    if (this.#gate.starves) return false;
    for (const w of this.#queued) {
      const lease = c.lend(w.reader);
      if (lease === null) return false;
      this.#unqueue(w);
      this.leaves(w);
      w.waiter.onLease(lease);
      return true;
    }
    return false;
  }

  #lendQueuedShared(): void {
    for (const w of this.#queued) {
      const c = this.#shared.find((o) => o.capacity > 0);
      const lease = c?.lend(w.reader) ?? null;
      if (lease === null) return;
      this.#unqueue(w);
      this.leaves(w);
      w.waiter.onLease(lease);
    }
  }

  #openedSingle(conn: Conn, waiting: readonly Wanted[]): void {
    const c = new H1Upstream(this, conn);
    this.#all.add(c);
    conn.setHandler(c);
    let free = true;
    for (const w of waiting) {
      if (w.cancelled) continue;
      if (free) {
        this.leaves(w);
        w.waiter.onLease(c.lend(w.reader)!);
      }
      // They had hoped for a connection of many streams.
      else this.#want(w);
      free = false;
    }
    if (free) this.put(c);
  }

  #openedShared(conn: Conn, waiting: readonly Wanted[]): void {
    const c = new H2Upstream(this, conn);
    this.#shared.push(c);
    this.env.metrics.connectionsIdle.add(1);
    conn.setHandler(c);
    let room = this.#expected;
    for (const w of waiting) {
      if (w.cancelled) continue;
      const lease = room-- > 0 ? c.lend(w.reader) : null;
      if (lease !== null) {
        this.leaves(w);
        w.waiter.onLease(lease);
      } else this.#want(w);
    }
  }
}

function sameHeader(a: SentProxyHeaderSpec | null, b: SentProxyHeaderSpec | null): boolean {
  if (a === null || b === null) return a === b;
  return a.version === b.version && a.checksum === b.checksum && a.tlvs.join() === b.tlvs.join();
}
