import { within } from "./deadline.ts";

/** A frame of a reply: a message, or the trailers as they stand there. */
export interface WebFrame {
  readonly trailers: boolean;
  readonly text: string;
}

/** A reply of gRPC-Web, read frame by frame as it comes. */
export class WebReply {
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #isText: boolean;
  /** Characters that are not whole base64 yet. */
  #characters = "";
  #bytes = Buffer.alloc(0);

  constructor(response: Response) {
    this.response = response;
    this.#isText = response.headers.get("content-type")?.includes("-text") === true;
    this.#reader = response.body!.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  }

  /** The next frame; null: the body has ended. */
  async next(): Promise<WebFrame | null> {
    for (;;) {
      if (this.#bytes.length >= 5) {
        const end = 5 + this.#bytes.readUInt32BE(1);
        if (this.#bytes.length >= end) {
          const frame = { trailers: this.#bytes[0] === 0x80, text: this.#bytes.toString("latin1", 5, end) };
          this.#bytes = this.#bytes.subarray(end);
          return frame;
        }
      }
      const { done, value } = await within("a frame of gRPC-Web", 10_000, this.#reader.read());
      if (done) return null;
      this.#take(value);
    }
  }

  #take(b: Uint8Array): void {
    if (!this.#isText) {
      this.#bytes = Buffer.concat([this.#bytes, b]);
      return;
    }
    this.#characters += Buffer.from(b).toString("latin1");
    const whole = this.#characters.length - (this.#characters.length % 4);
    // Each four characters on their own: padding may stand within.
    for (let i = 0; i < whole; i += 4)
      this.#bytes = Buffer.concat([this.#bytes, Buffer.from(this.#characters.slice(i, i + 4), "base64")]);
    this.#characters = this.#characters.slice(whole);
  }
}

export function message(text: string): Buffer {
  const b = Buffer.alloc(5 + text.length);
  b.writeUInt32BE(text.length, 1);
  b.write(text, 5, "latin1");
  return b;
}

/** Calls a method of gRPC-Web with one message. */
export async function callWeb(
  url: string,
  type: string,
  body: Buffer | string,
  fields: Record<string, string> = {},
): Promise<WebReply> {
  const headers = { "content-type": type, accept: type, "x-grpc-web": "1", ...fields };
  return new WebReply(await fetch(url, { method: "POST", headers, body: body as BodyInit }));
}
