import type { Conn } from "../platform/types.ts";
import type { LeaseClient } from "../upstream/types.ts";
import { Link } from "../wire/link.ts";
import type { OpenConn } from "../wire/open_conn.ts";
import type { TunnelEnd, TunnelSet } from "../wire/tunnel.ts";
import { ConnectionAge } from "./connection_age.ts";
import type { Peer } from "./forwarded.ts";
import type { Codecs, Site } from "./site.ts";

/** What a listener's connections ask of it. */
export interface ConnHost {
  /** Read at each request: a reload replaces it. */
  readonly site: Site;
  readonly tunnels: TunnelSet;
  /** The TLS policy in force for an authority; null: there is none. */
  tlsPolicyOf(authority: string): string | null;
  /** Whether a client must show a certificate to be served under this authority. */
  demandsCertificate(authority: string): boolean;
  closed(c: OpenConn): void;
  /** It became a tunnel's: it still is the client's connection, and counts as one until `tunnelClosed`. */
  tunnelled(c: OpenConn): void;
  tunnelClosed(c: OpenConn): void;
}

/** A client's connection that carries HTTP: what its exchanges know of it, whatever the version. */
export abstract class DownstreamConn extends Link implements OpenConn, LeaseClient {
  protected readonly host: ConnHost;
  readonly #tlsPolicy: string | null;
  /** The last authority that was found to be served, under the site of then. */
  #served = "";
  #servedOf: Site | null = null;
  #peer: Peer | null = null;
  #peerOf: Site | null = null;
  /** Called when it is gone; null: nothing is. */
  #afterwards: (() => void)[] | null = null;
  /** null: it may grow old. */
  readonly #age: ConnectionAge | null;

  /** `tlsPolicy`: that of the name in the handshake; null: cleartext. */
  constructor(host: ConnHost, conn: Conn, tlsPolicy: string | null) {
    const { site } = host;
    super(site.link, conn, site.metrics.bytesIn, site.metrics.bytesOut);
    this.host = host;
    this.#tlsPolicy = tlsPolicy;
    const { maxConnectionMs: age } = site.spec.timeouts;
    this.#age = age === null ? null : new ConnectionAge(this, site.link, age);
  }

  /** Several streams at a time: one can't take the whole connection. */
  abstract readonly multiplexed: boolean;

  abstract readonly tunnelling: boolean;

  /** Gives the connection to a tunnel; only where there is one stream. */
  abstract detach(): TunnelEnd;

  abstract drain(stage: "announce" | "last"): void;

  get codecs(): Codecs {
    const { codecs } = this.host.site;
    return this.conn.tls === null ? codecs.plain : codecs.tls;
  }

  get site(): Site {
    return this.host.site;
  }

  get listener(): string {
    return this.host.site.listener;
  }

  get localAddress(): string {
    const { local } = this.conn.info;
    return local.kind === "tcp" ? `${local.host}:${local.port}` : `unix:${local.path}`;
  }

  get tunnels(): TunnelSet {
    return this.host.tunnels;
  }

  /**
   * Whether a request for this authority may come on this connection (RFC 9110 7.4): a name's TLS policy must be the handshake's, and
   * cleartext beside TLS must be no way round a certificate.
   */
  serves(authority: string): boolean {
    if (this.#tlsPolicy === null) return !this.host.demandsCertificate(authority);
    const { site } = this.host;
    if (this.#servedOf === site && this.#served === authority) return true;
    if (this.host.tlsPolicyOf(authority) !== this.#tlsPolicy) return false;
    this.#served = authority;
    this.#servedOf = site;
    return true;
  }

  /** One of its streams has become a tunnel. */
  abstract tunnelOpened(): void;

  /** A tunnel that one of the exchanges became has ended. */
  abstract tunnelClosed(): void;

  get serverName(): string {
    return this.conn.tls?.serverName ?? "";
  }

  whenGone(f: () => void): void {
    if (this.gone) f();
    else if (this.#afterwards === null) this.#afterwards = [f];
    else this.#afterwards.push(f);
  }

  /** To be called when it is gone. */
  protected left(): void {
    this.#age?.cancel();
    const due = this.#afterwards;
    this.#afterwards = null;
    if (due !== null) for (const f of due) f();
  }

  /** Who is at the other end, as the policy in force sees it. */
  protected peerNow(): Peer {
    const { site } = this.host;
    if (this.#peer === null || this.#peerOf !== site) {
      this.#peer = site.forwarded.peer(this.conn.info, this.conn.tls);
      this.#peerOf = site;
    }
    return this.#peer;
  }
}
