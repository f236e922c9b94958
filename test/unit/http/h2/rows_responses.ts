import * as w from "./wire.ts";

/** Frames of a server, behind its SETTINGS, as the answer to one request on stream 1, and what the client codec must make of them. */
export interface ClientRow {
  readonly name: string;
  /** The clause that decides. */
  readonly rfc: string;
  readonly send: Uint8Array;
  readonly events: readonly string[];
  /** What the client has to say to it: RST_STREAM, GOAWAY. */
  readonly out: readonly string[];
  readonly method: string;
  /** The request's body has not been sent to its end. */
  readonly unsent: boolean;
  readonly limits: { readonly headBytes?: number; readonly fields?: number };
}

type More = Partial<Pick<ClientRow, "method" | "unsent" | "limits">>;

function row(
  name: string,
  rfc: string,
  send: readonly Uint8Array[],
  events: readonly string[],
  out: readonly string[],
  more: More,
): ClientRow {
  return { name, rfc, send: w.join(...send), events, out, method: "GET", unsent: false, limits: {}, ...more };
}

/** The reply is taken. */
function taken(name: string, rfc: string, send: readonly Uint8Array[], events: readonly string[], more: More = {}): ClientRow {
  return row(name, rfc, send, events, [], more);
}

/** The stream is reset by the client. */
function refused(
  name: string,
  rfc: string,
  send: readonly Uint8Array[],
  events: readonly string[] = [],
  code = "PROTOCOL_ERROR",
  more: More = {},
): ClientRow {
  return row(name, rfc, send, [...events, "#1 reset upstreamProtocol 502"], [`1: RST ${code}`], more);
}

/** The connection ends. */
function dies(
  name: string,
  rfc: string,
  send: readonly Uint8Array[],
  code = "PROTOCOL_ERROR",
  events: readonly string[] = ["#1 reset upstreamProtocol 502"],
): ClientRow {
  return row(name, rfc, send, [...events, "fault upstreamProtocol 502"], [`GOAWAY 0 ${code}`], {});
}

function head(status: string, flags: number, ...fields: w.Pairs): Uint8Array {
  return w.headers(1, [[":status", status], ...fields], flags);
}

const OPEN = w.END_HEADERS;
const REPLY = head("200", w.WHOLE);

export const responseRows: readonly ClientRow[] = [
  taken("a head alone", "8.1", [REPLY], ["#1 200", "#1 end"]),
  taken(
    "a head with fields",
    "8.1",
    [head("404", w.WHOLE, ["server", "x"], ["set-cookie", "a"], ["set-cookie", "b"])],
    ["#1 404 [server: x | set-cookie: a | set-cookie: b]", "#1 end"],
  ),
  taken(
    "a body",
    "8.1",
    [head("200", OPEN), w.data(1, "he"), w.data(1, "llo", w.END_STREAM)],
    ["#1 200 len=?", '#1 end "hello"'],
  ),
  taken(
    "a body of a length",
    "8.1.1",
    [head("200", OPEN, ["content-length", "5"]), w.padded(1, "hello", 3, w.END_STREAM)],
    ["#1 200 len=5", '#1 end "hello"'],
  ),
  taken(
    "an end by an empty frame",
    "8.1",
    [head("200", OPEN), w.data(1, "x"), w.data(1, "", w.END_STREAM)],
    ["#1 200 len=?", '#1 end "x"'],
  ),
  taken(
    "trailers",
    "8.1",
    [head("200", OPEN), w.data(1, "x"), w.headers(1, [["grpc-status", "0"]])],
    ["#1 200 len=?", '#1 end "x" [grpc-status: 0]'],
  ),
  taken(
    "interim heads",
    "8.1",
    [head("100", OPEN), head("103", OPEN, ["link", "</a>"]), REPLY],
    ["#1 interim 100", "#1 interim 103 [link: </a>]", "#1 200", "#1 end"],
  ),
  taken("names with underscores", "9110 5.1", [head("200", w.WHOLE, ["x_a", "b"])], ["#1 200 [x_a: b]", "#1 end"]),
  taken("HEAD with a length", "9110 9.3.2", [head("200", w.WHOLE, ["content-length", "9"])], ["#1 200 len=9", "#1 end"], {
    method: "HEAD",
  }),
  taken(
    "HEAD with a length and an empty frame",
    "9110 9.3.2",
    [head("200", OPEN, ["content-length", "9"]), w.data(1, "", w.END_STREAM)],
    ["#1 200 len=9", "#1 end"],
    { method: "HEAD" },
  ),
  taken("304 with a length", "9110 15.4.5", [head("304", w.WHOLE, ["content-length", "9"])], ["#1 304 len=9", "#1 end"]),
  taken("204", "9110 15.3.5", [head("204", w.WHOLE)], ["#1 204", "#1 end"]),
  taken("a length of 0", "8.1.1", [head("200", w.WHOLE, ["content-length", "0"])], ["#1 200", "#1 end"]),
  taken(
    "frames of unknown types between",
    "5.5",
    [w.frame(0x77, 0, 1), head("200", OPEN), w.frame(0xf0, 1, 1, w.latin1("x")), w.data(1, "", w.END_STREAM)],
    ["#1 200 len=?", "#1 end"],
  ),
  taken("PRIORITY", "6.3", [w.frame(w.PRIORITY, 0, 1, Uint8Array.of(0, 0, 0, 3, 1)), REPLY], ["#1 200", "#1 end"]),
  taken(
    "frames behind the end of a stream that is forgotten",
    "5.1",
    [REPLY, w.windowUpdate(1, 5), w.reset(1, 0)],
    ["#1 200", "#1 end"],
  ),

  refused("no :status", "8.3.2", [w.headers(1, [["server", "x"]])]),
  refused(":status twice", "8.3", [
    w.headers(1, [
      [":status", "200"],
      [":status", "200"],
    ]),
  ]),
  refused("a pseudo-header field of requests", "8.3", [
    w.headers(1, [
      [":status", "200"],
      [":path", "/"],
    ]),
  ]),
  ...["", "20", "2000", "abc", "+20", "2e2"].map((s) => refused(`:status of "${s}"`, "8.3.2", [head(s, w.WHOLE)])),
  ...["000", "099", "600", "999"].map((s) => refused(`:status ${s}`, "9110 15", [head(s, w.WHOLE)])),
  refused("101", "8.6", [head("101", OPEN)]),
  refused("an interim head that ends the stream", "8.1", [head("103", w.WHOLE)]),
  refused("an interim head with a length", "9110 6.4.1", [head("103", OPEN, ["content-length", "0"])]),
  refused("an interim head behind the final one", "8.1", [head("200", OPEN), head("103", OPEN)], ["#1 200 len=?"]),
  refused(
    "interim heads without end",
    "9110 15.2",
    Array.from({ length: 17 }, () => head("102", OPEN)),
    Array.from({ length: 16 }, () => "#1 interim 102"),
    "CANCEL",
  ),
  refused("DATA before the head", "8.1", [w.data(1, "x")]),
  refused("DATA behind an interim head", "8.1", [head("100", OPEN), w.data(1, "x")], ["#1 interim 100"]),
  refused("a second head without an end", "8.1", [head("200", OPEN), w.headers(1, [["x", "y"]], OPEN)], ["#1 200 len=?"]),
  refused(":status in trailers", "8.1", [head("200", OPEN), head("200", w.WHOLE)], ["#1 200 len=?"]),
  refused("framing in trailers", "9110 6.5.1", [head("200", OPEN), w.headers(1, [["content-length", "1"]])], ["#1 200 len=?"]),
  refused(
    "a shorter body",
    "8.1.1",
    [head("200", OPEN, ["content-length", "5"]), w.data(1, "hell", w.END_STREAM)],
    ["#1 200 len=5"],
  ),
  refused("a longer body", "8.1.1", [head("200", OPEN, ["content-length", "5"]), w.data(1, "hello!")], ["#1 200 len=5"]),
  refused(
    "a shorter body with trailers",
    "8.1.1",
    [head("200", OPEN, ["content-length", "5"]), w.headers(1, [["x", "y"]])],
    ["#1 200 len=5"],
  ),
  refused("a length without a body", "8.1.1", [head("200", w.WHOLE, ["content-length", "5"])]),
  refused("a length twice", "8.1.1", [head("200", OPEN, ["content-length", "5"], ["content-length", "5"])]),
  refused("a length that is none", "8.1.1", [head("200", OPEN, ["content-length", "5x"])]),
  refused(
    "a body to HEAD",
    "9110 9.3.2",
    [head("200", OPEN, ["content-length", "1"]), w.data(1, "x", w.END_STREAM)],
    ["#1 200 len=1"],
    "PROTOCOL_ERROR",
    { method: "HEAD" },
  ),
  refused("a body to 204", "9110 15.3.5", [head("204", OPEN), w.data(1, "x", w.END_STREAM)], ["#1 204"]),
  refused("transfer-encoding", "8.2.2", [head("200", w.WHOLE, ["transfer-encoding", "chunked"])]),
  refused("connection", "8.2.2", [head("200", w.WHOLE, ["connection", "close"])]),
  refused("a name in upper case", "8.2.1", [head("200", w.WHOLE, ["X", "y"])]),
  refused("CRLF in a value", "8.2.1", [head("200", w.WHOLE, ["x", "a\r\nb: c"])]),
  row(
    "a head larger than the limit",
    "6.5.2",
    [head("200", w.WHOLE, ["x", "y".repeat(300)])],
    ["#1 reset upstreamHeadTooLarge 502"],
    ["1: RST CANCEL"],
    { limits: { headBytes: 300 } },
  ),
  row(
    "more fields than the limit",
    "6.5.2",
    [head("200", w.WHOLE, ["a", "1"], ["b", "2"])],
    ["#1 reset upstreamHeadTooLarge 502"],
    ["1: RST CANCEL"],
    { limits: { fields: 1 } },
  ),
  row("WINDOW_UPDATE of 0", "6.9", [w.windowUpdate(1, 0)], ["#1 reset upstreamProtocol 502"], ["1: RST PROTOCOL_ERROR"], {
    unsent: true,
  }),

  row("RST_STREAM", "5.4.2", [w.reset(1, 2)], ["#1 reset upstreamReset 502"], [], {}),
  row(
    "RST_STREAM behind the head",
    "5.4.2",
    [head("200", OPEN), w.data(1, "x"), w.reset(1, 8)],
    ["#1 200 len=?", "#1 reset upstreamReset 502"],
    [],
    {},
  ),
  row("RST_STREAM that refuses", "8.7", [w.reset(1, 7)], ["#1 reset upstreamReset 503 always"], [], {}),
  row(
    "RST_STREAM without an error before the end",
    "8.1",
    [head("200", OPEN), w.reset(1, 0)],
    ["#1 200 len=?", "#1 reset upstreamReset 502"],
    [],
    {},
  ),
  row(
    "RST_STREAM without an error behind all that was announced",
    "8.1",
    [head("200", OPEN, ["content-length", "2"]), w.data(1, "no"), w.reset(1, 0)],
    ["#1 200 len=2", '#1 end "no"'],
    [],
    {},
  ),
  row(
    "RST_STREAM without an error behind all that was announced, before the request's end",
    "8.1",
    [head("413", OPEN, ["content-length", "2"]), w.data(1, "no"), w.reset(1, 0)],
    ["#1 413 len=2", '#1 end "no"'],
    [],
    { unsent: true },
  ),
  row(
    "RST_STREAM without an error before all that was announced",
    "8.1",
    [head("200", OPEN, ["content-length", "3"]), w.data(1, "no"), w.reset(1, 0)],
    ["#1 200 len=3", "#1 reset upstreamReset 502"],
    [],
    {},
  ),
  row(
    "RST_STREAM with an error behind all that was announced",
    "5.4.2",
    [head("200", OPEN, ["content-length", "2"]), w.data(1, "no"), w.reset(1, 2)],
    ["#1 200 len=2", "#1 reset upstreamReset 502"],
    [],
    {},
  ),
  row("a reply before the request's end", "8.1", [head("403", w.WHOLE)], ["#1 403", "#1 end"], ["1: RST NO_ERROR"], {
    unsent: true,
  }),
  row(
    "a reply before the request's end, and RST_STREAM",
    "8.1",
    [head("403", OPEN), w.data(1, "no", w.END_STREAM), w.reset(1, 0)],
    ["#1 403 len=?", '#1 end "no"'],
    ["1: RST NO_ERROR"],
    { unsent: true },
  ),

  row("GOAWAY that spares the stream", "6.8", [w.goAway(1, 0), REPLY], ["#1 200", "#1 end"], [], {}),
  row("GOAWAY that does not", "6.8", [w.goAway(0, 0), REPLY], ["#1 reset upstreamClosed 502 always"], [], {}),
  row("GOAWAY with an error", "6.8", [w.goAway(0, 11), REPLY], ["#1 reset upstreamClosed 502 always"], [], {}),

  dies("PUSH_PROMISE", "8.4", [w.frame(w.PUSH_PROMISE, OPEN, 1, w.join(w.u32(2), w.block(w.get())))]),
  dies("HEADERS on a stream of the server's", "8.4", [w.headers(2, [[":status", "200"]])]),
  dies("HEADERS on a stream that was not opened", "5.1", [w.headers(3, [[":status", "200"]])]),
  dies("DATA on a stream that was not opened", "5.1", [w.data(3, "x")]),
  dies("WINDOW_UPDATE on a stream that was not opened", "5.1", [w.windowUpdate(3, 1)]),
  dies("RST_STREAM on a stream that was not opened", "5.1", [w.reset(3, 0)]),
  dies("HEADERS behind the end", "5.1", [REPLY, REPLY], "STREAM_CLOSED", ["#1 200", "#1 end"]),
  dies("ENABLE_PUSH of 1", "6.5.2", [w.settings([2, 1])]),
  dies("a block that can't be decoded", "4.3", [w.frame(w.HEADERS, w.WHOLE, 1, Uint8Array.of(0x80))], "COMPRESSION_ERROR"),
  dies("a frame larger than we take", "4.2", [w.frame(0x77, 0, 0, new Uint8Array(16_385))], "FRAME_SIZE_ERROR"),
];
