import { localFault, type ProxyError, upstreamFault } from "../base/error.ts";
import type { StreamReader } from "../http/codec.ts";
import type { Fields } from "../http/fields.ts";
import type { ResponseHead } from "../http/head.ts";
import { removeHopByHop } from "../http/hop_by_hop.ts";
import type { Breaker } from "../upstream/breaker.ts";
import type { Cluster, Host, LeaseWaiter, StreamLease } from "../upstream/types.ts";
import type { TunnelEnd } from "../wire/tunnel.ts";
import { statusOfHead, statusOfTrailers, tellOutcome } from "./attempt_outcome.ts";
import { DrainedReply } from "./drained_reply.ts";
import type { Exchange } from "./exchange.ts";
import { setHost } from "./host_policy.ts";
import { RequestBuffer, sent } from "./request_buffer.ts";
import type { RequestTarget } from "./request_target.ts";
import type { ForwardAction } from "./site.ts";
import { WEBSOCKET_ACCEPT, WEBSOCKET_KEY, websocketAccept } from "./websocket.ts";

/** Bytes of a request's body kept for a second try on a pooled connection that turns out dead; more is not retried. */
export const REPLAY_BYTES = 8 * 1024;

const BAD_ACCEPT = upstreamFault("upstreamProtocol", 502, "never", "101 with a wrong Sec-WebSocket-Accept (RFC 6455 4.1)");

const NO_UPGRADE = localFault("upgradeRefused", 501, "the upstream speaks HTTP/2, which has no Upgrade");

/** Who is told of what an attempt comes to: the exchange itself, or what owns its several attempts. */
export interface AttemptOwner {
  /** The request is on its way whole. */
  requestSent(): void;
  /** The host has room for more of the request's body. */
  resumeRequest(): void;
  interim(h: ResponseHead): void;
  reply(h: ResponseHead, end: boolean): void;
  replyData(b: Uint8Array, end: boolean): boolean;
  replyTrailers(f: Fields): void;
  tunnel(h: ResponseHead, up: TunnelEnd): void;
  /** It failed before a reply began. */
  attemptFailed(a: Attempt, e: ProxyError): void;
  /** The exchange must end with this. */
  fail(e: ProxyError): void;
}

/** Whether a fault says something of how the host answers. */
function isSlowness({ facts: { side, code } }: ProxyError): boolean {
  return side === "upstream" || code === "responseTimeout" || code === "requestTimeout";
}

/** One try at one host. */
export class Attempt implements StreamReader<ResponseHead>, LeaseWaiter, RequestTarget {
  readonly action: ForwardAction;
  readonly clusterIndex: number;
  readonly cluster: Cluster;
  readonly host: Host;
  /** The body so far; null: none has come. */
  buffer: RequestBuffer | null;
  /** Of the connection that it has; "" before. */
  label = "";
  /** Milliseconds that it waited for the connection; −1 before. */
  connectMs = -1;
  /** From the request's last byte to the reply's head; −1 before. */
  headMs = -1;
  readonly #owner: AttemptOwner;
  readonly #x: Exchange;
  readonly #breaker: Breaker;
  #lease: StreamLease | null = null;
  #wait: { cancel(): void } | null = null;
  #owed = 0;
  #sentAt = 0;
  #startedAt = 0;
  /** For whoever is told how this attempt ended. */
  #status = 0;
  #over = false;
  #replied = false;
  /** What comes of the reply is wanted by nobody; null: it is passed on. */
  #drained: DrainedReply | null = null;

  constructor(
    owner: AttemptOwner,
    x: Exchange,
    action: ForwardAction,
    clusterIndex: number,
    host: Host,
    buffer: RequestBuffer | null,
  ) {
    this.#owner = owner;
    this.#x = x;
    this.action = action;
    this.clusterIndex = clusterIndex;
    this.cluster = action.clusters[clusterIndex]!;
    this.#breaker = this.cluster.breaker(action.priority);
    this.host = host;
    this.buffer = buffer;
  }

  get reused(): boolean {
    return this.#lease?.reused === true;
  }

  /** All that was sent of the body is still at hand. */
  get replayable(): boolean {
    return this.buffer === null || !this.buffer.lost;
  }

  start(fresh: boolean): void {
    const { flusher } = this.#x.site.link;
    this.#startedAt = flusher.now;
    const { requests } = this.#breaker;
    if (requests.full) {
      this.#over = true;
      this.#owner.attemptFailed(this, this.#breaker.refuse("requests"));
      return;
    }
    requests.take();
    this.cluster.metrics.requestsActive.add(1);
    const wait = this.cluster.lease(this.host, fresh, this, this, this.#x.down, this.action.priority);
    if (!this.#over && this.#lease === null) this.#wait = wait;
  }

  // ---- LeaseWaiter ----

  onLease(l: StreamLease): void {
    const x = this.#x;
    this.#wait = null;
    this.#lease = l;
    const { now } = x.site.link.flusher;
    x.connectDuration = this.connectMs = now - this.#startedAt;
    x.endpoint = this.label = l.label;
    if (l.multiplexed && x.head.upgrade !== "") {
      // RFC 9113 8.6: no Upgrade there, and what would stand in its place is not asked of upstreams.
      this.abort(NO_UPGRADE);
      this.#owner.fail(NO_UPGRADE);
      return;
    }
    setHost(x.head, this.action.host ?? this.cluster.spec.host, this.host.authority);
    const { buffer } = this;
    const bodyless = x.requestPassed && (buffer === null || (buffer.parts.length === 0 && buffer.trailers === null));
    l.writer.sendHead(x.head, bodyless);
    if (!bodyless) this.#sendHeld(l, buffer);
    l.wake();
    if (x.requestPassed) this.#sent(now);
  }

  onLeaseError(e: ProxyError): void {
    this.#wait = null;
    this.#end(e);
    this.#owner.attemptFailed(this, e);
  }

  // ---- RequestTarget ----

  takeData(b: Uint8Array, end: boolean): boolean {
    if (b.length > 0) this.buffer ??= new RequestBuffer(REPLAY_BYTES);
    const l = this.#lease;
    if (l === null) {
      // The window of the client's codec bounds what is held until the connection is there.
      this.buffer?.hold(b);
      return false;
    }
    const room = l.writer.sendData(this.buffer === null ? b : this.buffer.keep(b), end);
    l.wake();
    if (end) this.#sent(this.#x.site.link.flusher.now);
    return end || room > 0;
  }

  takeTrailers(f: Fields): void {
    this.buffer ??= new RequestBuffer(REPLAY_BYTES);
    this.buffer.trailers = f;
    const l = this.#lease;
    if (l === null) return;
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

  /** The reply whose head has come is not passed on. */
  discard(): void {
    if (this.#over) return;
    // What was held back of it must not keep the rest from coming.
    this.resumeReply();
    const l = this.#lease;
    this.#end(null);
    if (l !== null) this.#drained = new DrainedReply(l, this.#x.site.link);
  }

  // ---- StreamReader: the reply ----

  onInterim(h: ResponseHead): void {
    this.#owner.interim(h);
  }

  onHead(h: ResponseHead, end: boolean): void {
    const x = this.#x;
    const { metrics } = this.cluster;
    const ms = x.site.link.flusher.now - this.#sentAt;
    x.upstreamHeadDuration = this.headMs = this.#sentAt === 0 ? 0 : ms;
    metrics.responses.add(Math.trunc(h.status / 100), 1);
    this.#status = this.host.outcome !== null && x.grpc ? statusOfHead(h) : h.status;
    if (this.#sentAt !== 0) {
      metrics.headDuration.observe(ms / 1000);
      const { latency } = this.host;
      if (latency !== null) latency.observe(ms, this.#sentAt + ms);
    }
    this.#replied = true;
    if (h.status === 101) {
      this.#tunnel(h);
      return;
    }
    if (end) this.#end(null);
    this.#owner.reply(h, end);
  }

  onData(b: Uint8Array, end: boolean): void {
    if (this.#drained !== null) this.#drained.data(b.length, end);
    else if (end) {
      this.#end(null);
      this.#owner.replyData(b, true);
      this.#lease = null;
    } else if (this.#owner.replyData(b, false)) this.#credit(b.length);
    else {
      this.#owed += b.length;
      if (this.#x.crowded) this.#lease?.writer.hold();
    }
  }

  onTrailers(f: Fields): void {
    if (this.#drained !== null) {
      this.#drained.ended();
      return;
    }
    if (this.host.outcome !== null && this.#x.grpc && this.#status === 200) this.#status = statusOfTrailers(f);
    this.#end(null);
    this.#owner.replyTrailers(f);
  }

  onWritable(_room: number): void {
    this.#owner.resumeRequest();
  }

  onReset(e: ProxyError): void {
    this.#drained?.ended();
    if (this.#over) return;
    this.#end(e);
    if (this.#replied) this.#owner.fail(e);
    else this.#owner.attemptFailed(this, e);
  }

  // ---- helpers ----

  /** A filter may have put another reply in this one's place meanwhile, and its stream be reset. */
  #credit(bytes: number): void {
    if (!this.#over) this.#lease?.writer.credit(bytes);
    else this.#drained?.data(bytes, false);
  }

  /** The one end of every attempt that began: `e` null with a reply, or when nobody wants it any more. */
  #end(e: ProxyError | null): void {
    if (this.#over) return;
    this.#over = true;
    const { metrics } = this.cluster;
    const { outcome } = this.host;
    this.#breaker.requests.give();
    metrics.requestsActive.add(-1);
    if (outcome !== null) tellOutcome(outcome, this.#status, e, this.reused);
    if (e === null) return;
    metrics.fault(e.facts.code);
    const { latency } = this.host;
    if (latency === null || !isSlowness(e)) return;
    const { now } = this.#x.site.link.flusher;
    latency.fail(now - this.#startedAt, now);
  }

  #sent(now: number): void {
    this.#sentAt = now;
    this.#owner.requestSent();
  }

  #sendHeld(l: StreamLease, held: RequestBuffer | null): void {
    const x = this.#x;
    let room = 1;
    if (held !== null) {
      const { parts, trailers } = held;
      const last = x.requestPassed && trailers === null;
      held.settle();
      for (let i = 0; i < parts.length; i++) {
        const b = parts[i]!;
        room = l.writer.sendData(held.lost ? b : sent(b), last && i === parts.length - 1);
      }
      if (trailers !== null) l.writer.sendTrailers(trailers);
    }
    if (room > 0) this.#owner.resumeRequest();
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
        this.#owner.fail(BAD_ACCEPT);
        return;
      }
    }
    this.#end(null);
    this.#owner.tunnel(h, { ...l.detach(), host: this.host });
  }
}
