import { createServer, type Server, type Socket } from "node:net";
import { until } from "./deadline.ts";
import type { Message } from "./message.ts";
import { RawPeer } from "./raw_peer.ts";

/** Serves one request; what it throws ends the connection. */
export type Serve = (request: Message, conn: RawPeer) => void | Promise<void>;

export interface OriginOptions {
  /** Serves each request in turn. Without it the test takes connections with `connection` and scripts them itself. */
  readonly serve?: Serve;
  /** Called for each connection before anything is read; without `serve`. */
  readonly open?: (conn: RawPeer) => void;
  /** 0: any. */
  readonly port?: number;
  readonly host?: string;
  readonly path?: string;
}

/** An upstream that does exactly what the test says and remembers every byte that it was sent. */
export class RawOrigin {
  readonly connections: RawPeer[] = [];
  /** Requests read whole by `serve`, over all connections in order. */
  readonly requests: Message[] = [];
  readonly port: number;
  readonly #server: Server;
  #taken = 0;

  constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Everything received, over all connections in order. */
  get received(): string {
    return this.connections.map((c) => c.received).join("");
  }

  /** The next connection that the test has not taken yet. */
  async connection(ms = 5000): Promise<RawPeer> {
    const at = this.#taken++;
    await until(`connection ${at + 1} to the origin`, () => this.connections.length > at, ms);
    return this.connections[at]!;
  }

  /** Connections that are open at both ends' will. */
  get open(): number {
    return this.connections.filter((c) => c.ending === "open" && !c.socket.destroyed).length;
  }

  /** Stops listening and resets what is open. */
  close(): Promise<void> {
    for (const c of this.connections) c.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

export async function startOrigin(o: OriginOptions = { serve: echo }): Promise<RawOrigin> {
  const accepted = (socket: Socket): void => {
    const conn = new RawPeer(socket);
    origin.connections.push(conn);
    o.open?.(conn);
    if (o.serve !== undefined) void serveAll(origin, conn, o.serve);
  };
  const server = createServer({ allowHalfOpen: true }, accepted);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    if (o.path !== undefined) server.listen({ path: o.path, backlog: 1024 }, resolve);
    else server.listen({ port: o.port ?? 0, host: o.host ?? "127.0.0.1", backlog: 1024 }, resolve);
  });
  const at = server.address();
  const origin = new RawOrigin(server, typeof at === "object" && at !== null ? at.port : 0);
  return origin;
}

async function serveAll(origin: RawOrigin, conn: RawPeer, serve: Serve): Promise<void> {
  try {
    for (;;) {
      const request = await conn.request(120_000);
      origin.requests.push(request);
      await serve(request, conn);
    }
  } catch {
    conn.destroy();
  }
}

/** A reply of known length. */
export function reply(status: number, body: string, ...fields: string[]): string {
  return [`HTTP/1.1 ${status} X`, `Content-Length: ${body.length}`, ...fields, "", body].join("\r\n");
}

/** 200 with the request's own bytes as its body. */
export function echo(request: Message, conn: RawPeer): Promise<void> {
  const text = reply(200, request.raw, "Content-Type: text/plain");
  return conn.send(request.method === "HEAD" ? text.slice(0, text.indexOf("\r\n\r\n") + 4) : text);
}
