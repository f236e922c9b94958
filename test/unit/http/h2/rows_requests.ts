import { lives, OK, type ServerRow } from "./server_row.ts";
import * as w from "./wire.ts";

const MALFORMED = ["1: RST PROTOCOL_ERROR"];
const BAD = [
  '1: 400 [date: Thu, 01 Jan 1970 00:00:00 GMT | content-length: 16 | content-type: text/plain; charset=utf-8] "400 Bad Request\n" end',
];

function pairs(of: Record<string, string | null>, ...more: w.Pairs): w.Pairs {
  const all = { ":method": "GET", ":scheme": "http", ":authority": "a", ":path": "/", ...of };
  return [...Object.entries(all).filter((p): p is [string, string] => p[1] !== null), ...more];
}

function malformed(name: string, rfc: string, fields: w.Pairs, settings = {}): ServerRow {
  return lives(name, rfc, [w.headers(1, fields)], [], MALFORMED, settings);
}

function bad(name: string, rfc: string, fields: w.Pairs, flags = w.WHOLE): ServerRow {
  const reset = (flags & w.END_STREAM) === 0 ? " RST NO_ERROR" : "";
  return lives(name, rfc, [w.headers(1, fields, flags)], [], [BAD[0] + reset]);
}

function taken(name: string, rfc: string, fields: w.Pairs, head: string, settings = {}): ServerRow {
  return lives(name, rfc, [w.headers(1, fields)], [`#1 ${head}`, "#1 end"], [`1: ${OK}`], settings);
}

function path(p: string): w.Pairs {
  return pairs({ ":path": p });
}

function refusal(status: string, phrase: string): string {
  const body = `${status} ${phrase}\n`;
  return `1: ${status} [date: Thu, 01 Jan 1970 00:00:00 GMT | content-length: ${body.length} | content-type: text/plain; charset=utf-8] "${body}" end`;
}

const LONG = "x".repeat(16_384);

/** What a request's pseudo-header fields may say (RFC 9113 8.3.1, 8.5, RFC 8441), and what would smuggle into HTTP/1.1. */
export const requestRows: readonly ServerRow[] = [
  taken("the common form", "8.3.1", pairs({}), "GET / @a [host: a]"),
  taken(
    "pseudo-header fields in any order",
    "8.3",
    [
      [":path", "/"],
      [":authority", "a"],
      [":scheme", "https"],
      [":method", "PUT"],
    ],
    "PUT / @a [host: a]",
  ),
  malformed("no :method", "8.3.1", pairs({ ":method": null })),
  malformed("no :scheme", "8.3.1", pairs({ ":scheme": null })),
  malformed("no :path", "8.3.1", pairs({ ":path": null })),
  malformed("an empty :path", "8.3.1", path("")),
  malformed("an empty :method", "8.3.1", pairs({ ":method": "" })),
  ...[":method", ":scheme", ":path", ":authority"].map((name) =>
    malformed(`${name} twice`, "8.3.1", [
      ...pairs({}),
      [name, name === ":path" ? "/" : name === ":method" ? "GET" : name === ":scheme" ? "http" : "a"],
    ]),
  ),
  malformed("an unknown pseudo-header field", "8.3", pairs({ ":test": "x" })),
  malformed(":status in a request", "8.3", pairs({ ":status": "200" })),
  malformed("a pseudo-header field behind a field", "8.3", [
    [":method", "GET"],
    [":scheme", "http"],
    [":authority", "a"],
    ["x", "y"],
    [":path", "/"],
  ]),
  malformed("a space in :method", "8.3.1", pairs({ ":method": "GET /x HTTP/1.1" })),
  malformed("a line in :method", "8.3.1", pairs({ ":method": "GET\r\nx: y" })),
  bad("a method of 33 bytes", "9110 9.1", pairs({ ":method": "M".repeat(33) })),
  taken("a method of 32 bytes", "9110 9.1", pairs({ ":method": "M".repeat(32) }), `${"M".repeat(32)} / @a [host: a]`),
  bad(":scheme of another protocol", "8.3.1", pairs({ ":scheme": "ftp" })),
  taken(":scheme in upper case", "9110 4.2.3", pairs({ ":scheme": "HTTPS" }), "GET / @a [host: a]"),

  taken("a path with a query", "8.3.1", path("/a/b?c=d&e#".slice(0, -1)), "GET /a/b?c=d&e @a [host: a]"),
  taken("a path that is normalised", "3986 6.2.2", path("/a/./b/../%63?x=../y"), "GET /a/c?x=../y @a [host: a]"),
  taken("slashes that are merged", "3986 6.2.2", path("//a///b"), "GET /a/b @a [host: a]", { mergeSlashes: true }),
  taken("a path that is flagged", "3986 2.2", path("/a%2fb"), "GET /a%2Fb @a flags=1 [host: a]"),
  bad("broken percent-encoding", "3986 2.1", path("/%zz")),
  malformed("a fragment", "8.3.1", path("/a#b")),
  malformed("a space in :path", "8.3.1", path("/a b")),
  malformed("a version in :path", "8.3.1", path("/ HTTP/1.1\r\nHost: b\r\n\r\n")),
  malformed("CR in :path", "8.2.1", path("/\r")),
  malformed("LF in :path", "8.2.1", path("/\n")),
  malformed("NUL in :path", "8.2.1", path("/\0")),
  malformed("a byte above 0x7e in :path", "8.3.1", path("/\xe4")),
  bad("an absolute :path", "8.3.1", path("http://b/")),
  bad("a :path without a slash", "8.3.1", path("x")),
  bad("* for GET", "8.3.1", path("*")),
  taken("* for OPTIONS", "8.3.1", pairs({ ":method": "OPTIONS", ":path": "*" }), "OPTIONS * @a [host: a]"),
  bad("** for OPTIONS", "8.3.1", pairs({ ":method": "OPTIONS", ":path": "**" })),
  lives(
    "a :path longer than the limit",
    "9110 15.5.15",
    [w.headers(1, path(`/${"x".repeat(99)}`))],
    [],
    [refusal("414", "URI Too Long")],
    { limits: { pathBytes: 99 } },
  ),
  taken("a :path as long as the limit", "9110 4.1", path(`/${"x".repeat(98)}`), `GET /${"x".repeat(98)} @a [host: a]`, {
    limits: { pathBytes: 99 },
  }),

  taken("Host alone", "8.3.1", pairs({ ":authority": null }, ["host", "b"]), "GET / @b [host: b]"),
  taken("Host and the same :authority", "8.3.1", pairs({ ":authority": "b:80" }, ["host", "b:80"]), "GET / @b:80 [host: b:80]"),
  taken("Host and :authority in another case", "8.3.1", pairs({ ":authority": "B" }, ["host", "b"]), "GET / @b [host: b]"),
  bad("Host and another :authority", "8.3.1", pairs({}, ["host", "b"])),
  bad("Host and an empty :authority", "8.3.1", pairs({ ":authority": "" }, ["host", "b"])),
  bad("Host twice", "8.3.1", pairs({ ":authority": null }, ["host", "b"], ["host", "b"])),
  bad("neither Host nor :authority", "8.3.1", pairs({ ":authority": null })),
  bad("an empty :authority", "8.3.1", pairs({ ":authority": "" })),
  bad("an empty Host", "9110 7.2", pairs({ ":authority": null }, ["host", ""])),
  bad("userinfo in :authority", "8.3.1", pairs({ ":authority": "u@a" })),
  bad("a path in :authority", "8.3.1", pairs({ ":authority": "a/b" })),
  bad("a port that is none", "3986 3.2.3", pairs({ ":authority": "a:x" })),
  bad("a list in Host", "9110 7.2", pairs({ ":authority": null }, ["host", "a, b"])),
  malformed("a space in :authority", "8.3.1", pairs({ ":authority": "a b" })),
  malformed("a line in :authority", "8.2.1", pairs({ ":authority": "a\r\nx: y" })),
  taken("an IPv6 :authority", "3986 3.2.2", pairs({ ":authority": "[::1]:8443" }), "GET / @[::1]:8443 [host: [::1]:8443]"),

  lives(
    "Expect",
    "9110 10.1.1",
    [w.headers(1, w.post(["expect", "100-continue"]), w.END_HEADERS), w.data(1, "x", w.END_STREAM)],
    ["#1 POST / @a len=? expect [expect: 100-continue | host: a]", '#1 end "x"'],
    [`1: ${OK}`],
  ),
  lives(
    "Expect twice",
    "9110 10.1.1",
    [w.headers(1, w.post(["expect", "100-continue"], ["expect", "x"]))],
    [],
    [refusal("417", "Expectation Failed")],
  ),
  lives(
    "Expect of something else",
    "9110 10.1.1",
    [w.headers(1, w.post(["expect", "x"]))],
    [],
    [refusal("417", "Expectation Failed")],
  ),
  lives(
    "a refused head whose body goes on",
    "8.1",
    [w.headers(1, pairs({ ":path": "x" }), w.END_HEADERS), w.data(1, "xxx"), w.data(1, "y", w.END_STREAM)],
    [],
    [`${BAD[0]} RST NO_ERROR`],
  ),

  lives(
    "more fields than the limit",
    "6585 5",
    [w.headers(1, pairs({}, ["a", "1"], ["b", "2"], ["c", "3"]))],
    [],
    [refusal("431", "Request Header Fields Too Large")],
    { limits: { fields: 2 } },
  ),
  lives(
    "a head larger than the limit",
    "6585 5",
    [w.headers(1, pairs({}, ["a", "x".repeat(300)]))],
    [],
    [refusal("431", "Request Header Fields Too Large")],
    { limits: { headBytes: 400 } },
  ),
  lives(
    "a head larger than the limit, whose body goes on",
    "8.1",
    [w.headers(1, pairs({ ":method": "POST" }, ["a", "x".repeat(300)]), w.END_HEADERS), w.data(1, "x")],
    [],
    [`${refusal("431", "Request Header Fields Too Large")} RST NO_ERROR`],
    { limits: { headBytes: 400 } },
  ),
  lives(
    "a head of 48 KiB in frames",
    "6.10",
    cutBlock(pairs({}, ["a", LONG], ["b", LONG], ["c", LONG])),
    [`#1 GET / @a [a: ${LONG} | b: ${LONG} | c: ${LONG} | host: a]`, "#1 end"],
    [`1: ${OK}`],
  ),

  // ---- CONNECT ----
  lives(
    "CONNECT",
    "8.5",
    [
      w.headers(
        1,
        [
          [":method", "CONNECT"],
          [":authority", "b:443"],
        ],
        w.END_HEADERS,
      ),
      w.data(1, "x", w.END_STREAM),
    ],
    ["#1 CONNECT b:443 @b:443 len=? [host: b:443]", '#1 end "x"'],
    [`1: ${OK}`],
  ),
  malformed("CONNECT with :path", "8.5", pairs({ ":method": "CONNECT", ":scheme": null, ":authority": "b:443" })),
  malformed("CONNECT with :scheme", "8.5", pairs({ ":method": "CONNECT", ":path": null, ":authority": "b:443" })),
  malformed("CONNECT without :authority", "8.5", [
    [":method", "CONNECT"],
    ["host", "b:443"],
  ]),
  bad("CONNECT without a port", "8.5", [
    [":method", "CONNECT"],
    [":authority", "b"],
  ]),
  bad("CONNECT to port 0", "8.5", [
    [":method", "CONNECT"],
    [":authority", "b:0"],
  ]),
  bad(
    "CONNECT with a length",
    "8.5",
    [
      [":method", "CONNECT"],
      [":authority", "b:443"],
      ["content-length", "3"],
    ],
    w.END_HEADERS,
  ),
  bad("CONNECT with another Host", "8.5", [
    [":method", "CONNECT"],
    [":authority", "b:443"],
    ["host", "c:443"],
  ]),
  lives(
    "extended CONNECT",
    "8441 4",
    [
      w.headers(
        1,
        pairs({ ":method": "CONNECT", ":protocol": "WebSocket", ":path": "/chat" }, ["sec-websocket-version", "13"]),
        w.END_HEADERS,
      ),
      w.data(1, "x", w.END_STREAM),
    ],
    ["#1 GET /chat @a len=? upgrade=websocket [sec-websocket-version: 13 | host: a]", '#1 end "x"'],
    ['1: 502 "ok" end'],
  ),
  malformed(":protocol without CONNECT", "8441 4", pairs({ ":protocol": "websocket" })),
  malformed(":protocol with neither :scheme nor :path", "8441 4", [
    [":method", "CONNECT"],
    [":authority", "a"],
    [":protocol", "websocket"],
  ]),
  malformed("an empty :protocol", "8441 4", pairs({ ":method": "CONNECT", ":protocol": "" })),
  malformed("a list in :protocol", "8441 4", pairs({ ":method": "CONNECT", ":protocol": "websocket, x" })),
  bad("h2c by :protocol", "8441 4", pairs({ ":method": "CONNECT", ":protocol": "h2c" })),
  bad(
    "extended CONNECT with a length",
    "8441 4",
    pairs({ ":method": "CONNECT", ":protocol": "websocket" }, ["content-length", "1"]),
    w.END_HEADERS,
  ),
  bad(
    "extended CONNECT with an absolute :path",
    "8441 4",
    pairs({ ":method": "CONNECT", ":protocol": "websocket", ":path": "http://a/" }),
  ),
];

/** HEADERS and CONTINUATION frames as large as they may be. */
function cutBlock(of: w.Pairs): Uint8Array[] {
  const b = w.block(of);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < b.length; at += 16_384) {
    const end = at + 16_384 >= b.length ? w.END_HEADERS : 0;
    frames.push(w.frame(at === 0 ? w.HEADERS : w.CONTINUATION, (at === 0 ? w.END_STREAM : 0) | end, 1, b.slice(at, at + 16_384)));
  }
  return frames;
}
