import { type ErrorCode, localFault, type ProxyError } from "../base/error.ts";
import { flagOf } from "../telemetry/response_flags.ts";
import type { DownstreamConn } from "./downstream_conn.ts";
import { ExchangeRecord } from "./exchange_record.ts";
import type { Peer } from "./forwarded.ts";
import { grpcDeadline } from "./grpc_deadline.ts";
import type { RouteRule, Site } from "./site.ts";

/** The times that an exchange has: one entry of the wheel, whatever their number. */
export abstract class ExchangeTimes extends ExchangeRecord {
  site: Site;
  rule: RouteRule | null = null;
  /** The whole request has been received. */
  requestEnded = false;
  protected began = 0;
  /** When a byte last moved, either way. */
  protected lastMove = 0;
  /** What the route and the client give it from its end on; Infinity: no bound, or no route is known yet. */
  #routeMs = Number.POSITIVE_INFINITY;
  #headDeadline = Number.POSITIVE_INFINITY;
  #totalDeadline = Number.POSITIVE_INFINITY;
  /** It is a call with a deadline: that is the time it has for a head, too. */
  #bounded = false;

  constructor(down: DownstreamConn, site: Site, peer: Peer) {
    super(down, peer);
    this.site = site;
  }

  /** Flags a fault, and counts it. */
  protected note(code: ErrorCode): void {
    this.mark(flagOf(code));
    this.site.metrics.fault(code);
  }

  protected arm(): void {
    const idle = this.lastMove + this.site.spec.timeouts.streamIdleMs;
    this.site.link.wheel.schedule(this, Math.min(idle, this.#headDeadline, this.#totalDeadline));
  }

  /** A trusted peer may give its request less time than the route does (as with Envoy's x-envoy-upstream-rq-timeout-ms). */
  protected shortenTime({ timeoutHeader, timeoutMs }: RouteRule): void {
    this.#routeMs = timeoutMs;
    if (timeoutHeader === null || !this.peer.trusted) return;
    const text = this.head.fields.get(timeoutHeader);
    if (text !== null && /^[0-9]{1,9}$/.test(text) && Number(text) > 0) this.#routeMs = Math.min(timeoutMs, Number(text));
  }

  shortenTimeout(ms: number): void {
    if (!(ms > 0) || ms >= this.#routeMs) return;
    this.#routeMs = ms;
    if (!this.requestEnded) return;
    this.#totalDeadline = Math.min(this.#totalDeadline, this.began + this.requestDuration + ms);
    this.arm();
  }

  /** Milliseconds that are left of its time; Infinity: it has no end. */
  get leftMs(): number {
    return this.#totalDeadline - this.site.link.flusher.now;
  }

  /** What an attempt has for the head of its reply, from the request sent on. */
  get headMs(): number {
    return this.#bounded ? Number.POSITIVE_INFINITY : this.rule!.responseHeadMs;
  }

  /** The request has come whole: its route's time begins, whatever still has to be connected or sent. */
  protected endRequest(now: number, done: boolean): void {
    this.requestEnded = true;
    this.requestDuration = now - this.began;
    if (this.#routeMs === Number.POSITIVE_INFINITY || done) return;
    this.#totalDeadline = Math.min(this.#totalDeadline, now + this.#routeMs);
    this.arm();
  }

  /** A call of gRPC has its time from its head on, whatever of it is still to come; false: that is over. */
  protected boundCall(rule: RouteRule): boolean {
    const ms = grpcDeadline(this.head, rule.grpc.maxTimeoutMs);
    this.#bounded = ms !== Number.POSITIVE_INFINITY;
    this.#totalDeadline = Math.min(this.#totalDeadline, this.began + ms);
    // Where the head was all of it the route's time is armed already.
    if (this.#bounded && this.requestEnded) this.arm();
    return ms > 0;
  }

  /** From now on the time of the reply's head counts. */
  protected awaitHead(rule: RouteRule): void {
    if (this.#bounded) return;
    this.#headDeadline = this.site.link.flusher.now + rule.responseHeadMs;
    this.arm();
  }

  protected headCame(): void {
    this.#headDeadline = Number.POSITIVE_INFINITY;
    this.lastMove = this.site.link.flusher.now;
  }

  /** Which time is over; null: none is. */
  protected timeFault(now: number): ProxyError | null {
    if (now >= this.#totalDeadline) return localFault("requestTimeout", 504, "no whole reply within the time for it");
    if (now >= this.#headDeadline) return localFault("responseTimeout", 504, "no head of a reply within the time for it");
    if (now < this.lastMove + this.site.spec.timeouts.streamIdleMs) return null;
    return localFault("streamIdleTimeout", this.requestEnded ? 504 : 408, "nothing moved within the stream's idle timeout");
  }
}
