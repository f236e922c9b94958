/** Tags of DER that certificates use (X.690 8). */
export const TAG = Object.freeze({
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
});

/**
 * Reads DER (X.690 10 and 11): definite lengths in their shortest form, tags of one byte. What is not there or not so reads as nothing and
 * is remembered by the reader and all that came out of it, so that a parser asks once, at its end. Nothing is copied.
 */
export class DerReader {
  readonly bytes: Uint8Array;
  /** Where the next element begins. */
  at: number;
  readonly end: number;
  readonly #state: { failed: boolean };

  constructor(bytes: Uint8Array, at = 0, end = bytes.length, state = { failed: false }) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    this.#state = state;
  }

  /** Whether anything that was read here, or in what came out of here, was not as it must be. */
  get failed(): boolean {
    return this.#state.failed;
  }

  get isEmpty(): boolean {
    return this.at >= this.end;
  }

  get length(): number {
    return this.end - this.at;
  }

  /** The next element's tag; -1 at the end. */
  get tag(): number {
    return this.at < this.end ? this.bytes[this.at]! : -1;
  }

  fail(): void {
    this.#state.failed = true;
  }

  /** The content of the next element, whatever its tag. */
  any(): DerReader {
    const at = this.#contentStart();
    if (at < 0) return this.#nothing();
    const end = at + this.#contentLength;
    this.at = end;
    return new DerReader(this.bytes, at, end, this.#state);
  }

  /** The content of the next element, which has this tag. */
  read(tag: number): DerReader {
    return this.tag === tag ? this.any() : this.#nothing();
  }

  /** The same when the next element has this tag, null otherwise. */
  optional(tag: number): DerReader | null {
    return this.tag === tag ? this.any() : null;
  }

  /** The next element of this tag with its header. */
  whole(tag: number): Uint8Array {
    const from = this.at;
    this.read(tag);
    return this.bytes.subarray(from, this.at);
  }

  /** All that is left. */
  rest(): Uint8Array {
    const b = this.bytes.subarray(this.at, this.end);
    this.at = this.end;
    return b;
  }

  /** Nothing may be left. */
  close(): void {
    if (this.at !== this.end) this.fail();
  }

  #contentLength = 0;

  /** Where the next element's content begins; -1 when there is none that fits. */
  #contentStart(): number {
    const { bytes, at, end } = this;
    // X.690 8.1.2.4: the form of several bytes is for tags that certificates do not have.
    if (this.failed || at + 2 > end || (bytes[at]! & 0x1f) === 0x1f) return -1;
    const first = bytes[at + 1]!;
    let from = at + 2;
    let length = first;
    if (first >= 0x80) {
      const n = first & 0x7f;
      // X.690 10.1: no indefinite length. Four bytes tell more than a certificate has.
      if (n === 0 || n > 4 || from + n > end) return -1;
      length = 0;
      for (let i = 0; i < n; i++) length = length * 256 + bytes[from + i]!;
      // X.690 10.1: in as few bytes as can be.
      if (length < 0x80 || (n > 1 && bytes[from] === 0)) return -1;
      from += n;
    }
    if (length > end - from) return -1;
    this.#contentLength = length;
    return from;
  }

  #nothing(): DerReader {
    this.fail();
    return new DerReader(this.bytes, this.end, this.end, this.#state);
  }
}
