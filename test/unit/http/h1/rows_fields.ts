import { GOT, get, HOST, refused, type ServerRow, taken, takenLast } from "./server_row.ts";

function head(fields: string): string {
  return `GET /x HTTP/1.1\r\n${fields}\r\n`;
}

const hosts: readonly ServerRow[] = [
  refused("no Host", "RFC 9112 3.2", head("")),
  refused("two Hosts", "RFC 9112 3.2", head("Host: a\r\nHost: b\r\n")),
  refused("the same Host twice", "RFC 9112 3.2", head("Host: a\r\nHost: a\r\n")),
  refused("two Hosts in HTTP/1.0", "RFC 9112 3.2", "GET /x HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
  refused("two Hosts apart and in two cases", "RFC 9112 3.2", head("Host: a\r\nX: y\r\nhOST: b\r\n")),
  refused("two Hosts, one of them behind white space", "RFC 9112 3.2, 5.2", head("Host: a\r\n Host: b\r\n")),
  refused("two Hosts, one of them before a space and the colon", "RFC 9112 5.1", head("Host : b\r\nHost: a\r\n")),
  ...[
    ["a query", "a?b"],
    ["a fragment", "a#b"],
    ["a backslash", "a\\b"],
    ["NUL", "a\0.b"],
    ["bytes above 0x7F round it", "\xffa\xff"],
    ["a non-breaking space behind", "a\xa0"],
    ["percent-encoding", "%61"],
    ["a quote", '"a"'],
    ["two ports", "a:80:80"],
    ["a port with a plus", "a:+80"],
    ["nothing but a port", ":80"],
    ["a scheme", "http://a"],
    ["a zone", "[fe80::1%25eth0]"],
    ["a bare CR", "a\rb"],
  ].map(([name, host]) => refused(`Host with ${name}`, "RFC 9110 7.2, RFC 3986 3.2.2", head(`Host: ${host}\r\n`))),
  refused("an empty Host", "RFC 9110 4.2.1", head("Host:\r\n")),
  refused("an empty Host in HTTP/1.0", "RFC 9110 4.2.1", "GET /x HTTP/1.0\r\nHost: \r\n\r\n"),
  refused("an empty Host behind a good request", "RFC 9110 4.2.1", get("") + head("Host:\r\n"), "badRequest 400", [GOT, "end"]),
  refused("a list of Hosts", "RFC 9110 7.2", head("Host: a, b\r\n")),
  refused("Host with a path", "RFC 9110 7.2", head("Host: a/b\r\n")),
  refused("Host with userinfo", "RFC 9110 4.2.4", head("Host: u@a\r\n")),
  refused("Host with a space", "RFC 9110 7.2", head("Host: a b\r\n")),
  refused("Host with a bad port", "RFC 9110 7.2", head("Host: a:b\r\n")),
  refused("Host with a port above 65535", "RFC 9110 7.2", head("Host: a:65536\r\n")),
  refused("Host with a byte above 0x7F", "RFC 3986 3.2.2", head("Host: \xe9\r\n")),
  refused("Host of half an address", "RFC 3986 3.2.2", head("Host: [::1\r\n")),
  taken("Host with a port", "RFC 9110 7.2", head("Host: a:8080\r\n"), ["GET /x @a:8080", "end"]),
  taken("Host of an IPv6 address", "RFC 3986 3.2.2", head("Host: [::1]:80\r\n"), ["GET /x @[::1]:80", "end"]),
  taken("Host in another case", "RFC 9110 5.1", head("hOsT: A\r\n"), ["GET /x @A", "end"]),
  refused("Host before a space and the colon", "RFC 9112 5.1", head("Host : a\r\n")),
];

const lines: readonly ServerRow[] = [
  taken("names keep their case, values their bytes", "RFC 9110 5.1", get("x-LoWeR: \xe4\xf6, b\r\n"), [
    `${GOT} [x-LoWeR: \xe4\xf6, b]`,
    "end",
  ]),
  taken("white space round a value goes", "RFC 9112 5.1", get("X: \t a b \t\r\n"), [`${GOT} [X: a b]`, "end"]),
  taken("no white space before a value", "RFC 9112 5.1", get("X:a\r\n"), [`${GOT} [X: a]`, "end"]),
  taken("an empty value", "RFC 9112 5.1", get("X:\r\nY: \r\n"), [`${GOT} [X:  | Y: ]`, "end"]),
  taken("a tab inside a value", "RFC 9110 5.5", get("X: a\tb\r\n"), [`${GOT} [X: a\tb]`, "end"]),
  taken("a colon inside a value", "RFC 9112 5", get("X: a:b\r\n"), [`${GOT} [X: a:b]`, "end"]),
  taken("repeated fields keep their order", "RFC 9110 5.3", get("X: 1\r\nY: 2\r\nX: 3\r\n"), [
    `${GOT} [X: 1 | Y: 2 | X: 3]`,
    "end",
  ]),
  refused("a line without a colon", "RFC 9112 5", get("X\r\n")),
  refused("a line that is a request", "RFC 9112 5", get("GET /y HTTP/1.1\r\n")),
  refused("no name", "RFC 9112 5", get(": x\r\n")),
  refused("a space before the colon", "RFC 9112 5.1", get("X : y\r\n")),
  refused("a tab before the colon", "RFC 9112 5.1", get("X\t: y\r\n")),
  refused("a space in a name", "RFC 9110 5.1", get("X Y: z\r\n")),
  refused("a bracket in a name", "RFC 9110 5.1", get("X[0]: y\r\n")),
  refused("a byte above 0x7F in a name", "RFC 9110 5.1", get("\xeb: y\r\n")),
  refused("NUL in a name", "RFC 9110 5.1", get("X\0: y\r\n")),
  refused("a quote in a name", "RFC 9110 5.1", get('"X": y\r\n')),
  refused(
    "a name of all that is no token",
    "RFC 9110 5.1",
    get('\0\x01\x02\x03\x04\x05\x06\x07\x08\t\x0b\x0c\x0e\x0f\x10\x1f "(),/;<=>?@[/]{}: y\r\n'),
  ),
  ...[
    ["NEL behind", "X\x85"],
    ["a non-breaking space behind", "X\xa0"],
    ["a soft hyphen inside", "Content\xadLength"],
    ["a vertical tab behind", "X\x0b"],
    ["a form feed before", "\x0cX"],
    ["DEL behind", "X\x7f"],
    ["a backslash inside", "Content\\Length"],
    ["a slash inside", "Content/Length"],
    ["a word behind", "Content-Length x"],
    ["a bare CR inside", "Con\rtent-Length"],
    ["a bare LF inside", "Con\ntent-Length"],
    ["a break inside", "Content-\r\nLength"],
    ["a comma inside", "Content,Length"],
    ["a colon before", ":Content-Length"],
    ["braces", "{X}"],
  ].map(([name, text]) => refused(`a name with ${name}`, "RFC 9110 5.1, RFC 9112 5", get(`${text}: 5\r\n`))),
  taken("a name with an escape is another name", "RFC 9110 5.1", get("Content-%4cength: 5\r\n"), [
    `${GOT} [Content-%4cength: 5]`,
    "end",
  ]),
  refused("a name and a value without a colon", "RFC 9112 5", get("Content-Length 10\r\n")),
  refused("a colon alone before other fields", "RFC 9112 5", get(":\r\nX: y\r\n")),
  refused("no name before Host", "RFC 9112 5", head(`: x\r\n${HOST}`)),
  refused("a tab before the first field", "RFC 9112 2.2", head(`\tContent-Length: 1\r\n${HOST}`)),
  refused("white space before the first field", "RFC 9112 2.2", head(` X: y\r\n${HOST}`)),
  refused("a folded line", "RFC 9112 5.2", get("X: a\r\n b\r\n")),
  refused("a folded line of a tab", "RFC 9112 5.2", get("X: a\r\n\tb\r\n")),
  refused("a fold of white space alone", "RFC 9112 5.2", get("X: a\r\n \r\n")),
  refused("a fold before a bare LF", "RFC 9112 5.2", get("X: a\r\n \n")),
  refused("a field line ended by LF", "RFC 9112 2.2", get("X: a\nY: b\r\n")),
  refused("a bare CR inside a value", "RFC 9112 2.2", get("X: a\rb\r\n")),
  refused("a bare CR at a value's end", "RFC 9112 2.2", get("X: a\r\r\n")),
  refused("a bare CR in a name", "RFC 9112 2.2", get("X\rY: b\r\n")),
  refused("a line of a bare CR", "RFC 9112 2.2", get("\rX: y\r\n")),
  refused("a line of a bare LF", "RFC 9112 2.2", get("\nX: y\r\n")),
  refused("an end of CR CR LF", "RFC 9112 2.2", get("X: y\r\n\r")),
  refused("an end of CR and another byte", "RFC 9112 2.2", `${get("").slice(0, -1)}Z`),
  refused("an end of CR CR CR", "RFC 9112 2.2", `${get("").slice(0, -2)}\r\r\r`),
  refused("an end of LF LF", "RFC 9112 2.2", get("X: y\n\n").slice(0, -2)),
  refused("an end of LF CR LF", "RFC 9112 2.2", get("X: y\n")),
  refused("an end of CR LF LF", "RFC 9112 2.2", `${get("").slice(0, -2)}\n`),
  refused("a request behind LF LF in a value", "RFC 9112 2.2", get("X:\n\nGET /y HTTP/1.1\r\n")),
  refused("a value of two bare CRs", "RFC 9112 2.2", get("X: a\r\rb\r\n")),
  refused("NUL and CR in a value", "RFC 9110 5.5", get("X: v\0\ralue\r\n")),
  refused("NUL at a value's end", "RFC 9110 5.5", get("X: evil\0\r\n")),
  refused("a fold of an empty line", "RFC 9112 5.2", get("X:\r\n \r\n y\r\n")),
  refused("NUL in a value", "RFC 9110 5.5", get("X: a\0b\r\n")),
  refused("a bell in a value", "RFC 9110 5.5", get("X: \x07\r\n")),
  refused("DEL in a value", "RFC 9110 5.5", get("X: \x7f\r\n")),
  refused("a vertical tab in a value", "RFC 9110 5.5", get("X: a\x0bb\r\n")),
];

const underscores: readonly ServerRow[] = [
  taken("names with _ are dropped", "RFC 3875 4.1.18", get("X_Y: 1\r\nZ: 2\r\n_: 3\r\n"), [`${GOT} [Z: 2]`, "end"]),
  taken("a length named with _ is none", "RFC 3875 4.1.18", get("Content_Length: 5\r\n"), [GOT, "end"]),
  taken("a coding named with _ is none", "RFC 3875 4.1.18", get("Transfer_Encoding: chunked\r\n"), [GOT, "end"]),
  taken("names with _ are kept when asked", "RFC 3875 4.1.18", get("X_Y: 1\r\n"), [`${GOT} [X_Y: 1]`, "end"], {
    settings: { underscores: "keep" },
  }),
  refused("names with _ are refused when asked", "RFC 3875 4.1.18", get("X_Y: 1\r\n"), "badRequest 400", [], {
    settings: { underscores: "refuse" },
  }),
  refused("a dropped line is read as strictly", "RFC 9112 2.2", get("X_Y: a\nb: c\r\n")),
];

const connections: readonly ServerRow[] = [
  takenLast("Connection: close", "RFC 9112 9.6", get("Connection: close\r\n"), [`${GOT} [Connection: close]`, "end"]),
  takenLast("close among other options", "RFC 9110 7.6.1", get("Connection: foo ,\tCLOSE\r\n"), [
    `${GOT} [Connection: foo ,\tCLOSE]`,
    "end",
  ]),
  takenLast("close in a second Connection", "RFC 9110 7.6.1", get("Connection: foo\r\nconnection: close\r\n"), [
    `${GOT} [Connection: foo | connection: close]`,
    "end",
  ]),
  takenLast("close beats keep-alive", "RFC 9112 9.3", get("Connection: keep-alive, close\r\n"), [
    `${GOT} [Connection: keep-alive, close]`,
    "end",
  ]),
  taken("an option that only begins with close", "RFC 9110 7.6.1", get("Connection: closed\r\n"), [
    `${GOT} [Connection: closed]`,
    "end",
  ]),
  taken(
    "keep-alive of HTTP/1.0",
    "RFC 9112 9.3",
    `GET /x HTTP/1.0\r\n${HOST}Connection: Keep-Alive\r\n\r\n`,
    ["GET /x @a HTTP/1.0 [Connection: Keep-Alive]", "end"],
    {
      replies: ["200 keep-alive", "200"],
    },
  ),
  takenLast(
    "keep-alive and close of HTTP/1.0",
    "RFC 9112 9.3",
    `GET /x HTTP/1.0\r\n${HOST}Connection: keep-alive\r\nConnection: close\r\n\r\n`,
    ["GET /x @a HTTP/1.0 [Connection: keep-alive | Connection: close]", "end"],
  ),
  takenLast("the last request that a connection may have", "RFC 9112 9.6", get("") + get(""), [GOT, "end", GOT, "end"], {
    settings: { maxRequests: 2 },
    replies: ["200", "200 close"],
  }),
];

const upgrades: readonly ServerRow[] = [
  taken("Upgrade with Connection", "RFC 9110 7.8", get("Connection: Upgrade\r\nUpgrade: WebSocket\r\n"), [
    `${GOT} upgrade=websocket [Connection: Upgrade | Upgrade: WebSocket]`,
    "end",
  ]),
  taken("Upgrade that Connection does not name", "RFC 9110 7.8", get("Upgrade: websocket\r\n"), [
    `${GOT} [Upgrade: websocket]`,
    "end",
  ]),
  takenLast(
    "Upgrade in HTTP/1.0",
    "RFC 9110 7.8",
    `GET /x HTTP/1.0\r\n${HOST}Connection: upgrade\r\nUpgrade: websocket\r\n\r\n`,
    ["GET /x @a HTTP/1.0 [Connection: upgrade | Upgrade: websocket]", "end"],
  ),
  taken(
    "h2c is no upgrade",
    "RFC 9113 3.1",
    get("Connection: upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n"),
    [`${GOT} [Connection: upgrade, HTTP2-Settings | Upgrade: h2c | HTTP2-Settings: AAMA]`, "end"],
  ),
  taken("h2c in upper case", "RFC 9113 3.1", get("Connection: upgrade\r\nUpgrade: H2C\r\n"), [
    `${GOT} [Connection: upgrade | Upgrade: H2C]`,
    "end",
  ]),
  taken(
    "h2c in a second Upgrade",
    "RFC 9113 3.1, RFC 9110 5.3",
    get("Connection: upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n"),
    [`${GOT} upgrade=websocket [Connection: upgrade | Upgrade: websocket | Upgrade: h2c]`, "end"],
  ),
  taken(
    "a request behind an upgrade",
    "RFC 9110 7.8, RFC 9931",
    get("Connection: upgrade\r\nUpgrade: foo\r\n") + get(""),
    [`${GOT} upgrade=foo [Connection: upgrade | Upgrade: foo]`, "end", GOT, "end"],
    { replies: ["200", "200", "200"] },
  ),
  taken("h2c among others", "RFC 9113 3.1", get("Connection: upgrade\r\nUpgrade: websocket, h2c\r\n"), [
    `${GOT} upgrade=websocket [Connection: upgrade | Upgrade: websocket, h2c]`,
    "end",
  ]),
  taken("several protocols", "RFC 9110 7.8", get("Connection: upgrade\r\nUpgrade: a/1 , b\r\n"), [
    `${GOT} upgrade=a/1, b [Connection: upgrade | Upgrade: a/1 , b]`,
    "end",
  ]),
];

const expectations: readonly ServerRow[] = [
  taken(
    "100-continue with its body",
    "RFC 9110 10.1.1",
    `POST /x HTTP/1.1\r\n${HOST}Expect: 100-Continue\r\nContent-Length: 2\r\n\r\nhi`,
    ["POST /x @a len=2 expect [Expect: 100-Continue]", "body hi", "end"],
  ),
  taken("100-continue without a body is dropped", "RFC 9110 10.1.1", get("Expect: 100-continue\r\nX: y\r\n"), [
    `${GOT} [X: y]`,
    "end",
  ]),
  taken(
    "100-continue with a length of 0 is dropped",
    "RFC 9110 10.1.1",
    `POST /x HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 0\r\n\r\n`,
    ["POST /x @a", "end"],
  ),
  refused(
    "another expectation in a second field",
    "RFC 9110 5.3, 10.1.1",
    get("Expect: 100-continue\r\nExpect: 200-ok\r\n"),
    "unsupportedExpectation 417",
  ),
  refused(
    "100-continue in two fields",
    "RFC 9110 5.3, 10.1.1",
    get("Expect: 100-continue\r\nExpect: 100-continue\r\n"),
    "unsupportedExpectation 417",
  ),
  refused("a word before 100-continue", "RFC 9110 10.1.1", get("Expect: y 100-continue\r\n"), "unsupportedExpectation 417"),
  refused("100-continue with a parameter", "RFC 9110 10.1.1", get("Expect: 100-continue;x\r\n"), "unsupportedExpectation 417"),
  refused("an empty expectation", "RFC 9110 10.1.1", get("Expect:\r\n"), "unsupportedExpectation 417"),
  takenLast(
    "100-continue of HTTP/1.0 is dropped",
    "RFC 9110 10.1.1",
    `POST /x HTTP/1.0\r\n${HOST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi`,
    ["POST /x @a HTTP/1.0 len=2", "body hi", "end"],
  ),
  refused("another expectation", "RFC 9110 10.1.1", get("Expect: 200-ok\r\n"), "unsupportedExpectation 417"),
  refused("a list of expectations", "RFC 9110 10.1.1", get("Expect: 100-continue, x\r\n"), "unsupportedExpectation 417"),
];

/** Host, field lines, names with `_`, Connection, Upgrade, Expect. */
export const fieldRows: readonly ServerRow[] = [...hosts, ...lines, ...underscores, ...connections, ...upgrades, ...expectations];
