import { equalsIgnoreCase } from "../../base/bytes.ts";
import { BAD_LENGTH, readContentLength } from "../content_length.ts";
import { type Fields, spanOf } from "../fields.ts";
import { ID } from "../names.ts";

/** Content-Length or how else a message's body ends: a length ≥ 0, or one of these. */
export const CHUNKED = -1;
export const UNTIL_CLOSE = -2;
/** Faults of framing: each is a shape that two parsers could read two ways (RFC 9112 6.3, 11.2). */
export { BAD_LENGTH };
export const BOTH_LENGTHS = -11;
export const REPEATED_LENGTH = -12;
export const BAD_TRANSFER_CODING = -13;
export const TRANSFER_CODING_IN_1_0 = -14;
export const REPEATED_TRANSFER_CODING = -15;

const FRAMING_TEXTS: Readonly<Record<number, string>> = {
  [BAD_LENGTH]: "Content-Length is no decimal number below 2^53 (RFC 9112 6.3)",
  [BOTH_LENGTHS]: "both Content-Length and Transfer-Encoding (RFC 9112 6.1)",
  [REPEATED_LENGTH]: "repeated Content-Length (RFC 9112 6.3)",
  [BAD_TRANSFER_CODING]: "Transfer-Encoding is not exactly chunked (RFC 9112 6.1)",
  [TRANSFER_CODING_IN_1_0]: "Transfer-Encoding in an HTTP/1.0 message (RFC 9112 6.1)",
  [REPEATED_TRANSFER_CODING]: "repeated Transfer-Encoding (RFC 9112 6.1)",
};

export function framingText(fault: number): string {
  return FRAMING_TEXTS[fault] ?? "malformed framing";
}

const CL = 1 << ID["content-length"];
const TE = 1 << ID["transfer-encoding"];

/**
 * How the body of a message is framed: a length, `CHUNKED`, or `absent` when neither field is there; or a fault.
 * Nothing is repaired: a value that needs a choice is a fault.
 */
export function framingOf(f: Fields, repeated: number, minor: number, absent: number): number {
  const mask = f.mask & (CL | TE);
  if (mask === 0) return absent;
  if (mask === (CL | TE)) return BOTH_LENGTHS;
  if (mask === CL) {
    if ((repeated & CL) !== 0) return REPEATED_LENGTH;
    return readContentLength(f);
  }
  if ((repeated & TE) !== 0) return REPEATED_TRANSFER_CODING;
  if (minor === 0) return TRANSFER_CODING_IN_1_0;
  const i = spanOf(f, ID["transfer-encoding"]);
  return equalsIgnoreCase(f.raw, f.spans[i + 2]!, f.spans[i + 3]!, "chunked") ? CHUNKED : BAD_TRANSFER_CODING;
}