import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { encodeLatin1, NO_BYTES } from "../../../../src/base/bytes.ts";
import { Slab } from "../../../../src/base/slab.ts";
import { Fields } from "../../../../src/http/fields.ts";
import { FieldReader } from "../../../../src/http/h1/field_reader.ts";
import { CHUNKED_FIELD, CLOSE_FIELD, Output } from "../../../../src/http/h1/head_writer.ts";
import { joinText } from "./transcript.ts";

function received(text: string): Fields {
  const raw = encodeLatin1(`${text}\r\n`);
  const reader = new FieldReader(1000, "drop");
  reader.start(0);
  expect(reader.read(raw, raw.length)).toBe(raw.length);
  return reader.take(raw);
}

function taken(o: Output): Uint8Array[] {
  const parts: Uint8Array[] = [];
  o.take(parts);
  return parts;
}

function headOf(f: Fields, framing: Uint8Array | null = null, connection: Uint8Array | null = null): string {
  const o = new Output(new Slab());
  o.response(200, "", f, framing, connection);
  return joinText(taken(o));
}

describe("heads", () => {
  test("a request line, fields, framing", () => {
    const o = new Output(new Slab());
    o.request("POST", "/a?b", Fields.of("Host", "x", "Y", "z"), CHUNKED_FIELD);
    expect(joinText(taken(o))).toBe("POST /a?b HTTP/1.1\r\nHost: x\r\nY: z\r\nTransfer-Encoding: chunked\r\n\r\n");
  });

  test("a status line with the registered phrase, another one, or none", () => {
    const o = new Output(new Slab());
    o.response(404, "", Fields.empty(), null, null);
    o.response(404, "Not Found", Fields.empty(), null, null);
    o.response(404, "Gone fishing \xfc", Fields.empty(), null, CLOSE_FIELD);
    o.response(599, "", Fields.empty(), null, null);
    expect(joinText(taken(o))).toBe(
      "HTTP/1.1 404 Not Found\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\nHTTP/1.1 404 Gone fishing \xfc\r\nConnection: close\r\n\r\nHTTP/1.1 599 \r\n\r\n",
    );
  });

  test("received lines stay as they came, in their order and case", () => {
    const text = "hOsT: a\r\nX-Y: \xe4, b  c\r\nEmpty: \r\nVia: 1.1 z\r\n";
    expect(headOf(received(text))).toBe(`HTTP/1.1 200 OK\r\n${text}\r\n`);
  });

  test("white space that is not one space is brought to it", () => {
    expect(headOf(received("A:1\r\nB:   2\r\nC:\t3\r\nD: \t 4 \t\r\nE:\r\nF: 6\r\n"))).toBe(
      "HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: \r\nF: 6\r\n\r\n",
    );
  });

  test("runs stop at what was removed or dropped", () => {
    const f = received("A: 1\r\nB: 2\r\nx_y: no\r\nC: 3\r\nD: 4\r\nE: 5\r\n");
    f.remove("b");
    f.remove("e");
    f.add("F", "6");
    f.set("a", "7");
    expect(headOf(f)).toBe("HTTP/1.1 200 OK\r\nC: 3\r\nD: 4\r\nF: 6\r\na: 7\r\n\r\n");
  });

  test("no fields, and only removed ones", () => {
    const f = received("A: 1\r\n");
    f.remove("a");
    expect(headOf(f)).toBe("HTTP/1.1 200 OK\r\n\r\n");
    expect(headOf(Fields.empty())).toBe("HTTP/1.1 200 OK\r\n\r\n");
  });

  test("a head larger than a slab", () => {
    const value = "v".repeat(200_000);
    expect(headOf(Fields.of("X", value))).toBe(`HTTP/1.1 200 OK\r\nX: ${value}\r\n\r\n`);
  });

  test("what is written is what the fields say, whatever was done to them", () => {
    const name = fc.constantFrom("Host", "Via", "X-A", "x-b", "N");
    const line = fc.tuple(
      name,
      fc.constantFrom("", " ", "  ", "\t"),
      fc.constantFrom("", "v", "a b", "\xff"),
      fc.constantFrom("", " "),
    );
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 8 }),
        fc.array(name, { maxLength: 3 }),
        fc.array(name, { maxLength: 3 }),
        (lines, removed, added) => {
          const f = received(lines.map(([n, before, v, behind]) => `${n}:${before}${v}${behind}\r\n`).join(""));
          for (const n of removed) f.remove(n);
          for (const n of added) f.add(n, "new");
          let wanted = "";
          f.forEach((n, v) => {
            wanted += `${n}: ${v}\r\n`;
          });
          expect(headOf(f)).toBe(`HTTP/1.1 200 OK\r\n${wanted}\r\n`);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("bodies", () => {
  test("chunk lines, a last chunk with trailers", () => {
    const o = new Output(new Slab());
    const sizes = [1, 15, 16, 255, 65536];
    for (const n of sizes) o.body(new Uint8Array(n).fill(0x78), true);
    o.trailers(received("X: y\r\nZ:q\r\n"));
    const chunks = sizes.map((n) => `${n.toString(16)}\r\n${"x".repeat(n)}\r\n`).join("");
    expect(joinText(taken(o))).toBe(`${chunks}0\r\nX: y\r\nZ: q\r\n\r\n`);
  });

  test("without chunks a body stands alone", () => {
    const o = new Output(new Slab());
    for (const n of [3, 65536, 2]) o.body(new Uint8Array(n).fill(0x78), false);
    expect(joinText(taken(o))).toBe("x".repeat(3 + 65536 + 2));
  });

  test("a head and small pieces are one part", () => {
    const o = new Output(new Slab());
    o.response(200, "", Fields.of("A", "b"), null, null);
    o.small(encodeLatin1("hi"));
    o.small(NO_BYTES);
    o.small(encodeLatin1("ho"));
    const parts = taken(o);
    expect(parts).toHaveLength(1);
    expect(joinText(parts)).toEndWith("\r\n\r\nhiho");
  });

  test("a big piece is sent as it is, between those before and behind it", () => {
    const o = new Output(new Slab());
    const big = new Uint8Array(10_000).fill(0x78);
    o.small(encodeLatin1("a"));
    o.big(big);
    o.small(encodeLatin1("b"));
    expect(o.bytes).toBe(10_002);
    const parts = taken(o);
    expect(parts.map((p) => p.length)).toEqual([1, 10_000, 1]);
    expect(parts[1]).toBe(big);
    expect(o.bytes).toBe(0);
    expect(taken(o)).toEqual([]);
  });

  test("two connections on one slab do not write into each other", () => {
    const slab = new Slab();
    const [a, b] = [new Output(slab), new Output(slab)];
    for (let i = 0; i < 100; i++) {
      a.small(encodeLatin1("a".repeat(i)));
      b.small(encodeLatin1("b".repeat(i)));
    }
    expect(joinText(taken(a))).toBe("a".repeat(4950));
    expect(joinText(taken(b))).toBe("b".repeat(4950));
  });

  test("what was taken is never written again", () => {
    const o = new Output(new Slab());
    const kept: Uint8Array[] = [];
    for (let i = 0; i < 3000; i++) {
      o.small(encodeLatin1(String(i).padStart(64, "0")));
      kept.push(...taken(o));
    }
    expect(kept.map((p) => Number(joinText([p])))).toEqual(Array.from({ length: 3000 }, (_, i) => i));
  });

  test("pieces that outgrow a slab go on in the next", () => {
    const o = new Output(new Slab());
    const piece = encodeLatin1("0123456789".repeat(400));
    for (let i = 0; i < 50; i++) o.small(piece);
    expect(o.bytes).toBe(200_000);
    expect(joinText(taken(o))).toBe("0123456789".repeat(20_000));
  });
});
