import { dies, lives, OK, type ServerRow } from "./server_row.ts";
import * as w from "./wire.ts";

const GOT = ["#1 GET / @a [host: a]", "#1 end"];
const POSTED = "#1 POST / @a len=? [host: a]";
const GET = w.headers(1, w.get());
const OPEN = w.headers(1, w.post(), w.END_HEADERS);
const LENGTH = w.headers(1, w.post(["content-length", "5"]), w.END_HEADERS);
const FIVE = "#1 POST / @a len=5 [host: a]";
const P = "PROTOCOL_ERROR";
const RESET = "#1 reset badRequest 400";

/** The states of a stream (RFC 9113 5.1), its ends, and the lengths of bodies. */
export const stateRows: readonly ServerRow[] = [
  dies("DATA on an idle stream", "5.1", [w.data(1, "x")], P),
  dies("an even id", "5.1.1", [w.headers(2, w.get())], P),
  dies("an id below the last", "5.1.1", [w.headers(5, w.get()), w.headers(3, w.get())], P, 5, GOT, [`5: ${OK}`]),
  lives("ids with gaps", "5.1.1", [w.headers(9, w.get())], GOT, [`9: ${OK}`]),
  lives(
    "DATA on a half-closed stream",
    "5.1",
    [w.headers(1, w.get("/held")), w.data(1, "x")],
    ["#1 GET /held @a [host: a]", "#1 end", RESET],
    ["1: RST STREAM_CLOSED"],
  ),
  lives(
    "HEADERS on a half-closed stream",
    "5.1",
    [w.headers(1, w.get("/held")), w.headers(1, [["a", "b"]])],
    ["#1 GET /held @a [host: a]", "#1 end", RESET],
    ["1: RST STREAM_CLOSED"],
  ),
  lives("DATA behind the end of both", "5.1", [GET, w.data(1, "x")], GOT, [`1: ${OK} RST STREAM_CLOSED`]),
  dies("HEADERS behind the end of both", "5.1", [GET, w.headers(1, w.get())], "STREAM_CLOSED", 1, GOT, [`1: ${OK}`]),
  dies(
    "HEADERS behind the end of both, where a window opened just before",
    "5.1",
    [w.settings([4, 0]), GET, w.windowUpdate(1, 100), w.headers(1, w.get())],
    "STREAM_CLOSED",
    1,
    GOT,
    [`1: ${OK}`],
  ),
  dies(
    "the same by SETTINGS",
    "5.1",
    [w.settings([4, 0]), GET, w.settings([4, 100]), w.headers(1, w.get())],
    "STREAM_CLOSED",
    1,
    GOT,
    [`1: ${OK}`],
  ),
  dies(
    "the same by the connection's window",
    "5.1",
    [
      w.settings([4, 1_000_000]),
      w.headers(1, w.get("/large")),
      w.headers(3, w.get()),
      w.windowUpdate(0, 100_000),
      w.headers(3, w.get()),
    ],
    "STREAM_CLOSED",
    3,
    ["#1 GET /large @a [host: a]", "#1 end", "#2 GET / @a [host: a]", "#2 end"],
    ["1: 200 70000 bytes end", `3: ${OK}`],
  ),
  lives(
    "DATA behind the client's RST_STREAM",
    "5.1",
    [OPEN, w.reset(1, 8), w.data(1, "x")],
    [POSTED, "#1 reset clientReset 0"],
    ["1: RST STREAM_CLOSED"],
  ),
  dies("HEADERS behind the client's RST_STREAM", "5.1", [OPEN, w.reset(1, 8), w.headers(1, [["a", "b"]])], "STREAM_CLOSED", 1, [
    POSTED,
    "#1 reset clientReset 0",
  ]),
  lives(
    "DATA and trailers behind our RST_STREAM",
    "5.1",
    [OPEN, w.windowUpdate(1, 0), w.data(1, "x"), w.headers(1, [["a", "b"]])],
    [POSTED, RESET],
    ["1: RST PROTOCOL_ERROR"],
  ),
  lives(
    "DATA behind a stream that was refused",
    "5.1",
    [OPEN, w.headers(3, w.post(), w.END_HEADERS), w.data(3, "x", w.END_STREAM), w.data(1, "", w.END_STREAM)],
    [POSTED, "#1 end"],
    [`1: ${OK}`, "3: RST REFUSED_STREAM"],
    { limits: { streams: 1 } },
  ),
  lives(
    "more streams than the limit",
    "5.1.2",
    [OPEN, w.headers(3, w.get()), w.data(1, "", w.END_STREAM), w.headers(5, w.get())],
    [POSTED, "#1 end", "#2 GET / @a [host: a]", "#2 end"],
    [`1: ${OK}`, "3: RST REFUSED_STREAM", `5: ${OK}`],
    { limits: { streams: 1 } },
  ),
  lives(
    "a block that is refused still changes the table",
    "4.3",
    [
      OPEN,
      w.frame(w.HEADERS, w.WHOLE, 3, indexed("x-a", "1")),
      w.data(1, "", w.END_STREAM),
      w.frame(w.HEADERS, w.WHOLE, 5, w.join(w.block(w.get()), Uint8Array.of(0x80 | 62))),
    ],
    [POSTED, "#1 end", "#2 GET / @a [x-a: 1 | host: a]", "#2 end"],
    [`1: ${OK}`, "3: RST REFUSED_STREAM", `5: ${OK}`],
    { limits: { streams: 1 } },
  ),

  lives(
    "trailers",
    "8.1",
    [OPEN, w.data(1, "hi"), w.headers(1, [["x-sum", "1"]])],
    [POSTED, '#1 end "hi" [x-sum: 1]'],
    [`1: ${OK}`],
  ),
  lives("trailers without a body", "8.1", [OPEN, w.headers(1, [["x-sum", "1"]])], [POSTED, "#1 end [x-sum: 1]"], [`1: ${OK}`]),
  lives("empty trailers", "8.1", [OPEN, w.data(1, "hi"), w.headers(1, [])], [POSTED, '#1 end "hi"'], [`1: ${OK}`]),
  lives(
    "a second head without an end",
    "8.1",
    [OPEN, w.data(1, "hi"), w.headers(1, [["x-sum", "1"]], w.END_HEADERS)],
    [POSTED, RESET],
    ["1: RST PROTOCOL_ERROR"],
  ),
  lives(
    "a pseudo-header field in trailers",
    "8.1",
    [OPEN, w.headers(1, [[":path", "/x"]])],
    [POSTED, RESET],
    ["1: RST PROTOCOL_ERROR"],
  ),
  lives("upper case in trailers", "8.2.1", [OPEN, w.headers(1, [["X", "1"]])], [POSTED, RESET], ["1: RST PROTOCOL_ERROR"]),
  lives(
    "framing in trailers",
    "9110 6.5.1",
    [OPEN, w.headers(1, [["content-length", "1"]])],
    [POSTED, RESET],
    ["1: RST PROTOCOL_ERROR"],
  ),
  lives("Host in trailers", "9110 6.5.1", [OPEN, w.headers(1, [["host", "b"]])], [POSTED, RESET], ["1: RST PROTOCOL_ERROR"]),
  lives(
    "trailers that are dropped",
    "9110 6.5.1",
    [
      OPEN,
      w.headers(1, [
        ["cookie", "a=b"],
        ["x-forwarded-for", "::1"],
        ["x-sum", "1"],
      ]),
    ],
    [POSTED, "#1 end [x-sum: 1]"],
    [`1: ${OK}`],
  ),
  lives(
    "trailers that depend on themselves",
    "7540 5.3.1",
    [OPEN, w.frame(w.HEADERS, w.WHOLE | w.PRIORITISED, 1, w.join(w.u32(1), Uint8Array.of(0)))],
    [POSTED, RESET],
    ["1: RST PROTOCOL_ERROR"],
  ),

  lives(
    "a body of the announced length",
    "8.1.1",
    [LENGTH, w.data(1, "he"), w.data(1, "llo", w.END_STREAM)],
    [FIVE, '#1 end "hello"'],
    [`1: ${OK}`],
  ),
  lives(
    "padding does not count for the length",
    "8.1.1",
    [LENGTH, w.padded(1, "hello", 20, w.END_STREAM)],
    [FIVE, '#1 end "hello"'],
    [`1: ${OK}`],
  ),
  lives(
    "a body and trailers of the announced length",
    "8.1.1",
    [LENGTH, w.data(1, "hello"), w.headers(1, [["x", "y"]])],
    [FIVE, '#1 end "hello" [x: y]'],
    [`1: ${OK}`],
  ),
  lives(
    "a length with zeros before it",
    "9110 8.6",
    [w.headers(1, w.post(["content-length", "005"]), w.END_HEADERS), w.data(1, "hello", w.END_STREAM)],
    [FIVE, '#1 end "hello"'],
    [`1: ${OK}`],
  ),
  lives("a shorter body", "8.1.1", [LENGTH, w.data(1, "hell", w.END_STREAM)], [FIVE, RESET], ["1: RST PROTOCOL_ERROR"]),
  lives(
    "a shorter body, ended by nothing",
    "8.1.1",
    [LENGTH, w.data(1, "hell"), w.data(1, "", w.END_STREAM)],
    [FIVE, RESET],
    ["1: RST PROTOCOL_ERROR"],
  ),
  lives(
    "a shorter body, ended by trailers",
    "8.1.1",
    [LENGTH, w.data(1, "hell"), w.headers(1, [["x", "y"]])],
    [FIVE, RESET],
    ["1: RST PROTOCOL_ERROR"],
  ),
  lives("a longer body", "8.1.1", [LENGTH, w.data(1, "hello!")], [FIVE, RESET], ["1: RST PROTOCOL_ERROR"]),
  lives(
    "a longer body in the next frame",
    "8.1.1",
    [LENGTH, w.data(1, "hello"), w.data(1, "!", w.END_STREAM)],
    [FIVE, RESET],
    ["1: RST PROTOCOL_ERROR"],
  ),
  lives("a length without a body", "8.1.1", [w.headers(1, w.post(["content-length", "5"]))], [], ["1: RST PROTOCOL_ERROR"]),
  lives(
    "a length of 0 without a body",
    "8.1.1",
    [w.headers(1, w.post(["content-length", "0"]))],
    ["#1 POST / @a [host: a]", "#1 end"],
    [`1: ${OK}`],
  ),
  lives(
    "a length of 0 and an empty body",
    "8.1.1",
    [w.headers(1, w.post(["content-length", "0"]), w.END_HEADERS), w.data(1, "", w.END_STREAM)],
    ["#1 POST / @a [host: a]", "#1 end"],
    [`1: ${OK}`],
  ),
  lives(
    "a length of 0 and a body",
    "8.1.1",
    [w.headers(1, w.post(["content-length", "0"]), w.END_HEADERS), w.data(1, "x")],
    ["#1 POST / @a [host: a]", RESET],
    ["1: RST PROTOCOL_ERROR"],
  ),
  lives(
    "a length twice",
    "8.1.1",
    [w.headers(1, w.post(["content-length", "5"], ["content-length", "5"]), w.END_HEADERS)],
    [],
    ["1: RST PROTOCOL_ERROR"],
  ),
  ...["", "-1", "+1", "1 ", "0x1", "1,1", "9999999999999999"].map((v) =>
    lives(
      `a length of "${v}"`,
      "8.1.1",
      [w.headers(1, w.post(["content-length", v]), w.END_HEADERS)],
      [],
      ["1: RST PROTOCOL_ERROR"],
    ),
  ),

  lives(
    "DATA beyond the stream's window",
    "6.9.1",
    [
      w.headers(
        1,
        [
          [":method", "POST"],
          [":scheme", "http"],
          [":authority", "a"],
          [":path", "/slow"],
        ],
        w.END_HEADERS,
      ),
      ...Array.from({ length: 17 }, () => w.data(1, new Uint8Array(16_384))),
    ],
    ["#1 POST /slow @a len=? [host: a]", RESET],
    ["1: RST FLOW_CONTROL_ERROR"],
  ),
];

/** A field with incremental indexing (RFC 7541 6.2.1), behind the pseudo-header fields of a GET. */
function indexed(name: string, value: string): Uint8Array {
  const literal = w.block([[name, value]]);
  literal[0] = 0x40;
  return w.join(w.block(w.get()), literal);
}
