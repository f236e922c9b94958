import { describe, expect, test } from "bun:test";
import { Reply, Requests } from "../fuzz/forward.ts";
import { joinText } from "../unit/http/h1/transcript.ts";

// Shapes that are taken although some reader may see them otherwise: what goes on is written anew, in the one form that all read alike.

const HOST = "Host: a\r\n";

function post(fields: string, body = ""): string {
  return `POST /x HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
}

const CHUNKED = "Transfer-Encoding: chunked\r\n";
const HELLO = post(CHUNKED, "5\r\nhello\r\n0\r\n\r\n");

/** Name, clause, what comes, what goes on. */
const requests: readonly (readonly [string, string, string, string])[] = [
  [
    "a length with a leading zero, which is octal to some",
    "RFC 9110 8.6",
    post("Content-Length: 010\r\n", "0123456789"),
    post("Content-Length: 10\r\n", "0123456789"),
  ],
  [
    "a length of many zeros",
    "RFC 9110 8.6",
    post("Content-Length: 000000000000005\r\n", "hello"),
    post("Content-Length: 5\r\n", "hello"),
  ],
  ["a length of zeros alone", "RFC 9110 8.6", post("Content-Length: 000\r\n"), post("Content-Length: 0\r\n")],
  ["zeros between tabs", "RFC 9110 5.5, 8.6", post("content-length:\t05\t\r\n", "hello"), post("content-length: 5\r\n", "hello")],
  ["a coding in mixed case", "RFC 9112 7", post("tRANSFER-eNCODING:\tcHuNkEd \r\n", "5\r\nhello\r\n0\r\n\r\n"), HELLO],
  [
    "chunk sizes with zeros and in upper case",
    "RFC 9112 7.1",
    post(CHUNKED, "00A\r\nhelloworld\r\n000\r\n\r\n"),
    post(CHUNKED, "a\r\nhelloworld\r\n0\r\n\r\n"),
  ],
  ["chunk extensions", "RFC 9112 7.1.1", post(CHUNKED, '5;a="\\"\t;b"\r\nhello\r\n0;c=d\r\n\r\n'), HELLO],
  ["trailers that are dropped", "RFC 9110 6.5.1", post(CHUNKED, "5\r\nhello\r\n0\r\nVia: x\r\nCookie: y\r\n\r\n"), HELLO],
  ["an empty line before", "RFC 9112 2.2", `\r\n${post("")}`, post("")],
  ["white space round values", "RFC 9112 5.1", post("X:\t y \t\r\nZ:w\r\n"), post("X: y\r\nZ: w\r\n")],
  ["absolute-form", "RFC 9112 3.2.2", `POST http://a/x HTTP/1.1\r\n${HOST}\r\n`, post("")],
];

describe("requests go on in one form", () => {
  for (const [name, rfc, from, to] of requests) {
    test(`${name} (${rfc})`, () => expect(joinText(new Requests(true).read(from).sent)).toBe(to));
  }
});

const replies: readonly (readonly [string, string, string, string])[] = [
  [
    "a length with leading zeros",
    "RFC 9110 8.6",
    "HTTP/1.1 200 OK\r\nContent-Length: 005\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
  ],
  [
    "a status line without its second space",
    "RFC 9112 4",
    "HTTP/1.1 299\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n",
  ],
  [
    "a body until the close",
    "RFC 9112 6.3",
    "HTTP/1.1 200 OK\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
  ],
];

describe("replies go on in one form", () => {
  for (const [name, rfc, from, to] of replies) {
    test(`${name} (${rfc})`, () => expect(joinText(new Reply("GET", true).read(from, false).sent)).toBe(to));
  }
});
