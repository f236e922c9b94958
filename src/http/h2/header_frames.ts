import { NO_BYTES } from "../../base/bytes.ts";
import { FRAME_SIZE_ERROR, type FrameFault, PROTOCOL_ERROR } from "./error_codes.ts";
import { FLAG_END_HEADERS, FLAG_END_STREAM, FLAG_PADDED, FLAG_PRIORITY, read31 } from "./frame_types.ts";
import { BLOCK_FRAMES } from "./limits.ts";

const PADDED_OVER: FrameFault = { code: PROTOCOL_ERROR, text: "padding longer than what is left of HEADERS (RFC 9113 6.2)" };
const TOO_SHORT: FrameFault = { code: FRAME_SIZE_ERROR, text: "HEADERS too short for its flags (RFC 9113 6.2)" };

/** A header block as it was sent, over HEADERS and its CONTINUATION frames (RFC 9113 4.3). One that is in one frame is not copied. */
export class HeaderFrames {
  /** Its stream while more must come; 0: none is open. */
  open = 0;
  /** Of the block that is whole: its stream, END_STREAM, and a dependency on itself (RFC 7540 5.3.1). */
  id = 0;
  endStream = false;
  selfDependent = false;
  /** The block that is whole is `bytes[from, to)`. */
  bytes: Uint8Array = NO_BYTES;
  from = 0;
  to = 0;
  readonly #maxBytes: number;
  #frames = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes the payload of HEADERS; when `open` is 0 afterwards the block is whole. */
  headers(flags: number, id: number, b: Uint8Array, from: number, to: number): FrameFault | null {
    let at = from;
    let end = to;
    if ((flags & FLAG_PADDED) !== 0) {
      if (at >= end) return TOO_SHORT;
      end -= b[at++]!;
    }
    this.selfDependent = false;
    if ((flags & FLAG_PRIORITY) !== 0) {
      if (at + 5 > to) return TOO_SHORT;
      this.selfDependent = read31(b, at) === id;
      at += 5;
    }
    if (at > end) return PADDED_OVER;
    this.id = id;
    this.endStream = (flags & FLAG_END_STREAM) !== 0;
    if ((flags & FLAG_END_HEADERS) !== 0) {
      this.bytes = b;
      this.from = at;
      this.to = end;
      return null;
    }
    this.open = id;
    this.#frames = 1;
    this.bytes = b.slice(at, end);
    this.from = 0;
    this.to = end - at;
    return null;
  }

  /** Takes the payload of CONTINUATION; false: the block has more frames or bytes than one may have. */
  continuation(flags: number, b: Uint8Array, from: number, to: number): boolean {
    const length = this.to + to - from;
    if (++this.#frames > BLOCK_FRAMES || length > this.#maxBytes) return false;
    if (length > this.bytes.length) {
      const grown = new Uint8Array(Math.min(length * 2, this.#maxBytes));
      grown.set(this.bytes.subarray(0, this.to));
      this.bytes = grown;
    }
    this.bytes.set(b.subarray(from, to), this.to);
    this.to = length;
    if ((flags & FLAG_END_HEADERS) !== 0) this.open = 0;
    return true;
  }

  /** The block has been read: its bytes are not kept. */
  clear(): void {
    this.bytes = NO_BYTES;
  }
}
