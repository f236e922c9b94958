import { BASE64 } from "./base64_alphabet.ts";

const PAD = 0x3d;
/** Value of each character; above 63: it is none. */
const VALUES: Uint8Array = /* @__PURE__ */ buildValues();

function buildValues(): Uint8Array {
  const t = new Uint8Array(256).fill(255);
  for (let i = 0; i < BASE64.length; i++) t[BASE64.charCodeAt(i)] = i;
  return t;
}

/**
 * Base64 (RFC 4648 4) in pieces of any length. A client may pad whenever it has to flush, so that padding can stand anywhere at the end
 * of four characters (grpc/doc/PROTOCOL-WEB.md). What could be read in two ways is refused: other characters, padding out of place, and
 * bits that mean nothing (RFC 4648 3.5).
 */
export class Base64Reader {
  #bits = 0;
  #count = 0;
  #pads = 0;

  /** Nothing of four characters is missing. */
  get whole(): boolean {
    return this.#count === 0;
  }

  /** The bytes that are complete now; null: it is no base64. */
  read(b: Uint8Array): Uint8Array | null {
    const out = new Uint8Array(((this.#count + this.#pads + b.length) >> 2) * 3);
    let bits = this.#bits;
    let count = this.#count;
    let n = 0;
    for (let i = 0; i < b.length; i++) {
      const v = VALUES[b[i]!]!;
      if (v < 64) {
        if (this.#pads > 0) return null;
        bits = (bits << 6) | v;
        if (++count < 4) continue;
        out[n] = bits >> 16;
        out[n + 1] = bits >> 8;
        out[n + 2] = bits;
        n += 3;
      } else {
        if (b[i] !== PAD || count < 2) return null;
        if (count + ++this.#pads < 4) continue;
        if (count === 2) {
          if ((bits & 0xf) !== 0) return null;
          out[n++] = bits >> 4;
        } else {
          if ((bits & 3) !== 0) return null;
          out[n++] = bits >> 10;
          out[n++] = bits >> 2;
        }
        this.#pads = 0;
      }
      bits = 0;
      count = 0;
    }
    this.#bits = bits;
    this.#count = count;
    return n === out.length ? out : out.subarray(0, n);
  }
}
