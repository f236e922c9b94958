import { CLASS, PATH_SPECIAL, TARGET, TOKEN } from "../../base/ascii.ts";
import { latin1 } from "../../base/bytes.ts";
import {
  F_BAD_METHOD,
  F_BAD_STATUS_LINE,
  F_BAD_TARGET,
  F_BAD_VERSION,
  F_BARE_CR,
  F_BARE_LF,
  F_NOT_HTTP,
  F_UNSUPPORTED_VERSION,
  MORE,
} from "./faults.ts";
import { METHOD_BYTES } from "./limits.ts";

const CR = 13;
const LF = 10;
const SP = 32;
const HASH = 0x23;

/** A request line (RFC 9112 section 3), read by `readRequestLine`. One instance serves all connections: it is read out at once. */
export interface RequestLine {
  method: string;
  target: string;
  /** 0 for HTTP/1.0, 1 for HTTP/1.1. */
  minor: number;
  /** Some byte of the target is % . / or \ : the path may need normalising. */
  special: boolean;
}

export interface StatusLine {
  status: number;
  reason: string;
  minor: number;
}

/** Offset behind the line's CRLF, `MORE`, or a fault; faults come at the first byte that shows them, however the bytes are cut. */
export function readRequestLine(b: Uint8Array, from: number, end: number, out: RequestLine): number {
  let p = from;
  const methodEnd = Math.min(end, from + METHOD_BYTES + 1);
  while (p < methodEnd && (CLASS[b[p]!]! & TOKEN) !== 0) p++;
  if (p >= end && p - from <= METHOD_BYTES) return MORE;
  if (p === from || p >= methodEnd || b[p] !== SP) return p < end && b[p] === LF ? F_BARE_LF : F_BAD_METHOD;
  const methodAt = p;
  p++;
  const targetAt = p;
  let seen = 0;
  let c = 0;
  while (p < end) {
    c = b[p]!;
    const k = CLASS[c]!;
    if ((k & TARGET) === 0 || c === HASH) break;
    seen |= k;
    p++;
  }
  if (p >= end) return MORE;
  if (c !== SP || p === targetAt) return c === LF ? F_BARE_LF : F_BAD_TARGET;
  const targetEnd = p;
  const minor = readVersion(b, p + 1, end);
  if (minor < 0) return minor === F_NOT_HTTP && METHODS.has(methodOf(b, from, methodAt)) ? F_BAD_VERSION : minor;
  p += 9;
  if (p >= end) return MORE;
  if (b[p] !== CR) return b[p] === LF ? F_BARE_LF : F_BAD_VERSION;
  if (p + 1 >= end) return MORE;
  if (b[p + 1] !== LF) return F_BARE_CR;
  out.method = methodOf(b, from, methodAt);
  out.target = latin1(b, targetAt, targetEnd);
  out.minor = minor;
  out.special = (seen & PATH_SPECIAL) !== 0;
  return p + 2;
}

/** As `readRequestLine`, for a status line (RFC 9112 section 4). A missing reason, with or without its space, is taken. */
export function readStatusLine(b: Uint8Array, from: number, end: number, out: StatusLine): number {
  const minor = readVersion(b, from, end);
  if (minor < 0) return minor === MORE ? MORE : minor === F_UNSUPPORTED_VERSION ? minor : F_BAD_STATUS_LINE;
  let p = from + 8;
  if (p >= end) return MORE;
  if (b[p] !== SP) return F_BAD_STATUS_LINE;
  let status = 0;
  for (let i = 1; i <= 3; i++) {
    if (p + i >= end) return MORE;
    const d = b[p + i]! - 0x30;
    if (d < 0 || d > 9) return F_BAD_STATUS_LINE;
    status = status * 10 + d;
    if (i === 1 && (d < 1 || d > 5)) return F_BAD_STATUS_LINE;
  }
  p += 4;
  if (p >= end) return MORE;
  let reason = "";
  if (b[p] === SP) {
    const reasonAt = ++p;
    // reason-phrase: HTAB, SP, VCHAR and obs-text.
    while (p < end && (b[p]! >= SP || b[p] === 9) && b[p] !== 0x7f) p++;
    if (p >= end) return MORE;
    reason = latin1(b, reasonAt, p);
  }
  if (b[p] !== CR) return b[p] === LF ? F_BARE_LF : F_BAD_STATUS_LINE;
  if (p + 1 >= end) return MORE;
  if (b[p + 1] !== LF) return F_BARE_CR;
  out.status = status;
  out.reason = reason;
  out.minor = minor;
  return p + 2;
}

/** Who uses one of these means HTTP, whatever stands behind it (RFC 9110 9.3, RFC 5789). */
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]);
const VERSION_1 = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e];
const SLASH_AT = 4;

/** The minor version of `HTTP/1.x` at `p`; 8 bytes. */
function readVersion(b: Uint8Array, p: number, end: number): number {
  for (let i = 0; i < 7; i++) {
    if (p + i >= end) return MORE;
    if (b[p + i] === VERSION_1[i]) continue;
    const c = b[p + i]!;
    const digit = c >= 0x30 && c <= 0x39;
    if (i <= SLASH_AT) return F_NOT_HTTP;
    return i === SLASH_AT + 1 && digit ? F_UNSUPPORTED_VERSION : F_BAD_VERSION;
  }
  if (p + 7 >= end) return MORE;
  const d = b[p + 7]! - 0x30;
  if (d < 0 || d > 9) return F_BAD_VERSION;
  return d > 1 ? F_UNSUPPORTED_VERSION : d;
}

function is(b: Uint8Array, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) if (b[at + i] !== word.charCodeAt(i)) return false;
  return true;
}

/** Common methods without making a string. Methods are case-sensitive (RFC 9110 9.1). */
function methodOf(b: Uint8Array, from: number, to: number): string {
  switch (to - from) {
    case 3:
      if (is(b, from, "GET")) return "GET";
      if (is(b, from, "PUT")) return "PUT";
      break;
    case 4:
      if (is(b, from, "POST")) return "POST";
      if (is(b, from, "HEAD")) return "HEAD";
      break;
    case 5:
      if (is(b, from, "PATCH")) return "PATCH";
      break;
    case 6:
      if (is(b, from, "DELETE")) return "DELETE";
      break;
    case 7:
      if (is(b, from, "OPTIONS")) return "OPTIONS";
      if (is(b, from, "CONNECT")) return "CONNECT";
      break;
  }
  return latin1(b, from, to);
}
