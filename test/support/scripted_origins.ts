import { connect } from "node:net";
import { until, within } from "./deadline.ts";
import { type H2Origin, startH2Origin } from "./h2_origin.ts";
import { H2Peer, type H2PeerStream, request } from "./h2_peer.ts";
import type { Pairs } from "./hpack_reader.ts";
import { fieldValue } from "./message.ts";
import { openClient } from "./raw_client.ts";
import { type RawOrigin, reply, startOrigin } from "./raw_origin.ts";

/** What an origin does about a request. */
export type Act =
  /** Resets the stream; h1: the connection. */
  | { readonly kind: "reset" }
  /** h2: REFUSED_STREAM. */
  | { readonly kind: "refuse" }
  | { readonly kind: "silence" }
  /** A head that promises more than it sends, and then a reset. */
  | { readonly kind: "cut" }
  | {
      readonly kind: "reply";
      readonly status: number;
      readonly body?: string;
      readonly fields?: Pairs;
      readonly trailers?: Pairs;
    };

/** A request as an origin saw it, whatever the version. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly body: string;
  readonly trailers: Pairs;
}

const REFUSED_STREAM = 7;
const CANCEL = 8;

/** An origin on HTTP/1.1 and one on HTTP/2, which do what a script says: the n-th request of a path, from 1 on, has the n-th act. */
export class ScriptedOrigins implements AsyncDisposable {
  readonly seen: Seen[] = [];
  readonly h1: RawOrigin;
  readonly h2: H2Origin;
  readonly #script: (path: string, n: number, seen: Seen) => Act;

  constructor(h1: RawOrigin, h2: H2Origin, script: (path: string, n: number, seen: Seen) => Act) {
    this.h1 = h1;
    this.h2 = h2;
    this.#script = script;
  }

  static async start(script: (path: string, n: number, seen: Seen) => Act): Promise<ScriptedOrigins> {
    const h1 = await startOrigin({
      serve: (r, conn) => {
        const act = origins.act({
          method: r.method,
          path: r.target,
          host: fieldValue(r.fields, "host"),
          body: r.body,
          trailers: r.trailers,
        });
        if (act.kind === "reset") return conn.reset();
        if (act.kind === "cut") return conn.send("HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\npart").then(() => conn.reset());
        if (act.kind !== "reply") return;
        const { status, body = "", fields = [], trailers = [] } = act;
        if (trailers.length === 0) return conn.send(reply(status, body, ...fields.map(([n, v]) => `${n}: ${v}`)));
        const lines = (pairs: Pairs): string => pairs.map(([n, v]) => `${n}: ${v}\r\n`).join("");
        const chunk = body === "" ? "" : `${body.length.toString(16)}\r\n${body}\r\n`;
        return conn.send(
          `HTTP/1.1 ${status} X\r\n${lines(fields)}Transfer-Encoding: chunked\r\n\r\n${chunk}0\r\n${lines(trailers)}\r\n`,
        );
      },
    });
    const h2 = await startH2Origin({ serve: (s) => origins.serve2(s), settings: [[4, 1 << 20]] });
    const origins = new ScriptedOrigins(h1, h2, script);
    return origins;
  }

  act(seen: Seen): Act {
    this.seen.push(seen);
    return this.#script(seen.path, this.of(seen.path).length, seen);
  }

  async serve2(s: H2PeerStream): Promise<void> {
    await s.done(30_000).catch(() => {});
    if (!s.ended) return;
    const act = this.act({
      method: s.field(":method"),
      path: s.field(":path"),
      host: s.field(":authority"),
      body: s.body,
      trailers: s.trailers,
    });
    if (act.kind === "reset") return s.reset(CANCEL);
    if (act.kind === "refuse") return s.reset(REFUSED_STREAM);
    if (act.kind === "cut") {
      s.sendHead([[":status", "200"]], false);
      await s.send("part");
      return s.reset(CANCEL);
    }
    if (act.kind !== "reply") return;
    const { status, body = "", fields = [], trailers = [] } = act;
    const only = body === "" && trailers.length === 0;
    s.sendHead([[":status", String(status)], ...fields], only);
    if (only) return;
    await s.send(body, trailers.length === 0);
    if (trailers.length > 0) s.sendHead(trailers, true);
  }

  /** The requests of a path, in the order in which they came. */
  of(path: string): Seen[] {
    return this.seen.filter((s) => s.path === path);
  }

  /** Waits until a path has been asked for so often. */
  async asked(path: string, times: number): Promise<void> {
    await until(`${times} requests for ${path}`, () => this.of(path).length >= times);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.h1.close();
    await this.h2[Symbol.asyncDispose]();
  }
}

/** What a client got, whatever the version. */
export interface Got {
  readonly status: number;
  readonly body: string;
  readonly fields: Pairs;
  readonly trailers: Pairs;
}

export interface Asking {
  readonly method?: string;
  readonly body?: string;
  readonly fields?: Pairs;
  readonly trailers?: Pairs;
}

/** Asks on a new connection of that version, in cleartext, and gives the one reply. */
export async function askOn(version: "h1" | "h2", port: number, path: string, o: Asking = {}): Promise<Got> {
  const { method = "GET", body = null, fields = [], trailers = [] } = o;
  if (version === "h2") {
    const client = await openH2c(port);
    try {
      const s = client.open(request(method, "test.example", path, ...fields), body === null);
      if (body !== null) {
        await s.send(body, trailers.length === 0);
        if (trailers.length > 0) s.sendHead(trailers, true);
      }
      await s.done(20_000);
      if (!s.ended) throw new Error(`the stream was reset with ${s.resetCode}`);
      return { status: s.status, body: s.body, fields: s.head, trailers: s.trailers };
    } finally {
      client.destroy();
    }
  }
  using client = await openClient(port);
  const lines = (pairs: Pairs): string => pairs.map(([n, v]) => `${n}: ${v}\r\n`).join("");
  const head = `${method} ${path} HTTP/1.1\r\nHost: test.example\r\n${lines(fields)}`;
  if (body === null) await client.send(`${head}\r\n`);
  else if (trailers.length === 0) await client.send(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
  else
    await client.send(
      `${head}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n${lines(trailers)}\r\n`,
    );
  const got = await client.response(method, 20_000);
  return { status: got.status, body: got.body, fields: got.fields, trailers: got.trailers };
}

/** A client's connection of HTTP/2 by prior knowledge. */
export async function openH2c(port: number): Promise<H2Peer> {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  await within(
    "a connection",
    5000,
    new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.once("connect", resolve);
    }),
  );
  return new H2Peer(socket, "client", { settings: [[4, 1 << 20]] });
}
