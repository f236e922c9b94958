import type { Address, TlsInfo } from "../platform/types.ts";

/** What a module's `fetch` is given beside the request; with Hono it is `c.env`. */
export interface ModuleEnv {
  /** As the config has it; undefined: nothing. The same value for every request. */
  readonly config: unknown;
  /** Name of the route. */
  readonly route: string;
  /** Name of the listener. */
  readonly listener: string;
  /** As in the access log and in X-Request-Id; "": none. */
  readonly requestId: string;
  /** IP literal of the client, behind the proxies that the listener trusts; "unix" for a unix socket. */
  readonly client: string;
  readonly connection: ConnectionFacts;
  /**
   * `fetch` through a cluster of the config: `env.fetch("cluster://NAME/path", init)`, with its hosts, balancing, pools and breakers.
   * Rejects with an error that says why there is no reply; a reply with any status is one.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
}

export interface ConnectionFacts {
  /** Ends of the connection, or what a trusted proxy's PROXY header tells of them. */
  readonly remote: EndFacts;
  readonly local: EndFacts;
  /** "HTTP/1.0", "HTTP/1.1" or "HTTP/2". */
  readonly protocol: string;
  /** null: cleartext. */
  readonly tls: TlsFacts | null;
}

/** `port` 0 and the path in `address` for a unix socket. */
export interface EndFacts {
  readonly address: string;
  readonly port: number;
}

export interface TlsFacts {
  readonly version: string;
  readonly cipher: string;
  /** "": none was agreed on. */
  readonly alpn: string;
  /** "": none was asked for. */
  readonly serverName: string;
  /** DER of the client's certificate, verified; null: it showed none. */
  readonly clientCertificate: Uint8Array | null;
}

/** What a handler may leave behind: the third argument of `fetch`. */
export interface ModuleContext {
  /** The promise may go on when the reply is over. Its rejection is logged. */
  waitUntil(promise: Promise<unknown>): void;
  /** Other hosts of such modules have it; here nothing is passed through. */
  passThroughOnException(): void;
}

export function endFacts(a: Address): EndFacts {
  return a.kind === "tcp" ? { address: a.host, port: a.port } : { address: a.path, port: 0 };
}

export function tlsFacts(t: TlsInfo | null): TlsFacts | null {
  if (t === null) return null;
  const { version, cipher, alpn, serverName, peerChain } = t;
  return { version, cipher, alpn, serverName, clientCertificate: peerChain[0] ?? null };
}
