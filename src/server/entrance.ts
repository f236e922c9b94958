import type { ProxyError } from "../base/error.ts";
import type { FilterChainSpec } from "../config/model.ts";
import type { ConnHost, DownstreamConn, OpenConn } from "../exchange/downstream_conn.ts";
import { H1Downstream } from "../exchange/h1_downstream.ts";
import { H2Downstream } from "../exchange/h2_downstream.ts";
import type { Conn, TlsServerContext } from "../platform/types.ts";
import { type Carried, FirstBytes, type FirstBytesHost } from "../stream/first_bytes.ts";
import type { ClientHello } from "../tls/hello/client_hello.ts";
import type { ListenerTls } from "./tls/listener_tls.ts";

/** What an entrance does with its listener's connections. */
export interface EntranceHost extends ConnHost {
  /** `c` serves the connection in the place of `p`. */
  replaced(p: OpenConn, c: OpenConn): void;
  /** It was refused, or went away, before anything served it. */
  refused(p: OpenConn, e: ProxyError | null): void;
}

/**
 * The way in: what serves an accepted connection. Where the config leaves no choice it is HTTP/1.x at once; otherwise the first bytes
 * tell TLS, HTTP/2 and HTTP/1.x apart, and the ClientHello's name chooses certificate and policy.
 */
export class Entrance implements FirstBytesHost {
  readonly takesPlain: boolean;
  readonly takesTls: boolean;
  readonly tls: ListenerTls | null;
  readonly #host: EntranceHost;
  readonly #plain: "auto" | "http1" | "http2";

  constructor(host: EntranceHost, chains: readonly FilterChainSpec[], tls: ListenerTls | null) {
    this.#host = host;
    this.tls = tls;
    const plain = chains.find((c) => c.tls === null) ?? null;
    this.takesPlain = plain !== null;
    this.takesTls = tls !== null;
    this.#plain = plain === null ? "http1" : plain.handler.version;
  }

  get timeoutMs(): number {
    return this.#host.site.spec.timeouts.headMs;
  }

  /** Who is called for the connection from now on. */
  admit(conn: Conn): OpenConn & (FirstBytes | DownstreamConn) {
    if (this.takesTls || this.#plain === "auto") return new FirstBytes(this, this.#host.site.link, conn);
    return this.#make(conn, this.#plain, null);
  }

  choose(hello: ClientHello): TlsServerContext | null {
    return this.tls!.choose(hello);
  }

  serve(p: FirstBytes, carried: Carried, unread: Uint8Array): void {
    const c = this.#make(p.conn, this.#plain === "auto" ? carried : this.#plain, null);
    this.#host.replaced(p, c);
    p.conn.setHandler(c);
    c.onData(unread);
  }

  serveSecure(p: FirstBytes, carried: Carried): void {
    const c = this.#make(p.conn, carried, this.tls!.policyOf(p.hello!.serverName));
    this.#host.replaced(p, c);
    p.conn.setHandler(c);
  }

  ended(p: FirstBytes, e: ProxyError | null): void {
    this.#host.refused(p, e);
  }

  #make(conn: Conn, carried: Carried, tlsPolicy: string | null): DownstreamConn {
    return carried === "http2" ? new H2Downstream(this.#host, conn, tlsPolicy) : new H1Downstream(this.#host, conn, tlsPolicy);
  }
}
