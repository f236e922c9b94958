import { NO_BYTES } from "../base/bytes.ts";
import type { ProxyError } from "../base/error.ts";
import { Fields } from "../http/fields.ts";
import type { ResponseHead } from "../http/head.ts";
import type { Conn, DialHandler } from "../platform/types.ts";
import type { Cluster, Host } from "../upstream/types.ts";
import type { Exchange } from "./exchange.ts";
import type { RequestTarget } from "./request_target.ts";
import type { ForwardAction } from "./site.ts";

/** A CONNECT request that becomes a tunnel to a host of the route's cluster (RFC 9110 9.3.6). The cluster decides where it goes, not the client. */
export class ConnectAttempt implements RequestTarget, DialHandler {
  readonly #x: Exchange;
  readonly #action: ForwardAction;
  readonly #cluster: Cluster;
  #dial: { cancel(): void } | null = null;
  #over = false;
  #startedAt = 0;
  #host: Host | null = null;

  constructor(x: Exchange, action: ForwardAction, cluster: Cluster) {
    this.#x = x;
    this.#action = action;
    this.#cluster = cluster;
  }

  start(): void {
    const x = this.#x;
    if (x.asksForHost) x.chooseHost(this.#cluster, null, (host) => this.#over || this.#startAt(host));
    else this.#startAt(x.pick(this.#cluster, null));
  }

  #startAt(host: Host | ProxyError): void {
    const x = this.#x;
    if (host instanceof Error) {
      this.#fail(host);
      return;
    }
    this.#host = host;
    this.#startedAt = x.site.link.flusher.now;
    const dial = this.#cluster.dial(host, this, x.down, this.#action.priority);
    if (dial instanceof Error) this.#fail(dial);
    else if (!this.#over) this.#dial = dial;
  }

  onOpen(conn: Conn): void {
    const x = this.#x;
    const { link } = x.site;
    // What the tunnel's end needs, and nothing of the config.
    const cluster = this.#cluster;
    const { priority } = this.#action;
    link.flusher.enter();
    try {
      this.#over = true;
      cluster.metrics.connects.add(1);
      this.#host!.outcome?.(200, null);
      x.connectDuration = link.flusher.now - this.#startedAt;
      const head: ResponseHead = {
        status: 200,
        reason: "Connection Established",
        fields: Fields.empty(),
        contentLength: 0,
        upgrade: "",
      };
      x.tunnel(head, { conn, unread: NO_BYTES, host: this.#host!, gone: () => cluster.hungUp(priority) });
    } finally {
      link.flusher.leave();
    }
  }

  onClose(cause: ProxyError | null): void {
    if (this.#over || cause === null) return;
    this.#over = true;
    const { flusher } = this.#x.site.link;
    flusher.enter();
    try {
      this.#cluster.metrics.connectFailed(cause.facts.code);
      this.#host!.outcome?.(0, cause);
      this.#x.fail(cause);
    } finally {
      flusher.leave();
    }
  }

  #fail(e: ProxyError): void {
    this.#over = true;
    this.#x.fail(e);
  }

  abort(_e: ProxyError): void {
    if (this.#over) return;
    this.#over = true;
    this.#dial?.cancel();
  }

  takeData(): boolean {
    return true;
  }
  takeTrailers(): void {}
  resumeReply(): void {}
  discard(): void {}
  onData(): void {}
  onDrain(): void {}
  onEnd(): void {}
}
