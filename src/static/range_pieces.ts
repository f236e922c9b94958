import { encodeLatin1 } from "../base/bytes.ts";
import type { Fields } from "../http/fields.ts";
import type { ByteRange } from "./byte_ranges.ts";

/** What a body is put together of: bytes as they are, or bytes of the file. */
export type Piece = Uint8Array | ByteRange;

/** The body of a 206 (RFC 9110 14.6, 15.3.7), and what its head says of it: one range as it is, several as multipart/byteranges. */
export function rangePieces(ranges: readonly ByteRange[], size: number, type: string, fields: Fields): readonly Piece[] {
  const [first] = ranges;
  if (ranges.length === 1) {
    fields.add("Content-Range", contentRange(first!, size));
    return [first!];
  }
  const boundary = boundaryOf(fields.get("etag") ?? "");
  fields.add("Content-Type", `multipart/byteranges; boundary=${boundary}`);
  const pieces: Piece[] = [];
  for (const [i, r] of ranges.entries()) {
    const open = `${i === 0 ? "" : "\r\n"}--${boundary}\r\nContent-Type: ${type}\r\nContent-Range: ${contentRange(r, size)}\r\n\r\n`;
    pieces.push(encodeLatin1(open), r);
  }
  pieces.push(encodeLatin1(`\r\n--${boundary}--\r\n`));
  return pieces;
}

function contentRange({ from, to }: ByteRange, size: number): string {
  return `bytes ${from}-${to - 1}/${size}`;
}

/** A file could only hold it by being made for that; a random part makes sure that none is. */
function boundaryOf(etag: string): string {
  const random = crypto.getRandomValues(new Uint32Array(4));
  return `weir-${etag.replace(/[^0-9a-z]/g, "").slice(0, 24)}-${[...random].map((n) => n.toString(36)).join("")}`;
}
