import { CODE_BITS, CODES, EOS } from "../../../../../src/http/h2/hpack/huffman_code.ts";
import { BLOCK_REPRESENTATIONS, INTEGER_BYTES, LARGEST_INTEGER } from "../../../../../src/http/h2/hpack/limits.ts";
import {
  STATIC_AT,
  STATIC_BYTES,
  STATIC_COUNT,
  STATIC_NAME,
  STATIC_TEXT,
} from "../../../../../src/http/h2/hpack/static_table.ts";

type Field = readonly [name: string, value: string];

const symbols = new Map(Array.from(CODE_BITS, (bits, s) => [CODES[s]!.toString(2).padStart(bits, "0"), s]));
const statics: readonly Field[] = Array.from({ length: STATIC_COUNT }, (_, i) => {
  const at = STATIC_AT[i + 1]!;
  return [Buffer.from(STATIC_BYTES.subarray(at, at + STATIC_NAME[i + 1]!)).toString("latin1"), STATIC_TEXT[i + 1]!];
});

class Malformed extends Error {}

/** RFC 7541 as it is written, with strings and lists: what the codec is compared with. */
export class ReferenceDecoder {
  table: Field[] = [];
  max = 4096;
  readonly #allowed: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(allowed: number) {
    this.#allowed = allowed;
  }

  /** The fields, or null: the block can't be decoded. */
  decode(bytes: Uint8Array): Field[] | null {
    this.#bytes = bytes;
    this.#at = 0;
    try {
      return this.#block();
    } catch (e) {
      if (e instanceof Malformed) return null;
      throw e;
    }
  }

  #block(): Field[] {
    const fields: Field[] = [];
    for (let count = 1; this.#at < this.#bytes.length; count++) {
      if (count > BLOCK_REPRESENTATIONS) throw new Malformed();
      const c = this.#bytes[this.#at]!;
      if (c >= 0x80) {
        fields.push(this.#entry(this.#integer(7)));
      } else if (c >= 0x40) {
        const field = this.#literal(6);
        fields.push(field);
        this.table.unshift(field);
        this.#evict();
      } else if (c >= 0x20) {
        const size = this.#integer(5);
        if (size > this.#allowed || fields.length > 0) throw new Malformed();
        this.max = size;
        this.#evict();
      } else {
        fields.push(this.#literal(4));
      }
    }
    return fields;
  }

  #entry(index: number): Field {
    const field = index <= STATIC_COUNT ? statics[index - 1] : this.table[index - STATIC_COUNT - 1];
    if (field === undefined) throw new Malformed();
    return field;
  }

  #literal(prefix: number): Field {
    const index = this.#integer(prefix);
    const name = index === 0 ? this.#string() : this.#entry(index)[0];
    return [name, this.#string()];
  }

  #evict(): void {
    const size = (): number => this.table.reduce((n, [name, value]) => n + name.length + value.length + 32, 0);
    while (size() > this.max) this.table.pop();
  }

  #next(): number {
    const c = this.#bytes[this.#at++];
    if (c === undefined) throw new Malformed();
    return c;
  }

  #integer(prefix: number): number {
    const full = 2 ** prefix - 1;
    let value = this.#next() & full;
    if (value < full) return value;
    for (let i = 0; i < INTEGER_BYTES; i++) {
      const c = this.#next();
      value += (c & 0x7f) * 128 ** i;
      if (c < 0x80) {
        if (value > LARGEST_INTEGER) throw new Malformed();
        return value;
      }
    }
    throw new Malformed();
  }

  #string(): string {
    const coded = (this.#bytes[this.#at] ?? 0) >= 0x80;
    const length = this.#integer(7);
    const part = this.#bytes.subarray(this.#at, this.#at + length);
    if (part.length < length) throw new Malformed();
    this.#at += length;
    if (!coded) return Buffer.from(part).toString("latin1");
    let text = "";
    let code = "";
    for (const bit of Array.from(part, (c) => c.toString(2).padStart(8, "0")).join("")) {
      code += bit;
      const symbol = symbols.get(code);
      if (symbol === undefined) continue;
      if (symbol === EOS) throw new Malformed();
      text += String.fromCharCode(symbol);
      code = "";
    }
    if (code.length > 7 || code.includes("0")) throw new Malformed();
    return text;
  }
}
