import { NO_BYTES } from "../base/bytes.ts";
import { localFault, type ProxyError } from "../base/error.ts";
import type { FilterChain } from "../filter/filter_chain.ts";
import { type FilterHost, FilterRun } from "../filter/filter_run.ts";
import type { Reply } from "../filter/types.ts";
import type { StreamReader, StreamWriter } from "../http/codec.ts";
import { Fields } from "../http/fields.ts";
import { isGrpc } from "../http/grpc/content_type.ts";
import { grpcStatusIn, grpcStatusOf } from "../http/grpc/status.ts";
import type { RequestHead, ResponseHead } from "../http/head.ts";
import { removeHopByHop } from "../http/hop_by_hop.ts";
import { ID } from "../http/names.ts";
import type { Host } from "../upstream/types.ts";
import { Tunnel, type TunnelDone, type TunnelEnd } from "../wire/tunnel.ts";
import { Attempt, type AttemptOwner, REPLAY_BYTES } from "./attempt.ts";
import { ConnectAttempt } from "./connect_attempt.ts";
import type { DownstreamConn } from "./downstream_conn.ts";
import { EarlyBytes } from "./early_bytes.ts";
import {
  ANSWERED,
  ANSWERED_LATE,
  BODY_TOO_LARGE,
  CONNECT_REFUSED,
  MISDIRECTED,
  NO_CLUSTER,
  NO_ROUTE,
  PAST_DEADLINE,
  PATH_REFUSED,
  REPLIED_EARLY,
  STREAM_UPGRADE_REFUSED,
} from "./exchange_faults.ts";
import { applyOps, forwardHead } from "./forward_head.ts";
import { forwardReply } from "./forward_reply.ts";
import type { Peer } from "./forwarded.ts";
import { countCall } from "./grpc_calls.ts";
import { KeyedExchange } from "./keyed_exchange.ts";
import { hopAnswer } from "./max_forwards.ts";
import { errorReply, grpcStatusOfFault, redirectReply, respondReply } from "./reply.ts";
import { RequestBuffer } from "./request_buffer.ts";
import type { RequestTarget } from "./request_target.ts";
import { mayRetry } from "./retry.ts";
import { shed } from "./shed.ts";
import type { ForwardAction, RouteRule, Site } from "./site.ts";
import { StreamTunnel } from "./stream_tunnel.ts";
import { Tries } from "./tries.ts";
import { openTunnel } from "./tunnel_record.ts";
import { UndecidedTarget } from "./undecided_target.ts";

/*
 * waiting ──head──▶ replying ──end──▶ done            Any fault before the reply's head: an error reply; after it: the stream is reset.
 *    │└── error reply, redirect, … ────▲               `finish` runs once, whatever happened.
 *    └── 101, CONNECT ──▶ tunnel ──────▲               On a connection of one stream the tunnel takes the connection itself.
 */
const WAITING = 0;
const REPLYING = 1;
const DONE = 2;
/** The stream is a tunnel: all that comes on it is the target's. */
const TUNNEL = 3;

/** One request in flight: finds its route, sends it on, passes the reply back, and tells logs and metrics what became of it. */
export class Exchange extends KeyedExchange implements StreamReader<RequestHead>, FilterHost, AttemptOwner {
  #writer: StreamWriter<ResponseHead> | null;
  #state = WAITING;
  #target: RequestTarget | null = null;
  #owed = 0;
  /** The reply is Weir's own. */
  #own = false;
  /** What comes on a stream that asks to be a tunnel before it is one; uncredited, so the stream's window bounds it. null: an ordinary request. */
  #early: EarlyBytes | null = null;

  constructor(down: DownstreamConn, site: Site, peer: Peer, w: StreamWriter<ResponseHead>) {
    super(down, site, peer);
    this.#writer = w;
  }

  // ---- the client's side ----

  onHead(head: RequestHead, end: boolean): void {
    const { site } = this;
    const { flusher } = site.link;
    site.metrics.requestsActive.add(1);
    this.head = head;
    this.began = this.lastMove = flusher.now;
    this.startWall = site.wall();
    this.method = head.method;
    this.authority = head.authority;
    this.path = head.path;
    this.protocol = head.protocol;
    this.scheme = head.scheme;
    // gRPC is a protocol of HTTP/2: what says so elsewhere is a body like others.
    this.grpc = head.protocol === "HTTP/2" && isGrpc(head.fields);
    const refusal = this.down.serves(head.authority) ? shed(site.shedding, this.down) : MISDIRECTED;
    if (refusal !== null) {
      if (end) this.#requestOver(this.began);
      this.fail(refusal);
      return;
    }
    const match = site.table.match(this);
    if (match === null) {
      if (end) this.#requestOver(this.began);
      this.fail(NO_ROUTE);
      return;
    }
    const { rule } = match;
    this.rule = rule;
    this.shortenTime(rule);
    this.route = rule.name;
    this.matchedPrefix = match.matchedPrefix;
    if (end) this.#requestOver(this.began);
    if ((head.pathFlags & rule.refusedPath) !== 0) this.fail(PATH_REFUSED);
    else if (head.contentLength > rule.bodyBytes) this.fail(BODY_TOO_LARGE);
    else if (rule.chain === null) this.passRequest();
    // Whatever filters take of it: the deadline of a call counts from its head on.
    else if (this.grpc && !this.boundCall(rule)) this.fail(PAST_DEADLINE);
    else this.#filter(rule.chain, end);
  }

  onInterim(_h: ResponseHead): void {
    // A request has no interim heads.
  }

  onData(b: Uint8Array, end: boolean): void {
    if (this.#state === TUNNEL) {
      this.#target?.takeData(b, end);
      return;
    }
    if (this.#early !== null) {
      this.#early.take(b, end);
      return;
    }
    const now = this.site.link.flusher.now;
    this.lastMove = now;
    this.requestBodyBytes += b.length;
    if (end) this.#requestOver(now);
    if (this.#state === DONE) return;
    if (this.rule !== null && this.requestBodyBytes > this.rule.bodyBytes) {
      this.fail(BODY_TOO_LARGE);
      return;
    }
    const run = this.run;
    const passed = run === null ? this.passRequestData(b, end) : run.requestData(b, end);
    if (passed) this.#writer?.credit(b.length);
    else this.#owed += b.length;
  }

  onTrailers(f: Fields): void {
    if (this.#state === TUNNEL) {
      this.#target?.takeTrailers(f);
      return;
    }
    if (this.#early !== null) {
      this.#early.take(NO_BYTES, true);
      return;
    }
    this.#requestOver(this.site.link.flusher.now);
    removeHopByHop(f);
    if (this.run === null) this.passRequestTrailers(f);
    else this.run.requestTrailers(f);
  }

  onWritable(_room: number): void {
    if (this.#state !== TUNNEL) this.lastMove = this.site.link.flusher.now;
    if (this.run === null || this.run.unblockReply()) this.replyOpened();
  }

  onReset(e: ProxyError): void {
    if (this.#state === TUNNEL) this.#target?.abort(e);
    else this.fail(e);
  }

  /** What was held back of the request's body has been taken. */
  resumeRequest(): void {
    if (this.run === null || this.run.unblockRequest()) this.requestOpened();
  }

  requestOpened(): void {
    if (this.#owed === 0) return;
    this.#writer?.credit(this.#owed);
    this.#owed = 0;
    this.down.wake();
  }

  // ---- the upstream's side ----

  /** The request is on its way whole: from now on the time of the reply's head counts. */
  requestSent(): void {
    if (this.rule !== null && this.#state === WAITING) this.awaitHead(this.rule);
  }

  interim(h: ResponseHead): void {
    if (this.#state !== WAITING) return;
    this.lastMove = this.site.link.flusher.now;
    removeHopByHop(h.fields);
    this.#writer?.sendInterim(h);
    this.down.wake();
  }

  /** The reply's head, from an upstream or a handler. */
  reply(h: ResponseHead, end: boolean): void {
    if (this.#state !== WAITING) return;
    if (this.grpc) this.grpcStatus = grpcStatusIn(h.fields);
    if (this.run === null) this.passReply(h, end);
    else if (!this.run.replied) this.run.reply(h, end);
  }

  passReply(h: ResponseHead, end: boolean): void {
    const writer = this.#writer;
    if (this.#state !== WAITING || writer === null) return;
    const { site, rule } = this;
    this.#state = REPLYING;
    this.headCame();
    if (!this.#own) {
      forwardReply(h, site);
      this.setCookies(h.fields);
    }
    if (rule !== null && rule.responseOps !== null) applyOps(h.fields, rule.responseOps);
    this.status = h.status;
    this.response = h;
    writer.sendHead(h, end);
    this.down.wake();
    if (end) this.#finish();
  }

  /** A piece of the reply; false: hold the next ones back until `resumeReply`. */
  replyData(b: Uint8Array, end: boolean): boolean {
    return this.run === null ? this.passReplyData(b, end) : this.run.replyData(b, end);
  }

  passReplyData(b: Uint8Array, end: boolean): boolean {
    const writer = this.#writer;
    if (this.#state !== REPLYING || writer === null) return true;
    this.lastMove = this.site.link.flusher.now;
    this.responseBodyBytes += b.length;
    const room = writer.sendData(b, end);
    this.down.wake();
    if (end) this.#finish();
    return room > 0;
  }

  /** The client's connection holds so much that is to be read by it that no more should come. */
  get crowded(): boolean {
    return this.#writer?.crowded === true;
  }

  replyTrailers(f: Fields): void {
    if (this.#state === DONE) return;
    if (this.grpc) this.grpcStatus = grpcStatusIn(f);
    removeHopByHop(f);
    if (this.run === null) this.passReplyTrailers(f);
    else this.run.replyTrailers(f);
  }

  passReplyTrailers(f: Fields): void {
    if (this.#state !== REPLYING) return;
    this.#writer?.sendTrailers(f);
    this.down.wake();
    this.#finish();
  }

  /** The one attempt failed before a reply began. */
  attemptFailed(a: Attempt, error: ProxyError): void {
    const { method } = this.head;
    // As it is sent: a filter may have made another method of it.
    const verdict = mayRetry({ error, method, reused: a.reused, replayable: a.replayable, retries: this.attempts - 1 });
    if (verdict === "automatic" && this.waiting) {
      a.cluster.metrics.retries.add(1);
      this.#attempt(a.action, a.clusterIndex, a.buffer);
    } else this.fail(error);
  }

  /** No reply has been begun, and one is still wanted. */
  get waiting(): boolean {
    return this.#state === WAITING;
  }

  /** Ends the exchange with an error: the one way out of every fault, whoever's it is. */
  fail(e: ProxyError): void {
    if (this.#state === DONE || this.#state === TUNNEL) return;
    const { code, status } = e.facts;
    this.note(code);
    if (this.grpc) this.grpcStatus = grpcStatusOfFault(e);
    const target = this.#target;
    this.#target = null;
    target?.abort(e);
    if (this.#state === REPLYING || status === 0) {
      this.#writer?.reset(e);
      this.down.wake();
      this.#finish();
      return;
    }
    this.#send(errorReply(e, this.site.wall(), this.grpc));
  }

  /** The request asks its stream, one of several on its connection, to become a tunnel: its own bytes come only afterwards. */
  get tunnelsStream(): boolean {
    return this.#early !== null;
  }

  /** The stream or the whole connection becomes a tunnel to `up`, with `h` as the reply. */
  tunnel(h: ResponseHead, up: TunnelEnd): void {
    const { down, site } = this;
    const { link } = site;
    const idleMs = site.spec.timeouts.tunnelIdleMs;
    const early = this.#early;
    const writer = this.#writer!;
    const done = this.#becomeTunnel(h, up);
    if (early === null) {
      new Tunnel(link, down.detach(), up, idleMs, down.tunnels, done).start();
      return;
    }
    const tunnel = new StreamTunnel(link, { writer, wake: () => down.wake() }, up, idleMs, down.tunnels, done);
    this.#target = tunnel;
    down.tunnelOpened();
    down.wake();
    tunnel.start();
    early.giveTo(tunnel);
  }

  /** Config is let go: a week-old tunnel must hold no old one alive. Returns what the tunnel's end calls. */
  #becomeTunnel(
    h: ResponseHead,
    { host = null, gone }: { readonly host?: { active: number } | null; readonly gone?: () => void },
  ): TunnelDone {
    const { site } = this;
    this.#state = TUNNEL;
    this.status = h.status;
    this.response = h;
    this.setCookies(h.fields);
    this.#writer?.sendHead(h, false);
    this.#writer = null;
    this.#target = null;
    site.link.wheel.remove(this);
    this.duration = site.link.flusher.now - this.began;
    this.run?.close();
    this.run = null;
    const { metrics, accessLog, link } = site;
    const routeMetrics = this.rule?.metrics ?? null;
    this.rule = null;
    this.site = null as unknown as Site;
    const done = openTunnel({ record: this, began: this.began, metrics, routeMetrics, accessLog, link, host, gone });
    return (bytesUp, bytesDown, cause) => {
      done(bytesUp, bytesDown, cause);
      this.#state = DONE;
    };
  }

  onDue(now: number): void {
    if (this.#state === DONE || this.#state === TUNNEL) return;
    const e = this.timeFault(now);
    if (e === null) this.arm();
    else this.event(() => this.fail(e));
  }

  #requestOver(now: number): void {
    this.endRequest(now, this.#state === DONE);
  }

  // ---- filters ----

  #filter(chain: FilterChain, end: boolean): void {
    const filters = chain.open(this);
    if (filters === null) {
      this.passRequest();
      return;
    }
    const run = new FilterRun(this, filters, chain);
    this.run = run;
    // What comes on such a stream are the tunnel's bytes, and no filter's.
    const tunnels = !end && this.#wantsTunnel;
    if (tunnels) this.#holdEarly();
    run.request(end || tunnels);
    // A filter may pause: the exchange has its time all the same.
    if (this.#state === WAITING) this.arm();
  }

  /** The request's head is what it will be. */
  passRequest(): void {
    const rule = this.rule!;
    if (this.run !== null) {
      // gRPC is a protocol of HTTP/2, or what a filter made of another.
      this.grpc = isGrpc(this.head.fields);
      const fault = this.headFault(this.requestPassed);
      if (fault !== null) {
        this.filterThrew(new Error(fault));
        return;
      }
    }
    if (this.grpc && !this.boundCall(rule)) this.fail(PAST_DEADLINE);
    else this.#act(rule);
  }

  passRequestData(b: Uint8Array, end: boolean): boolean {
    if (this.#early !== null) {
      this.#early.take(b, end);
      return false;
    }
    return this.#target === null || this.#target.takeData(b, end);
  }

  passRequestTrailers(f: Fields): void {
    this.#target?.takeTrailers(f);
  }

  /** All that goes to the target has come. */
  get requestPassed(): boolean {
    return this.run === null ? this.requestEnded : this.run.requestEnded;
  }

  replyOpened(): void {
    this.#target?.resumeReply();
  }

  awaitBody(): boolean {
    const { head } = this;
    if (this.#early !== null || head.method === "CONNECT") return false;
    if (!head.expectContinue) return true;
    // Nobody further on will tell the client to go on (RFC 9110 10.1.1), and what goes on then has its body.
    head.expectContinue = false;
    head.fields.remove("expect");
    this.interim({ status: 100, reason: "", fields: Fields.empty(), contentLength: 0, upgrade: "" });
    return true;
  }

  shortCut(r: Reply): void {
    if (this.#state !== WAITING || this.run?.replied === true) this.fail(ANSWERED_LATE);
    else this.#send(this.answered(r));
  }

  dropReply(r: Reply | null): void {
    const target = this.#target;
    this.#target = null;
    if (target !== null && this.requestPassed) target.discard();
    else target?.abort(ANSWERED);
    if (r === null) return;
    this.answered(r);
    this.#own = true;
    if (!this.requestEnded) this.#writer?.stopReading();
  }

  filterThrew(cause: unknown): void {
    this.site.filterThrew(cause);
    this.fail(localFault("internal", 500, "a filter threw", cause));
  }

  // ---- what the route says ----

  #act(rule: RouteRule): void {
    const { action } = rule;
    // A 2xx to CONNECT makes a tunnel of the connection (RFC 9110 9.3.6): only a route that really makes one may give it.
    if (this.method === "CONNECT" && action.kind !== "forward") {
      this.fail(CONNECT_REFUSED);
      return;
    }
    switch (action.kind) {
      case "forward":
        this.#forward(rule, action);
        return;
      case "respond":
        if (this.grpc && action.status >= 400) this.grpcStatus = grpcStatusOf(action.status);
        this.#send(respondReply(action, this.grpc, this.site.wall()));
        return;
      case "redirect":
        this.#send(redirectReply(action.status, action.location(this.head, this.matchedPrefix), this.site.wall()));
        return;
      case "serve": {
        const target = action.serve(this, this.matchedPrefix);
        this.#target = target;
        this.arm();
        target.start();
        return;
      }
    }
  }

  #forward(rule: RouteRule, action: ForwardAction): void {
    if (!this.requestEnded && this.#wantsTunnel) this.#holdEarly();
    const elsewhere = this.extras === null ? null : this.extras.override.cluster;
    if (elsewhere !== null) {
      const instead = this.elsewhere(action, elsewhere);
      if (instead === null) this.fail(NO_CLUSTER);
      else this.#sendTo(rule, instead, 0);
    } else this.#sendTo(rule, action, this.choose(action));
  }

  /** Its stream, one of several on its connection, is to become a tunnel. */
  get #wantsTunnel(): boolean {
    return this.down.multiplexed && (this.head.upgrade !== "" || this.head.method === "CONNECT");
  }

  #holdEarly(): void {
    this.#early = new EarlyBytes();
    this.#requestOver(this.began);
  }

  #sendTo(rule: RouteRule, action: ForwardAction, index: number): void {
    const { head } = this;
    if (head.method === "CONNECT") {
      if (!action.connect) {
        this.fail(CONNECT_REFUSED);
        return;
      }
      const target = new ConnectAttempt(this, action, action.clusters[index]!);
      this.#target = target;
      target.start();
      return;
    }
    if (head.fields.hasId(ID["max-forwards"])) {
      const answer = hopAnswer(head, this.site.wall());
      if (answer instanceof Error) this.fail(answer);
      else if (answer !== null) this.#send(answer);
      if (answer !== null) return;
    }
    forwardHead(this, action, rule, this.matchedPrefix);
    if (this.#early !== null && head.upgrade === "") {
      this.fail(STREAM_UPGRADE_REFUSED);
      return;
    }
    this.#begin(action, index);
  }

  #begin(action: ForwardAction, clusterIndex: number): void {
    if (action.tries === null) this.#attempt(action, clusterIndex, null);
    else {
      const tries = new Tries(this, action, action.tries, clusterIndex);
      this.#target = tries;
      tries.start();
    }
    if (this.#state !== DONE && this.dueAt === Number.POSITIVE_INFINITY) this.arm();
  }

  #attempt(action: ForwardAction, clusterIndex: number, buffer: RequestBuffer | null): void {
    const cluster = action.clusters[clusterIndex]!;
    if (!this.asksForHost) this.#attemptAt(this.pick(cluster, null), action, clusterIndex, buffer);
    else {
      const undecided = new UndecidedTarget(buffer ?? new RequestBuffer(REPLAY_BYTES));
      this.#target = undecided;
      this.chooseHost(cluster, null, (host) => {
        if (this.#target === undecided) this.#attemptAt(host, action, clusterIndex, undecided.buffer);
      });
    }
  }

  #attemptAt(host: Host | ProxyError, action: ForwardAction, clusterIndex: number, buffer: RequestBuffer | null): void {
    if (host instanceof Error) {
      this.#target = null;
      this.fail(host);
      return;
    }
    const a = new Attempt(this, this, action, clusterIndex, host, buffer);
    this.#target = a;
    a.start(this.attempts > 1);
  }

  // ---- ends ----

  /** A reply of Weir's own. It goes through filters unless a reply has gone before. */
  #send({ head, body }: Reply): void {
    const writer = this.#writer;
    if (writer === null || this.#state !== WAITING) return;
    const run = this.run;
    const bodyless = body.length === 0 || this.method === "HEAD";
    this.#own = true;
    const target = this.#target;
    this.#target = null;
    target?.abort(ANSWERED);
    if (!this.requestEnded) writer.stopReading();
    if (run !== null && !run.replied) {
      run.reply(head, bodyless);
      if (!bodyless) run.replyData(body, true);
      return;
    }
    this.passReply(head, bodyless);
    if (!bodyless) this.passReplyData(body, true);
  }

  #finish(): void {
    const { site, rule } = this;
    this.#state = DONE;
    if (this.wheelSlot >= 0) site.link.wheel.remove(this);
    const duration = site.link.flusher.now - this.began;
    this.duration = duration;
    // A target that still wants something of the request gets nothing more: its connection can't be kept.
    const target = this.#target;
    this.#target = null;
    if (target !== null && !this.requestPassed) target.abort(REPLIED_EARLY);
    this.#writer = null;
    const { metrics } = site;
    metrics.requestsActive.add(-1);
    metrics.finish(this.status);
    if (rule !== null) rule.metrics.finish(this.status, duration);
    if (this.grpc) {
      // Without a status of gRPC the client goes by that of HTTP.
      if (this.grpcStatus < 0) this.grpcStatus = grpcStatusOf(this.status);
      if (rule !== null) countCall(rule, this.path, this.grpcStatus);
    }
    if (this.run !== null) this.run.close();
    if (site.accessLog !== null) site.accessLog.write(this);
  }
}
