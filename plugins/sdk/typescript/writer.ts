import { Buffer } from "node:buffer";
import { CallError, ERROR } from "./call_error.ts";
import type { Piece } from "./plugin.ts";

/** Where in a message its bytes stand when they are in no frame. */
type Place = Record<string, unknown>;

/** Gathers messages and writes them together: at once when it is told, or else when the running code is done. */
export class Writer {
  readonly #write: (data: string | Uint8Array) => void;
  #parts: (string | Uint8Array)[] = [];
  #text = "";
  #isDue = false;
  /** The other side understands frames. */
  binary = false;
  /** Longest message in bytes, its line end included. */
  messageBytes = 4_194_304;

  constructor(write: (data: string | Uint8Array) => void) {
    this.#write = write;
  }

  /** `place`, if there are bytes, is the object within `message` that holds them. Throws where it gets longer than a message may be. */
  send(message: Record<string, unknown>, place: Place | null = null, bytes: Uint8Array | null = null): void {
    const hasBytes = place !== null && bytes !== null;
    const isFramed = hasBytes && this.binary && bytes.length > 0;
    if (isFramed) message["bytes"] = bytes.length;
    else if (hasBytes) place["base64"] = asBuffer(bytes).toString("base64");
    const line = JSON.stringify(message);
    // A character is three bytes at most.
    if (line.length * 3 >= this.messageBytes || (isFramed && bytes.length > this.messageBytes))
      this.#check(line, bytes, isFramed);
    this.#text += `${line}\n`;
    if (isFramed) {
      this.#parts.push(this.#text, bytes);
      this.#text = "";
    }
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => this.flush());
  }

  /** Longest piece of a body that one message holds. */
  get pieceBytes(): number {
    return this.binary ? this.messageBytes : Math.max(1, Math.floor(((this.messageBytes - 200) * 3) / 4));
  }

  flush(): void {
    this.#isDue = false;
    const text = this.#text;
    this.#text = "";
    if (this.#parts.length === 0) {
      if (text !== "") this.#write(text);
      return;
    }
    const parts = this.#parts;
    this.#parts = [];
    if (text !== "") parts.push(text);
    this.#write(Buffer.concat(parts.map((p) => (typeof p === "string" ? Buffer.from(p) : p))));
  }

  #check(line: string, bytes: Uint8Array | null, isFramed: boolean): void {
    const length = Buffer.byteLength(line) + 1;
    const longest = isFramed ? Math.max(length, bytes!.length) : length;
    if (longest > this.messageBytes)
      throw new CallError(`send less: a message of ${longest} bytes, the host takes ${this.messageBytes}`, ERROR.tooLarge);
  }
}

export function asBuffer(b: Uint8Array): Buffer {
  return Buffer.from(b.buffer, b.byteOffset, b.byteLength);
}

export function bytesOf(piece: Piece): Uint8Array {
  return typeof piece === "string" ? Buffer.from(piece) : piece;
}

const NONE = new Uint8Array(0);

/** The bytes of a message: of its frame, or of the members that stand for it. */
export function bytesIn(place: { readonly text?: unknown; readonly base64?: unknown }, frame: Uint8Array | null): Uint8Array {
  if (frame !== null) return frame;
  if (typeof place.base64 === "string") return Buffer.from(place.base64, "base64");
  return typeof place.text === "string" ? Buffer.from(place.text) : NONE;
}
