import { downstreamFault, type ProxyError } from "../base/error.ts";
import { H1Server } from "../http/h1/server.ts";
import type { Conn } from "../platform/types.ts";
import { Link } from "../wire/link.ts";
import { Exchange } from "./exchange.ts";
import type { Peer } from "./forwarded.ts";
import { RefusedRequest } from "./refused_request.ts";
import { errorReply } from "./reply.ts";
import type { Site } from "./site.ts";
import type { TunnelEnd, TunnelSet } from "./tunnel.ts";

/** What a listener's connections ask of it. */
export interface ConnHost {
  /** Read at each request: a reload replaces it. */
  readonly site: Site;
  readonly tunnels: TunnelSet;
  closed(c: DownstreamConn): void;
  /** It became a tunnel's: it still is the client's connection, and counts as one until `tunnelClosed`. */
  tunnelled(c: DownstreamConn): void;
  tunnelClosed(c: DownstreamConn): void;
}

/** A client's HTTP/1.x connection. */
export class DownstreamConn extends Link {
  readonly face: H1Server;
  readonly #host: ConnHost;
  #peer: Peer | null = null;
  #peerOf: Site | null = null;
  #tunnelled = false;

  constructor(host: ConnHost, conn: Conn) {
    const { site } = host;
    super(site.link, conn, site.metrics.bytesIn, site.metrics.bytesOut);
    this.#host = host;
    this.face = new H1Server(site.codec, (w) => new Exchange(this, this.#host.site, this.#peerNow(), w));
    // Arms the time that the first head has.
    this.wake();
  }

  protected get lingers(): boolean {
    return !this.face.clientIsDone;
  }

  get site(): Site {
    return this.#host.site;
  }

  get listener(): string {
    return this.#host.site.listener;
  }

  get localAddress(): string {
    const { local } = this.conn.info;
    return local.kind === "tcp" ? `${local.host}:${local.port}` : `unix:${local.path}`;
  }

  get tunnels(): TunnelSet {
    return this.#host.tunnels;
  }

  /** announce: each reply from now on is its connection's last. last: idle connections close now as well. */
  drain(stage: "announce" | "last"): void {
    this.face.drain(stage);
    this.wake();
  }

  /** Gives the connection to a tunnel. */
  detach(): TunnelEnd {
    const unread = this.face.detach();
    this.#tunnelled = true;
    this.release();
    return { conn: this.conn, unread };
  }

  /** The tunnel that the connection was given to has ended. */
  tunnelClosed(): void {
    this.#host.tunnelClosed(this);
  }

  protected onFault(e: ProxyError): void {
    const { metrics, wall } = this.#host.site;
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
    const { accessLog } = this.#host.site;
    if (accessLog === null) return;
    const { method, target } = this.face.refused;
    accessLog.write(new RefusedRequest(this, this.#peerNow(), e, method, target, reply.body.length));
  }

  protected onSettled(): void {
    // The codec starts the next request by itself.
  }

  protected onGone(cause: ProxyError | null): void {
    if (this.#tunnelled) {
      this.#host.tunnelled(this);
      return;
    }
    this.#host.closed(this);
    if (!this.face.busy) return;
    this.face.lost(
      cause === null
        ? downstreamFault("clientClosed", 0, "the client closed the connection")
        : downstreamFault("clientReset", 0, "the client reset the connection"),
    );
  }

  #peerNow(): Peer {
    const { site } = this.#host;
    if (this.#peer === null || this.#peerOf !== site) {
      this.#peer = site.forwarded.peer(this.conn.info);
      this.#peerOf = site;
    }
    return this.#peer;
  }
}
