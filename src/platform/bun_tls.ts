import type { Buffer } from "node:buffer";
import { isIP } from "node:net";
import { createSecureContext, type PeerCertificate } from "node:tls";
import type { BunConn, BunSocket } from "./bun_conn.ts";
import { common, NodeServerContext } from "./node_tls.ts";
import { serverIdentityFault } from "./server_identity.ts";
import { systemCode } from "./system_fault.ts";
import { chainOf, type LinkedCertificate } from "./tls_chain.ts";
import { checkClientOptions, checkServerOptions, refused, type TlsPromises, wireAlpn } from "./tls_checks.ts";
import type {
  DialTls,
  PlatformTls,
  TlsAbilities,
  TlsClientContext,
  TlsClientOptions,
  TlsInfo,
  TlsServerOptions,
  TlsVersion,
} from "./types.ts";

/** What a socket of Bun's has when it speaks TLS; much of it is missing from its types. */
export interface BunTlsSocket extends BunSocket {
  readonly alpnProtocol: string | false | null;
  getTLSVersion(): string;
  /** Without a handshake there is no name. */
  getCipher(): { readonly name: string | null };
  getServername(): string | false | undefined;
  isSessionReused(): boolean;
  getPeerCertificate(abbreviated: boolean): LinkedCertificate | undefined;
}
interface Upgradable {
  upgradeTLS(o: object): readonly [raw: { data: unknown }, tls: BunTlsSocket];
}
/** The runtime's secure context, which `createSecureContext` wraps. */
type NativeContext = object;

const PROMISES: TlsPromises = { lists: true, clientAuth: true };

/** TLS on Bun's own sockets. */
export class BunTls implements PlatformTls {
  readonly can: TlsAbilities = { ciphers: true, curves: true, ocsp: false, clientResumption: false, clientCaNames: true };
  /** What the sockets' callbacks have in common, with TLS or without. */
  readonly #callbacks: object;

  constructor(callbacks: object) {
    this.#callbacks = callbacks;
  }

  serverContext(o: TlsServerOptions): BunServerContext {
    checkServerOptions(o, PROMISES);
    return made(() => new BunServerContext(o, this.#callbacks));
  }

  clientContext(o: TlsClientOptions): BunClientContext {
    checkClientOptions(o, PROMISES);
    return made(() => new BunClientContext(o, this.#callbacks));
  }
}

function made<T>(make: () => T): T {
  try {
    return make();
  } catch (e) {
    throw refused("check the certificates, the key and the lists of ciphers and curves: the runtime does not take them", e);
  }
}

/** It also serves listeners on `node:net`, which stand in where `upgradeTLS` is missing. */
export class BunServerContext extends NodeServerContext {
  readonly #tls: object;
  readonly #socket: object;

  constructor(o: TlsServerOptions, callbacks: object) {
    super(o, "bun");
    const asks = o.clientAuth !== "none";
    this.#tls = {
      secureContext: nativeContext({
        ...common(o),
        cert: o.cert,
        key: o.key,
        // Without one the runtime looks for a lone certificate's issuer among the system's files, at each handshake.
        ...(asks ? (o.clientCa === null ? {} : { ca: o.clientCa }) : { ca: o.cert }),
      }),
      ...(o.alpn.length === 0 ? {} : { ALPNProtocols: wireAlpn(o.alpn) }),
      requestCert: asks,
      rejectUnauthorized: o.clientAuth === "require" && o.clientCa !== null,
    };
    this.#socket = { ...callbacks, handshake: (s: BunTlsSocket, ok: boolean, e: unknown) => this.#judge(s, ok, e) };
  }

  /** Goes on with the connection's socket as TLS; the socket of before is of no more use. */
  upgrade(conn: BunConn, head: Uint8Array): void {
    upgrade(conn, { isServer: true, initialData: head, tls: this.#tls, socket: this.#socket });
  }

  #judge(s: BunTlsSocket, ok: boolean, e: unknown): void {
    const conn = s.data;
    conn.socket = s;
    const info = ok ? new BunTlsInfo(s, null, this.options.clientAuth !== "none") : null;
    const fault = info === null ? (e ?? NO_REASON) : this.#faultOf(s, e, info);
    if (info === null || fault !== null) conn.handshakeFailed(fault);
    else conn.secured(info);
  }

  /** Bun says ok to a client's certificate that is not good, so what is said of it has to be looked at. */
  #faultOf(s: BunTlsSocket, e: unknown, info: TlsInfo): unknown {
    const { clientAuth, clientCa, verifyPeer } = this.options;
    if (clientAuth === "none") return null;
    if (info.peerChain.length === 0) return clientAuth === "require" ? "no certificate from the client" : null;
    if (clientCa !== null && (hasValue(e) || !s.authorized)) return e ?? "a certificate that is not trusted";
    return verifyPeer === null ? null : verifyPeer(info.peerChain);
  }
}

export class BunClientContext implements TlsClientContext {
  readonly options: TlsClientOptions;
  readonly #native: NativeContext;
  readonly #alpn: Buffer | null;
  readonly #callbacks: object;

  constructor(o: TlsClientOptions, callbacks: object) {
    this.options = o;
    this.#callbacks = callbacks;
    const pair = o.cert === null || o.key === null ? {} : { cert: o.cert, key: o.key };
    this.#native = nativeContext({ ...common(o), ...pair, ...(o.ca === null ? {} : { ca: o.ca }) });
    this.#alpn = o.alpn.length === 0 ? null : wireAlpn(o.alpn);
  }

  /** For `tls` of a connect. The runtime checks the chain, and its word is looked at in `judge`. */
  optionsFor(tls: DialTls): object {
    return {
      secureContext: this.#native,
      // Without one Bun sends the address as a name, which RFC 6066 section 3 forbids.
      serverName: isIP(tls.serverName) === 0 ? tls.serverName : "",
      ...(this.#alpn === null ? {} : { ALPNProtocols: this.#alpn }),
      rejectUnauthorized: false,
    };
  }

  /** Goes on with the connection's socket as TLS; the socket of before is of no more use. `dialed` as in `judge`. */
  upgrade(conn: BunConn, tls: DialTls, dialed: string): void {
    const socket = {
      ...this.#callbacks,
      open: ignore,
      handshake: (s: BunTlsSocket, _ok: boolean, e: unknown) => this.judge(s, e, tls, dialed),
    };
    upgrade(conn, { tls: this.optionsFor(tls), socket });
  }

  /** `dialed`: the address that the certificate has to name where no name was given. */
  judge(s: BunTlsSocket, e: unknown, tls: DialTls, dialed: string): void {
    const got = this.#judge(s, e, tls, dialed);
    if (got instanceof BunTlsInfo) s.data.dialSecured(got);
    else s.data.handshakeFailed(got);
  }

  #judge(s: BunTlsSocket, e: unknown, tls: DialTls, dialed: string): unknown {
    const { insecureSkipVerify, verifyPeer } = this.options;
    const code = systemCode(e);
    // Not done at all. What is said of a certificate is said of a handshake that is.
    if (s.getCipher().name === null || code === "EPROTO" || code === "ECONNRESET") return e ?? NO_REASON;
    // The chain is looked at before the name, so that a wrong name says that the chain is good.
    if (!insecureSkipVerify && hasValue(e) && code !== NAME_DIFFERS) return e;
    const info = new BunTlsInfo(s, tls.serverName, true);
    if (verifyPeer !== null) return verifyPeer(info.peerChain) ?? info;
    if (insecureSkipVerify) return info;
    const name = tls.serverName === "" ? dialed : tls.serverName;
    return serverIdentityFault(name, s.getPeerCertificate(true) as PeerCertificate) ?? info;
  }
}

function upgrade(conn: BunConn, how: object): void {
  const plain = conn.socket as unknown as Upgradable & { data: unknown };
  // Its callbacks go on being called, with ciphertext and with an end of their own.
  plain.data = SUPERSEDED;
  const [raw, tls] = plain.upgradeTLS({ ...how, data: conn });
  raw.data = SUPERSEDED;
  conn.socket = tls;
}

/** The runtime had none to give. */
const NO_REASON = "a fault of the protocol";
const NAME_DIFFERS = "ERR_TLS_CERT_ALTNAME_INVALID";

function nativeContext(o: object): NativeContext {
  return (createSecureContext(o) as unknown as { readonly context: NativeContext }).context;
}

function hasValue(e: unknown): boolean {
  return e !== null && e !== undefined;
}

/** Each fact is a call into the runtime, and of most connections only the protocol is asked for. */
class BunTlsInfo implements TlsInfo {
  readonly alpn: string;
  readonly #socket: BunTlsSocket;
  #serverName: string | null;
  #version: TlsVersion | null = null;
  #cipher: string | null = null;
  #resumed: boolean | null = null;
  #chain: readonly Uint8Array[] | null;

  /** `serverName` null: the socket is asked. `hasChain`: whether the peer was asked for certificates. */
  constructor(s: BunTlsSocket, serverName: string | null, hasChain: boolean) {
    this.#socket = s;
    this.#serverName = serverName;
    this.#chain = hasChain ? null : NO_CHAIN;
    this.alpn = typeof s.alpnProtocol === "string" ? s.alpnProtocol : "";
  }

  get version(): TlsVersion {
    this.#version ??= this.#socket.getTLSVersion() === "TLSv1.2" ? "1.2" : "1.3";
    return this.#version;
  }

  get cipher(): string {
    this.#cipher ??= this.#socket.getCipher().name ?? "";
    return this.#cipher;
  }

  get serverName(): string {
    this.#serverName ??= this.#socket.getServername() || "";
    return this.#serverName;
  }

  get resumed(): boolean {
    this.#resumed ??= this.#socket.isSessionReused();
    return this.#resumed;
  }

  get peerChain(): readonly Uint8Array[] {
    // Not `true`, which gives the leaf alone.
    this.#chain ??= chainOf(this.#socket.getPeerCertificate(false));
    return this.#chain;
  }
}

const NO_CHAIN: readonly Uint8Array[] = [];

/** What is left of a connection below its TLS. */
const SUPERSEDED = {
  received: ignore,
  writable: ignore,
  ended: ignore,
  closed: ignore,
  fault: ignore,
  net: { budget: { give: ignore } },
};

/** Whether Bun's sockets can be turned to TLS as a server; undocumented, so looked for. */
export function findUpgrade(): Promise<boolean> {
  return new Promise((resolve) => {
    const ask = { data: ignore, open: ignore, connectError: (s: object) => resolve("upgradeTLS" in s) };
    const { connect } = (globalThis as unknown as { Bun: { connect(o: object): Promise<unknown> } }).Bun;
    connect({ unix: NOWHERE, socket: ask }).catch(() => resolve(false));
  });
}

/** No socket can have this path. */
const NOWHERE = "/dev/null/socket";

function ignore(): void {}
