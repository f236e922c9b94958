import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { turn, within } from "./deadline.ts";
import { type Expected, type Message, readMessage } from "./message.ts";

const WAIT_MS = 5000;

/** How the other end left: with FIN, with RST (or another error), or not yet. */
export type Ending = "open" | "end" | "reset";

/**
 * One end of a TCP or unix connection, under the test's control byte by byte. It half-closes only when told and reads nothing into
 * what it receives until it is asked to.
 */
export class RawPeer {
  readonly socket: Socket;
  /** How the other end left. */
  ending: Ending = "open";
  /** Bytes received in all, those dropped by `countOnly` included. */
  receivedBytes = 0;
  /** Received bytes are counted and dropped: for bodies too large to keep. */
  countOnly = false;
  #text = "";
  #used = 0;
  #wake: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (b: Buffer) => {
      this.receivedBytes += b.length;
      if (!this.countOnly) this.#text += b.toString("latin1");
      this.#notify();
    });
    socket.on("end", () => {
      if (this.ending === "open") this.ending = "end";
      this.#notify();
    });
    socket.on("error", () => {
      this.ending = "reset";
      this.#notify();
    });
    socket.on("close", () => {
      if (this.ending === "open") this.ending = "reset";
      this.#notify();
    });
  }

  /** Every byte received so far. */
  get received(): string {
    return this.#text;
  }

  /** Received and not yet taken by `message` or `readUntil`. */
  get unread(): string {
    return this.#text.slice(this.#used);
  }

  /** Resolves when the bytes have been handed to the kernel, or the connection is gone. */
  send(text: string | Uint8Array): Promise<void> {
    const bytes = typeof text === "string" ? Buffer.from(text, "latin1") : text;
    return within(
      "bytes to be taken",
      WAIT_MS,
      new Promise((resolve) => {
        if (this.socket.destroyed) resolve();
        else this.socket.write(bytes, () => resolve());
      }),
    );
  }

  /** Sends the pieces one after the other, each in a packet of its own. */
  async sendCut(pieces: readonly string[]): Promise<void> {
    for (const piece of pieces) {
      await this.send(piece);
      await turn(2);
    }
  }

  /** FIN; reading goes on. */
  end(): void {
    this.socket.end();
  }

  /** RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  request(ms = WAIT_MS): Promise<Message> {
    return this.message({ role: "request" }, ms);
  }

  /** The next response, an interim one too. `method` is that of the request it answers. */
  response(method = "GET", ms = WAIT_MS): Promise<Message> {
    return this.message({ role: "response", method }, ms);
  }

  /** The next message; rejects when the other end leaves before its last byte. */
  async message(expected: Expected, ms = WAIT_MS): Promise<Message> {
    let found: Message | null = null;
    await this.when(`a ${expected.role}`, ms, () => {
      found = readMessage(this.unread, expected, this.ending !== "open");
      if (found === null && this.ending !== "open")
        throw new Error(`no ${expected.role}, ${this.ending} after ${JSON.stringify(this.unread)}`);
      return found !== null;
    });
    this.#used += found!.raw.length;
    return found!;
  }

  /** Everything up to and with `mark`. */
  async readUntil(mark: string, ms = WAIT_MS): Promise<string> {
    await this.when(JSON.stringify(mark), ms, () => this.unread.includes(mark));
    const taken = this.unread.slice(0, this.unread.indexOf(mark) + mark.length);
    this.#used += taken.length;
    return taken;
  }

  /** Resolves when the other end has left, in whatever way. */
  async left(ms = WAIT_MS): Promise<Ending> {
    await this.when("the other end to leave", ms, () => this.ending !== "open");
    return this.ending;
  }

  /** Resolves when `holds` is true, asked again at each event of the connection. */
  when(what: string, ms: number, holds: () => boolean): Promise<void> {
    const met = new Promise<void>((resolve, reject) => {
      const ask = (): void => {
        try {
          if (holds()) resolve();
          else this.#wake.push(ask);
        } catch (e) {
          reject(e);
        }
      };
      ask();
    });
    return within(what, ms, met).catch((e) => {
      throw new Error(`${(e as Error).message}; ${this.ending}, unread ${JSON.stringify(this.unread.slice(0, 500))}`);
    });
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const f of wake) f();
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
