import type { Buffer } from "node:buffer";
import { constants } from "node:crypto";
import { isIP, type Socket } from "node:net";
import {
  type ConnectionOptions,
  connect,
  createSecureContext,
  createServer,
  type PeerCertificate,
  type SecureContext,
  type Server,
  type TLSSocket,
} from "node:tls";
import { ProxyError } from "../base/error.ts";
import { couple, type DenoTlsHandle, findCoupling } from "./deno_tls_flow.ts";
import type { NodeConn } from "./node_conn.ts";
import { serverIdentityFault } from "./server_identity.ts";
import { chainOf } from "./tls_chain.ts";
import { checkClientOptions, checkServerOptions, refused, type TlsPromises, wireAlpn } from "./tls_checks.ts";
import type {
  PlatformTls,
  TlsAbilities,
  TlsClientContext,
  TlsClientOptions,
  TlsCommonOptions,
  TlsInfo,
  TlsServerContext,
  TlsServerOptions,
  TlsVersion,
} from "./types.ts";

export type NodeRuntime = "bun" | "deno" | "node";

/** A socket of `node:tls` with what its types miss. */
export interface NodeTlsSocket extends TLSSocket {
  /** The socket that was wrapped. */
  readonly _parent?: { readonly weir?: NodeConn };
  readonly _handle: DenoTlsHandle | null;
}

/** TLS by `node:tls`, on Bun, Deno and Node. */
export class NodeTls implements PlatformTls {
  readonly can: TlsAbilities;
  readonly #promises: TlsPromises;
  readonly #runtime: NodeRuntime;
  readonly #onDeno: boolean;

  constructor(runtime: NodeRuntime) {
    this.#runtime = runtime;
    this.#onDeno = runtime === "deno";
    const own = !this.#onDeno;
    this.can = { ciphers: own, curves: own, ocsp: false, clientResumption: false, clientCaNames: own };
    this.#promises = { lists: own, clientAuth: own };
  }

  serverContext(o: TlsServerOptions): NodeServerContext {
    checkServerOptions(o, this.#promises);
    return this.#made(() => this.createServer(o));
  }

  clientContext(o: TlsClientOptions): NodeClientContext {
    checkClientOptions(o, this.#promises);
    return this.#made(() => this.createClient(o));
  }

  /** Throws what the runtime says of the options. */
  protected createServer(o: TlsServerOptions): NodeServerContext {
    this.#checkFlow();
    const c = new NodeServerContext(o, this.#runtime);
    c.prepare();
    return c;
  }

  protected createClient(o: TlsClientOptions): NodeClientContext {
    this.#checkFlow();
    return new NodeClientContext(o, this.#onDeno);
  }

  #made<T>(make: () => T): T {
    try {
      return make();
    } catch (e) {
      if (e instanceof ProxyError) throw e;
      throw refused("check the certificates, the key and the lists of ciphers and curves: the runtime does not take them", e);
    }
  }

  /** Without back pressure a fast peer fills the memory, so there is rather no TLS. */
  #checkFlow(): void {
    if (this.#onDeno && !findCoupling()) throw refused("use another release of the runtime: TLS can't be held back on this one");
  }
}

export class NodeServerContext implements TlsServerContext {
  readonly options: TlsServerOptions;
  readonly #runtime: NodeRuntime;
  readonly #onDeno: boolean;
  #server: Server | null = null;

  constructor(o: TlsServerOptions, runtime: NodeRuntime) {
    this.options = o;
    this.#runtime = runtime;
    this.#onDeno = runtime === "deno";
  }

  /** It never listens: sockets are given to it. */
  get server(): Server {
    this.#server ??= this.#createServer();
    return this.#server;
  }

  /** Throws what the runtime says of the options. */
  prepare(): void {
    this.#server ??= this.#createServer();
  }

  #createServer(): Server {
    const o = this.options;
    const onDeno = this.#onDeno;
    const asks = o.clientAuth !== "none";
    // Deno sends all of `ca` to clients behind the certificate and reads it again for each connection, for a check that
    // Weir's own repeats anyway. A client without a certificate is refused in `faultOf`.
    const ca = asks && o.clientCa !== null && !onDeno ? { ca: o.clientCa } : {};
    // A resumed session of Node's has lost the client's intermediates.
    const tickets = asks && this.#runtime === "node" ? { secureOptions: constants.SSL_OP_NO_TICKET } : {};
    const server = createServer({
      ...common(o),
      ...ca,
      ...tickets,
      cert: o.cert,
      key: o.key,
      requestCert: asks,
      rejectUnauthorized: o.clientAuth === "require" && o.clientCa !== null && !onDeno,
      ...(o.alpn.length === 0 ? {} : { ALPNProtocols: [...o.alpn] }),
      allowHalfOpen: true,
    } as Parameters<typeof createServer>[0]);
    server.on("secureConnection", (s) => this.#secured(s as NodeTlsSocket));
    server.on("tlsClientError", (e, s) => failed(e, s as NodeTlsSocket));
    return server;
  }

  #secured(s: NodeTlsSocket): void {
    const conn = s._parent?.weir;
    s.on("error", ignore);
    if (conn === undefined) {
      // No one to tell: what can't be found must not be served.
      s.destroy();
      return;
    }
    if (this.#onDeno) couple(s._handle, () => conn.lost());
    let info: TlsInfo;
    try {
      info = new SocketTlsInfo(s, s.servername, this.options.clientAuth !== "none");
      const fault = this.#faultOf(s, info);
      if (fault !== null) {
        conn.handshakeFailed(fault, s);
        return;
      }
    } catch (e) {
      conn.fault(e);
      return;
    }
    conn.secured(s, info);
  }

  /** Never by `authorized` alone: on Deno it is true where nothing was asked, and a ticket of another context makes it so. */
  #faultOf(s: NodeTlsSocket, info: TlsInfo): string | null {
    const { clientAuth, clientCa, verifyPeer } = this.options;
    if (clientAuth === "none") return null;
    if (info.peerChain.length === 0) return clientAuth === "require" ? "no certificate from the client" : null;
    if (clientCa !== null && !this.#onDeno && !s.authorized)
      return String(s.authorizationError ?? "a certificate that is not trusted");
    return verifyPeer === null ? null : verifyPeer(info.peerChain);
  }
}

export class NodeClientContext implements TlsClientContext {
  readonly options: TlsClientOptions;
  readonly #secureContext: SecureContext;
  readonly #alpn: Buffer | null;
  readonly #onDeno: boolean;

  constructor(o: TlsClientOptions, onDeno: boolean) {
    this.options = o;
    this.#onDeno = onDeno;
    this.#alpn = o.alpn.length === 0 ? null : wireAlpn(o.alpn);
    const pair = o.cert === null || o.key === null ? {} : { cert: o.cert, key: o.key };
    this.#secureContext = createSecureContext({ ...common(o), ...pair, ...(o.ca === null ? {} : { ca: o.ca }) });
  }

  /** Begins the handshake on a connected socket. `dialed`: the address that the certificate has to name where no name was given. */
  connect(socket: Socket, serverName: string, dialed: string): NodeTlsSocket {
    const name = serverName === "" ? dialed : serverName;
    return connect({
      socket,
      secureContext: this.#secureContext,
      ...(this.#alpn === null ? {} : { ALPNProtocols: this.#alpn }),
      // Always given, for Bun sends the address where there is none. RFC 6066 section 3: an address is no name.
      servername: isIP(serverName) === 0 ? serverName : "",
      rejectUnauthorized: !this.options.insecureSkipVerify,
      // Asked once the chain is good.
      checkServerIdentity: (_: string, cert: PeerCertificate) => {
        const fault = this.options.verifyPeer === null ? serverIdentityFault(name, cert) : undefined;
        return typeof fault === "string" ? new Error(fault) : fault;
      },
      allowHalfOpen: true,
    } as ConnectionOptions) as NodeTlsSocket;
  }

  /** After the runtime's own checks; a reason, or what the handshake came to. `lost` hears of a reset that the runtime does not tell. */
  secured(s: NodeTlsSocket, serverName: string, lost: () => void): string | TlsInfo {
    if (this.#onDeno) couple(s._handle, lost);
    const { insecureSkipVerify, verifyPeer } = this.options;
    if (!insecureSkipVerify && !s.authorized) return String(s.authorizationError ?? "a certificate that is not trusted");
    const info = new SocketTlsInfo(s, serverName, verifyPeer !== null);
    return (verifyPeer === null ? null : verifyPeer(info.peerChain)) ?? info;
  }
}

/** OpenSSL's suites of TLS 1.3. Node turns 1.3 off where a list of ciphers names none of them. */
const TLS13_SUITES = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";

export function common(o: TlsCommonOptions): object {
  return {
    minVersion: `TLSv${o.minVersion}`,
    maxVersion: `TLSv${o.maxVersion}`,
    ...(o.ciphers === null ? {} : { ciphers: o.maxVersion === "1.3" ? `${TLS13_SUITES}:${o.ciphers}` : o.ciphers }),
    ...(o.curves === null ? {} : { ecdhCurve: o.curves }),
  };
}

/** Whoever is told has to destroy: a runtime's own time-out (two minutes) does no more than tell, and Deno does not even close after garbage. */
function failed(e: Error, s: NodeTlsSocket): void {
  const conn = s._parent?.weir;
  if (conn === undefined) s.destroy();
  else conn.handshakeFailed(s.authorizationError ? String(s.authorizationError) : e, s);
}

class SocketTlsInfo implements TlsInfo {
  readonly version: TlsVersion;
  readonly cipher: string;
  readonly alpn: string;
  readonly serverName: string;
  readonly resumed: boolean | null;
  readonly #socket: NodeTlsSocket;
  #chain: readonly Uint8Array[] | null;

  /** `hasChain`: read it now, for it is gone with the socket. */
  constructor(s: NodeTlsSocket, serverName: string | false | null, hasChain: boolean) {
    this.#socket = s;
    this.version = s.getProtocol() === "TLSv1.2" ? "1.2" : "1.3";
    this.cipher = s.getCipher().name;
    this.alpn = typeof s.alpnProtocol === "string" ? s.alpnProtocol : "";
    this.serverName = typeof serverName === "string" ? serverName : "";
    this.resumed = s.isSessionReused();
    this.#chain = hasChain ? sentBy(s) : null;
  }

  get peerChain(): readonly Uint8Array[] {
    this.#chain ??= sentBy(this.#socket);
    return this.#chain;
  }
}

function sentBy(s: NodeTlsSocket): readonly Uint8Array[] {
  // Deno's own list; its `getPeerCertificate` costs half a millisecond.
  const sent = s._handle?.getPeerCertificateChain?.();
  if (sent !== undefined) return sent === null ? [] : sent.certificates.map((c) => new Uint8Array(c));
  return chainOf(s.getPeerCertificate(true));
}

function ignore(): void {}
