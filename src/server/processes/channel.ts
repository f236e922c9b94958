import { concatBytes } from "../../base/bytes.ts";
import { decodeTagged, encodeTagged } from "../../base/tagged_json.ts";
import type { Conn, ConnHandler } from "../../platform/types.ts";

/** Bytes of one message: a model of 100,000 routes has a tenth of it. */
const MESSAGE_BYTES = 512 * 1024 * 1024;
const LENGTH_BYTES = 4;

export interface ChannelHandler<In> {
  onMessage(m: In): void;
  /** The last call: the other process is gone, or has closed its end. */
  onClose(): void;
}

/** Messages between two processes of one weir over a stream: the length in four bytes, the least first, then tagged JSON in UTF-8. */
export class Channel<In, Out> implements ConnHandler {
  readonly #conn: Conn;
  readonly #handler: ChannelHandler<In>;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #closed = false;

  constructor(conn: Conn, handler: ChannelHandler<In>) {
    this.#conn = conn;
    this.#handler = handler;
  }

  /** After the close of either end nothing is sent. `sent` is called when the kernel has taken it. */
  send(m: Out, sent?: () => void): void {
    if (this.#closed) return;
    const text = new TextEncoder().encode(encodeTagged(m));
    const head = new Uint8Array(LENGTH_BYTES);
    new DataView(head.buffer).setUint32(0, text.length, true);
    this.#conn.write([head, text], sent);
  }

  /** Closes after what was sent. */
  end(): void {
    if (!this.#closed) this.#conn.end();
  }

  destroy(): void {
    this.#conn.destroy(null);
  }

  onData(b: Uint8Array): void {
    this.#parts.push(b);
    this.#bytes += b.length;
    while (this.#bytes >= LENGTH_BYTES && !this.#closed) {
      const length = LENGTH_BYTES + this.#length();
      if (length > LENGTH_BYTES + MESSAGE_BYTES) {
        this.destroy();
        return;
      }
      if (this.#bytes < length) return;
      const whole = concatBytes(this.#parts);
      const rest = whole.subarray(length);
      this.#parts = rest.length === 0 ? [] : [rest];
      this.#bytes = rest.length;
      this.#handler.onMessage(decodeTagged(new TextDecoder().decode(whole.subarray(LENGTH_BYTES, length))) as In);
    }
  }

  onDrain(): void {}

  onEnd(): void {
    this.destroy();
  }

  onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handler.onClose();
  }

  #length(): number {
    if (this.#parts[0]!.length < LENGTH_BYTES) this.#parts = [concatBytes(this.#parts)];
    const first = this.#parts[0]!;
    return new DataView(first.buffer, first.byteOffset, LENGTH_BYTES).getUint32(0, true);
  }
}
