import { within } from "../deadline.ts";
import { fieldValue, type Message } from "../message.ts";
import type { Entry, Kind } from "./ledger.ts";
import { ANSWER_MS, type Load, reasonOf } from "./load.ts";
import { replyBody } from "./origins.ts";
import type { TextSocket } from "./text_socket.ts";

const BODY = "0123456789abcdef".repeat(200);
const CHUNK = "20\r\n0123456789abcdef0123456789abcdef\r\n";

/** Requests of HTTP/1.1: short ones, slow ones, and bodies of known and of unknown length, in turn. */
export class H1Load implements Load {
  readonly rate: number;
  readonly #kind: Kind;
  readonly #open: () => Promise<TextSocket>;
  readonly #keep: boolean;
  readonly #idle: TextSocket[] = [];
  #turn = 0;

  /** `keep`: on kept connections; else each has its own. */
  constructor(kind: Kind, open: () => Promise<TextSocket>, rate: number, keep: boolean) {
    this.#kind = kind;
    this.#open = open;
    this.rate = rate;
    this.#keep = keep;
  }

  next(): void {
    void this.#ask(this.#kind.send(), this.#turn++ % 4);
  }

  async end(): Promise<void> {
    for (const s of this.#idle.splice(0)) s.destroy();
  }

  async #ask(entry: Entry, which: number): Promise<void> {
    const s = this.#kept() ?? (await this.#open());
    try {
      const got = await within("an answer", ANSWER_MS, this.#exchange(s, entry.id, which));
      check(got, entry.id, which);
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

  async #exchange(s: TextSocket, id: string, which: number): Promise<Message> {
    const fields = `Host: load.example\r\nX-Id: ${id}\r\n${this.#keep ? "" : "Connection: close\r\n"}`;
    if (which === 0) s.write(`GET /echo HTTP/1.1\r\n${fields}\r\n`);
    else if (which === 1) s.write(`GET /slow HTTP/1.1\r\n${fields}\r\n`);
    else if (which === 2) s.write(`POST /echo HTTP/1.1\r\n${fields}Content-Length: ${BODY.length}\r\n\r\n${BODY}`);
    else {
      s.write(`POST /slow HTTP/1.1\r\n${fields}Transfer-Encoding: chunked\r\n\r\n${CHUNK}`);
      setTimeout(() => s.write(`${CHUNK}0\r\n\r\n`), 50);
    }
    return await s.message({ role: "response", method: "GET" });
  }
}

function check({ status, fields, body }: Message, id: string, which: number): void {
  if (status !== 200) throw new Error(`status ${status}: ${body.slice(0, 200)}`);
  if (fieldValue(fields, "x-id") !== id) throw new Error(`the answer of ${fieldValue(fields, "x-id")}`);
  const sent = which < 2 ? "" : which === 2 ? BODY : "0123456789abcdef".repeat(4);
  if (body !== replyBody(id, sent)) throw new Error(`another body, of ${body.length} bytes`);
}
