import { CHUNKED, chunked, refused, type ServerRow, taken, unfinished } from "./server_row.ts";

const HELLO = [CHUNKED, "body hello"];

function body(rest: string): string {
  return chunked(`5\r\nhello\r\n${rest}`);
}

const sizes: readonly ServerRow[] = [
  taken("chunks", "RFC 9112 7.1", chunked("5\r\nhello\r\n2\r\n, \r\n1\r\nw\r\n0\r\n\r\n"), [CHUNKED, "body hello, w", "end"]),
  taken("no chunk but the last", "RFC 9112 7.1", chunked("0\r\n\r\n"), [CHUNKED, "end"]),
  taken("a last chunk of many zeros", "RFC 9112 7.1", body("000\r\n\r\n"), [...HELLO, "end"]),
  taken("a size in either case with zeros", "RFC 9112 7.1", chunked("00a\r\nhelloworld\r\n0B\r\nhello world\r\n0\r\n\r\n"), [
    CHUNKED,
    "body helloworldhello world",
    "end",
  ]),
  taken("a chunk that holds line breaks and a last chunk", "RFC 9112 7.1", chunked("9\r\n\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n"), [
    CHUNKED,
    "body \r\n0\r\n\r\n\r\n",
    "end",
  ]),
  unfinished("no last chunk", "RFC 9112 8", body(""), HELLO),
  ...[
    ["0x", "0x5\r\nhello"],
    ["a plus", "+5\r\nhello"],
    ["a minus", "-5\r\nhello"],
    ["an underscore", "0_5\r\nhello"],
    ["a space before", " 5\r\nhello"],
    ["a tab before", "\t5\r\nhello"],
    ["a space behind", "5 \r\nhello"],
    ["a tab behind", "5\t\r\nhello"],
    ["a space before the extension", "5 ;a\r\nhello"],
    ["nothing", "\r\nhello"],
    ["an extension alone", ";a\r\nhello"],
    ["a letter that is no digit", "g\r\nhello"],
    ["a letter behind", "5g\r\nhello"],
    ["NUL behind", "5\0\r\nhello"],
    ["a comma", "5,5\r\nhello"],
    ["a point", "5.0\r\nhello"],
    ["14 digits", "00000000000005\r\nhello"],
    ["2^64 and 5", "10000000000000005\r\nhello"],
    ["2^63", "8000000000000000\r\nhello"],
    ["2^32 and 5 in digits of 64 bits", "0000000100000005\r\nhello"],
    ["hundreds of digits", `${"0".repeat(300)}5\r\nhello`],
    ["a line ended by LF", "5\nhello"],
    ["a line ended by CR", "5\rhello"],
    ["a line ended by CR CR LF", "5\r\r\nhello"],
  ].map(([name, text]) =>
    refused(`a chunk size with ${name}`, "RFC 9112 7.1", chunked(`${text}\r\n0\r\n\r\n`), "badRequest 400", [CHUNKED]),
  ),
];

const ends: readonly ServerRow[] = [
  refused("chunk data without its CRLF", "RFC 9112 7.1", chunked("5\r\nhello0\r\n\r\n"), "badRequest 400", HELLO),
  refused("chunk data longer than its size", "RFC 9112 7.1", chunked("4\r\nhello\r\n0\r\n\r\n"), "badRequest 400", [
    CHUNKED,
    "body hell",
  ]),
  refused("chunk data shorter than its size", "RFC 9112 7.1", chunked("7\r\nhello\r\n0\r\n\r\n"), "badRequest 400", [
    CHUNKED,
    "body hello\r\n",
  ]),
  refused("chunk data ended by LF", "RFC 9112 2.2, 7.1", chunked("5\r\nhello\n0\r\n\r\n"), "badRequest 400", HELLO),
  refused("chunk data ended by CR", "RFC 9112 2.2, 7.1", chunked("5\r\nhello\r0\r\n\r\n"), "badRequest 400", HELLO),
  refused("chunk data ended by LF CR", "RFC 9112 7.1", chunked("5\r\nhello\n\r0\r\n\r\n"), "badRequest 400", HELLO),
  refused("chunk data ended by two other bytes", "RFC 9112 7.1", chunked("5\r\nhelloXX0\r\n\r\n"), "badRequest 400", HELLO),
  refused("an empty line between chunks", "RFC 9112 7.1", chunked("5\r\nhello\r\n\r\n0\r\n\r\n"), "badRequest 400", HELLO),
  refused("a last chunk ended by LF", "RFC 9112 2.2", body("0\n\r\n"), "badRequest 400", HELLO),
  refused("a trailer section ended by LF", "RFC 9112 2.2", body("0\r\n\n"), "badRequest 400", HELLO),
  refused("a last chunk of +0", "RFC 9112 7.1", body("+0\r\n\r\n"), "badRequest 400", HELLO),
  refused("a trailer section ended by CR CR LF", "RFC 9112 2.2", body("0\r\n\r\r\n"), "badRequest 400", HELLO),
];

const extensions: readonly ServerRow[] = [
  taken("extensions", "RFC 9112 7.1.1", chunked('5;a;b=c;d="e\\"; \t\xff"\r\nhello\r\n0;f\r\n\r\n'), [...HELLO, "end"]),
  taken("white space before an extension's name and value", "RFC 9112 7.1.1", chunked("5; a= b\r\nhello\r\n0\r\n\r\n"), [
    ...HELLO,
    "end",
  ]),
  ...[
    ["no name", ";"],
    ["no name behind another", ";a;"],
    ["no value", ";a="],
    ["a name that is no token", ";[a]"],
    ["a value that is no token", ";a=[b]"],
    ["a space behind", ";a "],
    ["a quote without an end", ';a="b'],
    ["bytes behind a quote", ';a="b"c'],
    ["NUL", ";a\0"],
    ["NUL in quotes", ';a="\0"'],
    ["DEL in quotes", ';a="\x7f"'],
    ["LF", ";a\nb"],
    ["LF in quotes", ';a="\n"'],
    ["CR", ";a\rb"],
    ["CR in quotes", ';a="\r"'],
    ["CR LF in quotes", ';a="\r\n"'],
    ["a quoted CR", ';a="\\\r\n"'],
    ["a byte above 0x7F", ";\xe9"],
  ].map(([name, text]) =>
    refused(`an extension with ${name}`, "RFC 9112 7.1.1", chunked(`5${text}\r\nhello\r\n0\r\n\r\n`), "badRequest 400", [
      CHUNKED,
    ]),
  ),
  refused(
    "an extension longer than the limit",
    "design, part 4",
    chunked(`5;${"a".repeat(300)}\r\nhello\r\n0\r\n\r\n`),
    "badRequest 400",
    [CHUNKED],
  ),
];

const trailers: readonly ServerRow[] = [
  taken("trailers", "RFC 9112 7.1.2", body("0\r\nX: a \r\ny:b\r\n\r\n"), [...HELLO, "trailers [X: a | y: b]", "end"]),
  taken("trailers without a chunk", "RFC 9112 7.1.2", chunked("0\r\nX: a\r\n\r\n"), [CHUNKED, "trailers [X: a]", "end"]),
  taken("trailers with _ are dropped", "RFC 3875 4.1.18", body("0\r\nX_Y: a\r\n\r\n"), [...HELLO, "end"]),
  taken(
    "trailers that say who the client is are dropped",
    "RFC 9110 6.5.1",
    body("0\r\nX-Forwarded-For: 127.0.0.1\r\nX: a\r\nForwarded: for=x\r\n\r\n"),
    [...HELLO, "trailers [X: a]", "end"],
  ),
  taken("Authorization among the trailers is dropped", "RFC 9110 6.5.1", body("0\r\nAuthorization: Basic x\r\n\r\n"), [
    ...HELLO,
    "trailers",
    "end",
  ]),
  taken("Content-Type among the trailers is dropped", "RFC 9110 6.5.1", body("0\r\nContent-Type: x/y\r\n\r\n"), [
    ...HELLO,
    "trailers",
    "end",
  ]),
  ...[
    ["a length", "Content-Length: 5\r\n"],
    ["a coding", "Transfer-Encoding: chunked\r\n"],
    ["Host", "Host: b\r\n"],
    ["Upgrade", "Upgrade: websocket\r\n"],
    ["Trailer", "Trailer: x\r\n"],
    ["no colon", "GET /y HTTP/1.1\r\n"],
    ["a fold", "X: a\r\n b\r\n"],
    ["a fold at the start", " X: a\r\n"],
    ["a space before the colon", "X : a\r\n"],
    ["NUL", "X: a\0b\r\n"],
    ["a bare LF", "X: a\nY: b\r\n"],
    ["a bare CR", "X: a\rY: b\r\n"],
    ["no name", ": a\r\n"],
  ].map(([name, text]) =>
    refused(`trailers with ${name}`, "RFC 9112 7.1.2, RFC 9110 6.5.1", body(`0\r\n${text}\r\n`), "badRequest 400", HELLO),
  ),
  refused("more trailers than the limit", "design, part 4", body(`0\r\n${"X: a\r\n".repeat(5)}\r\n`), "badRequest 400", HELLO, {
    settings: { limits: { headBytes: 1024, startLineBytes: 512, fields: 4 } },
  }),
];

/** Chunk sizes, what ends them, extensions, trailers. */
export const chunkedRows: readonly ServerRow[] = [...sizes, ...ends, ...extensions, ...trailers];
