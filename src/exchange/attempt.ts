import { localFault, type ProxyError, upstreamFault } from "../base/error.ts";
import type { StreamReader } from "../http/codec.ts";
import type { Fields } from "../http/fields.ts";
import type { RequestHead, ResponseHead } from "../http/head.ts";
import { removeHopByHop } from "../http/hop_by_hop.ts";
import { ID } from "../http/names.ts";
import type { Cluster, Host, LeaseWaiter, StreamLease } from "../upstream/types.ts";
import { statusOfHead, statusOfTrailers, tellOutcome } from "./attempt_outcome.ts";
import type { Exchange, RequestTarget } from "./exchange.ts";
import type { ForwardAction } from "./site.ts";
import { WEBSOCKET_ACCEPT, WEBSOCKET_KEY, websocketAccept } from "./websocket.ts";

/** Bytes of a request's body kept for a second try on a pooled connection that turns out dead; more is not retried. */
const REPLAY_BYTES = 8 * 1024;

const BAD_ACCEPT = upstreamFault("upstreamProtocol", 502, "never", "101 with a wrong Sec-WebSocket-Accept (RFC 6455 4.1)");

const NO_UPGRADE = localFault("upgradeRefused", 501, "the upstream speaks HTTP/2, which has no Upgrade");

/** Whether a fault says something of how the host answers. */
function isSlowness({ facts: { side, code } }: ProxyError): boolean {
  return side === "upstream" || code === "responseTimeout" || code === "requestTimeout";
}

/** One try at one host. */
export class Attempt implements StreamReader<ResponseHead>, LeaseWaiter, RequestTarget {
  readonly action: ForwardAction;
  readonly clusterIndex: number;
  readonly cluster: Cluster;
  /** The body so far, while it is short enough to be sent again. */
  replay: Uint8Array[] | null;
  replayable = true;
  readonly #x: Exchange;
  readonly #host: Host;
  #lease: StreamLease | null = null;
  #wait: { cancel(): void } | null = null;
  #replayBytes = 0;
  #owed = 0;
  #sentAt = 0;
  #startedAt = 0;
  /** For whoever is told how this attempt ended. */
  #status = 0;
  #trailers: Fields | null = null;
  #over = false;
  #replied = false;

  constructor(x: Exchange, action: ForwardAction, clusterIndex: number, host: Host, replay: Uint8Array[] | null) {
    this.#x = x;
    this.action = action;
    this.clusterIndex = clusterIndex;
    this.cluster = action.clusters[clusterIndex]!;
    this.#host = host;
    this.replay = replay;
    if (replay !== null) for (const b of replay) this.#replayBytes += b.length;
  }

  get reused(): boolean {
    return this.#lease?.reused === true;
  }

  start(fresh: boolean): void {
    const { flusher } = this.#x.site.link;
    this.#startedAt = flusher.now;
    this.cluster.metrics.requestsActive.add(1);
    const wait = this.cluster.lease(this.#host, fresh, this, this, this.#x.down);
    if (!this.#over && this.#lease === null) this.#wait = wait;
  }

  // ---- LeaseWaiter ----

  onLease(l: StreamLease): void {
    const x = this.#x;
    this.#wait = null;
    this.#lease = l;
    const { now } = x.site.link.flusher;
    x.connectDuration = now - this.#startedAt;
    x.endpoint = l.label;
    if (l.multiplexed && x.head.upgrade !== "") {
      // RFC 9113 8.6: no Upgrade there, and what would stand in its place is not asked of upstreams.
      this.abort(NO_UPGRADE);
      x.fail(NO_UPGRADE);
      return;
    }
    this.#setHost(x.head);
    const replay = this.replay;
    const bodyless = x.requestPassed && replay === null && this.#trailers === null;
    l.writer.sendHead(x.head, bodyless);
    if (!bodyless) this.#sendHeld(l, replay);
    l.wake();
    if (x.requestPassed) this.#sent(now);
  }

  onLeaseError(e: ProxyError): void {
    this.#wait = null;
    this.#end(e);
    this.#x.attemptFailed(this, e);
  }

  // ---- RequestTarget ----

  takeData(b: Uint8Array, end: boolean): boolean {
    this.#keep(b);
    const l = this.#lease;
    // Until the connection is there, what came is held by `replay`; the window of the client's codec bounds it.
    if (l === null) return false;
    const room = l.writer.sendData(b, end);
    l.wake();
    if (end) this.#sent(this.#x.site.link.flusher.now);
    return end || room > 0;
  }

  takeTrailers(f: Fields): void {
    this.#trailers = f;
    const l = this.#lease;
    if (l === null) return;
    this.#forget();
    l.writer.sendTrailers(f);
    l.wake();
    this.#sent(this.#x.site.link.flusher.now);
  }

  resumeReply(): void {
    const l = this.#lease;
    if (l === null || this.#owed === 0) return;
    l.writer.credit(this.#owed);
    this.#owed = 0;
    l.wake();
  }

  abort(e: ProxyError): void {
    if (this.#over) return;
    this.#end(e.facts.side === "downstream" || e.facts.status === 0 ? null : e);
    this.#wait?.cancel();
    const l = this.#lease;
    if (l === null) return;
    l.writer.reset(e);
    l.wake();
  }

  // ---- StreamReader: the reply ----

  onInterim(h: ResponseHead): void {
    this.#x.interim(h);
  }

  onHead(h: ResponseHead, end: boolean): void {
    const x = this.#x;
    const { metrics } = this.cluster;
    const ms = x.site.link.flusher.now - this.#sentAt;
    x.upstreamHeadDuration = this.#sentAt === 0 ? 0 : ms;
    metrics.responses.add(Math.trunc(h.status / 100), 1);
    this.#status = this.#host.outcome === null ? h.status : statusOfHead(h);
    if (this.#sentAt !== 0) {
      metrics.headDuration.observe(ms / 1000);
      const { latency } = this.#host;
      if (latency !== null) latency.observe(ms, this.#sentAt + ms);
    }
    this.#replied = true;
    this.replay = null;
    if (h.status === 101) {
      this.#tunnel(h);
      return;
    }
    if (end) this.#end(null);
    x.reply(h, end);
  }

  onData(b: Uint8Array, end: boolean): void {
    if (end) {
      this.#end(null);
      this.#x.replyData(b, true);
      this.#lease = null;
    } else if (this.#x.replyData(b, false)) this.#lease?.writer.credit(b.length);
    else {
      this.#owed += b.length;
      if (this.#x.crowded) this.#lease?.writer.hold();
    }
  }

  onTrailers(f: Fields): void {
    if (this.#host.outcome !== null && this.#status === 200) this.#status = statusOfTrailers(f);
    this.#end(null);
    this.#x.replyTrailers(f);
  }

  onWritable(_room: number): void {
    this.#x.resumeRequest();
  }

  onReset(e: ProxyError): void {
    if (this.#over) return;
    this.#end(e);
    if (this.#replied) this.#x.fail(e);
    else this.#x.attemptFailed(this, e);
  }

  // ---- helpers ----

  #end(e: ProxyError | null): void {
    if (this.#over) return;
    this.#over = true;
    const { metrics } = this.cluster;
    const { outcome } = this.#host;
    metrics.requestsActive.add(-1);
    if (outcome !== null) tellOutcome(outcome, this.#status, e, this.reused);
    if (e === null) return;
    metrics.fault(e.facts.code);
    const { latency } = this.#host;
    if (latency === null || !isSlowness(e)) return;
    const { now } = this.#x.site.link.flusher;
    latency.fail(now - this.#startedAt, now);
  }

  #sent(now: number): void {
    this.#sentAt = now;
    this.#x.requestSent();
  }

  #keep(b: Uint8Array): void {
    if (b.length === 0) return;
    if (this.#lease === null) {
      // Not sent yet: all of it must be kept, and it is.
      if (this.replay === null) this.replay = [b];
      else this.replay.push(b);
      this.#replayBytes += b.length;
      return;
    }
    if (!this.replayable) return;
    this.#replayBytes += b.length;
    if (this.#replayBytes > REPLAY_BYTES) this.#forget();
    else if (this.replay === null) this.replay = [b];
    else this.replay.push(b);
  }

  #forget(): void {
    this.replayable = false;
    this.replay = null;
  }

  #sendHeld(l: StreamLease, held: Uint8Array[] | null): void {
    const x = this.#x;
    const last = x.requestPassed && this.#trailers === null;
    let room = 1;
    if (held !== null) for (let i = 0; i < held.length; i++) room = l.writer.sendData(held[i]!, last && i === held.length - 1);
    if (this.#trailers !== null) l.writer.sendTrailers(this.#trailers);
    if (this.#replayBytes > REPLAY_BYTES) this.#forget();
    if (room > 0) x.resumeRequest();
  }

  /** Host by policy (RFC 9110 7.2). A client of HTTP/1.0 may have sent none: it is made of the target's authority or the endpoint's (RFC 9112 3.2.2). */
  #setHost(head: RequestHead): void {
    const policy = this.action.host ?? this.cluster.spec.host;
    if (policy.kind === "pass") {
      if (!head.fields.hasId(ID.host)) head.fields.add("Host", head.authority === "" ? this.#host.authority : head.authority);
    } else head.fields.set("Host", policy.kind === "endpoint" ? this.#host.authority : policy.value);
  }

  #tunnel(h: ResponseHead): void {
    const x = this.#x;
    const l = this.#lease!;
    const { fields } = h;
    const accept = fields.get(WEBSOCKET_ACCEPT) ?? "";
    removeHopByHop(fields);
    if (!x.tunnelsStream) {
      fields.add("Connection", "upgrade");
      fields.add("Upgrade", h.upgrade);
    } else {
      // RFC 8441 5: on a stream there is no such field; it was Weir that asked, so Weir checks the answer.
      fields.remove(WEBSOCKET_ACCEPT);
      if (accept !== websocketAccept(x.head.fields.get(WEBSOCKET_KEY) ?? "")) {
        this.abort(BAD_ACCEPT);
        x.fail(BAD_ACCEPT);
        return;
      }
    }
    this.#end(null);
    x.tunnel(h, { ...l.detach(), host: this.#host });
  }
}
