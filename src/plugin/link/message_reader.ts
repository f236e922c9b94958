import { concatBytes, latin1 } from "../../base/bytes.ts";

/** One message as it came: the object of a line. */
export type Message = Readonly<Record<string, unknown>>;

export interface MessageSink {
  /** `bytes`: the binary frame behind the line; null: none. `line`: with its end or without; not to be kept, for it may be part of a large chunk. */
  onMessage(m: Message, bytes: Uint8Array | null, line: Uint8Array): void;
}

const LF = 0x0a;
const NOTHING: Uint8Array = new Uint8Array(0);
/** How much of a line that is no message is shown. */
const SHOWN = 200;

/**
 * Cuts what a plugin writes into messages: a JSON object a line, and raw bytes behind it where the line says so. A line that is no
 * message ends the reading, for nobody knows what comes next.
 */
export class MessageReader {
  /** Whether the other side may send frames. */
  binary = false;
  readonly #limit: number;
  readonly #sink: MessageSink;
  readonly #text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #parts: Uint8Array[] = [];
  #held = 0;
  /** The message whose frame is awaited. */
  #head: Message | null = null;
  #headLine = NOTHING;
  #frame = 0;
  #broken = false;

  /** `limit`: bytes of a line with its end, and of a frame. */
  constructor(limit: number, sink: MessageSink) {
    this.#limit = limit;
    this.#sink = sink;
  }

  /** Returns what is wrong, for people; null: nothing. After a fault all that comes is dropped. */
  receive(b: Uint8Array): string | null {
    let at = 0;
    while (at < b.length && !this.#broken) {
      if (this.#head !== null) {
        at = this.#takeFrame(b, at);
        continue;
      }
      const end = b.indexOf(LF, at);
      const size = this.#held + (end < 0 ? b.length : end) - at + 1;
      if (size > this.#limit) return this.#fault(`a line of more than ${this.#limit} bytes`);
      if (end < 0) {
        this.#hold(b.subarray(at));
        return null;
      }
      // JSON may have a line end behind it: a chunk that is one line needs no view.
      const line = at === 0 && end === b.length - 1 && this.#held === 0 ? b : this.#join(b.subarray(at, end));
      at = end + 1;
      const fault = this.#line(line);
      if (fault !== null) return fault;
    }
    return null;
  }

  #takeFrame(b: Uint8Array, at: number): number {
    const end = Math.min(b.length, at + this.#frame - this.#held);
    const piece = b.subarray(at, end);
    if (this.#held + piece.length < this.#frame) {
      this.#hold(piece);
      return end;
    }
    const head = this.#head!;
    // A copy: the chunk that was read holds what follows as well.
    const bytes = this.#held === 0 ? new Uint8Array(piece) : this.#join(piece);
    this.#head = null;
    const line = this.#headLine;
    this.#headLine = NOTHING;
    this.#sink.onMessage(head, bytes, line);
    return end;
  }

  #line(line: Uint8Array): string | null {
    let text: string;
    try {
      text = this.#text.decode(line);
    } catch {
      return this.#fault(`a line that is not UTF-8: ${quote(latin1(line, 0, line.length))}`);
    }
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      if (text.trim() === "") return null;
      return this.#fault(`a line that is no message: ${quote(text)}`);
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return this.#fault(`a line that is no message: ${quote(text)}`);
    }
    const m = value as Message;
    if (m["jsonrpc"] !== "2.0") return this.#fault(`a message without "jsonrpc": "2.0": ${quote(text)}`);
    const size = m["bytes"];
    if (size === undefined) {
      this.#sink.onMessage(m, null, line);
      return null;
    }
    if (!this.binary) return this.#fault(`a binary frame, which was not agreed on: ${quote(text)}`);
    if (!Number.isInteger(size) || (size as number) < 1 || (size as number) > this.#limit) {
      return this.#fault(`a frame of ${quote(String(size))} bytes, where 1 to ${this.#limit} are allowed`);
    }
    this.#head = m;
    this.#headLine = line;
    this.#frame = size as number;
    return null;
  }

  #hold(b: Uint8Array): void {
    if (b.length === 0) return;
    this.#parts.push(b);
    this.#held += b.length;
  }

  #join(last: Uint8Array): Uint8Array {
    if (this.#held === 0) return last;
    this.#parts.push(last);
    const all = concatBytes(this.#parts);
    this.#parts = [];
    this.#held = 0;
    return all;
  }

  #fault(why: string): string {
    this.#broken = true;
    this.#parts = [];
    this.#head = null;
    return why;
  }
}

function quote(line: string): string {
  const text = line.endsWith("\n") ? line.slice(0, -1) : line;
  return JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
}
