import { dies, lives, OK, type ServerRow } from "./server_row.ts";
import * as w from "./wire.ts";

const GOT = ["#1 GET / @a [host: a]", "#1 end"];
const POSTED = "#1 POST / @a len=? [host: a]";
const GET = w.headers(1, w.get());
const OPEN = w.headers(1, w.post(), w.END_HEADERS);
const P = "PROTOCOL_ERROR";
const S = "FRAME_SIZE_ERROR";
const F = "FLOW_CONTROL_ERROR";

/** HEADERS in pieces: the head frame with `flags`, then CONTINUATION frames. */
function split(id: number, pairs: w.Pairs, parts: number, flags = w.END_STREAM): Uint8Array[] {
  const b = w.block(pairs);
  const n = Math.ceil(b.length / parts);
  return Array.from({ length: parts }, (_, i) =>
    w.frame(
      i === 0 ? w.HEADERS : w.CONTINUATION,
      (i === 0 ? flags : 0) | (i === parts - 1 ? w.END_HEADERS : 0),
      id,
      b.slice(i * n, (i + 1) * n),
    ),
  );
}

function setting(id: number, value: number): Uint8Array {
  return w.settings([id, value]);
}

/** Each frame type's form, and what stands in what order. */
export const frameRows: readonly ServerRow[] = [
  lives("a request", "8.1", [GET], GOT, [`1: ${OK}`]),
  lives("an unknown frame type", "4.1", [w.frame(0x16, 0xff, 7, w.latin1("anything")), GET], GOT, [`1: ${OK}`]),
  lives("an empty unknown frame", "4.1", [w.frame(0x99, 0, 0)], [], []),
  lives("undefined flags", "4.1", [w.frame(w.PING, 0x16, 0, w.latin1("12345678"))], [], ["PING ack 12345678"]),
  lives("the reserved bit of an id", "4.1", [w.frame(w.PING, 0, 0x80000000, w.latin1("12345678"))], [], ["PING ack 12345678"]),
  lives("the reserved bit of a stream's id", "4.1", [w.frame(w.HEADERS, w.WHOLE, 0x80000001, w.block(w.get()))], GOT, [
    `1: ${OK}`,
  ]),
  lives(
    "DATA of 2^14 bytes",
    "4.2",
    [OPEN, w.data(1, "x".repeat(16_384), w.END_STREAM)],
    [POSTED, "#1 end 16384 bytes"],
    [`1: ${OK}`],
  ),
  dies("DATA of more", "4.2", [OPEN, w.data(1, "x".repeat(16_385))], S, 1, [POSTED, "#1 reset badRequest 0"]),
  dies("HEADERS of more", "4.2", [w.frame(w.HEADERS, w.WHOLE, 1, new Uint8Array(16_385))], S),
  dies("an unknown frame of more", "4.2", [w.frame(0x77, 0, 0, new Uint8Array(16_385))], S),

  dies("DATA on stream 0", "6.1", [w.data(0, "x")], P),
  dies("padding as long as DATA", "6.1", [OPEN, w.frame(w.DATA, w.PADDED, 1, Uint8Array.of(4, 1, 2, 3))], P, 1, [
    POSTED,
    "#1 reset badRequest 0",
  ]),
  dies("padded DATA without a pad length", "6.1", [OPEN, w.frame(w.DATA, w.PADDED, 1)], P, 1, [POSTED, "#1 reset badRequest 0"]),
  lives(
    "padding of all that is there",
    "6.1",
    [OPEN, w.frame(w.DATA, w.PADDED | w.END_STREAM, 1, Uint8Array.of(3, 1, 2, 3))],
    [POSTED, "#1 end"],
    [`1: ${OK}`],
  ),
  lives(
    "padded data",
    "6.1",
    [OPEN, w.padded(1, "he", 9), w.padded(1, "llo", 0, w.END_STREAM)],
    [POSTED, '#1 end "hello"'],
    [`1: ${OK}`],
  ),
  lives(
    "data in pieces",
    "6.1",
    [OPEN, w.data(1, "he"), w.data(1, ""), w.data(1, "llo"), w.data(1, "", w.END_STREAM)],
    [POSTED, '#1 end "hello"'],
    [`1: ${OK}`],
  ),

  dies("HEADERS on stream 0", "6.2", [w.headers(0, w.get())], P),
  lives(
    "padded HEADERS",
    "6.2",
    [w.frame(w.HEADERS, w.WHOLE | w.PADDED, 1, w.join(Uint8Array.of(3), w.block(w.get()), new Uint8Array(3)))],
    GOT,
    [`1: ${OK}`],
  ),
  dies("padding longer than HEADERS", "6.2", [w.frame(w.HEADERS, w.WHOLE | w.PADDED, 1, Uint8Array.of(2, 0x82))], P),
  dies("padded HEADERS of nothing", "6.2", [w.frame(w.HEADERS, w.WHOLE | w.PADDED, 1)], S),
  lives(
    "HEADERS with a priority",
    "6.2",
    [w.frame(w.HEADERS, w.WHOLE | w.PRIORITISED, 1, w.join(w.u32(0x80000003), Uint8Array.of(7), w.block(w.get())))],
    GOT,
    [`1: ${OK}`],
  ),
  dies("HEADERS too short for a priority", "6.2", [w.frame(w.HEADERS, w.WHOLE | w.PRIORITISED, 1, Uint8Array.of(0, 0, 0, 3))], S),
  dies(
    "padding that reaches into the priority",
    "6.2",
    [w.frame(w.HEADERS, w.WHOLE | w.PRIORITISED | w.PADDED, 1, Uint8Array.of(3, 0, 0, 0, 3, 1, 0x82))],
    P,
  ),
  lives(
    "HEADERS that depend on themselves",
    "7540 5.3.1",
    [w.frame(w.HEADERS, w.WHOLE | w.PRIORITISED, 1, w.join(w.u32(1), Uint8Array.of(7), w.block(w.get())))],
    [],
    ["1: RST PROTOCOL_ERROR"],
  ),

  lives("PRIORITY on an idle stream", "6.3", [w.frame(w.PRIORITY, 0, 9, Uint8Array.of(0, 0, 0, 3, 1))], [], []),
  dies("PRIORITY on stream 0", "6.3", [w.frame(w.PRIORITY, 0, 0, new Uint8Array(5))], P),
  lives(
    "PRIORITY of 4 bytes",
    "6.3",
    [OPEN, w.frame(w.PRIORITY, 0, 1, new Uint8Array(4))],
    [POSTED, "#1 reset badRequest 400"],
    ["1: RST FRAME_SIZE_ERROR"],
  ),
  lives(
    "PRIORITY that depends on itself",
    "7540 5.3.1",
    [OPEN, w.frame(w.PRIORITY, 0, 1, Uint8Array.of(0, 0, 0, 1, 1))],
    [POSTED, "#1 reset badRequest 400"],
    ["1: RST PROTOCOL_ERROR"],
  ),
  dies(
    "PRIORITY on an idle stream that depends on itself",
    "7540 5.3.1",
    [w.frame(w.PRIORITY, 0, 2, Uint8Array.of(0, 0, 0, 2, 1))],
    P,
  ),

  dies("RST_STREAM on stream 0", "6.4", [w.reset(0, 8)], P),
  dies("RST_STREAM on an idle stream", "6.4", [w.reset(1, 8)], P),
  dies("RST_STREAM of 3 bytes", "6.4", [GET, w.frame(w.RST_STREAM, 0, 1, new Uint8Array(3))], S, 1, GOT, [`1: ${OK}`]),
  lives("RST_STREAM", "6.4", [OPEN, w.reset(1, 8)], [POSTED, "#1 reset clientReset 0"], []),
  lives("RST_STREAM of an unknown code", "7", [OPEN, w.reset(1, 0xff)], [POSTED, "#1 reset clientReset 0"], []),
  lives("RST_STREAM behind the end", "5.1", [GET, w.reset(1, 8), w.reset(1, 8)], GOT, [`1: ${OK}`]),

  lives("SETTINGS", "6.5", [setting(3, 100)], [], []),
  lives("SETTINGS of nothing", "6.5", [w.settings()], [], []),
  lives("an unknown setting", "6.5.2", [setting(0xff, 5)], [], []),
  dies("SETTINGS on a stream", "6.5", [w.frame(w.SETTINGS, 0, 1)], P),
  dies("SETTINGS of 3 bytes", "6.5", [w.frame(w.SETTINGS, 0, 0, new Uint8Array(3))], S),
  dies("SETTINGS with ACK and a payload", "6.5", [w.frame(w.SETTINGS, w.ACK, 0, new Uint8Array(6))], S),
  lives("ENABLE_PUSH of 0 and 1", "6.5.2", [setting(2, 0), setting(2, 1)], [], []),
  dies("ENABLE_PUSH of 2", "6.5.2", [setting(2, 2)], P),
  dies("INITIAL_WINDOW_SIZE of 2^31", "6.5.2", [setting(4, 0x80000000)], F),
  dies("MAX_FRAME_SIZE of 2^14-1", "6.5.2", [setting(5, 16_383)], P),
  dies("MAX_FRAME_SIZE of 2^24", "6.5.2", [setting(5, 1 << 24)], P),
  lives("MAX_FRAME_SIZE of 2^24-1", "6.5.2", [setting(5, 0xffffff)], [], []),
  dies("ENABLE_CONNECT_PROTOCOL of 2", "8441 3", [setting(8, 2)], P),
  dies("ENABLE_CONNECT_PROTOCOL taken back", "8441 3", [setting(8, 1), setting(8, 0)], P),

  dies("PUSH_PROMISE", "8.4", [w.frame(w.PUSH_PROMISE, w.END_HEADERS, 1, w.join(w.u32(2), w.block(w.get())))], P),

  lives("PING", "6.7", [w.ping("abcdefgh")], [], ["PING ack abcdefgh"]),
  lives("PING with ACK", "6.7", [w.ping("abcdefgh", w.ACK)], [], []),
  dies("PING on a stream", "6.7", [w.frame(w.PING, 0, 1, new Uint8Array(8))], P),
  dies("PING of 6 bytes", "6.7", [w.frame(w.PING, 0, 0, new Uint8Array(6))], S),

  dies("GOAWAY on a stream", "6.8", [w.frame(w.GOAWAY, 0, 1, new Uint8Array(8))], P),
  dies("GOAWAY of 7 bytes", "6.8", [w.frame(w.GOAWAY, 0, 0, new Uint8Array(7))], S),

  lives("WINDOW_UPDATE of the connection", "6.9", [w.windowUpdate(0, 1)], [], []),
  dies("WINDOW_UPDATE of 0", "6.9", [w.windowUpdate(0, 0)], P),
  dies("WINDOW_UPDATE of 3 bytes", "6.9", [w.frame(w.WINDOW_UPDATE, 0, 0, new Uint8Array(3))], S),
  dies("WINDOW_UPDATE on an idle stream", "5.1", [w.windowUpdate(1, 1)], P),
  lives(
    "WINDOW_UPDATE of 0 on a stream",
    "6.9",
    [OPEN, w.windowUpdate(1, 0)],
    [POSTED, "#1 reset badRequest 400"],
    ["1: RST PROTOCOL_ERROR"],
  ),
  dies("a connection window above 2^31-1", "6.9.1", [w.windowUpdate(0, 0x7fffffff)], F),
  lives(
    "a stream window above 2^31-1",
    "6.9.1",
    [OPEN, w.windowUpdate(1, 0x7fffffff)],
    [POSTED, "#1 reset badRequest 400"],
    ["1: RST FLOW_CONTROL_ERROR"],
  ),
  dies("a stream window above 2^31-1 by SETTINGS", "6.9.2", [OPEN, w.windowUpdate(1, 0x7fff0000), setting(4, 0x20000)], F, 1, [
    POSTED,
    "#1 reset badRequest 0",
  ]),
  lives("WINDOW_UPDATE behind the end", "5.1", [GET, w.windowUpdate(1, 5), w.windowUpdate(1, 0)], GOT, [`1: ${OK}`]),

  lives("CONTINUATION", "6.10", split(1, w.get(), 3), GOT, [`1: ${OK}`]),
  lives(
    "CONTINUATION frames, one of them empty",
    "6.10",
    [w.headers(1, w.get(), w.END_STREAM), w.frame(w.CONTINUATION, 0, 1), w.frame(w.CONTINUATION, w.END_HEADERS, 1)],
    GOT,
    [`1: ${OK}`],
  ),
  dies("CONTINUATION of nothing", "6.10", [w.frame(w.CONTINUATION, w.END_HEADERS, 1, w.block(w.get()))], P),
  dies(
    "CONTINUATION behind END_HEADERS",
    "6.10",
    [OPEN, w.frame(w.CONTINUATION, w.END_HEADERS, 1, w.block([["a", "b"]]))],
    P,
    1,
    [POSTED, "#1 reset badRequest 0"],
  ),
  dies(
    "CONTINUATION of another stream",
    "6.10",
    [w.headers(1, w.get(), w.END_STREAM), w.frame(w.CONTINUATION, w.END_HEADERS, 3)],
    P,
  ),
  dies("CONTINUATION on stream 0", "6.10", [w.headers(1, w.get(), w.END_STREAM), w.frame(w.CONTINUATION, w.END_HEADERS, 0)], P),
  dies("PING within a header block", "6.10", [w.headers(1, w.get(), w.END_STREAM), w.ping()], P),
  dies("HEADERS within another's header block", "6.2", [w.headers(1, w.get(), w.END_STREAM), w.headers(3, w.get())], P),
  dies(
    "PRIORITY within a header block",
    "6.2",
    [w.headers(1, w.get(), w.END_STREAM), w.frame(w.PRIORITY, 0, 1, new Uint8Array(5))],
    P,
  ),
  dies("an unknown frame within a header block", "5.5", [w.headers(1, w.get(), w.END_STREAM), w.frame(0x42, 0, 1)], P),
  dies("a block that can't be decoded", "4.3", [w.frame(w.HEADERS, w.WHOLE, 1, Uint8Array.of(0x80))], "COMPRESSION_ERROR", 1),
  dies("a block that is cut", "4.3", [w.frame(w.HEADERS, w.WHOLE, 1, w.block(w.get()).slice(0, -1))], "COMPRESSION_ERROR", 1),
];
