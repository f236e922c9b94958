import { localFault, type ProxyError } from "../base/error.ts";
import { Timed } from "../base/timer_wheel.ts";
import type { Fields } from "../http/fields.ts";
import type { ResponseHead } from "../http/head.ts";
import { isIdempotent } from "../http/methods.ts";
import { RETRY_FLAGS } from "../telemetry/response_flags.ts";
import type { Breaker } from "../upstream/breaker.ts";
import type { Cluster, Host } from "../upstream/types.ts";
import { REPLAY_BYTES } from "./attempt.ts";
import type { Exchange } from "./exchange.ts";
import { type Mirror, openMirrors } from "./mirror.ts";
import { RequestBuffer } from "./request_buffer.ts";
import type { RequestTarget } from "./request_target.ts";
import { mayRetry, type UnderPolicy, type Verdict } from "./retry.ts";
import type { Reason } from "./retry_policy.ts";
import { askedWaitMs, backoffMs } from "./retry_wait.ts";
import type { ForwardAction, TryPolicy } from "./site.ts";
import { Try } from "./try.ts";

const BEATEN = localFault("internal", 0, "another attempt was answered first");
const TRY_TIMEOUT = localFault("responseTimeout", 504, "no head of a reply within the time of one attempt");

/*
 *   trying ── the head of a reply that may be passed on ──▶ won ──▶ over       The others are reset.
 *   │  ▲ │
 *   │  │ ├─ the hedge's time: one more beside those that there are
 *   │  │ └─ a failure, or a reply that is no good, while others are at work: it is left out
 *   │  └─── of the last one, and it may be tried again ──▶ waiting ──┐
 *   │            └────────────────────────── its time is over ───────┘
 *   └ of the last one, and it may not: the exchange gets it ──▶ over
 */
const TRYING = 0;
const WAITING = 1;
const OVER = 2;

/**
 * The attempts of one exchange whose route has a policy for them: what is tried again, when, beside what, and which of the replies is the
 * client's. While the request is still coming there is one at a time. Copies of the request for other clusters begin here too.
 */
export class Tries extends Timed implements RequestTarget {
  readonly action: ForwardAction;
  readonly buffer: RequestBuffer;
  readonly #x: Exchange;
  readonly #policy: TryPolicy;
  readonly #clusterIndex: number;
  readonly #cluster: Cluster;
  readonly #breaker: Breaker;
  readonly #live: Try[] = [];
  readonly #tried: Host[] = [];
  #mirrors: readonly Mirror[] | null = null;
  #won: Try | null = null;
  #state = TRYING;
  /** Retries because of the policy, of a dead connection, and attempts that a hedge began. */
  #retries = 0;
  #automatic = 0;
  #hedges = 0;
  /** Attempts with one of the cluster's retries for which a filter is choosing a host. */
  #undecided = 0;
  #wakeAt = Number.POSITIVE_INFINITY;
  /** Of the attempt that is waited for. */
  #budgeted = false;
  #hedgeAt = Number.POSITIVE_INFINITY;
  #continued = false;

  constructor(x: Exchange, action: ForwardAction, policy: TryPolicy, clusterIndex: number) {
    super();
    this.#x = x;
    this.action = action;
    this.#policy = policy;
    this.#clusterIndex = clusterIndex;
    this.#cluster = action.clusters[clusterIndex]!;
    this.#breaker = this.#cluster.breaker(action.priority);
    this.buffer = new RequestBuffer(policy.retry?.spec.bufferBytes ?? REPLAY_BYTES);
  }

  start(): void {
    const { mirrors } = this.#policy;
    if (mirrors.length > 0) this.#mirrors = openMirrors(this.#x, this.action, mirrors);
    this.#begin(false, false);
  }

  // ---- RequestTarget ----

  takeData(b: Uint8Array, end: boolean): boolean {
    if (this.#mirrors !== null) for (const m of this.#mirrors) m.data(b, end);
    const t = this.#won ?? this.#live[0];
    let room = false;
    if (t !== undefined) room = t.attempt.takeData(b, end);
    else this.buffer.hold(b);
    if (end) this.#requestOver();
    return room;
  }

  takeTrailers(f: Fields): void {
    if (this.#mirrors !== null) for (const m of this.#mirrors) m.trailers(f);
    const t = this.#won ?? this.#live[0];
    if (t !== undefined) t.attempt.takeTrailers(f);
    else this.buffer.trailers = f;
    this.#requestOver();
  }

  resumeReply(): void {
    this.#won?.attempt.resumeReply();
  }

  discard(): void {
    this.#won?.attempt.discard();
  }

  abort(e: ProxyError): void {
    if (this.#mirrors !== null && !this.#x.requestPassed) for (const m of this.#mirrors) m.cut();
    const live = this.#won === null ? [...this.#live] : [this.#won];
    this.#end();
    for (const t of live) {
      t.live = false;
      t.attempt.abort(e);
    }
  }

  // ---- what attempts come to ----

  /** The request is on its way whole. */
  sent(t: Try): void {
    if (this.#won !== null) return;
    t.bound(this.#now + this.#x.headMs);
    this.#arm();
  }

  /** One 100 (Continue) is enough, whoever says it. */
  interim(h: ResponseHead): void {
    if (h.status === 100 && this.#continued) return;
    this.#continued ||= h.status === 100;
    this.#x.interim(h);
  }

  replied(t: Try, h: ResponseHead, end: boolean): void {
    if (this.#live.length > 1) {
      if (this.#isGood(h, end)) this.#win(t, h, end);
      else this.#discard(t, end);
      return;
    }
    // Nearly all replies: nothing is worked out for them.
    if (this.#reasonOf(h, end) === "none") {
      this.#win(t, h, end);
      return;
    }
    const verdict = this.#judge(t, null, h, end);
    if (verdict === "policy") {
      const wait = this.#waitMs;
      this.#discard(t, end);
      this.#wait(wait, true);
      return;
    }
    this.#tell(verdict);
    this.#win(t, h, end);
  }

  failed(t: Try, e: ProxyError): void {
    this.#leave(t);
    if (this.#live.length > 0 || this.#state === OVER) return;
    const verdict = this.#judge(t, e, null, false);
    if (verdict === "automatic") {
      this.#automatic++;
      this.#cluster.metrics.retries.add(1);
      this.#begin(true, false);
    } else if (verdict === "policy" || verdict === "unbudgeted") this.#wait(this.#waitMs, verdict === "policy");
    else {
      this.#tell(verdict);
      this.#x.fail(e);
    }
  }

  tunnelled(t: Try): void {
    t.live = false;
    this.abort(BEATEN);
  }

  // ---- decisions ----

  /** What was worked out with the last verdict. */
  #waitMs = 0;

  #judge(t: Try, error: ProxyError | null, reply: ResponseHead | null, end: boolean): Verdict {
    const x = this.#x;
    if (!x.waiting) return "no";
    const { attempt } = t;
    const { reused, replayable } = attempt;
    // As it is sent: a filter may have made another method of it.
    return mayRetry(
      { error, method: x.head.method, reused, replayable, retries: this.#automatic },
      this.#underPolicy(reply, end),
    );
  }

  #underPolicy(reply: ResponseHead | null, end: boolean): UnderPolicy | null {
    const policy = this.#policy.retry;
    if (policy === null) return null;
    const x = this.#x;
    const { spec } = policy;
    const asked = reply === null || spec.retryAfterMs === 0 ? -1 : askedWaitMs(reply.fields, x.site.wall());
    const backoff = backoffMs(spec.backoff, this.#retries + 1, Math.random());
    this.#waitMs = asked > spec.retryAfterMs ? Number.POSITIVE_INFINITY : Math.max(0, asked) + backoff;
    return {
      policy,
      made: this.#retries,
      reply,
      end,
      grpc: x.grpc,
      waitMs: this.#waitMs,
      leftMs: x.leftMs,
      budgetSpent: this.#breaker.retries.full,
    };
  }

  /** Whether a reply ends the race of several attempts. */
  #isGood(h: ResponseHead, end: boolean): boolean {
    return h.status < 500 && this.#reasonOf(h, end) === "none";
  }

  #reasonOf(h: ResponseHead, end: boolean): Reason {
    const { retry } = this.#policy;
    return retry === null ? "none" : retry.reasonOfReply(h, end, this.#x.grpc);
  }

  /** Tells why there is no other attempt where one would have been worth it. */
  #tell(verdict: Verdict): void {
    if (verdict === "exhausted") this.#x.mark(RETRY_FLAGS.exhausted.flag);
    else if (verdict === "overBudget") {
      this.#x.mark(RETRY_FLAGS.overBudget.flag);
      this.#breaker.refuse("retries");
    }
  }

  // ---- steps ----

  #begin(fresh: boolean, budgeted: boolean): void {
    const x = this.#x;
    this.#state = TRYING;
    const prefersOther = this.#hedges > 0 || this.#policy.retry?.spec.otherHost === true;
    const exclude = prefersOther && this.#tried.length > 0 ? this.#tried : null;
    if (!x.asksForHost) {
      this.#beginAt(x.pick(this.#cluster, exclude), fresh, budgeted);
      return;
    }
    if (budgeted) this.#undecided++;
    x.chooseHost(this.#cluster, exclude, (host) => {
      if (this.#state === OVER) return;
      if (budgeted) this.#undecided--;
      // Meanwhile another attempt was lost, and what follows it is waited for.
      if (this.#state === WAITING && budgeted) this.#breaker.retries.give();
      if (this.#state === TRYING) this.#beginAt(host, fresh, budgeted);
    });
  }

  #beginAt(host: Host | ProxyError, fresh: boolean, budgeted: boolean): void {
    const x = this.#x;
    if (host instanceof Error) {
      if (budgeted) this.#breaker.retries.give();
      if (this.#live.length === 0) x.fail(host);
      return;
    }
    this.#tried.push(host);
    const t = new Try(this, x, this.#clusterIndex, host, budgeted);
    this.#live.push(t);
    if (x.requestPassed) this.#startTimes(t);
    t.attempt.start(fresh);
    this.#arm();
  }

  #win(t: Try, h: ResponseHead, end: boolean): void {
    const x = this.#x;
    const { label, connectMs, headMs } = t.attempt;
    if (this.#live.length > 1) this.#beat(t);
    else this.#leave(t);
    t.live = true;
    this.#won = t;
    this.#end();
    x.endpoint = label;
    x.connectDuration = connectMs;
    x.upstreamHeadDuration = headMs;
    x.reply(h, end);
  }

  #beat(by: Try): void {
    for (const other of [...this.#live]) {
      this.#leave(other);
      if (other !== by) other.attempt.abort(BEATEN);
    }
  }

  #discard(t: Try, end: boolean): void {
    this.#leave(t);
    // A reply that has ended has left its connection to others.
    if (!end) t.attempt.discard();
  }

  /** `budgeted`: the next attempt is one of the cluster's retries. */
  #wait(ms: number, budgeted: boolean): void {
    this.#budgeted = budgeted;
    if (budgeted) this.#breaker.retries.take();
    this.#retries++;
    this.#cluster.metrics.retries.add(1);
    // Never at once: the connection of a reply that is not passed on is free again with the next event.
    this.#state = WAITING;
    this.#wakeAt = this.#now + ms;
    this.#arm();
  }

  #hedge(): void {
    this.#hedgeAt = Number.POSITIVE_INFINITY;
    const { hedge, retry } = this.#policy;
    const x = this.#x;
    if (hedge === null || this.#state !== TRYING || this.#won !== null || x.head.upgrade !== "" || this.buffer.lost) return;
    if (!(retry?.repeats(x.head.method) ?? isIdempotent(x.head.method))) return;
    if (this.#live.length === 0 || this.#live.length >= hedge.attempts || this.#hedges + 1 >= hedge.attempts) return;
    if (this.#breaker.retries.full) {
      this.#breaker.refuse("retries");
      return;
    }
    this.#breaker.retries.take();
    this.#hedges++;
    this.#cluster.metrics.hedges.add(1);
    this.#begin(false, true);
  }

  #leave(t: Try): void {
    t.live = false;
    const i = this.#live.indexOf(t);
    if (i < 0) return;
    if (i === this.#live.length - 1) this.#live.pop();
    else this.#live.splice(i, 1);
    if (t.budgeted) this.#breaker.retries.give();
  }

  /** Nothing more is tried. */
  #end(): void {
    if (this.#state === WAITING && this.#budgeted) this.#breaker.retries.give();
    for (; this.#undecided > 0; this.#undecided--) this.#breaker.retries.give();
    while (this.#live.length > 0) this.#leave(this.#live[0]!);
    this.#state = OVER;
    this.buffer.forget();
    this.#x.site?.link.wheel.remove(this);
  }

  // ---- times ----

  get #now(): number {
    return this.#x.site.link.flusher.now;
  }

  #requestOver(): void {
    for (const t of this.#live) this.#startTimes(t);
    this.#arm();
  }

  /** The time of an attempt and that of the hedge count from the request's end on, as that of the route does. */
  #startTimes(t: Try): void {
    const { retry, hedge } = this.#policy;
    const now = this.#now;
    t.bound(now + (retry?.spec.perTryMs ?? Number.POSITIVE_INFINITY));
    if (hedge !== null) this.#hedgeAt = now + hedge.afterMs;
  }

  #arm(): void {
    if (this.#state === OVER) return;
    let at = this.#state === WAITING ? this.#wakeAt : this.#hedgeAt;
    for (const t of this.#live) at = Math.min(at, t.deadline);
    this.#x.site.link.wheel.schedule(this, at);
  }

  onDue(now: number): void {
    if (this.#state !== OVER) this.#x.event(() => this.#due(now));
  }

  #due(now: number): void {
    if (!this.#x.waiting) {
      this.abort(BEATEN);
      return;
    }
    for (const t of [...this.#live]) {
      if (now < t.deadline || !t.live) continue;
      // The attempt first, so that it does not tell of its own end.
      t.live = false;
      t.attempt.abort(TRY_TIMEOUT);
      this.failed(t, TRY_TIMEOUT);
    }
    if (this.#state === WAITING && now >= this.#wakeAt) this.#begin(false, this.#budgeted);
    else if (now >= this.#hedgeAt) this.#hedge();
    this.#arm();
  }
}
