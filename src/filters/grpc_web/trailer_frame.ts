import { putLatin1 } from "../../base/bytes.ts";
import type { Fields } from "../../http/fields.ts";

/** Bit of a frame's first byte: trailers and no message. */
const TRAILERS = 0x80;
const HEAD_BYTES = 5;

/** Trailers as the last frame of a body: names in lower case, lines as in HTTP/1.1 without the empty one (grpc/doc/PROTOCOL-WEB.md). */
export function encodeTrailerFrame(f: Fields): Uint8Array {
  let lines = "";
  f.forEach((name, value) => {
    lines += `${name.toLowerCase()}:${value}\r\n`;
  });
  const out = new Uint8Array(HEAD_BYTES + lines.length);
  out[0] = TRAILERS;
  new DataView(out.buffer).setUint32(1, lines.length);
  putLatin1(out, HEAD_BYTES, lines);
  return out;
}
