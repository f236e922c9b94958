import { readContentLength } from "../content_length.ts";
import type { Fields } from "../fields.ts";
import type { ResponseHead } from "../head.ts";
import { ID } from "../names.ts";
import { bodyForbidden } from "../status.ts";
import type { ClientStream } from "./client_stream.ts";

const LENGTH_BIT = 1 << ID["content-length"];

/** The head of a reply from a block without faults, or why it is none (RFC 9113 8.1, 8.3.2). Prepares the stream for what follows. */
export function responseHead(status: number, f: Fields, repeated: number, s: ClientStream, end: boolean): ResponseHead | string {
  if (status === 0) return "no :status (RFC 9113 8.3.2)";
  if (status < 100 || status > 599) return "status out of range (RFC 9110 15)";
  // RFC 9113 8.6.
  if (status === 101) return "101 (Switching Protocols) in HTTP/2 (RFC 9113 8.6)";
  const head: ResponseHead = { status, reason: "", fields: f, contentLength: 0, upgrade: "" };
  let length = -1;
  if ((f.mask & LENGTH_BIT) !== 0) {
    if ((repeated & LENGTH_BIT) !== 0) return "repeated Content-Length (RFC 9113 8.1.1)";
    length = readContentLength(f);
    if (length < 0) return "Content-Length is no decimal number below 2^53 (RFC 9113 8.1.1)";
  }
  if (status < 200) {
    if (end) return "interim response that ends its stream (RFC 9113 8.1)";
    return length >= 0 ? "interim response with a body's framing (RFC 9110 6.4.1)" : head;
  }
  const success = status < 300;
  if (success && (s.method === "CONNECT" || s.protocol !== "")) {
    s.tunnel = true;
    if (s.protocol !== "") {
      // RFC 8441 5: what over h1 is a 101.
      head.status = 101;
      head.upgrade = s.protocol;
    }
    head.contentLength = -1;
    return head;
  }
  if (bodyForbidden(status, s.method)) {
    s.bodyLeft = 0;
    head.contentLength = Math.max(0, length);
    return head;
  }
  if (end && length > 0) return "DATA and Content-Length differ (RFC 9113 8.1.1)";
  s.bodyLeft = length;
  head.contentLength = end ? 0 : length;
  return head;
}
