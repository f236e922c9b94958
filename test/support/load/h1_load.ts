import { within } from "../deadline.ts";
import { fieldValue, type Message } from "../message.ts";
import { MIXED, type Shape } from "./h1_shapes.ts";
import type { Entry, Kind } from "./ledger.ts";
import { ANSWER_MS, type Load, reasonOf } from "./load.ts";
import { replyBody } from "./origins.ts";
import type { TextSocket } from "./text_socket.ts";

export interface H1LoadOptions {
  /** On kept connections; else each has its own. */
  readonly keep: boolean;
  /** Sent in turn. */
  readonly shapes?: readonly Shape[];
  /** An answer that takes longer has failed; in milliseconds. */
  readonly answerMs?: number;
}

/** Requests of HTTP/1.1. */
export class H1Load implements Load {
  readonly rate: number;
  readonly #kind: Kind;
  readonly #open: () => Promise<TextSocket>;
  readonly #keep: boolean;
  readonly #shapes: readonly Shape[];
  readonly #answerMs: number;
  readonly #idle: TextSocket[] = [];
  #turn = 0;

  constructor(kind: Kind, open: () => Promise<TextSocket>, rate: number, o: H1LoadOptions) {
    this.#kind = kind;
    this.#open = open;
    this.rate = rate;
    this.#keep = o.keep;
    this.#shapes = o.shapes ?? MIXED;
    this.#answerMs = o.answerMs ?? ANSWER_MS;
  }

  next(): void {
    void this.#ask(this.#kind.send(), this.#shapes[this.#turn++ % this.#shapes.length]!);
  }

  async end(): Promise<void> {
    for (const s of this.#idle.splice(0)) s.destroy();
  }

  async #ask(entry: Entry, shape: Shape): Promise<void> {
    const s = this.#kept() ?? (await this.#open());
    try {
      const got = await within("an answer", this.#answerMs, this.#exchange(s, entry.id, shape));
      check(got, entry.id, shape);
      entry.answered();
      if (this.#keep && fieldValue(got.fields, "connection").toLowerCase() !== "close") this.#idle.push(s);
      else s.destroy();
    } catch (e) {
      entry.failed(reasonOf(e), s);
      s.destroy();
    }
  }

  /** The one that was used last, which leaves others to idle for long. */
  #kept(): TextSocket | null {
    for (;;) {
      const s = this.#idle.pop();
      if (s === undefined) return null;
      if (s.left === null) return s;
      s.destroy();
    }
  }

  #exchange(s: TextSocket, id: string, shape: Shape): Promise<Message> {
    shape.send(s, `Host: load.example\r\nX-Id: ${id}\r\n${this.#keep ? "" : "Connection: close\r\n"}`);
    return s.message({ role: "response", method: "GET" });
  }
}

function check({ status, fields, body }: Message, id: string, shape: Shape): void {
  if (status !== 200) throw new Error(`status ${status}: ${body.slice(0, 200)}`);
  if (fieldValue(fields, "x-id") !== id) throw new Error(`the answer of ${fieldValue(fields, "x-id")}`);
  if (body !== replyBody(id, shape.body)) throw new Error(`another body, of ${body.length} bytes`);
}
