import { localFault, ProxyError } from "../base/error.ts";
import { Timed } from "../base/timer_wheel.ts";
import { setHost } from "../exchange/host_policy.ts";
import type { StreamReader } from "../http/codec.ts";
import type { Fields } from "../http/fields.ts";
import type { ResponseHead } from "../http/head.ts";
import { removeHopByHop } from "../http/hop_by_hop.ts";
import type { Breaker } from "../upstream/breaker.ts";
import type { Cluster, Host, LeaseClient, LeaseWaiter, StreamLease } from "../upstream/types.ts";
import type { LinkEnv } from "../wire/link.ts";
import type { Outgoing } from "./outgoing.ts";

/** What calls of one exchange have of it. */
export interface CallEnv {
  readonly link: LinkEnv;
  /** Whose connection it is for, where upstream connections are for one client each. */
  readonly client: LeaseClient;
  /** Host of a request that names none. */
  readonly authority: string;
  /** From the request sent to the head of its reply. */
  readonly headMs: number;
  /** Between any two bytes in either direction. */
  readonly idleMs: number;
}

const ABANDONED = localFault("internal", 0, "the handler gave the call up");
const LATE = localFault("responseTimeout", 504, "no head of a reply within the time for it");
const IDLE = localFault("streamIdleTimeout", 504, "nothing moved within the stream's idle timeout");
/** A pooled connection that had died already is tried once more. */
const MOST_TRIES = 2;

/**
 * One request of a handler to a cluster: the same picker, breaker and pool as the requests of routes, with promises and streams at its end.
 *
 *   asking ──lease──▶ sending ──head──▶ replying ──end──▶ over
 *      └── failed before a head, and safe to repeat: asking once more
 */
export class ClusterCall extends Timed implements StreamReader<ResponseHead>, LeaseWaiter {
  readonly #env: CallEnv;
  readonly #cluster: Cluster;
  readonly #outgoing: Outgoing;
  readonly #breaker: Breaker;
  #resolve: (r: Response) => void = () => {};
  #reject: (e: unknown) => void = () => {};
  #host: Host | null = null;
  #lease: StreamLease | null = null;
  #wait: { cancel(): void } | null = null;
  #tries = 0;
  #counted = false;
  #lastMove = 0;
  #headDeadline = Number.POSITIVE_INFINITY;
  #status = 0;
  #over = false;
  /** Of the body that is sent; it can't be asked for twice. */
  #source: ReadableStreamDefaultReader<Uint8Array> | null = null;
  #writable: (() => void) | null = null;
  /** Of the body that comes. */
  #sink: ReadableStreamDefaultController<Uint8Array> | null = null;
  #owed = 0;

  constructor(env: CallEnv, cluster: Cluster, outgoing: Outgoing) {
    super();
    this.#env = env;
    this.#cluster = cluster;
    this.#outgoing = outgoing;
    this.#breaker = cluster.breaker("default");
  }

  /** Rejects with a ProxyError, or with the reason of the caller's signal. */
  start(): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#outgoing.signal?.addEventListener("abort", this.#onAbort, { once: true });
      this.#event(() => this.#try());
    });
  }

  #try(): void {
    const { picker } = this.#cluster;
    const { flusher } = this.#env.link;
    const before = this.#host;
    this.#tries++;
    this.#lastMove = flusher.now;
    const host = picker.pick({ hash: 0, exclude: null });
    if (host instanceof Error) {
      this.#fail(host);
      return;
    }
    if (this.#breaker.requests.full) {
      this.#fail(this.#breaker.refuse("requests"));
      return;
    }
    this.#host = host;
    this.#counted = true;
    this.#breaker.requests.take();
    this.#cluster.metrics.requestsActive.add(1);
    this.#arm();
    const wait = this.#cluster.lease(host, before !== null, this, this, this.#env.client);
    if (!this.#over && this.#lease === null) this.#wait = wait;
  }

  // ---- LeaseWaiter ----

  onLease(l: StreamLease): void {
    this.#wait = null;
    this.#lease = l;
    const { head, body } = this.#outgoing;
    setHost(head, this.#cluster.spec.host, this.#host!.authority);
    const bodyless = body === null || (body instanceof Uint8Array && body.length === 0);
    l.writer.sendHead(head, bodyless);
    if (bodyless) this.#sent();
    else if (body instanceof Uint8Array) {
      // A copy: what is sent belongs to the codec, and there may be a second try.
      l.writer.sendData(body.slice(), true);
      this.#sent();
    } else void this.#pump(body).catch((e: unknown) => this.#giveUp(e));
    l.wake();
  }

  onLeaseError(e: ProxyError): void {
    this.#wait = null;
    this.#failed(e);
  }

  // ---- the request's body ----

  async #pump(body: ReadableStream<Uint8Array>): Promise<void> {
    const source = body.getReader();
    this.#source = source;
    const { contentLength } = this.#outgoing.head;
    let left = contentLength < 0 ? Number.POSITIVE_INFINITY : contentLength;
    for (;;) {
      const { done, value } = await source.read();
      if (this.#over) return;
      if (!done) left -= value.length;
      // What an upstream takes for the next request must not come out of this one.
      if (left < 0 || (done && left > 0 && left !== Number.POSITIVE_INFINITY))
        throw new TypeError("the body has another length than its Content-Length says");
      let room = 1;
      this.#event(() => {
        this.#move();
        room = this.#lease!.writer.sendData(done ? NONE : value.slice(), done);
        if (done) this.#sent();
        this.#lease!.wake();
      });
      if (done) return;
      if (room <= 0 && !this.#over) await new Promise<void>((resolve) => (this.#writable = resolve));
    }
  }

  onWritable(_room: number): void {
    const f = this.#writable;
    this.#writable = null;
    this.#move();
    f?.();
  }

  #sent(): void {
    const { now } = this.#env.link.flusher;
    this.#headDeadline = now + this.#env.headMs;
    this.#arm();
  }

  // ---- the reply ----

  onInterim(_h: ResponseHead): void {
    this.#move();
  }

  onHead(h: ResponseHead, end: boolean): void {
    const { metrics } = this.#cluster;
    this.#headDeadline = Number.POSITIVE_INFINITY;
    this.#status = h.status;
    metrics.responses.add(Math.trunc(h.status / 100), 1);
    this.#move();
    removeHopByHop(h.fields);
    const headers = new Headers();
    h.fields.forEach((name, value) => {
      headers.append(name, value);
    });
    const bodyless = end || h.status === 204 || h.status === 205 || h.status === 304;
    const body = bodyless
      ? null
      : new ReadableStream<Uint8Array>(
          {
            start: (c) => {
              this.#sink = c;
            },
            pull: () => this.#pull(),
            cancel: () => this.#giveUp(ABANDONED),
          },
          ON_DEMAND,
        );
    try {
      this.#resolve(new Response(body, { status: h.status, headers }));
    } catch (e) {
      // A status that `Response` does not know.
      this.#giveUp(e);
      return;
    }
    if (end) this.#end(null);
  }

  onData(b: Uint8Array, end: boolean): void {
    if (this.#over) return;
    this.#move();
    const sink = this.#sink;
    if (b.length > 0) sink?.enqueue(b);
    if (end) this.#close();
    else if (sink === null || (sink.desiredSize ?? 0) > 0) this.#lease?.writer.credit(b.length);
    else this.#owed += b.length;
  }

  onTrailers(_f: Fields): void {
    this.#close();
  }

  onReset(e: ProxyError): void {
    if (this.#over) return;
    if (this.#status !== 0) this.#fail(e);
    else this.#failed(e);
  }

  #pull(): void {
    if (this.#over || this.#owed === 0) return;
    const owed = this.#owed;
    this.#owed = 0;
    this.#event(() => {
      this.#move();
      this.#lease?.writer.credit(owed);
      this.#lease?.wake();
    });
  }

  #close(): void {
    if (this.#over) return;
    this.#end(null);
    const sink = this.#sink;
    this.#sink = null;
    sink?.close();
  }

  // ---- ends ----

  onDue(now: number): void {
    if (this.#over) return;
    if (now >= this.#headDeadline) this.#giveUp(LATE);
    else if (now >= this.#lastMove + this.#env.idleMs) this.#giveUp(IDLE);
    else this.#arm();
  }

  readonly #onAbort = (): void => {
    this.#giveUp(this.#outgoing.signal?.reason ?? ABANDONED);
  };

  /** It failed before a reply began: it is tried once more where that can't repeat an effect. */
  #failed(e: ProxyError): void {
    const { retry } = e.facts;
    const safe = retry === "always" || (retry === "ifReused" && this.#lease?.reused === true);
    this.#settle(e);
    this.#lease = null;
    if (safe && this.#source === null && this.#tries < MOST_TRIES && !this.#over) this.#try();
    else this.#fail(e);
  }

  #giveUp(e: unknown): void {
    if (this.#over) return;
    this.#event(() => {
      const lease = this.#lease;
      this.#wait?.cancel();
      this.#fail(e);
      lease?.writer.reset(ABANDONED);
      lease?.wake();
    });
  }

  #fail(e: unknown): void {
    if (this.#over) return;
    this.#end(e instanceof ProxyError && e !== ABANDONED ? e : null);
    this.#reject(e);
    try {
      this.#sink?.error(e);
    } catch {
      // The handler has cancelled it.
    }
    this.#sink = null;
  }

  /** The one end of every call. */
  #end(e: ProxyError | null): void {
    this.#over = true;
    this.#settle(e);
    this.#env.link.wheel.remove(this);
    this.#outgoing.signal?.removeEventListener("abort", this.#onAbort);
    this.#writable?.();
    this.#writable = null;
    this.#source?.cancel().catch(() => {});
    this.#source = null;
  }

  /** What a try took is given back, and its host is told how it went. */
  #settle(e: ProxyError | null): void {
    if (!this.#counted) return;
    this.#counted = false;
    this.#breaker.requests.give();
    const { metrics } = this.#cluster;
    metrics.requestsActive.add(-1);
    if (e !== null) metrics.fault(e.facts.code);
    const reusedDeath = e?.facts.retry === "ifReused" && this.#lease?.reused === true;
    if ((e !== null || this.#status !== 0) && !reusedDeath) this.#host?.outcome?.(this.#status, e);
  }

  #move(): void {
    this.#lastMove = this.#env.link.flusher.now;
  }

  #arm(): void {
    this.#env.link.wheel.schedule(this, Math.min(this.#headDeadline, this.#lastMove + this.#env.idleMs));
  }

  /** A handler acts on turns of its own. */
  #event(f: () => void): void {
    const { flusher } = this.#env.link;
    flusher.enter();
    try {
      f();
    } finally {
      flusher.leave();
    }
  }
}

const NONE = new Uint8Array(0);
const ON_DEMAND = { highWaterMark: 0 };
