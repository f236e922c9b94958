import type { ClientRun, ClientSettings } from "./drive_client.ts";

/** Bytes of an upstream and what the client codec must make of them, whole or cut. */
export interface ClientRow {
  readonly name: string;
  /** The clause that decides. */
  readonly rfc: string;
  readonly send: string;
  readonly events: readonly string[];
  readonly after: ClientRun["after"];
  readonly settings: ClientSettings;
  /** The upstream's FIN follows. */
  readonly fin: boolean;
}

type More = Partial<Pick<ClientRow, "settings" | "fin">>;

function kept(name: string, rfc: string, send: string, events: readonly string[], more: More = {}): ClientRow {
  return { name, rfc, send, events: [...events, "end"], after: "kept", settings: {}, fin: false, ...more };
}

function closed(name: string, rfc: string, send: string, events: readonly string[], more: More = {}): ClientRow {
  return { name, rfc, send, events: [...events, "end"], after: "closed", settings: {}, fin: false, ...more };
}

function refused(
  name: string,
  rfc: string,
  send: string,
  before: readonly string[] = [],
  fault = "upstreamProtocol 502",
  more: More = {},
): ClientRow {
  return { name, rfc, send, events: [...before, `reset ${fault}`], after: "closed", settings: {}, fin: false, ...more };
}

function ok(fields: string, body = ""): string {
  return `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`;
}

function chunked(body: string): string {
  return ok("Transfer-Encoding: chunked\r\n", body);
}

const OPEN = "200 len=unknown";
const EMPTY = ok("Content-Length: 0\r\n");
const LIMITS = { headBytes: 128, startLineBytes: 64, fields: 3 };

const statusLines: readonly ClientRow[] = [
  kept("a plain reply", "RFC 9112 4", EMPTY, ["200"]),
  kept("another phrase", "RFC 9112 4", "HTTP/1.1 200 Fine \xfc, thanks\r\nContent-Length: 0\r\n\r\n", [
    '200 "Fine \xfc, thanks"',
  ]),
  kept("an empty phrase", "RFC 9112 4", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", ["200"]),
  kept("no phrase and no space", "RFC 9112 4", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", ["200"]),
  kept("a status without a name", "RFC 9110 15", "HTTP/1.1 599 X\r\nContent-Length: 0\r\n\r\n", ['599 "X"']),
  closed("HTTP/1.0", "RFC 9112 9.3", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", ["200"]),
  kept("HTTP/1.0 with keep-alive", "RFC 9112 9.3", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", [
    "200 [Connection: keep-alive]",
  ]),
  closed(
    "HTTP/1.0 with keep-alive and close",
    "RFC 9112 9.3",
    "HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 0\r\n\r\n",
    ["200 [Connection: keep-alive, close]"],
  ),
  ...[
    ["status 600", "HTTP/1.1 600 X\r\n"],
    ["status 099", "HTTP/1.1 099 X\r\n"],
    ["a status of two digits", "HTTP/1.1 20 OK\r\n"],
    ["a status of four digits", "HTTP/1.1 2000 OK\r\n"],
    ["a status of letters", "HTTP/1.1 2xx OK\r\n"],
    ["a status with a sign", "HTTP/1.1 +20 OK\r\n"],
    ["two spaces", "HTTP/1.1  200 OK\r\n"],
    ["a tab", "HTTP/1.1\t200 OK\r\n"],
    ["no status", "HTTP/1.1\r\n"],
    ["HTTP/2", "HTTP/2 200 OK\r\n"],
    ["HTTP/1.2", "HTTP/1.2 200 OK\r\n"],
    ["http in lower case", "http/1.1 200 OK\r\n"],
    ["another protocol", "ICY 200 OK\r\n"],
    ["an empty line before", "\r\nHTTP/1.1 200 OK\r\n"],
    ["a space before", " HTTP/1.1 200 OK\r\n"],
    ["LF", "HTTP/1.1 200 OK\n"],
    ["CR inside", "HTTP/1.1 200 O\rK\r\n"],
    ["NUL inside", "HTTP/1.1 200 O\0K\r\n"],
    ["HTML alone", "<html><body>"],
    ["no space before the phrase", "HTTP/1.1 200OK\r\n"],
    ["a point in the status", "HTTP/1.1 2.0 OK\r\n"],
    ["NUL behind the status", "HTTP/1.1 200\0OK\r\n"],
    ["LF for the space", "HTTP/1.1\n200 OK\r\n"],
    ["CR CR LF", "HTTP/1.1 200 OK\r\r\n"],
    ["HTTP/0.9", "HTTP/0.9 200 OK\r\n"],
    ["NUL before", "\0HTTP/1.1 200 OK\r\n"],
    ["another one behind it", "HTTP/1.1 200 OK\r\nHTTP/1.1 200 OK\r\n"],
    ["a greeting", "220 mail.example ESMTP\r\n"],
  ].map(([name, line]) => refused(`a status line with ${name}`, "RFC 9112 4", `${line}Content-Length: 0\r\n\r\n`)),
];

const fieldLines: readonly ClientRow[] = [
  kept("names with _ pass", "RFC 9110 5.1", ok("X_Y: 1\r\nContent-Length: 0\r\n"), ["200 [X_Y: 1]"]),
  kept(
    "names keep their case, values their bytes",
    "RFC 9110 5.1",
    ok("sEt-CoOkIe: a=\xe4\r\nContent-Length: 0\r\nSet-Cookie: b\r\n"),
    ["200 [sEt-CoOkIe: a=\xe4 | Set-Cookie: b]"],
  ),
  ...[
    ["a folded line", "X: a\r\n b\r\n"],
    ["a space before the colon", "X : a\r\n"],
    ["a space before the first name", " X: a\r\n"],
    ["no colon", "X\r\n"],
    ["no name", ": x\r\n"],
    ["LF", "X: a\n"],
    ["a bare CR", "X: a\rb\r\n"],
    ["NUL", "X: a\0\r\n"],
    ["a space in a name", "X Y: a\r\n"],
    ["a tab before the colon", "X\t: a\r\n"],
    ["a tab before the first name", "\tX: a\r\n"],
    ["NEL behind the name", "X\x85: a\r\n"],
    ["CR before a name", "X: y\r\n\rX: a\r\n"],
    ["a reply behind LF LF", "X: y\n\nHTTP/1.1 200 OK\r\n"],
    ["a break in a name", "X\r\nY: a\r\n"],
  ].map(([name, text]) => refused(`a field line with ${name}`, "RFC 9112 5", ok(`${text}Content-Length: 0\r\n`))),
  refused("a head over its limit", "design, part 4", ok(`X: ${"y".repeat(200)}\r\n`), [], "upstreamHeadTooLarge 502", {
    settings: { limits: LIMITS },
  }),
  refused(
    "a status line over its limit",
    "design, part 4",
    `HTTP/1.1 200 ${"y".repeat(200)}\r\n`,
    [],
    "upstreamHeadTooLarge 502",
    {
      settings: { limits: LIMITS },
    },
  ),
  refused(
    "a status line without an end, above the head's limit",
    "design, part 4",
    `HTTP/1.1 200 ${"y".repeat(200)}`,
    [],
    "upstreamHeadTooLarge 502",
    {
      settings: { limits: { headBytes: 64, startLineBytes: 1024, fields: 3 } },
    },
  ),
  refused("fields over their limit", "design, part 4", ok("A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n"), [], "upstreamHeadTooLarge 502", {
    settings: { limits: LIMITS },
  }),
];

const framing: readonly ClientRow[] = [
  kept("a body of a length", "RFC 9112 6.3", ok("Content-Length: 5\r\n", "hello"), ["200 len=5", "body hello"]),
  kept("chunks", "RFC 9112 7.1", chunked("5;a=b\r\nhello\r\n0\r\n\r\n"), [OPEN, "body hello"]),
  kept("chunks with trailers", "RFC 9112 7.1.2", chunked("5\r\nhello\r\n0\r\nX: y\r\n\r\n"), [
    OPEN,
    "body hello",
    "trailers [X: y]",
  ]),
  closed("a body until the close", "RFC 9112 6.3", ok("", "hello"), [OPEN, "body hello"], { fin: true }),
  closed("no body until the close", "RFC 9112 6.3", ok(""), [OPEN], { fin: true }),
  closed(
    "a body until the close in HTTP/1.0 with keep-alive",
    "RFC 9112 6.3",
    "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nhello",
    ["200 len=unknown [Connection: keep-alive]", "body hello"],
    { fin: true },
  ),
  closed("Connection: close", "RFC 9112 9.6", ok("Connection: close\r\nContent-Length: 2\r\n", "hi"), [
    "200 len=2 [Connection: close]",
    "body hi",
  ]),
  closed("the last request that a connection may have", "design, part 4", EMPTY, ["200"], { settings: { maxRequests: 1 } }),
  closed("a reply before the request's end", "RFC 9112 9.3", ok("Content-Length: 2\r\n", "no"), ["200 len=2", "body no"], {
    settings: { unsent: true },
  }),
  kept("204", "RFC 9112 6.3", "HTTP/1.1 204 No Content\r\n\r\n", ["204"]),
  kept("204 with a length", "RFC 9112 6.3", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", ["204 len=5"]),
  kept("304 with a length", "RFC 9112 6.3", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", ["304 len=5"]),
  kept("304 with chunked", "RFC 9112 6.3", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", ["304"]),
  kept("HEAD with a length", "RFC 9112 6.3", ok("Content-Length: 5\r\n"), ["200 len=5"], { settings: { method: "HEAD" } }),
  kept("HEAD with chunked", "RFC 9112 6.3", ok("Transfer-Encoding: chunked\r\n"), ["200"], { settings: { method: "HEAD" } }),
  kept("HEAD with neither", "RFC 9112 6.3", ok(""), ["200"], { settings: { method: "HEAD" } }),
  kept("205 with a length of 0", "RFC 9110 15.3.6", "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", ["205"]),
  ...[
    ["both framings", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"],
    ["both framings, the coding first", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"],
    ["a length and identity", "Content-Length: 5\r\nTransfer-Encoding: identity\r\n"],
    ["an empty length before another", "Content-Length:\r\nContent-Length: 5\r\n"],
    ["a length with an underscore", "Content-Length: 1_0\r\n"],
    ["a hexadecimal length", "Content-Length: 0x5\r\n"],
    ["a length of minus zero", "Content-Length: -0\r\n"],
    ["a length with NEL", "Content-Length: 5\x85\r\n"],
    ["a length with a letter behind", "Content-Length: 5a\r\n"],
    ["a folded length", "Content-Length:\r\n 5\r\n"],
    ["a space before the length's colon", "Content-Length : 5\r\n"],
    ["a length behind a bare LF", "X: y\nContent-Length: 5\r\n"],
    ["xchunked", "Transfer-Encoding: xchunked\r\n"],
    ["chunked in quotes", 'Transfer-Encoding: "chunked"\r\n'],
    ["chunked with a parameter", "Transfer-Encoding: chunked;q=1\r\n"],
    ["chunked, identity", "Transfer-Encoding: chunked, identity\r\n"],
    ["a comma before chunked", "Transfer-Encoding: ,chunked\r\n"],
    ["a folded coding", "Transfer-Encoding:\r\n chunked\r\n"],
    ["a coding behind a bare CR", "X: y\rTransfer-Encoding: chunked\r\n"],
    ["two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n"],
    ["two equal lengths", "Content-Length: 5\r\nContent-Length: 5\r\n"],
    ["a list of lengths", "Content-Length: 5, 5\r\n"],
    ["a signed length", "Content-Length: +5\r\n"],
    ["a negative length", "Content-Length: -5\r\n"],
    ["an empty length", "Content-Length:\r\n"],
    ["a length of letters", "Content-Length: five\r\n"],
    ["a length beyond 2^53", "Content-Length: 9007199254740993\r\n"],
    ["gzip as coding", "Transfer-Encoding: gzip\r\n"],
    ["gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n"],
    ["chunked twice", "Transfer-Encoding: chunked, chunked\r\n"],
    ["chunked in two fields", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"],
    ["identity", "Transfer-Encoding: identity\r\n"],
    ["an empty coding", "Transfer-Encoding:\r\n"],
    ["a vertical tab before the coding", "Transfer-Encoding: \x0bchunked\r\n"],
  ].map(([name, fields]) => refused(`a reply with ${name}`, "RFC 9112 6.1, 6.3", ok(fields!, "5\r\nhello\r\n0\r\n\r\n"))),
  refused("chunked in HTTP/1.0", "RFC 9112 6.1", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
  refused("a bad framing of a reply to HEAD", "RFC 9112 6.3", ok("Content-Length: x\r\n"), [], "upstreamProtocol 502", {
    settings: { method: "HEAD" },
  }),
  ...[
    ["0x", "0x5\r\nhello\r\n0\r\n\r\n"],
    ["a space behind", "5 \r\nhello\r\n0\r\n\r\n"],
    ["LF", "5\nhello\r\n0\r\n\r\n"],
    ["nothing", "\r\nhello\r\n0\r\n\r\n"],
    ["a minus", "-1\r\nhello\r\n0\r\n\r\n"],
    ["a plus", "+5\r\nhello\r\n0\r\n\r\n"],
    ["an underscore", "0_5\r\nhello\r\n0\r\n\r\n"],
    ["CR CR LF", "5\r\r\nhello\r\n0\r\n\r\n"],
    ["an extension with LF", "5;a\nb\r\nhello\r\n0\r\n\r\n"],
    ["an extension with CR", "5;a\rb\r\nhello\r\n0\r\n\r\n"],
    ["an extension with CR LF in quotes", '5;a="\r\nhello\r\n0\r\n\r\n"'],
    ["a space before the extension", "5 ;a\r\nhello\r\n0\r\n\r\n"],
    ["14 digits", "00000000000005\r\nhello\r\n0\r\n\r\n"],
    ["too many digits", "fffffffffffffffff\r\nhello\r\n0\r\n\r\n"],
  ].map(([name, body]) => refused(`a reply's chunk size with ${name}`, "RFC 9112 7.1", chunked(body!), [OPEN])),
  refused("a reply's chunk longer than its size", "RFC 9112 7.1", chunked("4\r\nhello\r\n0\r\n\r\n"), [OPEN, "body hell"]),
  refused("a reply's chunk ended by LF", "RFC 9112 7.1", chunked("5\r\nhello\n0\r\n\r\n"), [OPEN, "body hello"]),
  refused("a reply's chunk ended by two other bytes", "RFC 9112 7.1", chunked("5\r\nhelloXX0\r\n\r\n"), [OPEN, "body hello"]),
  refused("an empty line between a reply's chunks", "RFC 9112 7.1", chunked("5\r\nhello\r\n\r\n0\r\n\r\n"), [OPEN, "body hello"]),
  refused("a coding among a reply's trailers", "RFC 9110 6.5.1", chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n"), [OPEN]),
  refused("a reply among a reply's trailers", "RFC 9112 7.1.2", chunked("0\r\nHTTP/1.1 200 OK\r\n\r\n"), [OPEN]),
  kept("a length with leading zeros", "RFC 9110 8.6", ok("Content-Length: 005\r\n", "hello"), ["200 len=5", "body hello"]),
  kept(
    "205 with a body, framed as any other",
    "RFC 9112 6.3, RFC 9110 15.3.6",
    "HTTP/1.1 205 Reset Content\r\nContent-Length: 5\r\n\r\nhello",
    ["205 len=5", "body hello"],
  ),
  closed("chunks behind 204", "RFC 9112 6.3, 9.2", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [
    "204",
  ]),
  closed("chunks behind 304", "RFC 9112 6.3, 9.2", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [
    "304",
  ]),
  closed("a body behind 304", "RFC 9112 6.3, 9.2", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello", ["304 len=5"]),
  closed("chunks behind a reply to HEAD", "RFC 9112 6.3, 9.2", chunked("0\r\n\r\n"), ["200"], { settings: { method: "HEAD" } }),
  closed("a reply behind a reply to HEAD", "RFC 9112 9.2, 11.1", ok("Content-Length: 5\r\n") + EMPTY, ["200 len=5"], {
    settings: { method: "HEAD" },
  }),
  closed("an empty line behind a reply", "RFC 9112 9.2", `${EMPTY}\r\n`, ["200"]),
  closed("an interim reply behind a reply", "RFC 9112 9.2", `${EMPTY}HTTP/1.1 100 Continue\r\n\r\n`, ["200"]),
  refused("a length among a reply's trailers", "RFC 9110 6.5.1", chunked("0\r\nContent-Length: 5\r\n\r\n"), [OPEN]),
  refused(
    "a FIN within a body of a length",
    "RFC 9112 8",
    ok("Content-Length: 10\r\n", "hello"),
    ["200 len=10", "body hello"],
    "upstreamClosed 502",
    { fin: true },
  ),
  refused("a FIN within chunks", "RFC 9112 8", chunked("5\r\nhello\r\n"), [OPEN, "body hello"], "upstreamClosed 502", {
    fin: true,
  }),
  refused("a FIN within a head", "RFC 9112 8", "HTTP/1.1 200 OK\r\nConte", [], "upstreamClosed 502", { fin: true }),
  refused("a FIN before a byte", "RFC 9112 9.3.1", "", [], "upstreamClosed 502 ifReused", { fin: true }),
  refused(
    "a FIN behind an interim reply",
    "RFC 9112 9.3.1",
    "HTTP/1.1 100 Continue\r\n\r\n",
    ["interim 100"],
    "upstreamClosed 502",
    { fin: true },
  ),
  closed("bytes behind a reply", "RFC 9112 9.2", ok("Content-Length: 2\r\n", "hi!"), ["200 len=2", "body hi"]),
  closed("a second reply that nobody asked for", "RFC 9112 9.2", EMPTY + EMPTY, ["200"]),
  closed("a body behind a reply to HEAD", "RFC 9112 6.3, 9.2", ok("Content-Length: 5\r\n", "hello"), ["200 len=5"], {
    settings: { method: "HEAD" },
  }),
  closed("a body behind 204", "RFC 9112 6.3, 9.2", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", ["204 len=5"]),
  {
    name: "bytes for a request that was given up",
    rfc: "RFC 9112 9.2",
    send: ok("Content-Length: 2\r\n", "hi"),
    events: [],
    after: "closed",
    settings: { givenUp: true },
    fin: false,
  },
  {
    name: "half a reply",
    rfc: "RFC 9112 8",
    send: ok("Content-Length: 10\r\n", "hello"),
    events: ["200 len=10", "body hello"],
    after: "busy",
    settings: {},
    fin: false,
  },
];

const INTERIM = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n\r\n";
const SWITCHED = "101 upgrade=websocket [Connection: upgrade | Upgrade: WebSocket]";

const interims: readonly ClientRow[] = [
  kept("100, then a reply", "RFC 9110 15.2.1", `HTTP/1.1 100 Continue\r\n\r\n${EMPTY}`, ["interim 100", "200"]),
  kept("several interim replies", "RFC 9110 15.2", INTERIM + INTERIM + EMPTY, [
    "interim 103 [Link: </a>]",
    "interim 103 [Link: </a>]",
    "200",
  ]),
  kept(
    "a reply to HEAD behind an interim reply",
    "RFC 9110 15.2, RFC 9112 6.3",
    INTERIM + ok("Content-Length: 5\r\n"),
    ["interim 103 [Link: </a>]", "200 len=5"],
    {
      settings: { method: "HEAD" },
    },
  ),
  kept("interim replies of other statuses", "RFC 9110 15.2", `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 199 Own\r\n\r\n${EMPTY}`, [
    "interim 102",
    'interim 199 "Own"',
    "200",
  ]),
  refused("an interim reply with a length of 0", "RFC 9110 8.6", `HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n${EMPTY}`),
  refused("an interim reply ended by LF", "RFC 9112 2.2", `HTTP/1.1 100 Continue\n\n${EMPTY}`),
  refused(
    "interim replies without an end",
    "design, part 4",
    INTERIM.repeat(17),
    Array.from({ length: 16 }, () => "interim 103 [Link: </a>]"),
  ),
  refused("an interim reply with a length", "RFC 9110 8.6", `HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello${EMPTY}`),
  refused(
    "an interim reply with a coding",
    "RFC 9112 6.1",
    `HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${EMPTY}`,
  ),
  refused("101 that nobody asked for", "RFC 9110 15.2.2", SWITCH),
  refused("101 to another protocol", "RFC 9110 7.8", SWITCH.replace("WebSocket", "h2c"), [], "upstreamProtocol 502", {
    settings: { upgrade: "websocket" },
  }),
  refused(
    "101 that names no protocol",
    "RFC 9110 7.8",
    SWITCH.replace("Upgrade: WebSocket\r\n", ""),
    [],
    "upstreamProtocol 502",
    {
      settings: { upgrade: "websocket" },
    },
  ),
  refused("101 before the request's end", "RFC 9110 7.8", SWITCH, [], "upstreamProtocol 502", {
    settings: { upgrade: "websocket", unsent: true },
  }),
  ...[
    ["a length of 0", "Content-Length: 0\r\n"],
    ["a length", "Content-Length: 3\r\n"],
    ["a coding and a length", "Transfer-Encoding: chunked\r\nContent-Length: x\r\n"],
  ].map(
    ([name, fields]): ClientRow => ({
      name: `101 with ${name}, which says nothing`,
      rfc: "RFC 9112 6.3, RFC 9110 8.6",
      send: `${SWITCH.replace("\r\n\r\n", `\r\n${fields}\r\n`)}raw`,
      events: [SWITCHED, "tunnel", "body raw"],
      after: "tunnel",
      settings: { upgrade: "websocket" },
      fin: false,
    }),
  ),
  refused(
    "101 with a second Upgrade that nobody asked for",
    "RFC 9110 7.8, 5.3",
    SWITCH.replace("\r\n\r\n", "\r\nUpgrade: h2c\r\n\r\n"),
    [],
    "upstreamProtocol 502",
    { settings: { upgrade: "websocket" } },
  ),
  kept(
    "200 with Upgrade is no switch",
    "RFC 9110 7.8",
    ok("Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n", "no"),
    ["200 len=2 [Connection: upgrade | Upgrade: websocket]", "body no"],
    { settings: { upgrade: "websocket" } },
  ),
  ...[
    ["a length", "Content-Length: 3\r\n"],
    ["two lengths", "Content-Length: 3\r\nContent-Length: 4\r\n"],
    ["a coding and a length", "Transfer-Encoding: gzip\r\nContent-Length: x\r\n"],
  ].map(
    ([name, fields]): ClientRow => ({
      name: `200 to CONNECT with ${name}, which says nothing`,
      rfc: "RFC 9110 9.3.6, RFC 9112 6.3",
      send: ok(`X: y\r\n${fields}`, "raw"),
      events: ["200 [X: y]", "tunnel", "body raw"],
      after: "tunnel",
      settings: { method: "CONNECT" },
      fin: false,
    }),
  ),
  {
    name: "101",
    rfc: "RFC 9110 7.8",
    send: `${SWITCH}\x00raw\r\n`,
    events: [SWITCHED, "tunnel", "body \x00raw\r\n"],
    after: "tunnel",
    settings: { upgrade: "websocket" },
    fin: false,
  },
  {
    name: "101 to one of those asked for",
    rfc: "RFC 9110 7.8",
    send: `${SWITCH}raw`,
    events: [SWITCHED, "tunnel", "body raw"],
    after: "tunnel",
    settings: { upgrade: "foo, websocket" },
    fin: false,
  },
  {
    name: "101 behind an interim reply",
    rfc: "RFC 9110 7.8",
    send: `${INTERIM}${SWITCH}`,
    events: ["interim 103 [Link: </a>]", SWITCHED, "tunnel"],
    after: "tunnel",
    settings: { upgrade: "websocket" },
    fin: false,
  },
  kept("an upgrade that was not taken", "RFC 9110 7.8", ok("Content-Length: 2\r\n", "no"), ["200 len=2", "body no"], {
    settings: { upgrade: "websocket" },
  }),
];

/** Status lines, fields, framing, interim replies and switches of protocol. */
export const responseRows: readonly ClientRow[] = [...statusLines, ...fieldLines, ...framing, ...interims];
