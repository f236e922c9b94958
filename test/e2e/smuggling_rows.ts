/** What must come of the bytes: a refusal that ends the connection, or these requests at the origin and nothing else. */
export type Outcome =
  | { readonly kind: "refused"; readonly statuses: readonly number[] }
  | { readonly kind: "reached"; readonly requests: readonly Reached[] };

export interface Reached {
  readonly line: string;
  readonly body: string;
  /** Fields that must be there exactly so, or with null must not be there. */
  readonly fields: Readonly<Record<string, string | null>>;
}

export interface Row {
  readonly name: string;
  /** The clause that decides. */
  readonly rfc: string;
  readonly send: string;
  readonly outcome: Outcome;
}

const HOST = "Host: test.example\r\n";

function get(fields: string): string {
  return `GET /first HTTP/1.1\r\n${HOST}${fields}\r\n`;
}

function post(fields: string, body: string): string {
  return `POST /first HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
}

function chunked(body: string, fields = "Transfer-Encoding: chunked\r\n"): string {
  return post(fields, body);
}

function refused(...statuses: number[]): Outcome {
  return { kind: "refused", statuses: statuses.length === 0 ? [400] : statuses };
}

function reached(line: string, body = "", fields: Readonly<Record<string, string | null>> = {}): Outcome {
  return { kind: "reached", requests: [{ line, body, fields }] };
}

function row(name: string, rfc: string, send: string, outcome: Outcome): Row {
  return { name, rfc, send, outcome };
}

const FIRST = "GET /first HTTP/1.1";
const POSTED = "POST /first HTTP/1.1";

const lengths: readonly Row[] = [
  row("CL.TE", "RFC 9112 6.1, 6.3, 11.2", post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nX"), refused()),
  row("TE.CL", "RFC 9112 6.1, 6.3, 11.2", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "5c\r\nGPOST / HTTP/1.1\r\n"), refused()),
  row("CL of 0 with TE", "RFC 9112 6.1", post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), refused()),
  row("two different lengths", "RFC 9112 6.3", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"), refused()),
  row("two equal lengths", "RFC 9112 6.3", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), refused()),
  row("list of equal lengths", "RFC 9110 8.6", post("Content-Length: 5, 5\r\n", "hello"), refused()),
  row("list of different lengths", "RFC 9110 8.6", post("Content-Length: 5, 6\r\n", "hello!"), refused()),
  row("length with plus", "RFC 9110 8.6", post("Content-Length: +5\r\n", "hello"), refused()),
  row("length with minus", "RFC 9110 8.6", post("Content-Length: -5\r\n", "hello"), refused()),
  row("length of minus zero", "RFC 9110 8.6", post("Content-Length: -0\r\n", ""), refused()),
  row("length with inner space", "RFC 9110 8.6", post("Content-Length: 5 5\r\n", "hello"), refused()),
  row("hexadecimal length", "RFC 9110 8.6", post("Content-Length: 0x5\r\n", "hello"), refused()),
  row("length in letters of hexadecimal", "RFC 9110 8.6", post("Content-Length: a\r\n", "helloworld"), refused()),
  row("length with exponent", "RFC 9110 8.6", post("Content-Length: 5e0\r\n", "hello"), refused()),
  row("length with fraction", "RFC 9110 8.6", post("Content-Length: 5.0\r\n", "hello"), refused()),
  row("length with underscore", "RFC 9110 8.6", post("Content-Length: 1_0\r\n", "helloworld"), refused()),
  row("length with separator of thousands", "RFC 9110 8.6", post("Content-Length: 1,000\r\n", "x"), refused()),
  row("empty length", "RFC 9110 8.6", post("Content-Length: \r\n", ""), refused()),
  row("length in quotes", "RFC 9110 8.6", post('Content-Length: "5"\r\n', "hello"), refused()),
  row("length with comma at the end", "RFC 9110 8.6", post("Content-Length: 5,\r\n", "hello"), refused()),
  row("length beyond 2^53", "RFC 9110 8.6", post("Content-Length: 9007199254740993\r\n", "x"), refused(400, 413)),
  row("length beyond 2^64", "RFC 9110 8.6", post("Content-Length: 18446744073709551621\r\n", "hello"), refused(400, 413)),
  row("length of Arabic digits", "RFC 9110 8.6", post("Content-Length: \xd9\xa5\r\n", "hello"), refused()),
  row("length with vertical tab", "RFC 9110 5.6.3", post("Content-Length: \x0b5\r\n", "hello"), refused()),
  row("length with NUL", "RFC 9110 5.5", post("Content-Length: 5\x00\r\n", "hello"), refused()),
  row("space before the length's colon", "RFC 9112 5.1", post("Content-Length : 5\r\n", "hello"), refused()),
  row("length's name with tab", "RFC 9112 5.1", post("Content-Length\t: 5\r\n", "hello"), refused()),
  row("optional whitespace round a length", "RFC 9112 5", post("Content-Length: \t 5 \t\r\n", "hello"), reached(POSTED, "hello")),
  row("length with leading zeros", "RFC 9110 8.6", post("Content-Length: 005\r\n", "hello"), reached(POSTED, "hello")),
  row("length named in mixed case", "RFC 9110 5.1", post("cOnTeNt-lEnGtH: 5\r\n", "hello"), reached(POSTED, "hello")),
  row("GET with a body", "RFC 9110 9.3.1", `GET /first HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`, reached(FIRST, "hello")),
  row(
    "GET whose body is a request",
    "RFC 9110 9.3.1",
    `GET /first HTTP/1.1\r\n${HOST}Content-Length: 30\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: `,
    reached(FIRST, "GET /smuggled HTTP/1.1\r\nHost: "),
  ),
  row("length named by Connection", "RFC 9110 7.6.1", post("Connection: Content-Length\r\nContent-Length: 5\r\n", "hello"), reached(POSTED, "hello")),
  row("length with underscore in the name", "RFC 9110 5.1", post("Content_Length: 5\r\n", ""), reached(POSTED, "", { Content_Length: null })),
];

const codings: readonly Row[] = [
  row("coding after a vertical tab", "RFC 9112 6.1", chunked("0\r\n\r\n", "Transfer-Encoding: \x0bchunked\r\n"), refused(400, 501)),
  row("coding after a form feed", "RFC 9112 6.1", chunked("0\r\n\r\n", "Transfer-Encoding: \x0cchunked\r\n"), refused(400, 501)),
  row("coding after NUL", "RFC 9110 5.5", chunked("0\r\n\r\n", "Transfer-Encoding: \x00chunked\r\n"), refused()),
  row("coding with a byte behind", "RFC 9112 6.1", chunked("0\r\n\r\n", "Transfer-Encoding: chunked\xff\r\n"), refused(400, 501)),
  row("coding xchunked", "RFC 9112 6.1", chunked("0\r\n\r\n", "Transfer-Encoding: xchunked\r\n"), refused(400, 501)),
  row("coding chunked-x", "RFC 9112 6.1", chunked("0\r\n\r\n", "Transfer-Encoding: chunked-x\r\n"), refused(400, 501)),
  row("coding in quotes", "RFC 9112 6.1", chunked("0\r\n\r\n", 'Transfer-Encoding: "chunked"\r\n'), refused(400, 501)),
  row("coding in brackets", "RFC 9112 6.1", chunked("0\r\n\r\n", "Transfer-Encoding: [chunked]\r\n"), refused(400, 501)),
  row("coding with parameter", "RFC 9112 7", chunked("0\r\n\r\n", "Transfer-Encoding: chunked;q=1\r\n"), refused(400, 501)),
  row("identity", "RFC 9112 6.1", chunked("", "Transfer-Encoding: identity\r\n"), refused(400, 501)),
  row("identity, chunked", "RFC 9112 6.1", chunked("0\r\n\r\n", "Transfer-Encoding: identity, chunked\r\n"), refused(400, 501)),
  row("chunked, identity", "RFC 9112 6.3", chunked("0\r\n\r\n", "Transfer-Encoding: chunked, identity\r\n"), refused(400, 501)),
  row("gzip alone", "RFC 9112 6.3", chunked("", "Transfer-Encoding: gzip\r\n"), refused(400, 501)),
  row("chunked twice in a list", "RFC 9112 6.1", chunked("0\r\n\r\n", "Transfer-Encoding: chunked, chunked\r\n"), refused(400, 501)),
  row("chunked in two fields", "RFC 9112 6.1", chunked("0\r\n\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), refused(400, 501)),
  row("chunked and cow in two fields", "RFC 9112 6.3", chunked("0\r\n\r\n", "Transfer-Encoding: chunked\r\nTransfer-encoding: cow\r\n"), refused(400, 501)),
  row("identity and chunked in two fields", "RFC 9112 6.1", chunked("0\r\n\r\n", "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"), refused(400, 501)),
  row("empty coding", "RFC 9112 6.1", chunked("", "Transfer-Encoding:\r\n"), refused(400, 501)),
  row("coding of a comma", "RFC 9112 6.1", chunked("0\r\n\r\n", "Transfer-Encoding: ,\r\n"), refused(400, 501)),
  row("space before the coding's colon", "RFC 9112 5.1", chunked("0\r\n\r\n", "Transfer-Encoding : chunked\r\n"), refused()),
  row("space before the coding's name", "RFC 9112 5.2", chunked("0\r\n\r\n", " Transfer-Encoding: chunked\r\n"), refused()),
  row("folded coding", "RFC 9112 5.2", chunked("0\r\n\r\n", "Transfer-Encoding:\r\n chunked\r\n"), refused()),
  row("coding behind a fold", "RFC 9112 5.2", chunked("0\r\n\r\n", "X: y\r\n Transfer-Encoding: chunked\r\n"), refused()),
  row("coding behind a bare LF", "RFC 9112 2.2", chunked("0\r\n\r\n", "X: y\nTransfer-Encoding: chunked\r\n"), refused()),
  row("coding behind a bare CR", "RFC 9112 2.2", chunked("0\r\n\r\n", "X: y\rTransfer-Encoding: chunked\r\n"), refused()),
  row("coding in HTTP/1.0", "RFC 9112 6.1", `POST /first HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, refused(400, 501)),
  row("coding named by Connection", "RFC 9110 7.6.1", chunked("5\r\nhello\r\n0\r\n\r\n", "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n"), reached(POSTED, "hello")),
  row("coding in mixed case", "RFC 9112 7", chunked("5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: cHuNkEd\r\n"), reached(POSTED, "hello")),
  row("coding after a tab", "RFC 9112 5", chunked("5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding:\tchunked\r\n"), reached(POSTED, "hello")),
  row("coding with underscore in the name", "RFC 9110 5.1", post("Transfer_Encoding: chunked\r\n", ""), reached(POSTED, "", { Transfer_Encoding: null })),
];

const chunks: readonly Row[] = [
  row("chunk size with 0x", "RFC 9112 7.1", chunked("0x5\r\nhello\r\n0\r\n\r\n"), refused()),
  row("chunk size with plus", "RFC 9112 7.1", chunked("+5\r\nhello\r\n0\r\n\r\n"), refused()),
  row("chunk size with minus", "RFC 9112 7.1", chunked("-5\r\nhello\r\n0\r\n\r\n"), refused()),
  row("chunk size with underscore", "RFC 9112 7.1", chunked("0_5\r\nhello\r\n0\r\n\r\n"), refused()),
  row("chunk size after a space", "RFC 9112 7.1", chunked(" 5\r\nhello\r\n0\r\n\r\n"), refused()),
  row("chunk size before a space", "RFC 9112 7.1", chunked("5 \r\nhello\r\n0\r\n\r\n"), refused()),
  row("chunk size before a tab", "RFC 9112 7.1", chunked("5\t\r\nhello\r\n0\r\n\r\n"), refused()),
  row("empty chunk size", "RFC 9112 7.1", chunked("\r\nhello\r\n0\r\n\r\n"), refused()),
  row("no chunk size but an extension", "RFC 9112 7.1", chunked(";a\r\nhello\r\n0\r\n\r\n"), refused()),
  row("chunk size in no digits", "RFC 9112 7.1", chunked("g\r\nhello\r\n0\r\n\r\n"), refused()),
  row("chunk size with NUL", "RFC 9112 7.1", chunked("5\x00\r\nhello\r\n0\r\n\r\n"), refused()),
  row("chunk size beyond 2^64", "RFC 9112 7.1", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n"), refused(400, 413)),
  row("chunk size of 2^63", "RFC 9112 7.1", chunked("8000000000000000\r\nhello\r\n0\r\n\r\n"), refused(400, 413)),
  row("chunk size of 2^32 plus 5 in 32 bits", "RFC 9112 7.1", chunked("fffffffffffffffb\r\nhello\r\n0\r\n\r\n"), refused(400, 413)),
  row("chunk size of hundreds of digits", "RFC 9112 7.1", chunked(`${"0".repeat(300)}5\r\nhello\r\n0\r\n\r\n`), refused(400, 413)),
  row("chunk size ended by LF", "RFC 9112 2.2, 7.1", chunked("5\nhello\r\n0\r\n\r\n"), refused()),
  row("chunk size ended by CR", "RFC 9112 2.2, 7.1", chunked("5\rhello\r\n0\r\n\r\n"), refused()),
  row("chunk size ended by CR CR LF", "RFC 9112 7.1", chunked("5\r\r\nhello\r\n0\r\n\r\n"), refused()),
  row("chunk data not ended", "RFC 9112 7.1", chunked("5\r\nhello0\r\n\r\n"), refused()),
  row("chunk data longer than told", "RFC 9112 7.1", chunked("4\r\nhello\r\n0\r\n\r\n"), refused()),
  row("chunk data ended by LF", "RFC 9112 2.2, 7.1", chunked("5\r\nhello\n0\r\n\r\n"), refused()),
  row("chunk data ended by CR", "RFC 9112 2.2, 7.1", chunked("5\r\nhello\r0\r\n\r\n"), refused()),
  row("chunk data ended by two other bytes", "RFC 9112 7.1", chunked("5\r\nhelloXX0\r\n\r\n"), refused()),
  row("extension with LF", "RFC 9112 7.1.1", chunked("5;a\nb\r\nhello\r\n0\r\n\r\n"), refused()),
  row("extension with CR", "RFC 9112 7.1.1", chunked("5;a\rb\r\nhello\r\n0\r\n\r\n"), refused()),
  row("extension with NUL", "RFC 9112 7.1.1", chunked("5;a\x00\r\nhello\r\n0\r\n\r\n"), refused()),
  row("extension of 100,000 bytes", "RFC 9112 7.1.1", chunked(`5;${"a".repeat(100_000)}\r\nhello\r\n0\r\n\r\n`), refused(400, 413, 431)),
  row("last chunk ended by LF", "RFC 9112 2.2", chunked("5\r\nhello\r\n0\n\r\n"), refused()),
  row("trailer section ended by LF", "RFC 9112 2.2", chunked("5\r\nhello\r\n0\r\n\n"), refused()),
  row("trailer without colon", "RFC 9112 7.1.2", chunked("5\r\nhello\r\n0\r\nGET /smuggled HTTP/1.1\r\n\r\n"), refused()),
  row("folded trailer", "RFC 9112 5.2, 7.1.2", chunked("5\r\nhello\r\n0\r\nX: a\r\n b\r\n\r\n"), refused()),
  row("trailer with space before the colon", "RFC 9112 5.1", chunked("5\r\nhello\r\n0\r\nX : a\r\n\r\n"), refused()),
  row("trailer with NUL", "RFC 9110 5.5", chunked("5\r\nhello\r\n0\r\nX: a\x00b\r\n\r\n"), refused()),
  row("trailers of 200,000 bytes", "RFC 9110 6.5", chunked(`5\r\nhello\r\n0\r\n${"X: aaaaaaaaaa\r\n".repeat(15_000)}\r\n`), refused(400, 413, 431)),
  row("length in the trailers", "RFC 9110 6.5.1", chunked("5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n"), refused()),
  row("coding in the trailers", "RFC 9110 6.5.1", chunked("5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"), refused()),
  row("Host in the trailers", "RFC 9110 6.5.1", chunked("5\r\nhello\r\n0\r\nHost: other.example\r\n\r\n"), refused()),
  row("chunk size in upper case with zeros", "RFC 9112 7.1", chunked("00A\r\nhelloworld\r\n0\r\n\r\n"), reached(POSTED, "helloworld")),
  row("last chunk of many zeros", "RFC 9112 7.1", chunked("5\r\nhello\r\n000\r\n\r\n"), reached(POSTED, "hello")),
  row("extension", "RFC 9112 7.1.1", chunked('5;a=b;c="d;e"\r\nhello\r\n0;f\r\n\r\n'), reached(POSTED, "hello")),
];

const lines: readonly Row[] = [
  row("request line ended by LF", "RFC 9112 2.2, 3", `GET /first HTTP/1.1\n${HOST}\r\n`, refused()),
  row("all lines ended by LF", "RFC 9112 2.2", "GET /first HTTP/1.1\nHost: test.example\n\n", refused()),
  row("field line ended by LF", "RFC 9112 2.2", "GET /first HTTP/1.1\r\nHost: test.example\n\r\n", refused()),
  row("head ended by LF LF", "RFC 9112 2.2", "GET /first HTTP/1.1\r\nHost: test.example\r\nX: y\n\n", refused()),
  row("request line ended by CR", "RFC 9112 2.2", `GET /first HTTP/1.1\r${HOST}\r\n`, refused()),
  row("request line ended by CR CR LF", "RFC 9112 2.2", `GET /first HTTP/1.1\r\r\n${HOST}\r\n`, refused()),
  row("empty line of a bare LF before", "RFC 9112 2.2", `\n${get("")}`, refused()),
  row("two spaces behind the method", "RFC 9112 3", `GET  /first HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("two spaces before the version", "RFC 9112 3", `GET /first  HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("tab behind the method", "RFC 9112 3", `GET\t/first HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("tab before the version", "RFC 9112 3", `GET /first\tHTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("space in the target", "RFC 9112 3.2", `GET /first /second HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("space before the method", "RFC 9112 3", ` GET /first HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("space behind the version", "RFC 9112 3", `GET /first HTTP/1.1 \r\n${HOST}\r\n`, refused()),
  row("no version", "RFC 9112 3, C.1", "GET /first\r\n\r\n", refused(400, 505)),
  row("no target", "RFC 9112 3", `GET HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("empty target", "RFC 9112 3.2", `GET  HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("target without slash", "RFC 9112 3.2", `GET first HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("asterisk for GET", "RFC 9112 3.2.4", `GET * HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("authority-form for GET", "RFC 9112 3.2.3", `GET test.example:80 HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("fragment in the target", "RFC 9112 3.2", `GET /first#x HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("NUL in the target", "RFC 9112 3.2", `GET /fi\x00rst HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("raw UTF-8 in the target", "RFC 3986 2", `GET /f\xc3\xa9 HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("CR in the target", "RFC 9112 2.2", `GET /fi\rrst HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("method with a parenthesis", "RFC 9110 9.1", `G(T /first HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("method with NUL", "RFC 9110 9.1", `GE\x00T /first HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("method with a colon", "RFC 9110 9.1", `GET: /first HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("method of UTF-8", "RFC 9110 9.1", `G\xc3\x89T /first HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("method of 10,000 letters", "RFC 9112 3", `${"A".repeat(10_000)} /first HTTP/1.1\r\n${HOST}\r\n`, refused(400, 414, 431, 501)),
  row("HTTP/1.2", "RFC 9110 15.6.6", `GET /first HTTP/1.2\r\n${HOST}\r\n`, refused(400, 505)),
  row("HTTP/2.0", "RFC 9110 15.6.6", `GET /first HTTP/2.0\r\n${HOST}\r\n`, refused(400, 505)),
  row("HTTP/0.9", "RFC 9110 15.6.6", `GET /first HTTP/0.9\r\n${HOST}\r\n`, refused(400, 505)),
  row("HTTP/3", "RFC 9112 2.3", `GET /first HTTP/3\r\n${HOST}\r\n`, refused(400, 505)),
  row("HTTP/1.", "RFC 9112 2.3", `GET /first HTTP/1.\r\n${HOST}\r\n`, refused(400, 505)),
  row("HTTP/1.10", "RFC 9112 2.3", `GET /first HTTP/1.10\r\n${HOST}\r\n`, refused(400, 505)),
  row("HTTP/01.1", "RFC 9112 2.3", `GET /first HTTP/01.1\r\n${HOST}\r\n`, refused(400, 505)),
  row("HTTP/1.1 in lower case", "RFC 9112 2.3", `GET /first http/1.1\r\n${HOST}\r\n`, refused(400, 505)),
  row("HTTP/1.x", "RFC 9112 2.3", `GET /first HTTP/1.x\r\n${HOST}\r\n`, refused(400, 505)),
  row("HTTP/1.1 with NUL", "RFC 9112 2.3", `GET /first HTTP/1.1\x00\r\n${HOST}\r\n`, refused(400, 505)),
  row("HTTP/1,1", "RFC 9112 2.3", `GET /first HTTP/1,1\r\n${HOST}\r\n`, refused(400, 505)),
  row("HTTP/2 preface", "RFC 9113 3.4", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", refused(400, 505)),
  row("TLS on the plain port", "RFC 8446 5.1", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", refused()),
  row("one empty line before", "RFC 9112 2.2", `\r\n${get("")}`, reached(FIRST)),
  row("method in lower case", "RFC 9110 9.1", `get /first HTTP/1.1\r\n${HOST}\r\n`, reached("get /first HTTP/1.1")),
  row("method of own making", "RFC 9110 9.1", `X-Y.Z!#$ /first HTTP/1.1\r\n${HOST}\r\n`, reached("X-Y.Z!#$ /first HTTP/1.1")),
];

const fields: readonly Row[] = [
  row("no Host", "RFC 9112 3.2", "GET /first HTTP/1.1\r\n\r\n", refused()),
  row("two Hosts", "RFC 9112 3.2", get("Host: other.example\r\n"), refused()),
  row("two equal Hosts", "RFC 9112 3.2", get(HOST), refused()),
  row("empty Host with a path", "RFC 9112 3.2", "GET /first HTTP/1.1\r\nHost:\r\n\r\n", refused()),
  row("Host with user", "RFC 9110 7.2, 4.2.4", "GET /first HTTP/1.1\r\nHost: user@test.example\r\n\r\n", refused()),
  row("Host with a path", "RFC 9110 7.2", "GET /first HTTP/1.1\r\nHost: test.example/x\r\n\r\n", refused()),
  row("Host with a space", "RFC 9110 7.2", "GET /first HTTP/1.1\r\nHost: test.example other.example\r\n\r\n", refused()),
  row("Host with a comma", "RFC 9112 3.2", "GET /first HTTP/1.1\r\nHost: test.example, other.example\r\n\r\n", refused()),
  row("Host with a port in letters", "RFC 3986 3.2.3", "GET /first HTTP/1.1\r\nHost: test.example:http\r\n\r\n", refused()),
  row("Host with a port too large", "RFC 3986 3.2.3", "GET /first HTTP/1.1\r\nHost: test.example:65536\r\n\r\n", refused()),
  row("Host with two ports", "RFC 3986 3.2.3", "GET /first HTTP/1.1\r\nHost: test.example:80:80\r\n\r\n", refused()),
  row("Host with NUL", "RFC 9110 5.5", "GET /first HTTP/1.1\r\nHost: test\x00.example\r\n\r\n", refused()),
  row("Host with a bracket open", "RFC 3986 3.2.2", "GET /first HTTP/1.1\r\nHost: [::1\r\n\r\n", refused()),
  row("space before Host's colon", "RFC 9112 5.1", "GET /first HTTP/1.1\r\nHost : test.example\r\n\r\n", refused()),
  row("Host as first folded line", "RFC 9112 2.2", "GET /first HTTP/1.1\r\n Host: test.example\r\n\r\n", refused()),
  row("Host named by Connection", "RFC 9110 7.6.1", get("Connection: Host\r\n"), reached(FIRST, "", { Host: "test.example" })),
  row("absolute-form with user", "RFC 9110 4.2.4", `GET http://user@test.example/first HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("absolute-form without host", "RFC 9110 4.2.1", `GET http:///first HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("absolute-form of another scheme", "RFC 9112 3.2.2", `GET ftp://test.example/first HTTP/1.1\r\n${HOST}\r\n`, refused()),
  row("obs-fold", "RFC 9112 5.2", get("X: a\r\n b\r\n"), refused()),
  row("obs-fold with tab", "RFC 9112 5.2", get("X: a\r\n\tb\r\n"), refused()),
  row("line without colon", "RFC 9112 5", get("X\r\n"), refused()),
  row("empty name", "RFC 9112 5", get(": x\r\n"), refused()),
  row("name with space", "RFC 9112 5.1", get("X Y: x\r\n"), refused()),
  row("name with NUL", "RFC 9110 5.1", get("X\x00: x\r\n"), refused()),
  row("name with a bracket", "RFC 9110 5.1", get("X[: x\r\n"), refused()),
  row("name of UTF-8", "RFC 9110 5.1", get("X\xc3\xa9: x\r\n"), refused()),
  row("name with DEL", "RFC 9110 5.1", get("X\x7f: x\r\n"), refused()),
  row("value with NUL", "RFC 9110 5.5", get("X: a\x00b\r\n"), refused()),
  row("value with bare CR", "RFC 9110 5.5", get("X: a\rb\r\n"), refused()),
  row("value with bare LF", "RFC 9110 5.5", get("X: a\nSmuggled: b\r\n"), refused()),
  row("value ended by CR CR LF", "RFC 9110 5.5", get("X: a\r\r\n"), refused()),
  row("field of 200,000 bytes", "RFC 6585 5", get(`X: ${"a".repeat(200_000)}\r\n`), refused(400, 431)),
  row("10,000 fields", "RFC 6585 5", get("X: a\r\n".repeat(10_000)), refused(400, 431)),
  row("target of 100,000 bytes", "RFC 9110 15.5.15", `GET /${"a".repeat(100_000)} HTTP/1.1\r\n${HOST}\r\n`, refused(414, 431)),
  row("an expectation unknown", "RFC 9110 10.1.1", get("Expect: 200-maybe\r\n"), refused(417)),
  row("value of obs-text", "RFC 9110 5.5", get("X: caf\xe9\r\n"), reached(FIRST, "", { X: "caf\xe9" })),
  row("empty value", "RFC 9112 5", get("X:\r\n"), reached(FIRST, "", { X: "" })),
  row("no space behind the colon", "RFC 9112 5", get("X:y\r\n"), reached(FIRST, "", { X: "y" })),
  row("colon in the value", "RFC 9112 5", get("X: a:b\r\n"), reached(FIRST, "", { X: "a:b" })),
  row("Host in upper case with port", "RFC 9110 4.2.3", "GET /first HTTP/1.1\r\nHost: TEST.example:80\r\n\r\n", reached(FIRST)),
  row(
    "absolute-form decides over Host",
    "RFC 9112 3.2.2",
    "GET http://target.example/first HTTP/1.1\r\nHost: target.example\r\n\r\n",
    reached(FIRST, "", { Host: "target.example" }),
  ),
];

/** Shapes of RFC 9112 section 11 and of the public corpora of request smuggling, from the client's side. */
export const requestRows: readonly Row[] = [...lengths, ...codings, ...chunks, ...lines, ...fields];
