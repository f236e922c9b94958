import { encodeLatin1 } from "../../../../../src/base/bytes.ts";
import { putInteger } from "../../../../../src/http/h2/hpack/integer.ts";

/** Representations put together by hand, so that tests can send what no encoder of ours does. */
export class BlockWriter {
  readonly #bytes: number[] = [];

  indexed(index: number): this {
    return this.#integer(0x80, 0x7f, index);
  }

  resize(bytes: number): this {
    return this.#integer(0x20, 0x1f, bytes);
  }

  /** A literal; the name is text, or an index. */
  literal(how: "indexing" | "plain" | "never", name: string | number, value: string): this {
    const [flags, mask] = how === "indexing" ? [0x40, 0x3f] : [how === "plain" ? 0 : 0x10, 0x0f];
    this.#integer(flags!, mask!, typeof name === "number" ? name : 0);
    if (typeof name === "string") this.#string(name);
    return this.#string(value);
  }

  /** Literals of `name: value`, `:name: value`, or `: value`. */
  lines(how: "indexing" | "plain", lines: readonly string[]): this {
    for (const line of lines) {
      const colon = line.indexOf(":", line.startsWith(": ") ? 0 : 1);
      this.literal(how, line.slice(0, colon), line.slice(colon + 2));
    }
    return this;
  }

  raw(...bytes: readonly number[]): this {
    this.#bytes.push(...bytes);
    return this;
  }

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #string(text: string): this {
    this.#integer(0, 0x7f, text.length);
    for (const c of encodeLatin1(text)) this.#bytes.push(c);
    return this;
  }

  #integer(flags: number, mask: number, value: number): this {
    const b = new Uint8Array(8);
    this.#bytes.push(...b.subarray(0, putInteger(b, 0, flags, mask, value)));
    return this;
  }
}
