import { downstreamFault, type ProxyError } from "../base/error.ts";
import { H1Server } from "../http/h1/server.ts";
import type { Conn, Detached } from "../platform/types.ts";
import type { TunnelEnd } from "../wire/tunnel.ts";
import { type ConnHost, DownstreamConn } from "./downstream_conn.ts";
import { Exchange } from "./exchange.ts";
import { RefusedRequest } from "./refused_request.ts";
import { errorReply } from "./reply.ts";

/** A client's HTTP/1.x connection. */
export class H1Downstream extends DownstreamConn {
  readonly face: H1Server;
  readonly multiplexed = false;
  /** What becomes a tunnel is no connection of this kind any more. */
  readonly tunnelling = false;
  #tunnelled = false;

  constructor(host: ConnHost, conn: Conn, tlsPolicy: string | null) {
    super(host, conn, tlsPolicy);
    this.face = new H1Server(this.codecs.h1, (w) => new Exchange(this, this.host.site, this.peerNow(), w));
    // Arms the time that the first head has.
    this.wake();
  }

  protected get lingers(): boolean {
    return !this.face.clientIsDone;
  }

  drain(stage: "announce" | "last"): void {
    this.face.drain(stage);
    this.wake();
  }

  /** It was another process's that gave it up. */
  kept(): void {
    this.face.kept();
  }

  giveUp(): Detached | null {
    return this.face.atRest && !this.dirty ? this.conn.detach() : null;
  }

  detach(): TunnelEnd {
    const unread = this.face.detach();
    this.#tunnelled = true;
    this.release();
    return { conn: this.conn, unread };
  }

  tunnelOpened(): void {
    // Told by `detach`.
  }

  tunnelClosed(): void {
    this.host.tunnelClosed(this);
  }

  protected onFault(e: ProxyError): void {
    const { metrics, wall } = this.host.site;
    if (this.face.busy || e.facts.status === 0) {
      if (!this.face.busy && this.face.failure === null) metrics.fault(e.facts.code);
      return;
    }
    if (this.face.replied) return;
    metrics.fault(e.facts.code);
    metrics.finish(e.facts.status);
    const reply = errorReply(e, wall());
    this.face.sendHead(reply.head, false);
    this.face.sendData(reply.body, true);
    const { accessLog } = this.host.site;
    if (accessLog === null) return;
    const { method, target } = this.face.refused;
    accessLog.write(new RefusedRequest(this, this.peerNow(), e, { method, path: target, grpc: false }, reply));
  }

  protected onSettled(): void {
    // The codec starts the next request by itself.
  }

  protected onGone(cause: ProxyError | null): void {
    this.left();
    if (this.#tunnelled) {
      this.host.tunnelled(this);
      return;
    }
    this.host.closed(this);
    if (!this.face.busy) return;
    this.face.lost(
      cause === null
        ? downstreamFault("clientClosed", 0, "the client closed the connection")
        : downstreamFault("clientReset", 0, "the client reset the connection"),
    );
  }
}
