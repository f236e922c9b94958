import { within } from "../deadline.ts";
import type { Entry, Kind } from "./ledger.ts";
import { ANSWER_MS, type Load, reasonOf } from "./load.ts";
import { TextSocket } from "./text_socket.ts";

/** What is said on a connection that stays open. */
export interface SessionTalk {
  /** Until messages can be sent. */
  open(s: TextSocket): Promise<void>;
  send(s: TextSocket, message: string): void;
  receive(s: TextSocket): Promise<string>;
  /** Ends it in order; rejects when the other end does not. */
  close(s: TextSocket): Promise<void>;
}

interface Session {
  readonly socket: TextSocket;
  readonly entry: Entry;
  readonly waiting: Entry[];
  ending: boolean;
}

/** Sessions that stay open for as long as the load lasts; each message is answered. One that is cut is opened anew. */
export class SessionLoad implements Load {
  readonly rate: number;
  readonly #messages: Kind;
  readonly #sessions: Kind;
  readonly #port: number;
  readonly #talk: SessionTalk;
  readonly #first: number;
  readonly #open: Session[] = [];
  #turn = 0;

  constructor(
    sessions: Kind,
    messages: Kind,
    port: number,
    talk: SessionTalk,
    o: { readonly rate: number; readonly sessions: number },
  ) {
    this.#sessions = sessions;
    this.#messages = messages;
    this.#port = port;
    this.#talk = talk;
    this.rate = o.rate;
    this.#first = o.sessions;
  }

  async begin(): Promise<void> {
    for (let i = 0; i < this.#first; i++) await this.more();
  }

  next(): void {
    if (this.#open.length === 0) return;
    const s = this.#open[this.#turn++ % this.#open.length]!;
    const entry = this.#messages.send();
    s.waiting.push(entry);
    setTimeout(() => this.#expire(s, entry), ANSWER_MS).unref();
    this.#talk.send(s.socket, entry.id);
  }

  async more(): Promise<void> {
    const entry = this.#sessions.send();
    const socket = await TextSocket.open(this.#port);
    try {
      await within("a session", ANSWER_MS, this.#talk.open(socket));
    } catch (e) {
      entry.failed(reasonOf(e), socket);
      socket.destroy();
      return;
    }
    const session: Session = { socket, entry, waiting: [], ending: false };
    this.#open.push(session);
    void this.#listen(session);
  }

  async end(): Promise<void> {
    for (const s of this.#open.splice(0)) {
      s.ending = true;
      this.#talk.send(s.socket, "last");
      s.waiting.push(s.entry);
    }
  }

  async #listen(s: Session): Promise<void> {
    try {
      for (;;) {
        const got = await this.#talk.receive(s.socket);
        const entry = s.waiting.shift();
        if (entry === s.entry) {
          if (got !== "last") throw new Error(`said ${got} at the end`);
          await within("the end of a session", ANSWER_MS, this.#talk.close(s.socket));
          entry.answered();
          s.socket.destroy();
          return;
        }
        if (entry === undefined) throw new Error(`said ${got} unasked`);
        if (entry.id === got) entry.answered();
        else entry.failed(`the answer of ${got}`, s.socket);
      }
    } catch (e) {
      const reason = reasonOf(e);
      for (const entry of s.waiting.splice(0)) if (entry !== s.entry) entry.failed(reason, s.socket);
      s.entry.failed(reason, s.socket);
      s.socket.destroy();
      const at = this.#open.indexOf(s);
      if (at < 0) return;
      this.#open.splice(at, 1);
      await this.more();
    }
  }

  /** Without an answer for so long the session is given up, and its messages fail. */
  #expire(s: Session, entry: Entry): void {
    if (s.waiting.includes(entry)) s.socket.destroy();
  }
}
