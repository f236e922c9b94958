import { downstreamFault, type ProxyError } from "../base/error.ts";
import type { StreamWriter } from "../http/codec.ts";
import { H2Server, type Refused } from "../http/h2/server.ts";
import type { ResponseHead } from "../http/head.ts";
import type { Conn } from "../platform/types.ts";
import type { TunnelEnd } from "../wire/tunnel.ts";
import { type ConnHost, DownstreamConn } from "./downstream_conn.ts";
import { Exchange } from "./exchange.ts";
import { RefusedRequest } from "./refused_request.ts";
import { errorReply } from "./reply.ts";

/** A client's HTTP/2 connection. */
export class H2Downstream extends DownstreamConn {
  readonly face: H2Server;
  readonly multiplexed = true;
  #tunnels = 0;

  constructor(host: ConnHost, conn: Conn, tlsPolicy: string | null) {
    super(host, conn, tlsPolicy);
    const options = {
      ...this.codecs.h2,
      onRefused: (w: StreamWriter<ResponseHead>, e: ProxyError, r: Refused) => this.#refused(w, e, r),
    };
    this.face = new H2Server(options, (w) => new Exchange(this, this.host.site, this.peerNow(), w));
    // SETTINGS leave at once (RFC 9113 3.4), and the client's have their time.
    this.wake();
  }

  /** A GOAWAY must not be lost to a reset. */
  protected get lingers(): boolean {
    return true;
  }

  /** Its streams are moved by events of many connections. */
  override wake(): void {
    this.env.flusher.gather(this);
  }

  drain(stage: "announce" | "last"): void {
    this.face.drain(stage);
    this.wake();
  }

  detach(): TunnelEnd {
    throw new Error("call this only where `multiplexed` is false: a stream has no connection to give away");
  }

  get tunnelling(): boolean {
    return this.#tunnels > 0;
  }

  tunnelOpened(): void {
    this.#tunnels++;
  }

  tunnelClosed(): void {
    this.#tunnels--;
  }

  protected onFault(e: ProxyError): void {
    this.host.site.metrics.fault(e.facts.code);
  }

  protected onSettled(): void {
    // Streams begin and end by themselves.
  }

  protected onGone(cause: ProxyError | null): void {
    this.left();
    this.host.closed(this);
    this.face.lost(
      cause === null
        ? downstreamFault("clientClosed", 0, "the client closed the connection")
        : downstreamFault("clientReset", 0, "the client reset the connection"),
    );
  }

  /** A head that never became an exchange: answered, where it can be, counted and logged. */
  #refused(w: StreamWriter<ResponseHead>, e: ProxyError, r: Refused): void {
    const { metrics, wall, accessLog } = this.host.site;
    metrics.fault(e.facts.code);
    if (e.facts.status === 0) return;
    const reply = errorReply(e, wall(), r.grpc);
    const bodyless = reply.body.length === 0;
    metrics.finish(reply.head.status);
    w.sendHead(reply.head, bodyless);
    if (!bodyless) w.sendData(reply.body, true);
    accessLog?.write(new RefusedRequest(this, this.peerNow(), e, r, reply));
  }
}
