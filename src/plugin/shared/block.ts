import { concatBytes } from "../../base/bytes.ts";

/*
 * A worker and its supervisor talk over a stream of their own about one process of a plugin, in blocks: a byte for the kind, four for the
 * length, the least first, and the rest.
 */

/** Whole messages of the protocol, as they come from the process or go to it. */
export const DATA = 0;
/** To the supervisor, before the data that they are about: see `marks.ts`. */
export const MARKS = 1;
/** To the supervisor: the process has to be ended. Why, as text. */
export const KILL = 2;
/** From the supervisor, the last: the process is gone. Why, as text. */
export const GONE = 3;
/** From the supervisor: the process gets no new exchanges. */
export const RETIRE = 4;

const HEAD_BYTES = 5;
/** Of one block: a turn's messages. */
const BLOCK_BYTES = 512 * 1024 * 1024;

export function blockHead(kind: number, length: number): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES);
  head[0] = kind;
  new DataView(head.buffer).setUint32(1, length, true);
  return head;
}

/** A block whose rest is text. */
export function textBlock(kind: number, text: string): readonly Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  return [blockHead(kind, bytes.length), bytes];
}

/** Puts blocks together. */
export class BlockReader {
  readonly #onBlock: (kind: number, payload: Uint8Array) => void;
  #parts: Uint8Array[] = [];
  #held = 0;
  /** Bytes that have to be there before another look is worth it. */
  #wanted = HEAD_BYTES;

  constructor(onBlock: (kind: number, payload: Uint8Array) => void) {
    this.#onBlock = onBlock;
  }

  /** The payloads may be parts of `b`. False: what comes is no block, and nothing more can be read. */
  receive(b: Uint8Array): boolean {
    this.#parts.push(b);
    this.#held += b.length;
    if (this.#held < this.#wanted) return true;
    const all = this.#parts.length === 1 ? b : concatBytes(this.#parts);
    let at = 0;
    this.#wanted = HEAD_BYTES;
    while (all.length - at >= HEAD_BYTES) {
      const length = new DataView(all.buffer, all.byteOffset + at + 1, 4).getUint32(0, true);
      if (length > BLOCK_BYTES) return false;
      const end = at + HEAD_BYTES + length;
      if (end > all.length) {
        this.#wanted = HEAD_BYTES + length;
        break;
      }
      this.#onBlock(all[at]!, all.subarray(at + HEAD_BYTES, end));
      at = end;
    }
    const rest = all.subarray(at);
    this.#parts = rest.length === 0 ? [] : [rest];
    this.#held = rest.length;
    return true;
  }
}
