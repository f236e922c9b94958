import { connect, type Socket } from "node:net";
import { type Expected, type Message, readMessage } from "../message.ts";
import { openTlsSocket } from "../tls_client.ts";
import type { Way } from "./ledger.ts";

/** What is at the start of what came, and how long it is; null: more has to come. */
export type Find<T> = (text: string, ended: boolean) => { readonly value: T; readonly length: number } | null;

/** A connection as text of one char a byte. It keeps what was not read yet, and nothing else: it may live for hours. */
export class TextSocket implements Way {
  readonly listener: number;
  readonly opened: number;
  local: number | null = null;
  /** How the other end left; null: it has not. */
  left: string | null = null;
  readonly socket: Socket;
  #text = "";
  #wake: (() => void) | null = null;

  constructor(socket: Socket, listener: number, opened: number = Date.now()) {
    this.socket = socket;
    this.listener = listener;
    this.opened = opened;
    socket.setNoDelay(true);
    socket.setEncoding("latin1");
    socket.on("data", (s: string) => {
      this.#text += s;
      this.#wake?.();
    });
    socket.on("end", () => this.#leave("it was closed"));
    socket.on("error", (e) => this.#leave(e.message));
    socket.on("close", () => this.#leave("it was reset"));
  }

  /** Never rejects: one that could not connect has left. */
  static open(port: number): Promise<TextSocket> {
    const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    const made = new TextSocket(socket, port);
    return new Promise((resolve) => {
      socket.once("connect", () => {
        made.local = socket.localPort ?? null;
        resolve(made);
      });
      socket.once("close", () => resolve(made));
    });
  }

  /** With TLS. Never rejects, either. */
  static async openTls(port: number): Promise<TextSocket> {
    const opened = Date.now();
    const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    await new Promise<void>((resolve) => {
      socket.once("connect", resolve);
      socket.once("error", () => resolve());
    });
    const local = socket.localPort ?? null;
    const secure = await openTlsSocket(port, { socket, name: "load.example", alpn: ["http/1.1"] }).catch(() => socket);
    const made = new TextSocket(secure, port, opened);
    made.local = local;
    if (secure === socket) made.#leave("no handshake");
    return made;
  }

  write(text: string): void {
    if (!this.socket.destroyed) this.socket.write(text, "latin1");
  }

  /** One read at a time. Rejects when the other end leaves before. */
  async read<T>(what: string, find: Find<T>): Promise<T> {
    for (;;) {
      const found = find(this.#text, this.left !== null);
      if (found !== null) {
        this.#text = this.#text.slice(found.length);
        return found.value;
      }
      if (this.left !== null)
        throw new Error(
          `no ${what}: ${this.left}${this.#text === "" ? "" : `, behind ${JSON.stringify(this.#text.slice(0, 200))}`}`,
        );
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }

  message(expected: Expected): Promise<Message> {
    return this.read(expected.role, (text, ended) => {
      const value = readMessage(text, expected, ended);
      return value === null ? null : { value, length: value.raw.length };
    });
  }

  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  #leave(how: string): void {
    this.left ??= how;
    this.#wake?.();
  }
}
