import { Buffer } from "node:buffer";
import { decodedBound, decodeHuffman } from "../../src/http/h2/hpack/huffman_decode.ts";
import { STATIC_BYTES, STATIC_COUNT } from "../../src/http/h2/hpack/static_table.ts";

export type Pairs = readonly (readonly [name: string, value: string])[];

const STATIC: readonly (readonly [string, string])[] = Buffer.from(STATIC_BYTES)
  .toString("latin1")
  .split("\r\n")
  .slice(0, STATIC_COUNT)
  .map((line) => splitLine(line));

/** Reads header blocks field by field as they came (RFC 7541), so that a test sees every crumb and every name's case. */
export class HpackReader {
  /** The newest first. */
  readonly #dynamic: (readonly [string, string])[] = [];
  #limit = 4096;
  /** Names in the last block that were literals never indexed (6.2.3). */
  neverIndexed: string[] = [];

  read(b: Uint8Array): Pairs {
    const pairs: (readonly [string, string])[] = [];
    let at = 0;
    this.neverIndexed = [];
    const integer = (bits: number): number => {
      const mask = (1 << bits) - 1;
      let value = b[at++]! & mask;
      if (value < mask) return value;
      for (let shift = 0; ; shift += 7) {
        const c = b[at++]!;
        value += (c & 0x7f) * 2 ** shift;
        if (c < 0x80) return value;
      }
    };
    const string = (): string => {
      const huffman = b[at]! >= 0x80;
      const end = integer(7) + at;
      if (end > b.length) throw new Error("a string runs over its block");
      const raw = huffman ? unpack(b, at, end) : Buffer.from(b.subarray(at, end)).toString("latin1");
      at = end;
      return raw;
    };
    while (at < b.length) {
      const c = b[at]!;
      if (c >= 0x80) pairs.push(this.#entry(integer(7)));
      else if (c >= 0x20 && c < 0x40) this.#resize(integer(5));
      else {
        const index = integer(c >= 0x40 ? 6 : 4);
        const name = index === 0 ? string() : this.#entry(index)[0];
        const pair = [name, string()] as const;
        if (c >= 0x40) this.#add(pair);
        else if (c >= 0x10) this.neverIndexed.push(name);
        pairs.push(pair);
      }
    }
    return pairs;
  }

  #entry(index: number): readonly [string, string] {
    const found = index <= STATIC_COUNT ? STATIC[index - 1] : this.#dynamic[index - STATIC_COUNT - 1];
    if (found === undefined) throw new Error(`index ${index} is in no table`);
    return found;
  }

  #add(pair: readonly [string, string]): void {
    this.#dynamic.unshift(pair);
    this.#evict();
  }

  #resize(limit: number): void {
    this.#limit = limit;
    this.#evict();
  }

  #evict(): void {
    const size = (): number => this.#dynamic.reduce((n, [name, value]) => n + name.length + value.length + 32, 0);
    while (this.#dynamic.length > 0 && size() > this.#limit) this.#dynamic.pop();
  }
}

function splitLine(line: string): readonly [string, string] {
  const colon = line.indexOf(":", 1);
  return [line.slice(0, colon), line.slice(colon + 2)];
}

function unpack(b: Uint8Array, from: number, to: number): string {
  const out = new Uint8Array(decodedBound(to - from));
  const end = decodeHuffman(b, from, to, out, 0);
  if (end < 0) throw new Error("a string's Huffman code is broken");
  return Buffer.from(out.subarray(0, end)).toString("latin1");
}
