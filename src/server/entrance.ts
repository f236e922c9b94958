import { NO_BYTES } from "../base/bytes.ts";
import { downstreamFault, type ProxyError } from "../base/error.ts";
import type { ListenerSpec } from "../config/model.ts";
import type { ConnHost } from "../exchange/downstream_conn.ts";
import { H1Downstream } from "../exchange/h1_downstream.ts";
import { H2Downstream } from "../exchange/h2_downstream.ts";
import type { Address, Conn, ConnHandler } from "../platform/types.ts";
import { type ChainInput, ChainTable } from "../stream/chain_table.ts";
import { type Carried, FirstBytes, type FirstBytesHost, type HelloChoice } from "../stream/first_bytes.ts";
import { RefusedSession } from "../stream/refused_session.ts";
import { TcpSession } from "../stream/tcp_session.ts";
import type { ClientHello } from "../tls/hello/client_hello.ts";
import type { OpenConn } from "../wire/open_conn.ts";
import type { Chain, ListenerSite } from "./listener_site.ts";
import type { ListenerTls } from "./tls/listener_tls.ts";

/** What an entrance does with its listener's connections. */
export interface EntranceHost extends ConnHost {
  /** What the listener serves now. */
  readonly serves: ListenerSite;
  destinationOf(c: Conn): Address | null;
  /** `c` serves the connection in the place of `p`. */
  replaced(p: OpenConn, c: OpenConn): void;
  /** It was refused, or went away, before anything served it. */
  refused(p: OpenConn, e: ProxyError | null): void;
}

type Admitted = OpenConn & ConnHandler;

/**
 * The way in: what serves an accepted connection. Where the config leaves no choice that is said at once; otherwise the first bytes tell
 * TLS, HTTP/2, HTTP/1.x and others apart, and what the client asks for in its hello chooses chain, certificate and policy.
 */
export class Entrance implements FirstBytesHost<Chain> {
  readonly timeoutMs: number;
  readonly silenceMs: number;
  readonly readsTls: boolean;
  readonly takesOthers: boolean;
  readonly tls: ListenerTls | null;
  readonly #host: EntranceHost;
  readonly #table = new ChainTable<Chain>();
  readonly #peeks: boolean;
  /** The one chain, which takes all connections; null: there is a choice. */
  readonly #only: Chain | null;

  constructor(host: EntranceHost, spec: ListenerSpec, chains: readonly Chain[], tls: ListenerTls | null) {
    this.#host = host;
    this.tls = tls;
    for (const c of chains) this.#table.add(c.spec.match, c);
    this.timeoutMs = spec.firstBytesMs;
    this.silenceMs = spec.silenceMs ?? Number.POSITIVE_INFINITY;
    this.readsTls = chains.some(({ spec: { match } }) => match.transport === "tls" || match.serverNames.length > 0);
    this.takesOthers = chains.some((c) => c.tcp !== null && c.spec.tls === null);
    this.#peeks = this.readsTls || chains.some((c) => looksAtBytes(c));
    const [first] = chains;
    this.#only = !this.#peeks && chains.length === 1 && first!.spec.match.sources.length === 0 ? first! : null;
  }

  /** Who is called for the connection from now on. */
  admit(conn: Conn): Admitted {
    if (this.#peeks) return new FirstBytes(this, this.#host.serves.session.link, conn);
    const chain = this.#only ?? this.#table.find(inputOf(conn, null, NONE));
    if (chain === null || chain.tcp !== null) {
      const session = this.#session(conn, chain, null, NO_BYTES, false);
      session.start();
      return session;
    }
    return this.#http(conn, chain, "http1", null);
  }

  /** Goes on with a connection of HTTP/1.x in cleartext that waits for a request. Nothing has to tell what it carries. */
  resume(conn: Conn): Admitted {
    const chain = this.#table.find(inputOf(conn, null, CLEARTEXT.http1));
    if (chain === null || chain.tcp !== null || chain.spec.tls !== null) return this.admit(conn);
    const c = this.#http(conn, chain, "http1", null);
    if (c instanceof H1Downstream) c.kept();
    return c;
  }

  choose(p: FirstBytes<Chain>, hello: ClientHello, unread: Uint8Array): HelloChoice {
    const chain = this.#table.find(inputOf(p.conn, hello.serverName ?? "", hello.alpn));
    if (chain === null) return downstreamFault("noRoute", 0, `no chain for ${asked(hello)}`);
    p.chain = chain;
    if (chain.spec.tls !== null)
      return this.tls!.choose(chain.index, hello) ?? downstreamFault("tlsHandshake", 0, `no certificate for ${asked(hello)}`);
    if (chain.tcp === null) return downstreamFault("tlsHandshake", 0, "TLS, where HTTP in cleartext is served");
    this.#begin(p, this.#session(p.conn, chain, hello.serverName ?? "", unread, p.clientEnded));
    return "served";
  }

  serve(p: FirstBytes<Chain>, carried: Carried, unread: Uint8Array): boolean {
    const chain = this.#table.find(inputOf(p.conn, null, CLEARTEXT[carried]));
    if (chain === null || chain.spec.tls !== null) return false;
    if (chain.tcp !== null) {
      this.#begin(p, this.#session(p.conn, chain, null, unread, p.clientEnded));
      return true;
    }
    const c = this.#http(p.conn, chain, carried, null);
    this.#host.replaced(p, c);
    p.conn.setHandler(c);
    c.onData(unread);
    return true;
  }

  serveSilent(p: FirstBytes<Chain>): boolean {
    const chain = this.#table.find(inputOf(p.conn, null, NONE));
    if (chain === null || chain.tcp === null || chain.spec.tls !== null) return false;
    this.#begin(p, this.#session(p.conn, chain, null, NO_BYTES, false));
    return true;
  }

  serveSecure(p: FirstBytes<Chain>, carried: Carried): void {
    const chain = p.chain!;
    const { serverName } = p.hello!;
    if (chain.tcp !== null) {
      this.#begin(p, this.#session(p.conn, chain, serverName ?? "", NO_BYTES, false));
      return;
    }
    const c = this.#http(p.conn, chain, carried, this.tls!.policyOf(serverName));
    this.#host.replaced(p, c);
    p.conn.setHandler(c);
  }

  ended(p: FirstBytes<Chain>, e: ProxyError | null): void {
    const { session, chains } = this.#host.serves;
    if (e !== null && session.accessLog !== null && chains.some((c) => c.tcp !== null))
      session.accessLog.write(new RefusedSession(session, p.conn.info, p.hello === null ? null : (p.hello.serverName ?? ""), e));
    this.#host.refused(p, e);
  }

  #begin(p: FirstBytes<Chain>, c: TcpSession): void {
    this.#host.replaced(p, c);
    p.conn.setHandler(c);
    c.start();
  }

  #session(conn: Conn, chain: Chain | null, serverName: string | null, unread: Uint8Array, ended: boolean): TcpSession {
    const begin = { conn, info: conn.info, serverName, unread, ended };
    return new TcpSession(this.#host, this.#host.serves.session, chain === null ? null : chain.tcp, begin);
  }

  #http(conn: Conn, chain: Chain, carried: Carried, tlsPolicy: string | null): H1Downstream | H2Downstream {
    const { handler } = chain.spec;
    const version = handler.kind === "http" && handler.version !== "auto" ? handler.version : carried;
    return version === "http2" ? new H2Downstream(this.#host, conn, tlsPolicy) : new H1Downstream(this.#host, conn, tlsPolicy);
  }
}

function inputOf(conn: Conn, serverName: string | null, alpn: readonly string[]): ChainInput {
  const { remote } = conn.info;
  return {
    transport: serverName === null ? "plain" : "tls",
    serverName,
    alpn,
    source: remote.kind === "tcp" ? remote.host : "",
  };
}

/** Whether it can only be told from first bytes that a connection is this chain's. */
function looksAtBytes({ spec: { match, handler } }: Chain): boolean {
  return match.transport !== "any" || match.alpn.length > 0 || (handler.kind === "http" && handler.version === "auto");
}

function asked({ serverName, alpn }: ClientHello): string {
  return `the name ${JSON.stringify(serverName ?? "")}${alpn.length === 0 ? "" : ` and the protocols ${JSON.stringify(alpn)}`}`;
}

const NONE: readonly string[] = [];
/** What cleartext offers, as Envoy's HTTP inspector calls it; what is no HTTP at all is the business of whoever takes everything. */
const CLEARTEXT: Readonly<Record<Carried, readonly string[]>> = { http1: ["http/1.1"], http2: ["h2c"], other: NONE };
