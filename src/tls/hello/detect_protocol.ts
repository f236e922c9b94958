import { CLASS, TOKEN } from "../../base/ascii.ts";

/** What a connection begins with; `more`: the bytes so far fit more than one, `other`: none of these. */
export type DetectedProtocol = "tls" | "http2" | "http1" | "other" | "more";

/** RFC 9113 3.4: what a client with prior knowledge sends first. It was chosen so that HTTP/1.1 servers stumble over it. */
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HANDSHAKE = 22;
const CR = 0x0d;
const LF = 0x0a;

/** Tells a connection's protocol from all bytes that came so far. More bytes never change an answer that is not `more`. */
export function detectProtocol(b: Uint8Array): DetectedProtocol {
  if (b.length === 0) return "more";
  const first = b[0]!;
  // RFC 8446 5.1: a record's type, then a version whose high byte is 3 in every version of TLS.
  if (first === HANDSHAKE) return b.length < 2 ? "more" : b[1] === 3 ? "tls" : "other";
  // RFC 9112 2.2: a server takes an empty line before the request line.
  if (first === CR) return b.length < 2 ? "more" : b[1] === LF ? "http1" : "other";
  if ((CLASS[first]! & TOKEN) === 0) return "other";
  const n = Math.min(b.length, PREFACE.length);
  for (let i = 0; i < n; i++) if (b[i] !== PREFACE.charCodeAt(i)) return "http1";
  return n < PREFACE.length ? "more" : "http2";
}
