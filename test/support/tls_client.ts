import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { connect, type DetailedPeerCertificate, type TLSSocket } from "node:tls";
import { within } from "./deadline.ts";
import { H2Peer, type H2PeerOptions } from "./h2_peer.ts";
import { type Ran, run } from "./program.ts";
import { RawPeer } from "./raw_peer.ts";
import type { Pair } from "./tls_pki.ts";

export interface TlsWish {
  /** Name in the hello; none when absent. */
  readonly name?: string;
  readonly alpn?: readonly string[];
  /** Shown when asked for. */
  readonly client?: Pair | null;
  readonly maxVersion?: "TLSv1.2" | "TLSv1.3";
  /** A connection to handshake on. */
  readonly socket?: Socket;
}

/** Handshakes as a client that takes any certificate; rejects when there is no agreement. */
export function openTlsSocket(port: number, w: TlsWish = {}): Promise<TLSSocket> {
  const pair = w.client ? { cert: readFileSync(w.client.cert), key: readFileSync(w.client.key) } : {};
  const socket = connect({
    ...(w.socket === undefined ? { host: "127.0.0.1", port } : { socket: w.socket }),
    ...(w.name === undefined ? {} : { servername: w.name }),
    ...(w.alpn === undefined ? {} : { ALPNProtocols: [...w.alpn] }),
    ...(w.maxVersion === undefined ? {} : { maxVersion: w.maxVersion }),
    ...pair,
    rejectUnauthorized: false,
    allowHalfOpen: true,
  } as unknown as Parameters<typeof connect>[0]);
  return within(
    "a handshake",
    5000,
    new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("closed in the handshake")));
      socket.once("secureConnect", () => {
        socket.removeListener("error", reject);
        resolve(socket);
      });
    }),
  );
}

/** A client of HTTP/1.1 over TLS. */
export async function openTls(port: number, w: TlsWish = {}): Promise<RawPeer> {
  return new RawPeer(await openTlsSocket(port, { alpn: ["http/1.1"], ...w }));
}

/** A client of HTTP/2 over TLS. */
export async function openH2(port: number, w: TlsWish & H2PeerOptions = {}): Promise<H2Peer> {
  const socket = await openTlsSocket(port, { alpn: ["h2"], ...w });
  if (socket.alpnProtocol !== "h2") throw new Error(`no agreement on h2: ${socket.alpnProtocol}`);
  return new H2Peer(socket, "client", w);
}

/** The serial number that a new handshake shows, in upper case hex. */
export async function serialOf(port: number, w: TlsWish = {}): Promise<string> {
  const socket = await openTlsSocket(port, w);
  const { serialNumber } = socket.getPeerCertificate(true) as DetailedPeerCertificate;
  socket.destroy();
  return serialNumber;
}

/** `openssl s_client`, which sends `input` and reads until the server closes. */
export function sClient(port: number, input: string, ...args: string[]): Promise<Ran> {
  const words = ["timeout", "8", "openssl", "s_client", "-connect", `127.0.0.1:${port}`, "-ign_eof", ...args];
  return run(["sh", "-c", 'input=$1; shift; printf "%b" "$input" | "$@"', "sh", input, ...words]);
}

/** A request that ends its connection, for `sClient`. */
export function getOf(host: string, path: string): string {
  return `GET ${path} HTTP/1.1\\r\\nHost: ${host}\\r\\nConnection: close\\r\\n\\r\\n`;
}
