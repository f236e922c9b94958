import { NO_BYTES } from "../base/bytes.ts";

/** What comes on a stream that asks to be a tunnel before it is one; uncredited, so the stream's window bounds it. */
export class EarlyBytes {
  readonly #parts: Uint8Array[] = [];
  #ended = false;

  take(b: Uint8Array, end: boolean): void {
    this.#parts.push(b);
    if (end) this.#ended = true;
  }

  giveTo(tunnel: { takeData(b: Uint8Array, end: boolean): boolean }): void {
    for (const b of this.#parts) tunnel.takeData(b, false);
    if (this.#ended) tunnel.takeData(NO_BYTES, true);
  }
}
