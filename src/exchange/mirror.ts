import { localFault, type ProxyError } from "../base/error.ts";
import { Timed } from "../base/timer_wheel.ts";
import type { StreamReader } from "../http/codec.ts";
import type { Fields } from "../http/fields.ts";
import type { RequestHead, ResponseHead } from "../http/head.ts";
import type { MirrorEnd } from "../telemetry/cluster_metrics.ts";
import type { Breaker } from "../upstream/breaker.ts";
import type { Cluster, Host, LeaseClient, LeaseWaiter, StreamLease } from "../upstream/types.ts";
import type { LinkEnv } from "../wire/link.ts";
import type { Exchange } from "./exchange.ts";
import { setHost } from "./host_policy.ts";
import type { ForwardAction, MirrorTarget } from "./site.ts";

/** Bytes of a copy that may wait for its host: a slower one is cut off, and holds nobody back. */
export const MIRROR_BYTES = 256 * 1024;
/** What is read of its reply to keep the connection. */
const REPLY_BYTES = 1024 * 1024;
/** Without a time of the route a copy has this from the request's end on. */
const LONGEST_MS = 60_000;

const GIVEN_UP = localFault("internal", 0, "the copy of the request is given up");
const PICK = { hash: 0, exclude: null };

/** Begins the copies that this request's draws say. */
export function openMirrors(x: Exchange, action: ForwardAction, targets: readonly MirrorTarget[]): readonly Mirror[] | null {
  // What asks for a tunnel does not end, and its bytes are nobody else's.
  if (x.head.upgrade !== "") return null;
  const mirrors: Mirror[] = [];
  for (const { cluster, share } of targets) {
    if (Math.random() >= share) continue;
    const host = cluster.picker.pick(PICK);
    if (host instanceof Error || cluster.breaker("default").requests.full) {
      if (!(host instanceof Error)) cluster.breaker("default").refuse("requests");
      cluster.metrics.mirrored("failed");
      continue;
    }
    const mirror = new Mirror(x, action, cluster, host);
    mirrors.push(mirror);
    mirror.start(x.down);
  }
  return mirrors.length === 0 ? null : mirrors;
}

/** The copy of a request to another cluster. Its body is copied as it streams; of its reply nobody hears. It outlives the exchange. */
export class Mirror extends Timed implements StreamReader<ResponseHead>, LeaseWaiter {
  readonly #cluster: Cluster;
  readonly #host: Host;
  readonly #breaker: Breaker;
  readonly #link: LinkEnv;
  readonly #head: RequestHead;
  readonly #timeMs: number;
  readonly #idleMs: number;
  /** Not sent yet. */
  #parts: Uint8Array[] = [];
  #trailers: Fields | null = null;
  #lease: StreamLease | null = null;
  #wait: { cancel(): void } | null = null;
  #waiting = 0;
  #replyLeft = REPLY_BYTES;
  #ended: boolean;
  #answered = false;
  #over = false;

  constructor(x: Exchange, action: ForwardAction, cluster: Cluster, host: Host) {
    super();
    const { site, head, rule } = x;
    this.#cluster = cluster;
    this.#host = host;
    this.#breaker = cluster.breaker("default");
    this.#link = site.link;
    this.#head = shadowOf(head, action, cluster, host);
    this.#ended = x.requestPassed;
    this.#timeMs = Math.min(rule!.timeoutMs, LONGEST_MS);
    this.#idleMs = site.spec.timeouts.streamIdleMs;
  }

  start(client: LeaseClient): void {
    this.#breaker.requests.take();
    this.#arm();
    const wait = this.#cluster.lease(this.#host, false, this, this, client);
    if (!this.#over && this.#lease === null) this.#wait = wait;
  }

  // ---- the request ----

  data(b: Uint8Array, end: boolean): void {
    if (this.#over) return;
    if (end) this.#ended = true;
    this.#arm();
    // A copy: the memory below the piece is the other attempt's.
    if (b.length > 0 || end) this.#pass(b.slice(), end);
  }

  trailers(f: Fields): void {
    if (this.#over) return;
    this.#ended = true;
    this.#arm();
    this.#trailers = f.clone();
    const l = this.#lease;
    if (l === null) return;
    l.writer.sendTrailers(this.#trailers);
    l.wake();
  }

  /** The request will not come whole. */
  cut(): void {
    this.#giveUp("failed");
  }

  #pass(b: Uint8Array, end: boolean): void {
    const l = this.#lease;
    this.#waiting += b.length;
    if (this.#waiting > MIRROR_BYTES) {
      this.#giveUp("cut");
      return;
    }
    if (l === null) {
      if (b.length > 0) this.#parts.push(b);
      return;
    }
    if (l.writer.sendData(b, end) > 0) this.#waiting = 0;
    l.wake();
  }

  // ---- LeaseWaiter ----

  onLease(l: StreamLease): void {
    this.#wait = null;
    this.#lease = l;
    const parts = this.#parts;
    const trailers = this.#trailers;
    this.#parts = [];
    this.#waiting = 0;
    const last = this.#ended && trailers === null;
    l.writer.sendHead(this.#head, last && parts.length === 0);
    for (let i = 0; i < parts.length; i++) this.#pass(parts[i]!, last && i === parts.length - 1);
    if (trailers !== null) l.writer.sendTrailers(trailers);
    l.wake();
  }

  onLeaseError(_e: ProxyError): void {
    this.#finish("failed");
  }

  // ---- the reply ----

  onInterim(_h: ResponseHead): void {
    // Nobody hears of it.
  }

  onHead(_h: ResponseHead, end: boolean): void {
    this.#answered = true;
    if (end) this.#finish("answered");
  }

  onData(b: Uint8Array, end: boolean): void {
    if (this.#over) return;
    this.#replyLeft -= b.length;
    if (end) this.#finish("answered");
    else if (this.#replyLeft < 0) this.#giveUp("answered");
    else {
      this.#lease?.writer.credit(b.length);
      this.#lease?.wake();
    }
  }

  onTrailers(_f: Fields): void {
    this.#finish("answered");
  }

  onWritable(_room: number): void {
    this.#waiting = 0;
  }

  onReset(_e: ProxyError): void {
    this.#finish("failed");
  }

  // ---- ends ----

  /** It is idle for as long as a stream may be, or has no reply in the route's time. */
  onDue(): void {
    this.#link.flusher.enter();
    this.#giveUp(this.#answered ? "answered" : "failed");
    this.#link.flusher.leave();
  }

  #arm(): void {
    this.#link.wheel.schedule(this, this.#link.flusher.now + (this.#ended ? this.#timeMs : this.#idleMs));
  }

  #giveUp(as: MirrorEnd): void {
    if (this.#over) return;
    this.#finish(as);
    this.#wait?.cancel();
    this.#lease?.writer.reset(GIVEN_UP);
    this.#lease?.wake();
  }

  #finish(as: MirrorEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#parts = [];
    this.#link.wheel.remove(this);
    this.#breaker.requests.give();
    this.#cluster.metrics.mirrored(as);
  }
}

/** The head of the copy. As Envoy has it, `-shadow` behind the host's name tells the copy apart. */
function shadowOf(head: RequestHead, action: ForwardAction, cluster: Cluster, host: Host): RequestHead {
  const shadow = { ...head, fields: head.fields.clone() };
  setHost(shadow, action.host ?? cluster.spec.host, host.authority);
  shadow.fields.set("Host", shadowHost(shadow.fields.get("host") ?? ""));
  // It is sent as it comes, whatever its host says.
  shadow.fields.remove("expect");
  return shadow;
}

/** `a.example:80` becomes `a.example-shadow:80`. */
export function shadowHost(host: string): string {
  // A literal of IPv6 with something behind it would be no host.
  if (host.startsWith("[")) return host;
  const port = /:[0-9]+$/.exec(host);
  return port === null ? `${host}-shadow` : `${host.slice(0, port.index)}-shadow${port[0]}`;
}
