import { describe, expect, test } from "bun:test";
import { Fields } from "../../../../src/http/fields.ts";
import { isGrpc } from "../../../../src/http/grpc/content_type.ts";
import { encodeGrpcMessage } from "../../../../src/http/grpc/message.ts";
import { grpcStatusIn, grpcStatusOf } from "../../../../src/http/grpc/status.ts";
import { formatGrpcTimeout, parseGrpcTimeout } from "../../../../src/http/grpc/timeout.ts";
import { ID } from "../../../../src/http/names.ts";

/** Fields as a codec hands them over: bytes with spans. */
function received(name: string, value: string): Fields {
  const raw = Buffer.from(`${name}: ${value}\r\n`, "latin1");
  const id = (ID as Readonly<Record<string, number>>)[name] ?? 0;
  return new Fields(Uint8Array.from(raw), [0, name.length, name.length + 2, raw.length - 2, id], 1 << id);
}

describe("content types", () => {
  const rows: readonly (readonly [string, boolean])[] = [
    ["application/grpc", true],
    ["application/grpc+proto", true],
    ["Application/GRPC+json", true],
    ["application/grpc;charset=utf-8", true],
    ["application/grpc ; x=y", true],
    ["application/grpc-web", false],
    ["application/grpc-web+proto", false],
    ["application/grpc-web-text", false],
    ["application/grpcs", false],
    ["application/grp", false],
    ["application/json", false],
    ["", false],
  ];
  test.each(rows)("%p is gRPC: %p", (value, wanted) => {
    expect(isGrpc(received("content-type", value))).toBe(wanted);
    expect(isGrpc(Fields.of("Content-Type", value))).toBe(wanted);
  });

  test("without the field it is none", () => {
    expect(isGrpc(Fields.empty())).toBe(false);
    expect(isGrpc(received("accept", "application/grpc"))).toBe(false);
  });
});

describe("status", () => {
  // grpc/doc/http-grpc-status-mapping.md
  test.each([
    [400, 13],
    [401, 16],
    [403, 7],
    [404, 12],
    [429, 14],
    [502, 14],
    [503, 14],
    [504, 14],
    [200, 2],
    [408, 2],
    [413, 2],
    [500, 2],
    [0, 2],
  ])("HTTP %p is %p", (http, grpc) => {
    expect(grpcStatusOf(http)).toBe(grpc);
  });

  test.each([
    ["0", 0],
    ["16", 16],
    ["17", 2],
    ["99", 2],
    ["-1", 2],
    ["", 2],
    ["1.0", 2],
    ["OK", 2],
    ["0000000000000000000000000", 2],
  ])("grpc-status %p counts as %p", (text, wanted) => {
    expect(grpcStatusIn(Fields.of("grpc-status", text))).toBe(wanted);
  });

  test("there may be none", () => {
    expect(grpcStatusIn(Fields.empty())).toBe(-1);
  });
});

describe("grpc-timeout (grpc/doc/PROTOCOL-HTTP2.md)", () => {
  test.each([
    ["1H", 3_600_000],
    ["2M", 120_000],
    ["5S", 5000],
    ["100m", 100],
    ["1000u", 1],
    ["1001u", 2],
    ["1u", 1],
    ["3000000n", 3],
    ["1n", 1],
    ["0n", 0],
    ["0S", 0],
    ["00000007S", 7000],
    ["99999999H", 99_999_999 * 3_600_000],
  ])("%p is %p ms", (text, ms) => {
    expect(parseGrpcTimeout(text)).toBe(ms);
  });

  test.each(["", "S", "5", "5s", "5 S", " 5S", "5S ", "-5S", "+5S", "1.5S", "123456789m", "5SS", "5h", "٥S", "5S, 6S"])(
    "%p is malformed",
    (text) => {
      expect(parseGrpcTimeout(text)).toBeNull();
    },
  );

  test.each([
    [1, "1m"],
    [30_000, "30000m"],
    [99_999_999, "99999999m"],
    [100_000_999, "100000S"],
    [24 * 86_400_000, "2073600S"],
    [99_999_999_999, "99999999S"],
    [100_000_000_000, "1666666M"],
    [100_000_000 * 60_000, "1666666H"],
  ])("%p ms are %p", (ms, text) => {
    expect(formatGrpcTimeout(ms)).toBe(text);
    expect(parseGrpcTimeout(text)!).toBeLessThanOrEqual(ms);
  });
});

test.each([
  ['plain, with "quotes" and ~', 'plain, with "quotes" and ~'],
  ["100%", "100%25"],
  ["a\r\nb\u0001", "a%0D%0Ab%01"],
  ["é\u{1f600}\u007f", "%C3%A9%F0%9F%98%80%7F"],
  ["", ""],
])("grpc-message of %p", (text, wanted) => {
  expect(encodeGrpcMessage(new TextEncoder().encode(text))).toBe(wanted);
  expect(decodeURIComponent(wanted)).toBe(text);
});
