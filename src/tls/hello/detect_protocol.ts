import { CLASS, TOKEN } from "../../base/ascii.ts";
import { DETECTED_LINE_BYTES, DETECTED_METHOD_BYTES } from "../limits.ts";

/** What a connection begins with; `more`: the bytes so far fit more than one, `other`: none of these. */
export type DetectedProtocol = "tls" | "http2" | "http1" | "other" | "more";

/** RFC 9113 3.4: what a client with prior knowledge sends first. It was chosen so that HTTP/1.1 servers stumble over it. */
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HANDSHAKE = 22;
const CR = 0x0d;
const LF = 0x0a;
const SP = 0x20;

/**
 * Tells a connection's protocol from all bytes that came so far. More bytes never change an answer that is not `more`. With `others`,
 * protocols beside TLS and HTTP are served too: HTTP/1.x then has to show its request line, where else anything like it is left to its codec.
 */
export function detectProtocol(b: Uint8Array, others = false): DetectedProtocol {
  if (b.length === 0) return "more";
  const first = b[0]!;
  // RFC 8446 5.1: a record's type, then a version whose high byte is 3 in every version of TLS.
  if (first === HANDSHAKE) return b.length < 2 ? "more" : b[1] === 3 ? "tls" : "other";
  if (others) return detectAmongOthers(b);
  // RFC 9112 2.2: a server takes an empty line before the request line.
  if (first === CR) return b.length < 2 ? "more" : b[1] === LF ? "http1" : "other";
  if ((CLASS[first]! & TOKEN) === 0) return "other";
  return isPreface(b) ?? "http1";
}

/** null: it is no preface. */
function isPreface(b: Uint8Array): "http2" | "more" | null {
  const n = Math.min(b.length, PREFACE.length);
  for (let i = 0; i < n; i++) if (b[i] !== PREFACE.charCodeAt(i)) return null;
  return n < PREFACE.length ? "more" : "http2";
}

/**
 * A request line (RFC 9112 3) up to its version, with a method as all registered ones are: capital letters and hyphens. That tells it from
 * text protocols whose client speaks first, such as `SSH-2.0-x` or `PING`.
 */
function detectAmongOthers(b: Uint8Array): DetectedProtocol {
  const preface = isPreface(b);
  if (preface !== null) return preface;
  // RFC 9112 2.2: a server takes an empty line before the request line.
  const start = b[0] === CR ? 2 : 0;
  if (start > 0 && b.length > 1 && b[1] !== LF) return "other";
  let i = start;
  for (; i < b.length && b[i] !== SP; i++) if (i - start >= DETECTED_METHOD_BYTES || !isMethod(b[i]!)) return "other";
  if (i >= b.length) return "more";
  if (i === start) return "other";
  for (i++; i < b.length && b[i] !== SP; i++) {
    if (b[i]! < SP) return "other";
    // No other protocol has such a line, and the codec has limits of its own.
    if (i >= DETECTED_LINE_BYTES) return "http1";
  }
  for (let k = 0; k < VERSION.length; k++) {
    if (i + k >= b.length) return "more";
    if (b[i + k] !== VERSION.charCodeAt(k)) return "other";
  }
  return "http1";
}

const VERSION = " HTTP/1.";

function isMethod(c: number): boolean {
  return (c >= 0x41 && c <= 0x5a) || c === 0x2d;
}
