/** What a client must see of an upstream's bytes. */
export interface ResponseRow {
  readonly name: string;
  /** The clause that decides. */
  readonly rfc: string;
  /** Method of the request. */
  readonly method: string;
  readonly bytes: string;
  /** The upstream closes behind the bytes. */
  readonly closes: boolean;
  readonly sees: Sees;
}

export type Sees =
  /** A reply of Weir's own: nothing of the upstream's is passed on. */
  | { readonly kind: "badGateway" }
  /** The reply's head may pass, but the client must be able to tell that its end never came. */
  | { readonly kind: "cut" }
  /** A whole reply; `reused` tells whether the upstream connection may carry the next request. */
  | { readonly kind: "reply"; readonly status: number; readonly body: string; readonly reused: boolean };

const BAD: Sees = { kind: "badGateway" };
const CUT: Sees = { kind: "cut" };

function reply(status: number, body: string, reused: boolean): Sees {
  return { kind: "reply", status, body, reused };
}

function row(name: string, rfc: string, bytes: string, sees: Sees, method = "GET", closes = false): ResponseRow {
  return { name, rfc, method, bytes, closes, sees };
}

function closing(name: string, rfc: string, bytes: string, sees: Sees, method = "GET"): ResponseRow {
  return row(name, rfc, bytes, sees, method, true);
}

function ok(fields: string, body: string): string {
  return `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`;
}

const CHUNKED = "Transfer-Encoding: chunked\r\n";
const POISON = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";

/** Shapes of replies that could desynchronise a proxy from its upstream (RFC 9112 11.1, 11.2). */
export const responseRows: readonly ResponseRow[] = [
  row("length and coding", "RFC 9112 6.3", ok(`Content-Length: 5\r\n${CHUNKED}`, "0\r\n\r\n"), BAD),
  row("coding and length", "RFC 9112 6.3", ok(`${CHUNKED}Content-Length: 5\r\n`, "0\r\n\r\n"), BAD),
  row("two different lengths", "RFC 9112 6.3", ok("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"), BAD),
  row("two equal lengths", "RFC 9112 6.3", ok("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), BAD),
  row("list of lengths", "RFC 9110 8.6", ok("Content-Length: 5, 5\r\n", "hello"), BAD),
  row("length with plus", "RFC 9110 8.6", ok("Content-Length: +5\r\n", "hello"), BAD),
  row("negative length", "RFC 9110 8.6", ok("Content-Length: -1\r\n", "hello"), BAD),
  row("length in hexadecimal", "RFC 9110 8.6", ok("Content-Length: 0x5\r\n", "hello"), BAD),
  row("length with letters behind", "RFC 9110 8.6", ok("Content-Length: 5x\r\n", "hello"), BAD),
  row("empty length", "RFC 9110 8.6", ok("Content-Length:\r\n", "hello"), BAD),
  row("length beyond 2^64", "RFC 9110 8.6", ok("Content-Length: 18446744073709551621\r\n", "hello"), BAD),
  row("empty length before another", "RFC 9112 6.3", ok("Content-Length:\r\nContent-Length: 5\r\n", "hello"), BAD),
  row("length with underscore", "RFC 9110 8.6", ok("Content-Length: 1_0\r\n", "helloworld"), BAD),
  row("length with NEL", "RFC 9110 8.6", ok("Content-Length: 5\x85\r\n", "hello"), BAD),
  row("length behind a bare LF", "RFC 9112 2.2", ok("X: y\nContent-Length: 5\r\n", "hello"), BAD),
  row("folded length", "RFC 9112 5.2", ok("Content-Length:\r\n 5\r\n", "hello"), BAD),
  row("length and identity", "RFC 9112 6.3", ok("Content-Length: 5\r\nTransfer-Encoding: identity\r\n", "hello"), BAD),
  row("coding with a comma before", "RFC 9112 6.1", ok("Transfer-Encoding: ,chunked\r\n", "0\r\n\r\n"), BAD),
  row("coding in quotes", "RFC 9112 6.1", ok('Transfer-Encoding: "chunked"\r\n', "0\r\n\r\n"), BAD),
  row("coding in a name cut by a break", "RFC 9112 5", ok("Transfer-\r\nEncoding: chunked\r\n", "0\r\n\r\n"), BAD),
  row("coding behind a bare CR", "RFC 9112 2.2", ok("X: y\rTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), BAD),
  row("reply behind LF LF in the head", "RFC 9112 2.2", ok(`X: y\n\n${POISON}`, ""), BAD),
  row("status line in the place of a field", "RFC 9112 5", `HTTP/1.1 200 OK\r\n${POISON}`, BAD),
  row("no space before the phrase", "RFC 9112 4", "HTTP/1.1 200OK\r\nContent-Length: 0\r\n\r\n", BAD),
  row("NUL before the status line", "RFC 9112 4", `\0${ok("Content-Length: 0\r\n", "")}`, BAD),
  row(
    "interim reply with a length of 0",
    "RFC 9110 8.6",
    `HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n${ok("Content-Length: 0\r\n", "")}`,
    BAD,
  ),
  row("coding xchunked", "RFC 9112 6.1", ok("Transfer-Encoding: xchunked\r\n", "hello"), BAD),
  row("coding with a vertical tab", "RFC 9112 6.1", ok("Transfer-Encoding: \x0bchunked\r\n", "hello"), BAD),
  row("chunked twice", "RFC 9112 6.1", ok(CHUNKED + CHUNKED, "0\r\n\r\n"), BAD),
  row("chunked, identity", "RFC 9112 6.3", ok("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), BAD),
  row("coding in HTTP/1.0", "RFC 9112 6.1", `HTTP/1.0 200 OK\r\n${CHUNKED}\r\n0\r\n\r\n`, BAD),
  row("space before a colon", "RFC 9112 5.1", ok("Content-Length : 5\r\n", "hello"), BAD),
  row("obs-fold", "RFC 9112 5.2", ok("X: a\r\n b\r\nContent-Length: 0\r\n", ""), BAD),
  row("lines ended by LF", "RFC 9112 2.2", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", BAD),
  row("bare CR in a value", "RFC 9112 2.2", ok("X: a\rb\r\nContent-Length: 0\r\n", ""), BAD),
  row("NUL in a value", "RFC 9110 5.5", ok("X: a\x00b\r\nContent-Length: 0\r\n", ""), BAD),
  row("name with a space", "RFC 9112 5.1", ok("X Y: a\r\nContent-Length: 0\r\n", ""), BAD),
  row("line without colon", "RFC 9112 5", ok("X\r\nContent-Length: 0\r\n", ""), BAD),
  row("status of two digits", "RFC 9112 4", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n", BAD),
  row("status of four digits", "RFC 9112 4", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", BAD),
  row("status in letters", "RFC 9112 4", "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n", BAD),
  row("status 099", "RFC 9110 15", "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n", BAD),
  row("status 700", "RFC 9110 15", "HTTP/1.1 700 OK\r\nContent-Length: 0\r\n\r\n", BAD),
  row("two spaces before the status", "RFC 9112 4", "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n", BAD),
  row("HTTP/2", "RFC 9112 2.3", "HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n", BAD),
  row("http/1.1 in lower case", "RFC 9112 2.3", "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", BAD),
  row("ICY", "RFC 9112 4", "ICY 200 OK\r\nContent-Length: 0\r\n\r\n", BAD),
  row("no head at all", "RFC 9112 4", "hello\r\n\r\n", BAD),
  row("greeting of another protocol", "RFC 9112 4", "SSH-2.0-OpenSSH_9.2\r\n", BAD),
  row("empty line before", "RFC 9112 4", `\r\n${ok("Content-Length: 5\r\n", "hello")}`, BAD),
  row(
    "101 that nobody asked for",
    "RFC 9110 15.2.2",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    BAD,
  ),
  row(
    "interim reply with a length",
    "RFC 9110 6.4.1",
    `HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n${ok("Content-Length: 5\r\n", "hello")}`,
    BAD,
  ),
  row("head of 300,000 bytes", "RFC 6585 5", ok(`X: ${"a".repeat(300_000)}\r\nContent-Length: 0\r\n`, ""), BAD),
  row("10,000 fields", "RFC 6585 5", ok(`${"X: a\r\n".repeat(10_000)}Content-Length: 0\r\n`, ""), BAD),
  row("interim replies without end", "RFC 9110 15.2", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(10_000), BAD),
  closing("head cut short", "RFC 9112 8", "HTTP/1.1 200 OK\r\nContent-Le", BAD),
  closing("body cut short", "RFC 9112 8", ok("Content-Length: 10\r\n", "hello"), CUT),
  closing("chunk cut short", "RFC 9112 8", ok(CHUNKED, "a\r\nhello"), CUT),
  closing("no last chunk", "RFC 9112 8", ok(CHUNKED, "5\r\nhello\r\n"), CUT),
  closing("trailers cut short", "RFC 9112 8", ok(CHUNKED, "5\r\nhello\r\n0\r\n"), CUT),
  row("chunk size with 0x", "RFC 9112 7.1", ok(CHUNKED, "0x5\r\nhello\r\n0\r\n\r\n"), CUT),
  row("chunk size with plus", "RFC 9112 7.1", ok(CHUNKED, "+5\r\nhello\r\n0\r\n\r\n"), CUT),
  row("chunk size before a space", "RFC 9112 7.1", ok(CHUNKED, "5 \r\nhello\r\n0\r\n\r\n"), CUT),
  row("chunk size ended by LF", "RFC 9112 7.1", ok(CHUNKED, "5\nhello\n0\n\n"), CUT),
  row("chunk size beyond 2^64", "RFC 9112 7.1", ok(CHUNKED, "10000000000000005\r\nhello\r\n0\r\n\r\n"), CUT),
  row("chunk data longer than told", "RFC 9112 7.1", ok(CHUNKED, "4\r\nhello\r\n0\r\n\r\n"), CUT),
  row("extension with LF", "RFC 9112 7.1.1", ok(CHUNKED, "5;a\nb\r\nhello\r\n0\r\n\r\n"), CUT),
  row("extension with CR", "RFC 9112 7.1.1", ok(CHUNKED, "5;a\rb\r\nhello\r\n0\r\n\r\n"), CUT),
  row("extension with CR LF in quotes", "RFC 9112 7.1.1", ok(CHUNKED, '5;a="\r\nhello\r\n0\r\n\r\n"'), CUT),
  row("chunk data ended by LF", "RFC 9112 7.1", ok(CHUNKED, "5\r\nhello\n0\r\n\r\n"), CUT),
  row("chunk data ended by two other bytes", "RFC 9112 7.1", ok(CHUNKED, "5\r\nhelloXX0\r\n\r\n"), CUT),
  row("empty line between chunks", "RFC 9112 7.1", ok(CHUNKED, "5\r\nhello\r\n\r\n0\r\n\r\n"), CUT),
  row("reply among the trailers", "RFC 9112 7.1.2", ok(CHUNKED, `5\r\nhello\r\n0\r\n${POISON}`), CUT),
  row("coding in the trailers", "RFC 9110 6.5.1", ok(CHUNKED, "5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"), CUT),
  row("length in the trailers", "RFC 9110 6.5.1", ok(CHUNKED, "5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n"), CUT),
  row(
    "a second reply behind a length",
    "RFC 9112 9.2, 11.1",
    ok("Content-Length: 5\r\n", "hello") + POISON,
    reply(200, "hello", false),
  ),
  row(
    "a second reply behind the last chunk",
    "RFC 9112 9.2, 11.1",
    ok(CHUNKED, "5\r\nhello\r\n0\r\n\r\n") + POISON,
    reply(200, "hello", false),
  ),
  row("bytes behind a length", "RFC 9112 6.3", ok("Content-Length: 5\r\n", "hello world"), reply(200, "hello", false)),
  row("body behind 204", "RFC 9110 15.3.5", `HTTP/1.1 204 No Content\r\n\r\n${POISON}`, reply(204, "", false)),
  row("chunks behind 204", "RFC 9112 6.3", `HTTP/1.1 204 No Content\r\n${CHUNKED}\r\n0\r\n\r\n`, reply(204, "", false)),
  row("chunks behind 304", "RFC 9112 6.3", `HTTP/1.1 304 Not Modified\r\n${CHUNKED}\r\n0\r\n\r\n`, reply(304, "", false)),
  row(
    "reply behind a reply to HEAD",
    "RFC 9112 9.2, 11.1",
    ok("Content-Length: 40\r\n", "") + POISON,
    reply(200, "", false),
    "HEAD",
  ),
  row("chunks behind HEAD", "RFC 9112 6.3", ok(CHUNKED, "0\r\n\r\n"), reply(200, "", false), "HEAD"),
  row(
    "interim reply behind a reply",
    "RFC 9112 9.2",
    `${ok("Content-Length: 5\r\n", "hello")}HTTP/1.1 100 Continue\r\n\r\n`,
    reply(200, "hello", false),
  ),
  row("empty line behind a reply", "RFC 9112 9.2", `${ok("Content-Length: 5\r\n", "hello")}\r\n`, reply(200, "hello", false)),
  row("body behind 304", "RFC 9110 15.4.5", `HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello`, reply(304, "", false)),
  row("body behind HEAD", "RFC 9110 9.3.2", ok("Content-Length: 5\r\n", "hello"), reply(200, "", false), "HEAD"),
  row("length in 304", "RFC 9110 15.4.5", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", reply(304, "", true)),
  row(
    "status without reason or space",
    "RFC 9112 4",
    "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello",
    reply(200, "hello", true),
  ),
  row("length with leading zeros", "RFC 9110 8.6", ok("Content-Length: 005\r\n", "hello"), reply(200, "hello", true)),
  row(
    "205 with a body",
    "RFC 9112 6.3, RFC 9110 15.3.6",
    "HTTP/1.1 205 Reset Content\r\nContent-Length: 5\r\n\r\nhello",
    reply(205, "hello", true),
  ),
  row(
    "200 with Upgrade that nobody asked for",
    "RFC 9110 7.8",
    ok("Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n", "hello"),
    reply(200, "hello", true),
  ),
  row("status without reason", "RFC 9112 4", "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello", reply(200, "hello", true)),
  row("status unknown", "RFC 9110 15", "HTTP/1.1 299 Own\r\nContent-Length: 5\r\n\r\nhello", reply(299, "hello", true)),
  row("chunk extensions", "RFC 9112 7.1.1", ok(CHUNKED, "5;a=b\r\nhello\r\n0;c\r\n\r\n"), reply(200, "hello", true)),
  closing("no length, closed", "RFC 9112 6.3", ok("", "hello"), reply(200, "hello", false)),
  closing("HTTP/1.0, closed", "RFC 9112 9.3", "HTTP/1.0 200 OK\r\n\r\nhello", reply(200, "hello", false)),
  row("Connection: close", "RFC 9112 9.6", ok("Content-Length: 5\r\nConnection: close\r\n", "hello"), reply(200, "hello", false)),
  row(
    "HTTP/1.0 without keep-alive",
    "RFC 9112 9.3",
    "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    reply(200, "hello", false),
  ),
  row(
    "HTTP/1.0 with keep-alive",
    "RFC 9112 9.3, C.2.2",
    "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello",
    reply(200, "hello", true),
  ),
];
