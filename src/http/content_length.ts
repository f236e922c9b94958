import { type Fields, spanOf } from "./fields.ts";
import { ID } from "./names.ts";

/** Content-Length is no length; below 0, as the other faults of framing. */
export const BAD_LENGTH = -10;
/** 15 digits stay below 2^53. */
const LENGTH_DIGITS = 15;

/** The first received Content-Length, which must be there (RFC 9110 8.6): a number of bytes or `BAD_LENGTH`. */
export function readContentLength(f: Fields): number {
  const i = spanOf(f, ID["content-length"]);
  const from = f.spans[i + 2]!;
  const to = f.spans[i + 3]!;
  if (to === from || to - from > LENGTH_DIGITS) return BAD_LENGTH;
  let n = 0;
  // Leading zeros are allowed (RFC 9110 8.6), and octal to some readers: the value goes on without them.
  let zeros = 0;
  for (let p = from; p < to; p++) {
    const d = f.raw[p]! - 0x30;
    if (d < 0 || d > 9) return BAD_LENGTH;
    n = n * 10 + d;
    if (n === 0 && p + 1 < to) zeros++;
  }
  if (zeros > 0) f.spans[i + 2] = from + zeros;
  return n;
}
