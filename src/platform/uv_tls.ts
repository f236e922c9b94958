import { type Buffer, Buffer as NodeBuffer } from "node:buffer";
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { createSecureContext, type PeerCertificate } from "node:tls";
import { common, NodeClientContext, NodeServerContext, NodeTls } from "./node_tls.ts";
import { serverIdentityFault } from "./server_identity.ts";
import { refused, wireAlpn } from "./tls_checks.ts";
import type { DialTls, TlsClientOptions, TlsCommonOptions, TlsInfo, TlsServerOptions, TlsVersion } from "./types.ts";
import type { UvTls, UvTlsBinding } from "./uv_tls_binding.ts";

/** A client or a server context on the runtime's own TLS; either also serves what rides on `node:net`. */
export interface UvContext {
  /** Ready to be attached; null: the runtime does not take the options. */
  open(serverName: string): UvTls | null;
  /** After the handshake: what it came to, or the reason against the peer. `dial`: null at a server. */
  judge(tls: UvTls, dial: DialTls | null, dialed: string): TlsInfo | string;
}

/** TLS on Deno's own handles. */
export class UvTlsPlatform extends NodeTls {
  readonly #binding: UvTlsBinding;

  constructor(binding: UvTlsBinding) {
    super("deno");
    this.#binding = binding;
  }

  override createServer(o: TlsServerOptions): UvServerContext {
    const c = new UvServerContext(o, this.#binding);
    // A chain that the runtime can't read shows here and in no handshake.
    if (c.open() === null) throw refused("check the certificate and its key: the runtime does not take them");
    return c;
  }

  override createClient(o: TlsClientOptions): UvClientContext {
    const c = new UvClientContext(o, this.#binding);
    if (c.open("") === null) throw refused("check the certificate and its key: the runtime does not take them");
    return c;
  }
}

export class UvServerContext extends NodeServerContext implements UvContext {
  readonly #binding: UvTlsBinding;
  readonly #native: object;
  readonly #alpn: Buffer | null;

  constructor(o: TlsServerOptions, binding: UvTlsBinding) {
    super(o, "deno");
    this.#binding = binding;
    // Without `ca`: the runtime would send all of it to clients behind the certificate, and read it again for each
    // connection. It then takes any certificate whose key the client has, and Weir's own check decides.
    this.#native = nativeContext(o, o.cert, o.key, null, {
      requestCert: o.clientAuth !== "none",
      rejectUnauthorized: o.clientAuth === "require",
    });
    this.#alpn = o.alpn.length === 0 ? null : wireAlpn(o.alpn);
  }

  open(): UvTls | null {
    const tls = this.#binding.open("server");
    if (tls.initServerTls(this.#native) !== 0) return null;
    if (this.#alpn !== null) tls.setAlpnProtocols(this.#alpn);
    return tls;
  }

  judge(tls: UvTls): TlsInfo | string {
    const { clientAuth, verifyPeer } = this.options;
    const info = new UvTlsInfo(tls, tls.getServername() ?? "", clientAuth !== "none");
    if (clientAuth === "none") return info;
    // Tickets are the process's: one of a listener that asks for nothing comes through with no certificate, one of
    // another policy with a certificate that this one would not take. So each connection is judged anew.
    if (info.peerChain.length === 0) return clientAuth === "require" ? "no certificate from the client" : info;
    return (verifyPeer === null ? "no check of certificates" : verifyPeer(info.peerChain)) ?? info;
  }
}

export class UvClientContext extends NodeClientContext implements UvContext {
  readonly #binding: UvTlsBinding;
  readonly #native: object;
  readonly #alpn: Buffer | null;

  constructor(o: TlsClientOptions, binding: UvTlsBinding) {
    super(o, true);
    this.#binding = binding;
    this.#native = nativeContext(o, o.cert, o.key, o.ca, { rejectUnauthorized: !o.insecureSkipVerify });
    this.#alpn = o.alpn.length === 0 ? null : wireAlpn(o.alpn);
  }

  open(serverName: string): UvTls | null {
    const tls = this.#binding.open("client");
    // RFC 6066 section 3: an address is no name.
    if (tls.initClientTls(isIP(serverName) === 0 ? serverName : "", this.#native) !== 0) return null;
    if (this.#alpn !== null) tls.setAlpnProtocols(this.#alpn);
    return tls;
  }

  /** The runtime has checked the chain, or the handshake would not be done. */
  judge(tls: UvTls, dial: DialTls, dialed: string): TlsInfo | string {
    const { insecureSkipVerify, verifyPeer } = this.options;
    const info = new UvTlsInfo(tls, dial.serverName, verifyPeer !== null);
    if (verifyPeer !== null) return verifyPeer(info.peerChain) ?? info;
    if (insecureSkipVerify) return info;
    const leaf = info.peerChain[0];
    if (leaf === undefined) return "no certificate from the server";
    const name = dial.serverName === "" ? dialed : dial.serverName;
    const fault = serverIdentityFault(name, new X509Certificate(leaf).toLegacyObject() as PeerCertificate);
    return fault === undefined ? info : typeof fault === "string" ? fault : fault.message;
  }
}

function nativeContext(o: TlsCommonOptions, cert: string | null, key: string | null, ca: string | null, more: object): object {
  const pair = cert === null || key === null ? {} : { cert, key };
  const made = createSecureContext({ ...common(o), ...pair, ...(ca === null ? {} : { ca }) });
  return { ...(made as unknown as { readonly context: object }).context, ...more };
}

class UvTlsInfo implements TlsInfo {
  readonly version: TlsVersion;
  readonly cipher: string;
  readonly alpn: string;
  readonly serverName: string;
  readonly resumed: boolean;
  readonly #tls: UvTls;
  #chain: readonly Uint8Array[] | null = null;

  /** `hasChain`: read it now, for it is gone with the connection. */
  constructor(tls: UvTls, serverName: string, hasChain: boolean) {
    const out: { protocol?: string; name?: string; alpnProtocol?: string | false } = {};
    tls.getProtocol(out);
    tls.getCipher(out);
    tls.getAlpnNegotiatedProtocol(out);
    this.#tls = tls;
    this.version = out.protocol === "TLSv1.2" ? "1.2" : "1.3";
    this.cipher = out.name ?? "";
    this.alpn = typeof out.alpnProtocol === "string" ? out.alpnProtocol : "";
    this.serverName = serverName;
    this.resumed = tls.isSessionReused();
    if (hasChain) this.#chain = chainOf(tls);
  }

  get peerChain(): readonly Uint8Array[] {
    this.#chain ??= chainOf(this.#tls);
    return this.#chain;
  }
}

function chainOf(tls: UvTls): readonly Uint8Array[] {
  return (tls.getPeerCertificateChain()?.certificates ?? []).map((c) => new Uint8Array(NodeBuffer.from(c)));
}
