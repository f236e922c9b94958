import { describe, expect, test } from "bun:test";
import { encodeTrailerFrame } from "../../../../src/filters/grpc_web/trailer_frame.ts";
import { parseWebType, wantsText } from "../../../../src/filters/grpc_web/web_type.ts";
import { Fields } from "../../../../src/http/fields.ts";

describe("content types (grpc/doc/PROTOCOL-WEB.md)", () => {
  test.each([
    ["application/grpc-web", false, ""],
    ["application/grpc-web+proto", false, "+proto"],
    ["application/grpc-web+json", false, "+json"],
    ["application/grpc-web-text", true, ""],
    ["application/grpc-web-text+proto", true, "+proto"],
    ["Application/Grpc-Web-Text+Proto; charset=utf-8", true, "+Proto"],
    ["application/grpc-web ;x=y", false, ""],
  ])("%p", (value, text, format) => {
    expect(parseWebType(value)).toEqual({ text, format });
  });

  test.each([
    "",
    "application/grpc",
    "application/grpc+proto",
    "application/grpc-webs",
    "application/grpc-web-texts",
    "application/grpc-web-text-text",
    "application/grpc-web+",
    "application/grpc-web proto",
    "text/application/grpc-web",
    "application/json",
  ])("%p is none", (value) => {
    expect(parseWebType(value)).toBeNull();
  });

  test.each([
    [null, "application/grpc-web", false],
    [null, "application/grpc-web-text", true],
    ["*/*", "application/grpc-web-text", true],
    ["application/grpc-web-text", "application/grpc-web", true],
    ["application/grpc-web+proto", "application/grpc-web-text", false],
    ["text/html, application/grpc-web-text+proto", "application/grpc-web", true],
  ])("Accept %p to %p: text %p", (accept, own, wanted) => {
    expect(wantsText(accept, parseWebType(own)!)).toBe(wanted);
  });
});

describe("trailers as a frame", () => {
  test("names in lower case, no empty line", () => {
    const f = Fields.of("Grpc-Status", "0", "grpc-message", "a%20b", "X-Many", "1", "X-Many", "2");
    const lines = "grpc-status:0\r\ngrpc-message:a%20b\r\nx-many:1\r\nx-many:2\r\n";
    const wanted = Buffer.concat([Buffer.from([0x80, 0, 0, 0, lines.length]), Buffer.from(lines)]);
    expect(Buffer.from(encodeTrailerFrame(f))).toEqual(wanted);
  });

  test("none, long ones, and bytes above ASCII", () => {
    expect([...encodeTrailerFrame(Fields.empty())]).toEqual([0x80, 0, 0, 0, 0]);
    const long = encodeTrailerFrame(Fields.of("a", "x".repeat(70_000)));
    expect(new DataView(long.buffer).getUint32(1)).toBe(long.length - 5);
    expect([...encodeTrailerFrame(Fields.of("a", "é")).subarray(5)]).toEqual([0x61, 0x3a, 0xe9, 13, 10]);
  });
});
