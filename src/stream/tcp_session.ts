import { concatBytes, NO_BYTES } from "../base/bytes.ts";
import { downstreamFault, localFault, type ProxyError } from "../base/error.ts";
import type { Conn, ConnHandler, ConnInfo, DialHandler } from "../platform/types.ts";
import { flagOf } from "../telemetry/response_flags.ts";
import { sourceHash } from "../upstream/source_hash.ts";
import type { Cluster, Host } from "../upstream/types.ts";
import type { OpenConn } from "../wire/open_conn.ts";
import { type OpenTunnel, Tunnel } from "../wire/tunnel.ts";
import { SessionRecord } from "./session_record.ts";
import type { SessionHost, SessionSite, TcpRule } from "./tcp_rule.ts";

/** What is known of a connection when its session begins. */
export interface SessionBegin {
  readonly conn: Conn;
  /** Both its ends, as rules and logs are to see them. */
  readonly info: ConnInfo;
  /** Name in the TLS hello, "" when it has none; null: no TLS was seen. */
  readonly serverName: string | null;
  /** What came and was not used up. */
  readonly unread: Uint8Array;
  /** The client's FIN has come too. */
  readonly ended: boolean;
}

/*
 *   dialing ──a host opens──▶ joined ──both sides are gone──▶ over
 *      │ ▲ └─ it fails, and another one is there: dial that
 *      └─┴── no host is left, a cut ──▶ closing ──▶ over       The client's connection goes first, and its end is the session's.
 */
const DIALING = 0;
const JOINED = 1;
const CLOSING = 2;
const OVER = 3;

/**
 * One session of TCP in flight: a connection of a client, and one to a host of the cluster. Until that stands, what the client sends is
 * left in its socket but for the chunk that was read. Then a tunnel joins the two, and the session lets its rule go.
 */
export class TcpSession extends SessionRecord implements ConnHandler, OpenConn, OpenTunnel {
  readonly conn: Conn;
  readonly tunnelling = true;
  readonly #host: SessionHost;
  readonly #site: SessionSite;
  readonly #began: number;
  /** null: joined, or no chain takes the connection. */
  #rule: TcpRule | null;
  #cluster: Cluster | null = null;
  #upstream: Host | null = null;
  #tried: Host[] = [];
  #dial: { cancel(): void } | null = null;
  #tunnel: Tunnel | null = null;
  #unread: Uint8Array;
  #ended: boolean;
  #paused = false;
  #cause: ProxyError | null = null;
  #state = DIALING;

  /** `rule` null: no chain takes the connection, and the session tells so. */
  constructor(host: SessionHost, site: SessionSite, rule: TcpRule | null, begin: SessionBegin) {
    super(site.wall(), site.listener, begin.info, begin.serverName);
    this.conn = begin.conn;
    this.#host = host;
    this.#site = site;
    this.#rule = rule;
    this.#unread = begin.unread;
    this.#ended = begin.ended;
    this.#began = site.link.flusher.now;
  }

  /** Call it once, when the connection is this session's. */
  start(): void {
    const { metrics } = this.#site;
    metrics.sessions.add(1);
    metrics.sessionsActive.add(1);
    this.#host.tunnels.add(this);
    const rule = this.#rule;
    if (rule === null) {
      this.close(localFault("noRoute", 0, "no chain of the listener takes the connection"));
      return;
    }
    this.#cluster = rule.clusters[rule.choice === null ? 0 : rule.choice.next()]!;
    this.cluster = this.#cluster.name;
    if (this.#unread.length > 0) this.#hold();
    this.#dialNext(null);
  }

  drain(): void {
    // It ends when its sides do, or is cut with the other tunnels.
  }

  abort(cause: ProxyError | null): void {
    this.close(cause);
  }

  close(cause: ProxyError | null): void {
    if (this.#tunnel !== null) {
      this.#tunnel.close(cause);
      return;
    }
    if (this.#state !== DIALING) return;
    this.#state = CLOSING;
    this.#cause = cause ?? localFault("draining", 0, "the session was cut at the drain limit");
    this.#dial?.cancel();
    // What ends out of order ends with an RST: a FIN would pass for a server that had nothing to say.
    this.conn.reset();
  }

  // ---- ConnHandler: the client's connection, until it is joined ----

  onData(b: Uint8Array): void {
    if (this.#state !== DIALING) return;
    this.#unread = this.#unread.length === 0 ? b : concatBytes([this.#unread, b]);
    this.#hold();
  }

  onEnd(): void {
    this.#ended = true;
  }

  onDrain(): void {
    // Nothing is written before the tunnel is there.
  }

  onClose(cause: ProxyError | null): void {
    if (this.#state === OVER) return;
    const { flusher } = this.#site.link;
    flusher.enter();
    try {
      this.#dial?.cancel();
      this.#host.tunnels.delete(this);
      this.#finish(this.#cause ?? cause ?? downstreamFault("clientClosed", 0, "the client closed the connection"));
    } finally {
      flusher.leave();
    }
  }

  // ---- the upstream ----

  /** `failed`: what became of the host before. */
  #dialNext(failed: ProxyError | null): void {
    const cluster = this.#cluster!;
    const tried = this.#tried;
    const exclude = tried.length === 0 ? null : tried;
    const destination = cluster.spec.hosts === "originalDestination" ? this.#host.destinationOf(this.conn) : null;
    const hash = sourceHash(cluster.spec.balance, this.remoteAddress);
    const host = cluster.picker.pick({ hash, exclude, destination });
    if (host instanceof Error || tried.includes(host) || tried.length >= this.#rule!.connectAttempts) {
      this.close(failed ?? (host as ProxyError));
      return;
    }
    if (failed !== null) cluster.metrics.retries.add(1);
    tried.push(host);
    this.attempts = tried.length;
    this.endpoint = host.label;
    const dial = cluster.dial(host, new UpstreamDial(this, host, this.#site.link.flusher.now), this);
    if (dial instanceof Error) this.close(dial);
    else if (this.#state === DIALING) this.#dial = dial;
  }

  dialFailed(cause: ProxyError, host: Host): void {
    const { flusher } = this.#site.link;
    flusher.enter();
    try {
      this.#cluster!.metrics.connectFailed(cause.facts.code);
      host.outcome?.(0, cause);
      if (this.#state === DIALING) this.#dialNext(cause);
    } finally {
      flusher.leave();
    }
  }

  dialOpened(up: Conn, host: Host, startedAt: number): void {
    if (this.#state !== DIALING) {
      up.destroy(null);
      this.#cluster!.hungUp();
      return;
    }
    const { flusher } = this.#site.link;
    flusher.enter();
    try {
      this.connectDuration = flusher.now - startedAt;
      host.outcome?.(200, null);
      this.#join(up, host);
    } finally {
      flusher.leave();
    }
  }

  #join(up: Conn, host: Host): void {
    const { link, metrics: listener } = this.#site;
    const { metrics: cluster } = this.#cluster!;
    const { idleMs } = this.#rule!;
    cluster.connected(this.connectDuration);
    cluster.connectionsActive.add(1);
    cluster.sessions.add(1);
    cluster.sessionsActive.add(1);
    host.active++;
    this.#state = JOINED;
    this.#upstream = host;
    this.#dial = null;
    this.#rule = null;
    this.#tried = [];
    const { tunnels } = this.#host;
    tunnels.delete(this);
    const client = {
      conn: this.conn,
      unread: this.#unread,
      ended: this.#ended,
      counters: [listener.bytesIn, cluster.bytesUp] as const,
    };
    const upstream = { conn: up, unread: NO_BYTES, counters: [cluster.bytesDown, listener.bytesOut] as const };
    this.#unread = NO_BYTES;
    if (this.#paused) this.conn.resume();
    this.#tunnel = new Tunnel(link, client, upstream, idleMs, tunnels, (bytesUp, bytesDown, cause) => {
      this.requestBodyBytes = bytesUp;
      this.responseBodyBytes = bytesDown;
      this.#finish(cause);
    });
    this.#tunnel.start();
  }

  #hold(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.conn.pause();
  }

  #finish(cause: ProxyError | null): void {
    const { metrics, link, accessLog } = this.#site;
    this.#state = OVER;
    this.#dial = null;
    metrics.sessionsActive.add(-1);
    if (this.#upstream !== null) this.#leave(this.#upstream, cause);
    if (cause !== null) {
      metrics.fault(cause.facts.code);
      this.flags = flagOf(cause.facts.code);
    }
    this.duration = link.flusher.now - this.#began;
    accessLog?.write(this);
    this.#host.closed(this);
  }

  #leave(host: Host, cause: ProxyError | null): void {
    const { metrics } = this.#cluster!;
    this.#cluster!.hungUp();
    host.active--;
    metrics.connectionsActive.add(-1);
    metrics.sessionsActive.add(-1);
    if (cause?.facts.side === "upstream") metrics.fault(cause.facts.code);
  }
}

/** The dial of one host. */
class UpstreamDial implements DialHandler {
  readonly #session: TcpSession;
  readonly #host: Host;
  readonly #startedAt: number;
  #over = false;

  constructor(session: TcpSession, host: Host, startedAt: number) {
    this.#session = session;
    this.#host = host;
    this.#startedAt = startedAt;
  }

  onOpen(conn: Conn): void {
    this.#over = true;
    this.#session.dialOpened(conn, this.#host, this.#startedAt);
  }

  onClose(cause: ProxyError | null): void {
    if (this.#over || cause === null) return;
    this.#over = true;
    this.#session.dialFailed(cause, this.#host);
  }

  // Nothing comes before onOpen, and then the connection is the tunnel's.
  onData(): void {}
  onDrain(): void {}
  onEnd(): void {}
}
