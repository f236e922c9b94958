import { connect } from "node:net";
import { within } from "../deadline.ts";
import type { H2Peer, H2PeerStream } from "../h2_peer.ts";
import { request } from "../h2_peer.ts";
import { openH2 } from "../tls_client.ts";
import type { Entry, Kind, Way } from "./ledger.ts";
import { ANSWER_MS, type Load, reasonOf } from "./load.ts";
import { replyBody } from "./origins.ts";

const REFUSED_STREAM = 7;
const BODY = "0123456789abcdef".repeat(200);

/** One kind of request. */
export interface H2Shape {
  readonly method: string;
  readonly path: string;
  /** "": it has none. */
  readonly body: string;
}

/** Short ones and slow ones, with and without a body. */
const MIXED: readonly H2Shape[] = Array.from({ length: 12 }, (_, turn) => ({
  method: turn % 4 === 3 ? "POST" : "GET",
  path: turn % 3 === 0 ? "/slow" : "/echo",
  body: turn % 4 === 3 ? BODY : "",
}));

export interface H2LoadOptions {
  readonly connections: number;
  /** Sent in turn. */
  readonly shapes?: readonly H2Shape[];
  /** An answer that takes longer has failed; in milliseconds. */
  readonly answerMs?: number;
}

/** A connection of HTTP/2 over TLS, from the moment on at which it is asked for. */
interface Line extends Way {
  local: number | null;
  readonly peer: Promise<H2Peer>;
}

/** Requests of HTTP/2 over TLS on few connections, with a new one when the server tells that one goes away. */
export class H2Load implements Load {
  readonly rate: number;
  readonly #kind: Kind;
  readonly #port: number;
  readonly #lines: (Line | null)[];
  readonly #shapes: readonly H2Shape[];
  readonly #answerMs: number;
  #turn = 0;

  constructor(kind: Kind, port: number, rate: number, o: H2LoadOptions) {
    this.#kind = kind;
    this.#port = port;
    this.rate = rate;
    this.#lines = Array.from({ length: o.connections }, () => null);
    this.#shapes = o.shapes ?? MIXED;
    this.#answerMs = o.answerMs ?? ANSWER_MS;
  }

  next(): void {
    const turn = this.#turn++;
    void this.#ask(this.#kind.send(), turn, true);
  }

  async end(): Promise<void> {
    for (const l of this.#lines) (await l?.peer.catch(() => null))?.destroy();
  }

  async #ask(entry: Entry, turn: number, mayRepeat: boolean): Promise<void> {
    const at = turn % this.#lines.length;
    const shape = this.#shapes[turn % this.#shapes.length]!;
    const line = this.#lines[at] ?? this.#open();
    this.#lines[at] = line;
    let s: H2PeerStream | null = null;
    try {
      const peer = await line.peer;
      if (goes(peer)) {
        if (this.#lines[at] === line) this.#lines[at] = null;
        await this.#ask(entry, turn, mayRepeat);
        return;
      }
      s = send(peer, entry.id, shape);
      await within("an answer", this.#answerMs, s.done(ANSWER_MS * 2));
      if (s.resetCode < 0 && s.status === 200 && s.field("x-id") === entry.id && s.body === replyBody(entry.id, shape.body)) {
        entry.answered();
        return;
      }
      if (s.resetCode !== REFUSED_STREAM) throw new Error(`reset ${s.resetCode}, status ${s.status}, ${s.body.slice(0, 200)}`);
      throw new Error("refused");
    } catch (e) {
      if (this.#lines[at] === line && (s === null || goes(s.peer))) this.#lines[at] = null;
      // RFC 9113 8.7: what was never processed may be sent once more, whatever it is.
      if (s !== null && mayRepeat && unprocessed(s)) {
        this.#kind.ledger.retried++;
        await this.#ask(entry, turn, false);
      } else entry.failed(reasonOf(e), line);
    } finally {
      if (s !== null) this.#forget(s);
    }
  }

  #forget(s: H2PeerStream): void {
    s.peer.streams.delete(s.id);
    if (goes(s.peer) && s.peer.streams.size === 0) s.peer.destroy();
  }

  #open(): Line {
    const socket = connect({ host: "127.0.0.1", port: this.#port, allowHalfOpen: true });
    const line: Line = {
      listener: this.#port,
      opened: Date.now(),
      local: null,
      peer: new Promise((resolve, reject) => {
        socket.once("error", reject);
        socket.once("connect", () => {
          line.local = socket.localPort ?? null;
          resolve(openH2(this.#port, { socket, name: "load.example" }));
        });
      }),
    };
    line.peer.catch(() => socket.destroy());
    return line;
  }
}

function send(peer: H2Peer, id: string, { method, path, body }: H2Shape): H2PeerStream {
  return peer.request(request(method, "load.example", path, ["x-id", id]), body === "" ? null : body);
}

/** It takes no more streams. */
function goes(peer: H2Peer): boolean {
  return peer.ending !== "open" || peer.goAways.length > 0;
}

function unprocessed(s: H2PeerStream): boolean {
  return s.resetCode === REFUSED_STREAM || s.peer.goAways.some((g) => g.last < s.id);
}
