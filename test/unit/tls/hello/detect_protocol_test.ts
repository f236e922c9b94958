import { describe, expect, test } from "bun:test";
import { encodeLatin1 } from "../../../../src/base/bytes.ts";
import { type DetectedProtocol, detectProtocol } from "../../../../src/tls/hello/detect_protocol.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const rows: readonly (readonly [name: string, rule: string, bytes: string, want: DetectedProtocol])[] = [
  ["nothing", "", "", "more"],
  ["a TLS record", "RFC 8446 5.1", "\x16\x03\x01\x02\x00", "tls"],
  ["a TLS record of version 3.3", "RFC 8446 5.1", "\x16\x03\x03", "tls"],
  ["the first byte of a TLS record", "RFC 8446 5.1", "\x16", "more"],
  ["a handshake byte and no TLS", "RFC 8446 5.1", "\x16\x04", "other"],
  ["an alert", "RFC 8446 5.1", "\x15\x03\x01", "other"],
  ["a hello of SSL 2", "RFC 5246 E.2", "\x80\x2e\x01", "other"],
  ["the preface", "RFC 9113 3.4", PREFACE, "http2"],
  ["the preface and SETTINGS", "RFC 9113 3.4", `${PREFACE}\0\0\0\x04\0\0\0\0\0`, "http2"],
  ["all but the preface's last byte", "RFC 9113 3.4", PREFACE.slice(0, -1), "more"],
  ["another last byte", "RFC 9113 3.4", `${PREFACE.slice(0, -1)}x`, "http1"],
  ["PRI as a method", "RFC 9113 3.4", "PRI / HTTP/1.1\r\n", "http1"],
  ["a GET", "RFC 9112 3", "GET / HTTP/1.1\r\n", "http1"],
  ["a POST", "RFC 9112 3", "POST / HTTP/1.1\r\n", "http1"],
  ["a PUT", "RFC 9112 3", "PU", "http1"],
  ["a PROPFIND", "RFC 9112 3", "PRO", "http1"],
  ["a method in small letters", "RFC 9112 3", "pri * HTTP/2.0", "http1"],
  ["an empty line first", "RFC 9112 2.2", "\r\nGET / HTTP/1.1\r\n", "http1"],
  ["half an empty line", "RFC 9112 2.2", "\r", "more"],
  ["a bare CR", "RFC 9112 2.2", "\rGET", "other"],
  ["a bare LF", "RFC 9112 2.2", "\nGET", "other"],
  ["a space", "RFC 9112 3", " GET", "other"],
  ["NUL", "", "\0", "other"],
  ["PROXY protocol 1", "PROXY 2.1", "PROXY TCP4 1.2.3.4", "http1"],
  ["PROXY protocol 2", "PROXY 2.2", "\r\n\r\n\0\r\nQUIT\n", "http1"],
];

describe("a connection that begins with", () => {
  for (const [name, rule, bytes, want] of rows)
    test(`${name} (${rule}) is ${want}`, () => {
      expect(detectProtocol(encodeLatin1(bytes))).toBe(want);
      for (let n = 0; n < bytes.length; n++) expect(["more", want]).toContain(detectProtocol(encodeLatin1(bytes.slice(0, n))));
    });
});
