import { lives, OK, type ServerRow } from "./server_row.ts";
import * as w from "./wire.ts";

function field(name: string, rfc: string, field_: readonly [string, string], settings = {}): ServerRow {
  return lives(name, rfc, [w.headers(1, w.get("/", field_))], [], ["1: RST PROTOCOL_ERROR"], settings);
}

function taken(name: string, rfc: string, fields: w.Pairs, shown: string, settings = {}): ServerRow {
  const list = shown === "" ? "host: a" : `${shown} | host: a`;
  return lives(name, rfc, [w.headers(1, w.get("/", ...fields))], [`#1 GET / @a [${list}]`, "#1 end"], [`1: ${OK}`], settings);
}

/** Fields of a head (RFC 9113 8.2): HPACK's own tests have more of them. */
export const rowsOfFields: readonly ServerRow[] = [
  taken("a field", "8.2", [["x-a", "b c\td"]], "x-a: b c\td"),
  taken("an empty value", "8.2.1", [["x-a", ""]], "x-a: "),
  taken("a byte above 0x7f", "9110 5.5", [["x-a", "\xfc"]], "x-a: \xfc"),
  taken(
    "a cookie in crumbs",
    "8.2.3",
    [
      ["cookie", "a=b"],
      ["x", "y"],
      ["cookie", "c=d"],
      ["cookie", "e=f"],
    ],
    "x: y | cookie: a=b; c=d; e=f",
  ),
  taken("TE: trailers", "8.2.2", [["te", "trailers"]], "te: trailers"),
  taken(
    "a name with an underscore is dropped",
    "9110 5.1",
    [
      ["x_a", "1"],
      ["x-b", "2"],
    ],
    "x-b: 2",
  ),
  taken("a name with an underscore is kept", "9110 5.1", [["x_a", "1"]], "x_a: 1", { underscores: "keep" }),
  field("TE: gzip", "8.2.2", ["te", "gzip"]),
  ...["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"].map((name) =>
    field(`${name}`, "8.2.2", [name, "x"]),
  ),
  field("a name in upper case", "8.2.1", ["X-A", "b"]),
  field("an empty name", "8.2.1", ["", "b"]),
  field("a space in a name", "8.2.1", ["x a", "b"]),
  field("a colon in a name", "8.2.1", ["x:a", "b"]),
  field("CRLF in a name", "8.2.1", ["x\r\ny", "b"]),
  field("NUL in a value", "8.2.1", ["x", "a\0b"]),
  field("CR in a value", "8.2.1", ["x", "a\rb"]),
  field("LF in a value", "8.2.1", ["x", "a\nb"]),
  field("a field in a value", "8.2.1", ["x", "a\r\ntransfer-encoding: chunked"]),
  field("a space before a value", "8.2.1", ["x", " a"]),
  field("a tab behind a value", "8.2.1", ["x", "a\t"]),
];
