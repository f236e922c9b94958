import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CLASS, HEX, HOST, LOWER, NAME, TARGET, TOKEN, UNRESERVED, VALUE } from "../../../src/base/ascii.ts";
import { concatBytes, encodeLatin1, equalsIgnoreCase, latin1, putBytes, putLatin1 } from "../../../src/base/bytes.ts";
import { Slab } from "../../../src/base/slab.ts";

const bytes = fc.uint8Array({ maxLength: 200 });

describe("latin1", () => {
  test("makes one char a byte, and back", () => {
    fc.assert(
      fc.property(bytes, fc.nat(200), fc.nat(200), (b, x, y) => {
        const [from, to] = [Math.min(x, y, b.length), Math.min(Math.max(x, y), b.length)];
        const s = latin1(b, from, to);
        expect(s).toBe(String.fromCharCode(...b.subarray(from, to)));
        expect(encodeLatin1(s)).toEqual(b.slice(from, to));
      }),
    );
  });

  test("works within a larger buffer", () => {
    const whole = encodeLatin1("0123456789");
    expect(latin1(whole.subarray(3), 1, 4)).toBe("456");
    expect(latin1(whole, 4, 4)).toBe("");
    expect(latin1(whole, 5, 4)).toBe("");
  });

  test("does not write outside its place, short or long", () => {
    for (const n of [0, 1, 5, 15, 16, 17, 40, 41, 100, 1000]) {
      const b = new Uint8Array(n + 4);
      const s = Array.from({ length: n }, (_, i) => String.fromCharCode(128 + (i % 128))).join("");
      expect(putLatin1(b, 2, s)).toBe(n + 2);
      expect([b[0], b[1], b[n + 2], b[n + 3]]).toEqual([0, 0, 0, 0]);
      expect(latin1(b, 2, n + 2)).toBe(s);
    }
  });
});

test("putBytes copies a part of any length to its place", () => {
  for (const n of [0, 1, 50, 96, 97, 500]) {
    const src = Uint8Array.from({ length: n + 10 }, (_, i) => (i % 255) + 1);
    const dst = new Uint8Array(n + 6);
    expect(putBytes(dst, 3, src, 5, 5 + n)).toBe(3 + n);
    expect(dst.subarray(3, 3 + n)).toEqual(src.subarray(5, 5 + n));
    expect([dst[2], dst[n + 3]]).toEqual([0, 0]);
  }
});

test("equalsIgnoreCase folds ASCII letters alone", () => {
  const eq = (s: string, lower: string): boolean => equalsIgnoreCase(encodeLatin1(`.${s}.`), 1, 1 + s.length, lower);
  expect([eq("KEEP-Alive", "keep-alive"), eq("", ""), eq("a", ""), eq("a", "b"), eq("ab", "a")]).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  // @ and `, [ and {, É and é differ by the bit that folds letters.
  expect([eq("@", "`"), eq("[", "{"), eq("\xc9", "\xe9"), eq("\x0d", "-")]).toEqual([false, false, false, false]);
});

test("concatBytes joins, and copies nothing for one part", () => {
  const a = encodeLatin1("ab");
  expect(concatBytes([a])).toBe(a);
  expect(concatBytes([])).toEqual(new Uint8Array(0));
  expect(latin1(concatBytes([a, encodeLatin1(""), encodeLatin1("c")]), 0, 3)).toBe("abc");
});

describe("classes of bytes", () => {
  const inClass = (bit: number): string => {
    let s = "";
    for (let c = 0; c < 256; c++) if ((CLASS[c]! & bit) !== 0) s += String.fromCharCode(c);
    return s;
  };
  const sorted = (s: string): string => [...new Set(s)].sort().join("");
  const alnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

  test("tchar (RFC 9110 5.6.2)", () => {
    expect(inClass(TOKEN)).toBe(sorted(`${alnum}!#$%&'*+-.^_\`|~`));
    expect(inClass(NAME)).toBe(sorted(`${alnum}!#$%&'*+-.^\`|~`));
  });
  test("field-content (RFC 9110 5.5)", () => {
    const wanted = (c: number): boolean => c === 9 || (c >= 0x20 && c !== 0x7f);
    for (let c = 0; c < 256; c++) expect((CLASS[c]! & VALUE) !== 0).toBe(wanted(c));
  });
  test("VCHAR in a target, hex digits, unreserved (RFC 3986 2.3)", () => {
    for (let c = 0; c < 256; c++) expect((CLASS[c]! & TARGET) !== 0).toBe(c > 0x20 && c < 0x7f);
    expect(inClass(HEX)).toBe("0123456789ABCDEFabcdef");
    expect(inClass(UNRESERVED)).toBe(sorted(`${alnum}-._~`));
    expect(inClass(HOST)).toBe(sorted(`${alnum}-._~!$&'()*+,;=:[]%`));
  });
  test("lower case", () => {
    for (let c = 0; c < 256; c++) expect(LOWER[c]).toBe(c >= 65 && c <= 90 ? c + 32 : c);
  });
});

test("a slab's region is handed out once, whatever its size", () => {
  const slab = new Slab();
  const regions: { buf: Uint8Array; at: number; n: number }[] = [];
  for (const n of [10, 60_000, 10_000, 70_000, 5, 65_536, 1]) {
    slab.reserve(n);
    regions.push({ buf: slab.buf, at: slab.at, n });
    expect(slab.at + n).toBeLessThanOrEqual(slab.buf.length);
    slab.at += n;
  }
  for (const [i, a] of regions.entries()) {
    for (const b of regions.slice(i + 1)) if (a.buf === b.buf) expect(b.at).toBeGreaterThanOrEqual(a.at + a.n);
  }
});
