import { NO_BYTES } from "../base/bytes.ts";
import { type HeaderAnswer, headerFault, V2_SIGNATURE } from "./header.ts";
import { readV1 } from "./read_v1.ts";
import { readV2 } from "./read_v2.ts";

/** Which versions are read: another one is a fault. */
export type HeaderVersions = "any" | "v1" | "v2";

/** 2.2: "PROXY", and the space that has to follow. */
const V1_BEGIN = Uint8Array.of(0x50, 0x52, 0x4f, 0x58, 0x59, 0x20);

/**
 * Reads the header that a connection begins with, in whatever pieces it comes. What is behind the header is not looked at. More bytes
 * never change an answer that is not `more`, and how they were cut changes none.
 */
export class HeaderReader {
  readonly #versions: HeaderVersions;
  /** What came in pieces, with room behind. */
  #held: Uint8Array = NO_BYTES;
  #count = 0;

  constructor(versions: HeaderVersions) {
    this.#versions = versions;
  }

  /** Nothing has come yet. */
  get untouched(): boolean {
    return this.#count === 0;
  }

  /** Call it no more after an answer that is not `more`. */
  receive(b: Uint8Array): HeaderAnswer {
    const bytes = this.#count === 0 ? b : this.#gather(b);
    const answer = this.#read(bytes);
    if (answer.kind === "more" && this.#count === 0) this.#gather(b);
    return answer;
  }

  #read(b: Uint8Array): HeaderAnswer {
    const [v1, v2] = [matches(b, V1_BEGIN), matches(b, V2_SIGNATURE)];
    // 2: the two begin differently, and nothing else begins so.
    if (v1 < 0 && v2 < 0) return { kind: "none", unread: b };
    if (v1 === 0) return this.#versions === "v2" ? headerFault("version 1, where version 2 is read") : readV1(b);
    if (v2 === 0) return this.#versions === "v1" ? headerFault("version 2, where version 1 is read") : readV2(b);
    return { kind: "more" };
  }

  #gather(b: Uint8Array): Uint8Array {
    const count = this.#count + b.length;
    if (count > this.#held.length) {
      const grown = new Uint8Array(Math.max(count, 2 * this.#held.length, FIRST_BYTES));
      grown.set(this.#held.subarray(0, this.#count));
      this.#held = grown;
    }
    this.#held.set(b, this.#count);
    this.#count = count;
    return this.#held.subarray(0, count);
  }
}

/** A header that comes in pieces is seldom longer. */
const FIRST_BYTES = 128;

/** Below 0: it does not begin so; above 0: it does as far as it goes. */
function matches(b: Uint8Array, begin: Uint8Array): number {
  const n = Math.min(b.length, begin.length);
  for (let i = 0; i < n; i++) if (b[i] !== begin[i]) return -1;
  return begin.length - n;
}
