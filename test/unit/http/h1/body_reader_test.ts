import { describe, expect, test } from "bun:test";
import { encodeLatin1 } from "../../../../src/base/bytes.ts";
import type { Fields } from "../../../../src/http/fields.ts";
import { BodyReader } from "../../../../src/http/h1/body_reader.ts";
import { CHUNKED, UNTIL_CLOSE } from "../../../../src/http/h1/framing.ts";
import { CHUNK_EXTENSION_BYTES, CHUNK_LINE_BYTES, CHUNK_SIZE_DIGITS, TRAILER_BYTES } from "../../../../src/http/h1/limits.ts";

class Sink {
  body = "";
  ends = 0;
  trailers: Fields | null = null;

  onBody(b: Uint8Array, end: boolean): void {
    this.body += Buffer.from(b).toString("latin1");
    if (end) this.ends++;
  }

  onBodyTrailers(f: Fields): void {
    this.trailers = f;
    this.ends++;
  }
}

function read(framing: number, ...pieces: string[]): { sink: Sink; results: (number | string)[]; reader: BodyReader } {
  const reader = new BodyReader(10);
  const sink = new Sink();
  reader.start(framing, false);
  const results: (number | string)[] = [];
  for (const p of pieces) {
    const r = reader.read(encodeLatin1(p), 0, sink);
    results.push(r);
    if (typeof r === "string") break;
  }
  return { sink, results, reader };
}

describe("BodyReader", () => {
  test("takes no more than its length", () => {
    const { sink, results, reader } = read(5, "he", "llo, and more");
    expect(results).toEqual([2, 3]);
    expect(sink.body).toBe("hello");
    expect(sink.ends).toBe(1);
    expect(reader.done).toBe(true);
  });

  test("a length of 0 is done from the start", () => {
    expect(read(0).reader.done).toBe(true);
  });

  test("takes everything until the close", () => {
    const { sink, reader } = read(UNTIL_CLOSE, "a", "", "b");
    expect(sink.body).toBe("ab");
    expect(reader.endsAtClose).toBe(true);
    reader.endAtClose();
    expect(reader.done).toBe(true);
  });

  test("stops behind the last chunk", () => {
    const { sink, results } = read(CHUNKED, "3\r\nabc\r\n0\r\n\r\nGET /");
    expect(results).toEqual([13]);
    expect(sink.body).toBe("abc");
    expect(sink.ends).toBe(1);
    expect(sink.trailers).toBeNull();
  });

  test("stops behind the trailers", () => {
    const { sink, results } = read(CHUNKED, "0\r\nX: y\r\n", "Z: q\r\n\r", "\nGET /");
    expect(results).toEqual([9, 7, 1]);
    expect(sink.trailers?.list("x")).toBe("y");
    expect(sink.trailers?.list("z")).toBe("q");
    expect(sink.ends).toBe(1);
  });

  test("serves one body after another", () => {
    const { reader, sink } = read(CHUNKED, "1;a=b\r\nx\r\n0\r\nT: 1\r\n\r\n");
    reader.start(CHUNKED, false);
    reader.read(encodeLatin1("1\r\ny\r\n0\r\n\r\n"), 0, sink);
    reader.start(2, false);
    reader.read(encodeLatin1("zz"), 0, sink);
    expect(sink.body).toBe("xyzz");
    expect(sink.ends).toBe(3);
  });

  test("hands over a chunk that fills a piece as the piece itself", () => {
    const reader = new BodyReader(10);
    reader.start(CHUNKED, false);
    const given: Uint8Array[] = [];
    const sink = { onBody: (b: Uint8Array) => void given.push(b), onBodyTrailers: () => {} };
    reader.read(encodeLatin1("4\r\n"), 0, sink);
    const piece = encodeLatin1("data");
    reader.read(piece, 0, sink);
    expect(given).toEqual([piece]);
    expect(given[0]).toBe(piece);
  });

  test("a size may have its limit of digits, exact to the last", () => {
    const digits = "f".repeat(CHUNK_SIZE_DIGITS);
    expect(Number.isSafeInteger(Number.parseInt(digits, 16))).toBe(true);
    expect(read(CHUNKED, `${digits}\r\nabc`).sink.body).toBe("abc");
    expect(read(CHUNKED, `0${digits}\r\n`).results).toEqual(["chunk size has more digits than the limit"]);
  });

  test("one line's extensions are limited", () => {
    const fits = `1;${"a".repeat(CHUNK_LINE_BYTES - 1)}\r\nx\r\n`;
    expect(read(CHUNKED, fits).results).toEqual([fits.length]);
    expect(read(CHUNKED, `1;${"a".repeat(CHUNK_LINE_BYTES)}\r\nx\r\n`).results).toEqual([
      "chunk extensions longer than the limit",
    ]);
  });

  test("a body's extensions are limited in all (CVE-2023-39326)", () => {
    const chunk = `1;${"a".repeat(CHUNK_LINE_BYTES - 1)}\r\nx\r\n`;
    const n = CHUNK_EXTENSION_BYTES / CHUNK_LINE_BYTES;
    expect(read(CHUNKED, chunk.repeat(n)).results).toEqual([chunk.length * n]);
    expect(read(CHUNKED, chunk.repeat(n + 1)).results).toEqual(["chunk extensions longer than the limit"]);
  });

  test("a trailer section is limited", () => {
    const room = TRAILER_BYTES - "X: \r\n\r\n".length;
    expect(read(CHUNKED, "0\r\n", `X: ${"y".repeat(room)}\r\n\r\n`).sink.trailers?.get("x")).toHaveLength(room);
    const large = ["trailer section larger than the limit"];
    expect(read(CHUNKED, `0\r\nX: ${"y".repeat(room + 1)}\r\n\r\n`).results).toEqual(large);
    expect(read(CHUNKED, "0\r\n", `X: ${"y".repeat(TRAILER_BYTES)}`).results.slice(1)).toEqual(large);
  });

  test("the fields of a trailer section are limited", () => {
    const eleven = Array.from({ length: 11 }, (_, i) => `X${i}: y\r\n`).join("");
    expect(read(CHUNKED, `0\r\n${eleven}\r\n`).results).toEqual(["trailer section: more fields than the limit"]);
  });
});
