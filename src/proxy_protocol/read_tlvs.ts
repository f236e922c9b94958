import type { Tlv } from "../base/tlv.ts";
import { crc32c } from "./crc32c.ts";
import { TLV } from "./header.ts";
import { ALPN_BYTES, AUTHORITY_BYTES, TLVS, UNIQUE_ID_BYTES } from "./limits.ts";
import { utf8 } from "./utf8.ts";

const HEAD_BYTES = 3;
const CRC_BYTES = 4;
/** 2.2.6: flags of the client, and the verdict on its certificate. */
const SSL_BYTES = 5;

/** Of these there is one: a second could be taken for the first or instead of it. */
const SINGLE: ReadonlySet<number> = new Set([TLV.alpn, TLV.authority, TLV.crc32c, TLV.uniqueId, TLV.ssl, TLV.netns]);

/** The TLVs of a whole header, from `from` on (2.2), in memory of their own and without checksum and padding; a text: what is wrong. */
export function readTlvs(header: Uint8Array, from: number): readonly Tlv[] | string {
  if (from === header.length) return NONE;
  const all: Tlv[] = [];
  const seen = new Set<number>();
  for (let at = from; at < header.length; ) {
    const end = endOf(header, at, header.length);
    if (end < 0) return "a TLV that is cut short";
    const type = header[at]!;
    if (SINGLE.has(type) && seen.has(type)) return `a second TLV of type ${type}`;
    seen.add(type);
    const fault = faultOf(type, header, at + HEAD_BYTES, end);
    if (fault !== null) return fault;
    if (type !== TLV.crc32c && type !== TLV.noop) all.push({ type, value: header.slice(at + HEAD_BYTES, end) });
    if (all.length > TLVS) return `more than ${TLVS} TLVs`;
    at = end;
  }
  return all;
}

function faultOf(type: number, b: Uint8Array, from: number, to: number): string | null {
  const size = to - from;
  switch (type) {
    case TLV.alpn:
      return size > ALPN_BYTES ? `a protocol's name of more than ${ALPN_BYTES} bytes` : null;
    case TLV.authority:
      if (size > AUTHORITY_BYTES) return `a name of more than ${AUTHORITY_BYTES} bytes`;
      return utf8(b.subarray(from, to)) === null ? "a name that is not UTF-8" : null;
    case TLV.uniqueId:
      return size > UNIQUE_ID_BYTES ? `an identifier of more than ${UNIQUE_ID_BYTES} bytes` : null;
    case TLV.crc32c:
      if (size !== CRC_BYTES) return "a checksum that has not four bytes";
      // 2.2.3: a header that does not fit its checksum makes the connection invalid.
      return crc32c(b, from) === readU32(b, from) ? null : "a checksum that is not the header's";
    case TLV.ssl:
      return sslFault(b, from, to);
    default:
      return null;
  }
}

/** 2.2.6: TLVs in a TLV. They are passed on as they are. */
function sslFault(b: Uint8Array, from: number, to: number): string | null {
  if (to - from < SSL_BYTES) return "facts of TLS that are cut short";
  for (let at = from + SSL_BYTES; at < to; ) {
    at = endOf(b, at, to);
    if (at < 0) return "facts of TLS that are cut short";
  }
  return null;
}

/** Behind the TLV at `at`; below 0: it does not end before `to`. */
function endOf(b: Uint8Array, at: number, to: number): number {
  if (at + HEAD_BYTES > to) return -1;
  const end = at + HEAD_BYTES + ((b[at + 1]! << 8) | b[at + 2]!);
  return end > to ? -1 : end;
}

function readU32(b: Uint8Array, at: number): number {
  return ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;
}

const NONE: readonly Tlv[] = [];
