import { expect } from "bun:test";
import type { ErrorCode } from "../../../src/base/error.ts";
import type {
  Address,
  DialOptions,
  HeldListener,
  Platform,
  PlatformTls,
  TlsClientOptions,
  TlsServerContext,
  TlsServerOptions,
} from "../../../src/platform/types.ts";
import { type Identity, issue, issueRoot } from "../../support/certificates.ts";
import { dial, dialable, LOOPBACK, Peer, Server } from "./peer.ts";

/** The name in every server's certificate here. */
export const NAME = "a.test";

export interface Identities {
  readonly root: Identity;
  readonly otherRoot: Identity;
  /** Below an intermediate of `root`, for `NAME`, 127.0.0.1 and a SPIFFE id. */
  readonly server: Identity;
  /** The same with an RSA key. */
  readonly rsa: Identity;
  /** Another certificate for the same name, straight below `root`. */
  readonly renewed: Identity;
  /** Below an intermediate of `root`. */
  readonly client: Identity;
  /** Below `otherRoot`. */
  readonly stranger: Identity;
}

let made: Identities | null = null;

/** Issued once for a process. */
export function identities(): Identities {
  made ??= issueAll();
  return made;
}

function issueAll(): Identities {
  const root = issueRoot("root");
  const otherRoot = issueRoot("other root");
  const middle = issue({ name: "middle", ca: true, pathLength: 0, issuer: root });
  const names = { dns: [NAME, "*.wild.test"], ip: ["127.0.0.1"], uri: ["spiffe://example.org/ns/default/sa/web"] };
  return {
    root,
    otherRoot,
    server: issue({ ...names, name: "server", issuer: middle, use: "server" }),
    rsa: issue({ ...names, name: "rsa", issuer: middle, use: "server", key: "rsa" }),
    renewed: issue({ ...names, name: "renewed", issuer: root, use: "server" }),
    client: issue({ name: "client", uri: ["spiffe://example.org/client"], issuer: middle, use: "client" }),
    stranger: issue({ name: "stranger", issuer: otherRoot, use: "client" }),
  };
}

export function tlsOf(p: Platform): PlatformTls {
  if (p.tls === null) throw new Error("the platform has no TLS");
  return p.tls;
}

export function serverOptions(o: Partial<TlsServerOptions> = {}): TlsServerOptions {
  const { server } = identities();
  return {
    cert: server.chain,
    key: server.key,
    clientAuth: "none",
    clientCa: null,
    minVersion: "1.2",
    maxVersion: "1.3",
    ciphers: null,
    curves: null,
    alpn: [],
    verifyPeer: null,
    ...o,
  };
}

export function clientOptions(o: Partial<TlsClientOptions> = {}): TlsClientOptions {
  return {
    ca: identities().root.cert,
    cert: null,
    key: null,
    minVersion: "1.2",
    maxVersion: "1.3",
    ciphers: null,
    curves: null,
    alpn: [],
    verifyPeer: null,
    insecureSkipVerify: false,
    ...o,
  };
}

export function dialTls(p: Platform, o: Partial<TlsClientOptions> = {}, serverName: string = NAME): DialOptions {
  return { tls: { context: tlsOf(p).clientContext(clientOptions(o)), serverName } };
}

/** A listener that secures each connection at its first bytes. */
export class SecureServer {
  readonly #server: Server;
  context: TlsServerContext;

  constructor(server: Server, context: TlsServerContext) {
    this.#server = server;
    this.context = context;
  }

  static async open(
    p: Platform,
    o: Partial<TlsServerOptions> = {},
    at: Address | HeldListener = LOOPBACK,
  ): Promise<SecureServer> {
    const context = tlsOf(p).serverContext(serverOptions(o));
    let made: SecureServer | null = null;
    const server = await Server.open(p, at, { mayBeSecured: true }, () => made?.context ?? context);
    made = new SecureServer(server, context);
    return made;
  }

  get address(): Address {
    return dialable(this.#server.address);
  }
  get port(): number {
    const a = this.#server.address;
    if (a.kind !== "tcp") throw new Error("ask for a port of TCP alone");
    return a.port;
  }

  accept(): Promise<Peer> {
    return this.#server.accept();
  }
  close(): Promise<void> {
    return this.#server.listener.close();
  }
}

/** Both ends, after the handshake. */
export async function securePair(
  p: Platform,
  server: SecureServer,
  o: Partial<TlsClientOptions> = {},
): Promise<{ client: Peer; remote: Peer }> {
  const client = await dialed(p, server.address, dialTls(p, o));
  const remote = await server.accept();
  await Promise.all([client.until(() => client.events.length > 0), remote.until(() => remote.events.length > 0)]);
  if (client.closed || remote.closed) throw client.cause ?? remote.cause ?? new Error("the handshake failed without a cause");
  return { client, remote };
}

/** Dials without a wait for the opening. */
export async function dialed(p: Platform, to: Address, o: DialOptions): Promise<Peer> {
  const peer = new Peer();
  p.dial(to, o, peer);
  return peer;
}

/** Ends both sides in order. */
export async function closeBoth(client: Peer, remote: Peer): Promise<void> {
  client.call((c) => c.end());
  remote.call((c) => c.end());
  await Promise.all([client.until(() => client.closed), remote.until(() => remote.closed)]);
  expect([client.cause, remote.cause, client.broken + remote.broken]).toEqual([null, null, ""]);
}

/** Dials, and the server's side as well, until the server has closed with `code`. */
export async function failedHandshake(
  p: Platform,
  server: SecureServer,
  o: DialOptions,
): Promise<{ client: Peer; remote: Peer }> {
  const client = await dialed(p, server.address, o);
  const remote = await server.accept();
  await remote.until(() => remote.closed);
  expect(remote.events).toEqual(["close"]);
  expect(remote.cause?.facts).toMatchObject({ code: "tlsHandshake", side: "downstream", status: 0 });
  // With TLS 1.3 a client is through before the server has seen its certificate.
  await client.until(() => client.closed || (client.ended && client.events.includes("open")));
  if (!client.closed) {
    client.call((c) => c.destroy(null));
    await client.until(() => client.closed);
  }
  expect(client.broken + remote.broken).toBe("");
  return { client, remote };
}

/** The code of what `f` throws; "": it does not. */
export function codeOf(f: () => unknown): ErrorCode | "" {
  try {
    f();
    return "";
  } catch (e) {
    return (e as { facts: { code: ErrorCode } }).facts.code;
  }
}

/** Passes bytes on to `to`: those of the client in pieces of `piece` bytes, after `first`, each in a turn of its own. */
export async function openRelay(p: Platform, to: Address, piece: number, first = ""): Promise<Server> {
  const server = await Server.open(p);
  void server.accept().then(async (near) => {
    const far = await dial(p, to);
    far.onBytes = (b) => near.conn.write([b]);
    far.onEnd = () => near.conn.end();
    if (first !== "") far.write(first);
    while (!near.closed && !far.closed) {
      await near.until(() => near.chunks.length > 0 || near.ended || near.closed);
      const b = near.chunks.shift();
      for (let at = 0; b !== undefined && at < b.length; at += piece) {
        far.write(b.slice(at, at + piece));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      if (b === undefined && near.ended) far.call((c) => c.end());
      if (b === undefined) await far.until(() => far.closed);
    }
    near.call((c) => c.destroy(null));
    far.call((c) => c.destroy(null));
  });
  return server;
}
