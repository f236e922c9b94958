import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { encodeLatin1 } from "../../../../src/base/bytes.ts";
import { F_TOO_MANY_FIELDS, faultText, MORE } from "../../../../src/http/h1/faults.ts";
import { FieldReader } from "../../../../src/http/h1/field_reader.ts";
import {
  BAD_LENGTH,
  BAD_TRANSFER_CODING,
  BOTH_LENGTHS,
  CHUNKED,
  framingOf,
  framingText,
  REPEATED_LENGTH,
  REPEATED_TRANSFER_CODING,
  TRANSFER_CODING_IN_1_0,
  UNTIL_CLOSE,
} from "../../../../src/http/h1/framing.ts";
import { ID } from "../../../../src/http/names.ts";

/** What a reader makes of a section of which only the first `ends[i]` bytes are there at the i-th call. */
function readIn(raw: Uint8Array, ends: readonly number[]): { result: number; spans: number[]; mask: number; repeated: number } {
  const reader = new FieldReader(100, "drop");
  reader.start(0);
  let result = MORE;
  for (const end of ends) {
    if (result !== MORE) break;
    result = reader.read(raw, end);
  }
  const { mask, repeated } = reader;
  return { result, spans: reader.take(raw).spans, mask, repeated };
}

describe("FieldReader", () => {
  test("a section in steps gives what it gives whole", () => {
    const part = fc.constantFrom(
      "Host",
      "X_y",
      "Via",
      ":",
      " ",
      "\t",
      "a",
      "\r\n",
      "\r",
      "\n",
      "\0",
      "\xff",
      "Content-Length: 5\r\n",
      "\r\n\r\n",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 14 }), fc.array(fc.nat(60), { maxLength: 8 }), (parts, cuts) => {
        const raw = encodeLatin1(`${parts.join("")}\r\n\r\n`);
        const ends = [...cuts.filter((c) => c < raw.length).sort((a, b) => a - b), raw.length];
        const whole = readIn(raw, [raw.length]);
        expect(readIn(raw, ends)).toEqual(whole);
        expect(
          readIn(
            raw,
            Array.from(raw, (_, i) => i + 1),
          ),
        ).toEqual(whole);
      }),
      { numRuns: 2000 },
    );
  });

  test("looks at each byte of a long line once, however many pieces it comes in", () => {
    const raw = encodeLatin1(`X: ${"y".repeat(4096)}\r\n\r\n`);
    let looks = 0;
    const counting = new Proxy(raw, {
      get(target, key) {
        if (typeof key === "string" && /^\d+$/.test(key)) looks++;
        return Reflect.get(target, key, target) as unknown;
      },
    });
    const reader = new FieldReader(100, "drop");
    reader.start(0);
    for (let end = 1; end < raw.length; end++) expect(reader.read(counting, end)).toBe(MORE);
    expect(reader.read(counting, raw.length)).toBe(raw.length);
    expect(looks).toBeLessThan(raw.length * 4);
  });

  test("tells which known fields came, and which more than once", () => {
    const raw = encodeLatin1("Host: a\r\nvia: b\r\nVIA: c\r\nX: d\r\nX: e\r\n\r\n");
    const { mask, repeated } = readIn(raw, [raw.length]);
    expect(mask).toBe((1 << ID.host) | (1 << ID.via));
    expect(repeated).toBe(1 << ID.via);
  });

  test("starts where it is told", () => {
    const raw = encodeLatin1("GET / HTTP/1.1\r\nX: y\r\n\r\nrest");
    const reader = new FieldReader(1, "drop");
    reader.start(16);
    expect(reader.read(raw, raw.length)).toBe(24);
    expect(reader.take(raw).get("x")).toBe("y");
  });

  test("begins anew after a section that was given up within a line", () => {
    const reader = new FieldReader(10, "drop");
    reader.start(0);
    expect(reader.read(encodeLatin1("Long-Name: long val"), 19)).toBe(MORE);
    const raw = encodeLatin1("A: b\r\n\r\n");
    reader.start(0);
    expect(reader.read(raw, raw.length)).toBe(raw.length);
    expect(reader.take(raw).get("a")).toBe("b");
  });

  test("counts to its limit", () => {
    const raw = encodeLatin1("A: 1\r\nB: 2\r\nC: 3\r\n\r\n");
    const reader = new FieldReader(2, "keep");
    reader.start(0);
    expect(reader.read(raw, raw.length)).toBe(F_TOO_MANY_FIELDS);
    expect(faultText(F_TOO_MANY_FIELDS)).toEqual({ code: "tooManyFields", status: 431, text: "more fields than the limit" });
  });
});

describe("framingOf (RFC 9112 6.3)", () => {
  const rows: readonly [fields: string, minor: number, framing: number][] = [
    ["X: y\r\n", 1, UNTIL_CLOSE],
    ["Content-Length: 0\r\n", 1, 0],
    ["Content-Length: 7\r\n", 0, 7],
    ["Content-Length: 999999999999999\r\n", 1, 999999999999999],
    ["Content-Length: 1000000000000000\r\n", 1, BAD_LENGTH],
    ["Content-Length: 1 \r\n", 1, 1],
    ["Content-Length: \r\n", 1, BAD_LENGTH],
    ["Content-Length: 1;\r\n", 1, BAD_LENGTH],
    ["Content-Length: 1\r\nContent-Length: 1\r\n", 1, REPEATED_LENGTH],
    ["Transfer-Encoding: CHUNKED\r\n", 1, CHUNKED],
    ["Transfer-Encoding: chunked\r\n", 0, TRANSFER_CODING_IN_1_0],
    ["Transfer-Encoding: gzip, chunked\r\n", 1, BAD_TRANSFER_CODING],
    ["Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 1, REPEATED_TRANSFER_CODING],
    ["Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", 1, BOTH_LENGTHS],
    ["Content-Length: 1\r\nTransfer-Encoding: x\r\nContent-Length: 1\r\n", 0, BOTH_LENGTHS],
  ];
  for (const [fields, minor, framing] of rows) {
    test(`${JSON.stringify(fields)} in HTTP/1.${minor}`, () => {
      const raw = encodeLatin1(`${fields}\r\n`);
      const reader = new FieldReader(10, "drop");
      reader.start(0);
      expect(reader.read(raw, raw.length)).toBe(raw.length);
      const { repeated } = reader;
      expect(framingOf(reader.take(raw), repeated, minor, UNTIL_CLOSE)).toBe(framing);
      if (framing < UNTIL_CLOSE) expect(framingText(framing)).toContain("RFC 9112");
    });
  }
});
