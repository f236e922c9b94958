import { describe, expect, test } from "bun:test";
import { encodeLatin1 } from "../../../src/base/bytes.ts";
import { connectionHas, connectionOptions, lowerValue } from "../../../src/http/connection_options.ts";
import { Fields } from "../../../src/http/fields.ts";
import { FieldReader } from "../../../src/http/h1/field_reader.ts";
import { removeHopByHop } from "../../../src/http/hop_by_hop.ts";
import { ID } from "../../../src/http/names.ts";

function received(...lines: string[]): Fields {
  const raw = encodeLatin1(`${lines.map((l) => `${l}\r\n`).join("")}\r\n`);
  const reader = new FieldReader(100, "keep");
  reader.start(0);
  reader.read(raw, raw.length);
  return reader.take(raw);
}

function left(f: Fields): string[] {
  removeHopByHop(f);
  const out: string[] = [];
  f.forEach((name, value) => {
    out.push(`${name}: ${value}`);
  });
  return out;
}

describe("removeHopByHop (RFC 9110 7.6.1)", () => {
  test("takes fields of one connection, named by Connection or not", () => {
    const hop = ["Keep-Alive: timeout=5", "Proxy-Connection: close", "TE: trailers", "Transfer-Encoding: chunked", "Upgrade: x"];
    const more = ["HTTP2-Settings: x", "Proxy-Authenticate: x", "Proxy-Authorization: x", "connection: close"];
    const f = received("A: 1", ...hop, "B: 2", ...more, "C: 3");
    expect(left(f)).toEqual(["A: 1", "B: 2", "C: 3"]);
    expect([ID.connection, ID.te, ID.upgrade, ID["transfer-encoding"]].some((id) => f.hasId(id))).toBe(false);
  });

  test("takes what any Connection field names", () => {
    expect(left(received("Connection: X-A ,\tx-b", "x-a: 1", "X-B: 2", "X-C: 3", "connection:X-C,, "))).toEqual([]);
  });

  test("leaves what frames, routes or tells the message", () => {
    const kept = ["Host: a", "Content-Length: 5", "Content-Type: x", "Authorization: y", "Cookie: z", "Date: d", "Expect: e"];
    const named = "Connection: host, content-length, content-type, authorization, cookie, date, expect";
    expect(left(received(named, ...kept))).toEqual(kept);
  });

  test("leaves a message without such fields as it is", () => {
    const f = received("Host: a", "Accept: b");
    expect(left(f)).toEqual(["Host: a", "Accept: b"]);
  });

  test("takes a field only once its option is whole", () => {
    expect(left(received("Connection: X-AB", "X-A: 1"))).toEqual(["X-A: 1"]);
  });

  test("takes added ones too, and what they name", () => {
    const f = Fields.of("Connection", "X-A", "Transfer-Encoding", "chunked", "X-A", "1", "X-B", "2");
    expect(left(f)).toEqual(["X-B: 2"]);
    expect(f.hasId(ID["transfer-encoding"])).toBe(false);
  });
});

describe("Connection's options", () => {
  test("are found whole, in any case, in any of its fields", () => {
    const f = received("Connection: Keep-Alive, foo", "X: close", "connection: \tCLOSE ");
    expect(connectionHas(f, "close")).toBe(true);
    expect(connectionHas(f, "keep-alive")).toBe(true);
    expect(connectionHas(f, "clos")).toBe(false);
    expect(connectionHas(f, "closed")).toBe(false);
    expect(connectionOptions(f)).toEqual(["keep-alive", "foo", "close"]);
  });

  test("empty elements are none (RFC 9110 5.6.1)", () => {
    const f = received("Connection: ,, close ,");
    expect(connectionHas(f, "close")).toBe(true);
    expect(connectionOptions(f)).toEqual(["close"]);
  });

  test("none without the field", () => {
    expect(connectionHas(received("X: close"), "close")).toBe(false);
    expect(connectionOptions(received("X: close"))).toEqual([]);
  });

  test("lowerValue reads the first field", () => {
    const f = received("Expect: 100-Continue", "Upgrade: WebSocket", "Upgrade: b");
    expect(lowerValue(f, ID.upgrade)).toBe("websocket");
    expect(lowerValue(f, ID.via)).toBe("");
  });
});
