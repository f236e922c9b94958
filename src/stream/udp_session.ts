import { type ErrorCode, ProxyError } from "../base/error.ts";
import { Timed } from "../base/timer_wheel.ts";
import type { UdpFault, UdpHandler, UdpPeer, UdpPort, UdpSource } from "../platform/types.ts";
import type { DatagramDrop } from "../telemetry/datagram_metrics.ts";
import { flagOf } from "../telemetry/response_flags.ts";
import { sourceHash } from "../upstream/source_hash.ts";
import type { Cluster, Host, Picker } from "../upstream/types.ts";
import { CONNECT_ATTEMPTS, LAST_CALL_MS, LAST_DATAGRAMS } from "./limits.ts";
import { UdpRecord } from "./udp_record.ts";
import type { UdpSite } from "./udp_rule.ts";
import { UdpUpstream, type UpstreamWatcher } from "./udp_upstream.ts";

/** Where sessions of one port are kept. */
export interface UdpSessionHost {
  readonly site: UdpSite;
  /** The last call. `refusedBy`: the host that sent the client away, which its next session is to avoid. */
  sessionEnded(s: UdpSession, refusedBy: Host | null): void;
}

/**
 * The datagrams of one client and the answers to them. It has one host until it ends, or a host for each datagram (`perPacket`), with a
 * port of its own to each.
 *
 *   open ──idle, answered, refused, its host has left, a cut──▶ over
 */
export class UdpSession extends Timed implements UpstreamWatcher {
  readonly flow: number | string;
  readonly peer: UdpPeer;
  readonly #host: UdpSessionHost;
  /** What the session began with; its counts and its line in the log go there. */
  readonly #site: UdpSite;
  /** What was in force when its host was last found to be a right one. */
  #checked: UdpSite;
  #picker: Picker | null = null;
  readonly #began: number;
  readonly #startWall: number;
  readonly #id: number;
  /** Answers leave from there; `#to` null: it is a port of the session's own. */
  #down: UdpPort;
  #to: UdpPeer | null;
  #up: UdpUpstream | null = null;
  /** With `perPacket`: all that datagrams went to. */
  #ups: Map<Host, UdpUpstream> | null = null;
  #attempts = 0;
  #lastMove: number;
  #in = 0;
  #out = 0;
  #bytesIn = 0;
  #bytesOut = 0;
  /** It was idle for its time, and has been looked at for the last time but one. */
  #lastCall = false;
  #over = false;

  constructor(host: UdpSessionHost, flow: number | string, peer: UdpPeer, down: UdpPort, id: number, now: number) {
    super();
    this.flow = flow;
    this.peer = peer;
    this.#host = host;
    this.#site = host.site;
    this.#checked = host.site;
    this.#down = down;
    this.#to = peer;
    this.#id = id;
    this.#began = now;
    this.#startWall = host.site.wall();
    this.#lastMove = now;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Finds the first host. Why there is none; null: the session is open. `avoid`: who refused the client before. */
  open(avoid: Host | null): DatagramDrop | null {
    const up = this.#openUpstream(avoid === null ? [] : [avoid]);
    if (typeof up === "string") return up;
    this.#up = up;
    if (this.#site.rule.perPacket) this.#ups = new Map([[up.host, up]]);
    const { metrics, link, rule } = this.#site;
    metrics.sessions.add(1);
    metrics.sessionsActive.add(1);
    up.cluster.metrics.sessions.add(1);
    up.cluster.metrics.sessionsActive.add(1);
    link.wheel.schedule(this, this.#lastMove + rule.idleMs);
    return null;
  }

  /** A datagram of the client. False: the session is over, and another one has to take it. */
  send(b: Uint8Array, now: number): boolean {
    if (this.#over) return false;
    const up = this.#ups === null ? this.#kept() : this.#next(this.#ups);
    if (up === null) return false;
    this.#lastMove = now;
    const fault = up.send(b);
    if (fault === "refused") {
      // What is told here is of a datagram before: this one has not left yet.
      this.onUpstreamError(up, fault);
      return !this.#over && this.send(b, now);
    }
    if (fault !== null) {
      this.#site.datagrams.dropUpstream(fault, 1);
      return true;
    }
    this.#in++;
    this.#bytesIn += b.length;
    return true;
  }

  /** Goes on with a port of its own in the place of the shared one, which another process reads from now on; without one the client goes on there, and answers that are under way still leave from here. */
  split(): void {
    if (this.#over || this.#to === null) return;
    const own = this.#down.split(this.peer, new OwnPort(this));
    if (own === null) return;
    this.#down = own;
    this.#to = null;
  }

  /** Reads what has come to its own port by now. */
  read(): void {
    if (!this.#over && this.#to === null) this.#down.read(LAST_DATAGRAMS);
  }

  /** Of a session with a port of its own. */
  onOwnDatagram(b: Uint8Array, now: number): void {
    const { metrics, datagrams, rule } = this.#site;
    datagrams.received.add(1);
    metrics.bytesIn.add(b.length);
    if (b.length > rule.maxDatagram) datagrams.drop("size", 1);
    else if (!this.send(b, now)) datagrams.drop("upstreamRefused", 1);
  }

  onClientLost(why: UdpFault, datagrams: number): void {
    this.#site.datagrams.dropClient(why, datagrams);
  }

  /** `cause` null: it has come to its end. */
  close(cause: ProxyError | null, refusedBy: Host | null = null): void {
    if (this.#over) return;
    this.#over = true;
    const { metrics, link, accessLog } = this.#site;
    link.wheel.remove(this);
    const up = this.#up!;
    const { metrics: cluster } = up.cluster;
    metrics.sessionsActive.add(-1);
    cluster.sessionsActive.add(-1);
    if (this.#ups === null) up.close();
    else for (const u of this.#ups.values()) u.close();
    if (this.#to === null) this.#down.close();
    if (cause !== null) {
      metrics.fault(cause.facts.code);
      if (cause.facts.side === "upstream") cluster.fault(cause.facts.code);
    }
    if (accessLog !== null) accessLog.write(this.#record(up, cause?.facts.code ?? null));
    this.#host.sessionEnded(this, refusedBy);
  }

  onReply(_u: UdpUpstream, b: Uint8Array, now: number): void {
    if (this.#over) return;
    this.#lastMove = now;
    const { metrics, datagrams, rule } = this.#site;
    const fault = this.#down.send(b, this.#to);
    if (fault !== null) {
      datagrams.dropClient(fault, 1);
      return;
    }
    datagrams.sent.add(1);
    metrics.bytesOut.add(b.length);
    this.#out++;
    this.#bytesOut += b.length;
    if (this.#out >= this.#in * rule.replies) this.close(null);
  }

  onUpstreamError(u: UdpUpstream, why: UdpFault): void {
    if (this.#over) return;
    const code: ErrorCode = why === "refused" ? "connectRefused" : "connectFailed";
    u.cluster.metrics.connectFailed(code);
    if (this.#ups !== null && this.#ups.size > 1) {
      // The others go on; the last one is the session's as long as it lives.
      this.#ups.delete(u.host);
      u.close();
      if (u === this.#up) this.#up = [...this.#ups.values()].at(-1)!;
      return;
    }
    this.close(
      new ProxyError(`${u.host.label} told that it can't be reached: ${why}`, {
        code,
        side: "upstream",
        scope: "stream",
        retry: "never",
        status: 0,
      }),
      u.host,
    );
  }

  onUpstreamLost(why: UdpFault, datagrams: number): void {
    this.#site.datagrams.dropUpstream(why, datagrams);
  }

  onDue(now: number): void {
    const { rule, link } = this.#site;
    const until = this.#lastMove + rule.idleMs;
    if (now >= until && this.#lastCall) this.close(null);
    else {
      // A process that was held up finds its timers due before it has read what waits in its sockets.
      this.#lastCall = now >= until;
      link.wheel.schedule(this, this.#lastCall ? now + LAST_CALL_MS : until);
    }
  }

  /** The session's host, as long as the config and its cluster have it. */
  #kept(): UdpUpstream | null {
    const up = this.#up!;
    const { site } = this.#host;
    if (site === this.#checked && up.cluster.picker === this.#picker) return up;
    const { rule } = site;
    if (!rule.perPacket && rule.clusters.includes(up.cluster) && up.cluster.has(up.host)) {
      this.#checked = site;
      this.#picker = up.cluster.picker;
      return up;
    }
    // A client that never falls silent would go on with a host that has left for ever.
    this.close(null);
    return null;
  }

  #next(ups: Map<Host, UdpUpstream>): UdpUpstream | null {
    const { rule } = this.#host.site;
    if (!rule.perPacket) {
      this.close(null);
      return null;
    }
    const cluster = clusterOf(this.#host.site);
    const host = cluster.picker.pick({ hash: this.#hash(cluster), exclude: null });
    const known = host instanceof Error ? undefined : ups.get(host);
    if (known !== undefined) return known;
    const made = host instanceof Error ? null : this.#openAt(cluster, host);
    if (made instanceof UdpUpstream) {
      ups.set(made.host, made);
      return made;
    }
    // Any of those that are there is better than none.
    return this.#up;
  }

  #openUpstream(avoid: readonly Host[]): UdpUpstream | DatagramDrop {
    const cluster = clusterOf(this.#site);
    const tried: Host[] = [...avoid];
    for (let i = 0; i < CONNECT_ATTEMPTS; i++) {
      const host = cluster.picker.pick({ hash: this.#hash(cluster), exclude: tried.length === 0 ? null : tried });
      if (host instanceof Error || (i > 0 && tried.includes(host))) return "noHost";
      const up = this.#openAt(cluster, host);
      if (up instanceof UdpUpstream) {
        this.#picker = cluster.picker;
        return up;
      }
      if (up === "noDescriptors") return up;
      tried.push(host);
    }
    return "noHost";
  }

  #hash(cluster: Cluster): number {
    return sourceHash(cluster.spec.balance, this.peer.remote.host);
  }

  #openAt(cluster: Cluster, host: Host): UdpUpstream | ErrorCode {
    try {
      const up = new UdpUpstream(cluster, host, this);
      this.#attempts++;
      return up;
    } catch (e) {
      if (!(e instanceof ProxyError)) throw e;
      cluster.metrics.connectFailed(e.facts.code);
      return e.facts.code;
    }
  }

  #record(up: UdpUpstream, code: ErrorCode | null): UdpRecord {
    const r = new UdpRecord(this.#startWall, this.#site.listener, {
      id: this.#id,
      remote: this.peer.remote,
      local: this.peer.local,
    });
    r.requestBodyBytes = this.#bytesIn;
    r.responseBodyBytes = this.#bytesOut;
    r.duration = Math.max(0, this.#lastMove - this.#began);
    r.cluster = up.cluster.name;
    r.endpoint = up.host.label;
    r.attempts = this.#attempts;
    r.flags = code === null ? "" : flagOf(code);
    return r;
  }
}

/** What comes to a session's own port. */
class OwnPort implements UdpHandler {
  readonly #session: UdpSession;

  constructor(session: UdpSession) {
    this.#session = session;
  }
  onDatagram(b: Uint8Array, _from: UdpSource, now: number): void {
    this.#session.onOwnDatagram(b, now);
  }
  onError(): void {
    // The client has gone, and told so of an answer.
    this.#session.close(null);
  }
  onLost(why: UdpFault, datagrams: number): void {
    this.#session.onClientLost(why, datagrams);
  }
}

function clusterOf({ rule }: UdpSite): Cluster {
  return rule.clusters[rule.choice === null ? 0 : rule.choice.next()]!;
}
