import { BASE64 } from "./base64_alphabet.ts";

const CHARS: Uint8Array = Uint8Array.from(BASE64, (c) => c.charCodeAt(0));
const PAD = 0x3d;

/** A piece as base64 with its padding: whoever waits for a message must not wait for the bytes behind it. */
export function encodeBase64(b: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil(b.length / 3) * 4);
  const full = b.length - (b.length % 3);
  let n = 0;
  let i = 0;
  for (; i < full; i += 3) {
    const bits = (b[i]! << 16) | (b[i + 1]! << 8) | b[i + 2]!;
    out[n] = CHARS[bits >> 18]!;
    out[n + 1] = CHARS[(bits >> 12) & 63]!;
    out[n + 2] = CHARS[(bits >> 6) & 63]!;
    out[n + 3] = CHARS[bits & 63]!;
    n += 4;
  }
  if (i === b.length) return out;
  const bits = (b[i]! << 16) | ((b[i + 1] ?? 0) << 8);
  out[n] = CHARS[bits >> 18]!;
  out[n + 1] = CHARS[(bits >> 12) & 63]!;
  out[n + 2] = i + 1 < b.length ? CHARS[(bits >> 6) & 63]! : PAD;
  out[n + 3] = PAD;
  return out;
}
