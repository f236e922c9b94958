import { Buffer } from "node:buffer";

/** A message as it came. */
export interface Message {
  readonly id?: number | string | null;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
  /** Length of the frame behind it. */
  readonly bytes?: number;
}

const LF = 10;

/** Cuts what comes into messages. */
export class Reader {
  readonly #onMessage: (message: Message, frame: Uint8Array | null) => void;
  /** What came of a line or a frame that is not whole. */
  #rest: Buffer[] = [];
  #restBytes = 0;
  /** The message whose frame is not whole. */
  #framed: Message | null = null;
  #frameBytes = 0;

  constructor(onMessage: (message: Message, frame: Uint8Array | null) => void) {
    this.#onMessage = onMessage;
  }

  /** Throws where a line is no message. */
  read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#framed !== null) {
        const missing = this.#frameBytes - this.#restBytes;
        if (chunk.length - at < missing) {
          this.#keep(chunk.subarray(at));
          return;
        }
        const frame = this.#whole(chunk.subarray(at, at + missing));
        const message = this.#framed;
        this.#framed = null;
        at += missing;
        this.#onMessage(message, frame);
        continue;
      }
      const end = chunk.indexOf(LF, at);
      if (end < 0) {
        this.#keep(chunk.subarray(at));
        return;
      }
      const line =
        this.#restBytes === 0 ? chunk.toString("utf8", at, end) : this.#whole(chunk.subarray(at, end)).toString("utf8");
      at = end + 1;
      this.#line(line);
    }
  }

  #line(line: string): void {
    if (line.length < 2 && line.trim() === "") return;
    const message = JSON.parse(line) as Message;
    if (typeof message !== "object" || message === null || Array.isArray(message)) throw new SyntaxError("it is no object");
    const bytes = message.bytes;
    if (bytes === undefined) this.#onMessage(message, null);
    else {
      if (!Number.isSafeInteger(bytes) || bytes < 1) throw new SyntaxError(`bytes is ${bytes}`);
      this.#framed = message;
      this.#frameBytes = bytes;
    }
  }

  #keep(part: Buffer): void {
    this.#rest.push(part);
    this.#restBytes += part.length;
  }

  #whole(last: Buffer): Buffer {
    if (this.#restBytes === 0) return last;
    const whole = Buffer.concat([...this.#rest, last]);
    this.#rest = [];
    this.#restBytes = 0;
    return whole;
  }
}
