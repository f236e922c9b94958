import { readFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type DetailedPeerCertificate, type TLSSocket } from "node:tls";
import { until } from "./deadline.ts";
import { H2Peer, type H2PeerOptions, type H2PeerStream } from "./h2_peer.ts";
import { echo, type Serve } from "./raw_origin.ts";
import { RawPeer } from "./raw_peer.ts";
import type { Pair } from "./tls_pki.ts";

export interface H2OriginOptions extends H2PeerOptions {
  /** Absent: HTTP/2 by prior knowledge. */
  readonly tls?: {
    readonly pair: Pair;
    /** `h2` and `http/1.1` when absent. */
    readonly alpn?: readonly string[];
    /** Authorities of clients' certificates, which are then required. */
    readonly clientCa?: string;
  };
  /** Requests of HTTP/1.1, where ALPN leads to it. */
  readonly serve1?: Serve;
}

/** What an upstream saw of a handshake. */
export interface Handshake {
  readonly name: string;
  readonly alpn: string;
  /** Serial number of the client's certificate in hex; "": none. */
  readonly clientSerial: string;
}

/** An upstream of HTTP/2 that does what the test says; without a `serve` it answers with what it was asked. */
export class H2Origin implements AsyncDisposable {
  readonly connections: H2Peer[] = [];
  readonly plain: RawPeer[] = [];
  readonly handshakes: Handshake[] = [];
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: ReadonlySet<Socket>;

  constructor(server: Server, sockets: ReadonlySet<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.port = (server.address() as { port: number }).port;
  }

  /** All streams over all connections, in order. */
  get streams(): H2PeerStream[] {
    return this.connections.flatMap((c) => [...c.streams.values()]);
  }

  /** The stream of a path; waits for it. */
  async stream(path: string, ms = 5000): Promise<H2PeerStream> {
    const find = (): H2PeerStream | undefined => this.streams.find((s) => s.field(":path") === path);
    await until(`a stream for ${path}`, () => find() !== undefined, ms);
    return find()!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const s of this.#sockets) s.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

export async function startH2Origin(o: H2OriginOptions = {}): Promise<H2Origin> {
  const sockets = new Set<Socket>();
  const serve = o.serve ?? echoStream;
  const h2 = (s: Socket): void => void origin.connections.push(new H2Peer(s, "server", { ...o, serve }));
  const h1 = (s: Socket): void => {
    const conn = new RawPeer(s);
    origin.plain.push(conn);
    void serveAll(conn, o.serve1 ?? echo);
  };
  const keep = (s: Socket): void => {
    sockets.add(s);
    s.on("error", () => {});
  };
  const { tls } = o;
  const server: Server =
    tls === undefined
      ? createServer({ allowHalfOpen: true }, (s) => {
          keep(s);
          h2(s);
        })
      : createTlsServer(
          {
            cert: readFileSync(tls.pair.cert),
            key: readFileSync(tls.pair.key),
            ALPNProtocols: [...(tls.alpn ?? ["h2", "http/1.1"])],
            ...(tls.clientCa === undefined
              ? {}
              : { ca: readFileSync(tls.clientCa), requestCert: true, rejectUnauthorized: true }),
          },
          (s: TLSSocket) => {
            keep(s);
            const alpn = s.alpnProtocol || "";
            const shown = s.getPeerCertificate(true) as Partial<DetailedPeerCertificate> | undefined;
            const name = (s as TLSSocket & { servername?: string | false }).servername || "";
            origin.handshakes.push({ name, alpn, clientSerial: shown?.serialNumber ?? "" });
            if (alpn === "h2") h2(s);
            else h1(s);
          },
        );
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1", backlog: 512 }, resolve));
  const origin = new H2Origin(server, sockets);
  return origin;
}

async function serveAll(conn: RawPeer, serve: Serve): Promise<void> {
  try {
    for (;;) await serve(await conn.request(120_000), conn);
  } catch {
    conn.destroy();
  }
}

/** 200 with the request's head, a line a field, and its body behind an empty line. */
export async function echoStream(s: H2PeerStream): Promise<void> {
  await s.peer.when("a whole request", 60_000, () => s.ended || s.resetCode >= 0 || s.peer.ending !== "open");
  const lines = s.head.map(([n, v]) => `${n}: ${v}\r\n`).join("");
  const body = `${lines}\r\n${s.body}`;
  s.sendHead(
    [
      [":status", "200"],
      ["content-type", "text/plain"],
    ],
    false,
  );
  await s.send(body, true);
}
