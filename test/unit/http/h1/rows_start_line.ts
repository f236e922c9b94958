import { GOT, HOST, refused, type ServerRow, taken, takenLast, unfinished } from "./server_row.ts";

const GET = `GET /x HTTP/1.1\r\n${HOST}\r\n`;
const LIMITS = { headBytes: 128, startLineBytes: 64, fields: 4 };

function line(text: string): string {
  return `${text}\r\n${HOST}\r\n`;
}

const requestLines: readonly ServerRow[] = [
  taken("a plain GET", "RFC 9112 3", GET, [GOT, "end"]),
  taken("one empty line before", "RFC 9112 2.2", `\r\n${GET}`, [GOT, "end"]),
  refused("two empty lines before", "RFC 9112 2.2", `\r\n\r\n${GET}`),
  refused("a bare LF before", "RFC 9112 2.2", `\n${GET}`),
  refused("a bare CR before", "RFC 9112 2.2", `\r${GET}`),
  refused("a space before", "RFC 9112 3", ` ${GET}`),
  refused("a line of spaces", "RFC 9112 3", "   \r\n\r\n"),
  unfinished("only an empty line", "RFC 9112 2.2", "\r\n", []),
  refused("request line ended by LF", "RFC 9112 2.2", `GET /x HTTP/1.1\n${HOST}\r\n`),
  refused("request line ended by CR", "RFC 9112 2.2", `GET /x HTTP/1.1\r${HOST}\r\n`),
  refused("request line ended by CR CR LF", "RFC 9112 2.2", `GET /x HTTP/1.1\r\r\n${HOST}\r\n`),
  refused("all lines ended by LF", "RFC 9112 2.2", "GET /x HTTP/1.1\nHost: a\n\n"),
  refused("two spaces before the target", "RFC 9112 3", line("GET  /x HTTP/1.1")),
  refused("two spaces before the version", "RFC 9112 3", line("GET /x  HTTP/1.1")),
  refused("tabs for spaces", "RFC 9112 3", line("GET\t/x\tHTTP/1.1")),
  refused("a space at the end", "RFC 9112 3", line("GET /x HTTP/1.1 ")),
  refused("a space in the target", "RFC 9112 3.2", line("GET /x y HTTP/1.1")),
  refused("a tab in the target", "RFC 9112 3.2", line("GET /x\ty HTTP/1.1")),
  refused("no target", "RFC 9112 3", line("GET HTTP/1.1")),
  refused("an empty target", "RFC 9112 3", line("GET  HTTP/1.1")),
  refused("no version (HTTP/0.9)", "RFC 9112 2.3", "GET /x\r\n\r\n"),
  refused("a fragment", "RFC 9112 3.2", line("GET /x#y HTTP/1.1")),
  refused("NUL in the target", "RFC 9112 3.2", line("GET /x\0 HTTP/1.1")),
  refused("DEL in the target", "RFC 9112 3.2", line("GET /x\x7f HTTP/1.1")),
  refused("a byte above 0x7F in the target", "RFC 9112 3.2", line("GET /\xc3\xa9 HTTP/1.1")),
  refused("an overlong slash in the target", "RFC 3986 2", line("GET /\xc0\xaf HTTP/1.1")),
  refused("CR in the target", "RFC 9112 3.2", line("GET /x\ry HTTP/1.1")),
  refused("LF in the target", "RFC 9112 3.2", line("GET /x\ny HTTP/1.1")),
  refused("LF for the space before the version", "RFC 9112 3", "GET /x\nHTTP/1.1\r\nHost: a\r\n\r\n"),
  ...[
    ["CR", "\r"],
    ["a vertical tab", "\x0b"],
    ["a form feed", "\x0c"],
    ["NUL", "\0"],
    ["a non-breaking space", "\xa0"],
    ["NEL", "\x85"],
  ].flatMap(([name, c]) => [
    refused(`${name} for the space behind the method`, "RFC 9112 3", line(`GET${c}/x HTTP/1.1`)),
    refused(`${name} for the space before the version`, "RFC 9112 3", line(`GET /x${c}HTTP/1.1`)),
  ]),
  ...[
    ["NUL", "\0"],
    ["a control character", "\x01"],
    ["DEL", "\x7f"],
    ["a byte order mark", "\xef\xbb\xbf"],
  ].map(([name, c]) => refused(`${name} before`, "RFC 9112 2.2, 3", `${c}${GET}`)),
  refused("NUL between two requests", "RFC 9112 2.2, 3", `${GET}\0${GET}`, "badRequest 400", [GOT, "end"]),
  refused("a line of a space between two requests", "RFC 9112 2.2", `${GET} \r\n${GET}`, "badRequest 400", [GOT, "end"]),
  refused("words before the method", "RFC 9112 3", line("Extra lineGET / HTTP/1.1")),
  refused("two request lines in one", "RFC 9112 3", line("GET /x HTTP/1.1 GET /y HTTP/1.1")),
  refused("no space behind the method", "RFC 9112 3", line("GET/x HTTP/1.1")),
  refused("no space before the version", "RFC 9112 3", line("GET /xHTTP/1.1")),
  refused("bytes of nothing", "RFC 9112 3", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
];

const methods: readonly ServerRow[] = [
  taken("a method in lower case is another method", "RFC 9110 9.1", line("get /x HTTP/1.1"), ["get /x @a", "end"]),
  taken("an unknown method", "RFC 9110 9.1", line("BREW /x HTTP/1.1"), ["BREW /x @a", "end"]),
  taken("a method of every token character", "RFC 9110 5.6.2", line("!#$%&'*+-.^_`|~9 / HTTP/1.1"), [
    "!#$%&'*+-.^_`|~9 / @a",
    "end",
  ]),
  taken("a method of 32 bytes", "RFC 9110 9.1", line(`${"M".repeat(32)} / HTTP/1.1`), [`${"M".repeat(32)} / @a`, "end"]),
  refused("a method of 33 bytes", "RFC 9110 9.1", line(`${"M".repeat(33)} / HTTP/1.1`)),
  refused("a method without an end", "RFC 9110 9.1", "M".repeat(200)),
  refused("a method with a colon", "RFC 9110 9.1", line("GET: / HTTP/1.1")),
  refused("a method with NUL", "RFC 9110 9.1", line("GE\0T / HTTP/1.1")),
  refused("a method with all that is no token", "RFC 9110 9.1", line('G=":<>(e),[T];?" /x HTTP/1.1')),
  refused("a method of NUL", "RFC 9110 9.1", line("\0 / HTTP/............0596.7407.")),
  refused("a method with a byte above 0x7F", "RFC 9110 9.1", line("G\xc9T / HTTP/1.1")),
  refused("no method", "RFC 9112 3", line("/x HTTP/1.1")),
  refused("a reply in place of a request", "RFC 9112 2.1", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
  taken("HEAD", "RFC 9110 9.3.2", line("HEAD /x HTTP/1.1"), ["HEAD /x @a", "end"]),
];

const versions: readonly ServerRow[] = [
  takenLast("HTTP/1.0", "RFC 9112 9.3", line("GET /x HTTP/1.0"), ["GET /x @a HTTP/1.0", "end"]),
  takenLast("HTTP/1.0 without Host", "RFC 9112 3.2", "GET /x HTTP/1.0\r\n\r\n", ["GET /x @ HTTP/1.0", "end"]),
  refused("HTTP/1.2", "RFC 9110 2.5", line("GET /x HTTP/1.2"), "unsupportedVersion 505"),
  refused("HTTP/2.0", "RFC 9110 15.6.6", line("GET /x HTTP/2.0"), "unsupportedVersion 505"),
  refused("the preface of HTTP/2", "RFC 9113 3.4", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "unsupportedVersion 505"),
  refused("HTTP/0.9 by name", "RFC 9112 2.3", line("GET /x HTTP/0.9"), "unsupportedVersion 505"),
  refused("HTTP/1.10", "RFC 9112 2.3", line("GET /x HTTP/1.10")),
  refused("HTTP/01.1", "RFC 9112 2.3", line("GET /x HTTP/01.1"), "unsupportedVersion 505"),
  refused("HTTP/1.01", "RFC 9112 2.3", line("GET /x HTTP/1.01")),
  refused("HTTP/1.32", "RFC 9112 2.3", line("GET /x HTTP/1.32"), "unsupportedVersion 505"),
  refused("HTTP/9.9", "RFC 9110 15.6.6", line("GET /x HTTP/9.9"), "unsupportedVersion 505"),
  refused("a version that is 1.1 in 8 bits", "RFC 9112 2.3", line("GET /x HTTP/4294967297.257"), "unsupportedVersion 505"),
  ...[
    ["a letter behind", "HTTP/1.1x"],
    ["a parameter", "HTTP/1.1;q=1"],
    ["a sign", "HTTP/+1.1"],
    ["a negative minor number", "HTTP/1.-1"],
    ["no point", "HTTP/11"],
    ["bare CRs", "HTTP/\r\r1.1"],
    ["points and digits", "HTTP/............0596.7407."],
    ["nothing behind the slash", "HTTP/"],
    ["a tab behind", "HTTP/1.1\t"],
    ["another one behind", "HTTP/1.1HTTP/1.1"],
  ].map(([name, v]) => refused(`a version with ${name}`, "RFC 9112 2.3", line(`GET /x ${v}`))),
  refused("HTTP/1", "RFC 9112 2.3", line("GET /x HTTP/1")),
  refused("HTTP/1.", "RFC 9112 2.3", line("GET /x HTTP/1.")),
  refused("HTTP/ 1.1", "RFC 9112 2.3", line("GET /x HTTP/ 1.1")),
  refused("http/1.1", "RFC 9112 2.3: case-sensitive", line("GET /x http/1.1")),
  refused("HTTP-1.1", "RFC 9112 2.3", line("GET /x HTTP-1.1")),
  refused("HTTP/1.1 with NUL", "RFC 9112 2.3", line("GET /x HTTP/1.1\0")),
  refused("another protocol", "RFC 9112 2.3", line("GET /x SIP/2.0")),
];

/** Where a connection's first bytes chose HTTP/1.x, a reply in HTTP/1.1 would be nonsense to whom it was not meant for. */
const GUESSED = { settings: { guessed: true } };
const guessed: readonly ServerRow[] = [
  refused("no HTTP: a broken preface", "RFC 9113 3.4", "INVALID CONNECTION PREFACE\r\n\r\n", "badRequest 0", [], GUESSED),
  refused("no HTTP: another protocol", "RFC 9113 3.4", line("INVITE sip:a SIP/2.0"), "badRequest 0", [], GUESSED),
  refused("HTTP with a space in the target", "RFC 9112 3.2", line("GET /y z HTTP/1.1"), "badRequest 400", [], GUESSED),
  refused("HTTP with another version", "RFC 9110 15.6.6", line("GET /y HTTP/3.0"), "unsupportedVersion 505", [], GUESSED),
  refused("HTTP with a broken version", "RFC 9112 2.3", line("GET /y HTTP/1.1x"), "badRequest 400", [], GUESSED),
  refused("HTTP without a version", "RFC 9112 3", "GET /y\r\n\r\n", "badRequest 400", [], GUESSED),
  refused(
    "no HTTP behind a request",
    "RFC 9112 2.3",
    `${GET}INVALID CONNECTION PREFACE\r\n\r\n`,
    "badRequest 400",
    [GOT, "end"],
    GUESSED,
  ),
];

const targets: readonly ServerRow[] = [
  taken("a query", "RFC 9112 3.2.1", line("GET /x?a=b?c&d=%zz HTTP/1.1"), ["GET /x?a=b?c&d=%zz @a", "end"]),
  taken("dot segments", "RFC 3986 5.2.4", line("GET /a/./b/../c HTTP/1.1"), ["GET /a/c @a", "end"]),
  taken("an encoded dot segment", "RFC 3986 6.2.2", line("GET /a/%2e%2e/c HTTP/1.1"), ["GET /c @a", "end"]),
  taken("above the root", "RFC 3986 5.2.4", line("GET /../../x HTTP/1.1"), [GOT, "end"]),
  taken("an encoded slash is told of", "RFC 3986 2.2", line("GET /a%2fb HTTP/1.1"), ["GET /a%2Fb @a flags=1", "end"]),
  taken("a backslash is told of", "RFC 3986 2", line("GET /a\\b HTTP/1.1"), ["GET /a\\b @a flags=2", "end"]),
  taken("an encoded NUL is told of", "RFC 3986 2", line("GET /a%00 HTTP/1.1"), ["GET /a%00 @a flags=4", "end"]),
  taken("an encoded CR LF stays encoded", "RFC 3986 2.1", line("GET /%0d%0aX:y HTTP/1.1"), ["GET /%0D%0AX:y @a", "end"]),
  taken("two slashes stay", "RFC 3986 3.3", line("GET //x HTTP/1.1"), ["GET //x @a", "end"]),
  taken("two slashes are merged when asked", "RFC 3986 6.2.3", line("GET //x HTTP/1.1"), [GOT, "end"], {
    settings: { mergeSlashes: true },
  }),
  taken(
    "visible bytes that a URI has only encoded go on as they came",
    "RFC 3986 2",
    line('GET /a"<>^`{|}?"<>^`{|}\\ HTTP/1.1'),
    ['GET /a"<>^`{|}?"<>^`{|}\\ @a', "end"],
  ),
  refused("half an escape", "RFC 3986 2.1", line("GET /a%2 HTTP/1.1")),
  refused("an escape of no digits", "RFC 3986 2.1", line("GET /a%zz HTTP/1.1")),
  taken("absolute-form", "RFC 9112 3.2.2", line("GET http://a/x?y HTTP/1.1"), ["GET /x?y @a", "end"]),
  taken("absolute-form in upper case", "RFC 9112 3.2.2", line("GET HTTP://A/x HTTP/1.1"), ["GET /x @A", "end"]),
  taken("absolute-form without a path", "RFC 9112 3.2.2", line("GET http://a HTTP/1.1"), ["GET / @a", "end"]),
  taken("absolute-form with a query alone", "RFC 9112 3.2.2", line("GET http://a?y HTTP/1.1"), ["GET /?y @a", "end"]),
  takenLast("absolute-form without Host in HTTP/1.0", "RFC 9112 3.2.2", "GET http://b/x HTTP/1.0\r\n\r\n", [
    "GET /x @b HTTP/1.0",
    "end",
  ]),
  refused("absolute-form of another host than Host", "RFC 9112 3.2.2", line("GET http://b/x HTTP/1.1")),
  refused("absolute-form without Host", "RFC 9112 3.2", "GET http://a/x HTTP/1.1\r\n\r\n"),
  refused("absolute-form with userinfo", "RFC 9110 4.2.4", line("GET http://u@a/x HTTP/1.1")),
  refused("absolute-form without a host", "RFC 9110 4.2.1", line("GET http:///x HTTP/1.1")),
  refused("absolute-form of another scheme", "RFC 9112 3.2.2", line("GET ftp://a/x HTTP/1.1")),
  refused("absolute-form with a port that Host lacks", "RFC 9112 3.2, 3.2.2", line("GET http://a:80/x HTTP/1.1")),
  refused("absolute-form with a fragment", "RFC 9112 3.2", line("GET http://a/x#y HTTP/1.1")),
  refused("absolute-form with a backslash before @", "RFC 3986 3.2.2", line("GET http://a\\@b/x HTTP/1.1")),
  refused("absolute-form with an encoded host", "RFC 3986 3.2.2", line("GET http://%61/x HTTP/1.1")),
  refused("absolute-form of ws", "RFC 9112 3.2.2", line("GET ws://a/x HTTP/1.1")),
  refused("absolute-form with one slash", "RFC 9112 3.2.2", line("GET http:/a/x HTTP/1.1")),
  taken("absolute-form inside a path", "RFC 9112 3.2.1", line("GET /http://b/x HTTP/1.1"), ["GET /http://b/x @a", "end"]),
  taken("a path that begins like an authority", "RFC 9112 3.2.1", line("GET //b/x HTTP/1.1"), ["GET //b/x @a", "end"]),
  refused("a target of an exclamation mark", "RFC 9112 3.2", line("GET ! HTTP/1.1")),
  refused("a target that goes on as userinfo", "RFC 9112 3.2", line("GET @b/x HTTP/1.1")),
  refused("a target of a query", "RFC 9112 3.2", line("GET ?x HTTP/1.1")),
  refused("a target of a host and a path", "RFC 9112 3.2", line("GET a/x HTTP/1.1")),
  refused("a target that begins with an encoded slash", "RFC 9112 3.2", line("GET %2fx HTTP/1.1")),
  refused("a target without a slash", "RFC 9112 3.2", line("GET x HTTP/1.1")),
  refused("asterisk-form of a GET", "RFC 9112 3.2.4", line("GET * HTTP/1.1")),
  taken("asterisk-form of OPTIONS", "RFC 9112 3.2.4", line("OPTIONS * HTTP/1.1"), ["OPTIONS * @a", "end"]),
  taken("OPTIONS in absolute-form without a path", "RFC 9112 3.2.4", line("OPTIONS http://a HTTP/1.1"), ["OPTIONS * @a", "end"]),
  refused("asterisk with a path", "RFC 9112 3.2.4", line("OPTIONS */x HTTP/1.1")),
  refused("authority-form of a GET", "RFC 9112 3.2.3", line("GET a:443 HTTP/1.1")),
  refused("CONNECT with a path", "RFC 9112 3.2.3", line("CONNECT /x HTTP/1.1")),
  refused("CONNECT without a port", "RFC 9112 3.2.3", line("CONNECT a HTTP/1.1")),
  refused("CONNECT with an empty port", "RFC 9110 9.3.6", line("CONNECT a: HTTP/1.1")),
  refused("CONNECT to a port above 65535", "RFC 9110 9.3.6", line("CONNECT a:65536 HTTP/1.1")),
  refused("CONNECT with userinfo", "RFC 9112 3.2.3", line("CONNECT u@a:443 HTTP/1.1")),
  refused("CONNECT in absolute-form", "RFC 9112 3.2.3", line("CONNECT http://a:443/ HTTP/1.1")),
  refused(
    "CONNECT with a chunked body",
    "RFC 9110 9.3.6",
    "CONNECT a:443 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ),
  refused("CONNECT to port 0", "RFC 9110 9.3.6", line("CONNECT a:0 HTTP/1.1")),
  refused("CONNECT to another host than Host", "RFC 9112 3.2", line("CONNECT b:443 HTTP/1.1")),
  refused("CONNECT to another port than Host", "RFC 9112 3.2", "CONNECT a:443 HTTP/1.1\r\nHost: a:80\r\n\r\n"),
  refused("CONNECT with a body", "RFC 9110 9.3.6", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"),
];

const limits: readonly ServerRow[] = [
  taken(
    "a request line at its limit",
    "design, part 4",
    `GET /${"x".repeat(48)} HTTP/1.1\r\n${HOST}\r\n`,
    [`GET /${"x".repeat(48)} @a`, "end"],
    {
      settings: { limits: LIMITS },
    },
  ),
  refused("a request line over its limit", "RFC 9110 15.5.15", line(`GET /${"x".repeat(49)} HTTP/1.1`), "uriTooLong 414", [], {
    settings: { limits: LIMITS },
  }),
  refused("a request line without an end", "RFC 9110 15.5.15", `GET /${"x".repeat(200)}`, "uriTooLong 414", [], {
    settings: { limits: LIMITS },
  }),
  refused(
    "a request line without an end, above the head's limit",
    "RFC 6585 5",
    `GET /${"x".repeat(200)}`,
    "headTooLarge 431",
    [],
    {
      settings: { limits: { headBytes: 64, startLineBytes: 1024, fields: 4 } },
    },
  ),
  taken(
    "a head at its limit",
    "RFC 6585 5",
    `GET /x HTTP/1.1\r\n${HOST}X: ${"y".repeat(95)}\r\n\r\n`,
    [`${GOT} [X: ${"y".repeat(95)}]`, "end"],
    {
      settings: { limits: LIMITS },
    },
  ),
  refused(
    "a head over its limit",
    "RFC 6585 5",
    `GET /x HTTP/1.1\r\n${HOST}X: ${"y".repeat(96)}\r\n\r\n`,
    "headTooLarge 431",
    [],
    {
      settings: { limits: LIMITS },
    },
  ),
  refused("a field name without an end", "RFC 6585 5", `GET /x HTTP/1.1\r\n${"n".repeat(200)}`, "headTooLarge 431", [], {
    settings: { limits: LIMITS },
  }),
  refused("a field value without an end", "RFC 6585 5", `GET /x HTTP/1.1\r\nX: ${"y".repeat(200)}`, "headTooLarge 431", [], {
    settings: { limits: LIMITS },
  }),
  taken(
    "fields at their limit",
    "RFC 6585 5",
    `GET /x HTTP/1.1\r\n${HOST}A: 1\r\nB: 2\r\nC: 3\r\n\r\n`,
    [`${GOT} [A: 1 | B: 2 | C: 3]`, "end"],
    {
      settings: { limits: LIMITS },
    },
  ),
  refused(
    "fields over their limit",
    "RFC 6585 5",
    `GET /x HTTP/1.1\r\n${HOST}A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n`,
    "tooManyFields 431",
    [],
    {
      settings: { limits: LIMITS },
    },
  ),
  refused(
    "dropped fields count too",
    "RFC 6585 5",
    `GET /x HTTP/1.1\r\n${HOST}A_: 1\r\nB_: 2\r\nC_: 3\r\nD_: 4\r\n\r\n`,
    "tooManyFields 431",
    [],
    {
      settings: { limits: LIMITS },
    },
  ),
];

/** Request lines, methods, versions, targets, and the limits of a head. */
export const startLineRows: readonly ServerRow[] = [...requestLines, ...methods, ...versions, ...guessed, ...targets, ...limits];
