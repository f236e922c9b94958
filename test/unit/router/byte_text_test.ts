import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { normalizePath } from "../../../src/http/path.ts";
import { decodePercent, queryValue, wirePath, wireQuery, wireText } from "../../../src/router/byte_text.ts";

describe("wireText", () => {
  test("is the UTF-8 bytes, one char each", () => {
    expect(wireText("abc")).toBe("abc");
    expect(wireText("é")).toBe("\xc3\xa9");
    expect(wireText("😀")).toBe("\xf0\x9f\x98\x80");
  });
});

describe("wirePath", () => {
  test("is what a normalised target holds", () => {
    const segment = fc.string({
      unit: fc.constantFrom("a", "é", " ", "~", "?", "#", "😀", "-"),
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 4 }), (segments) => {
        const path = `/${segments.join("/")}`;
        const head = { path: `/${segments.map(encodeURIComponent).join("/")}`, pathFlags: 0 };
        expect(normalizePath(head, false)).toBe(true);
        expect(wirePath(path)).toBe(head.path);
      }),
      { seed: 12 },
    );
  });

  test("keeps encodings and refuses what is none", () => {
    expect(wirePath("/a%2fb%7e")).toBe("/a%2Fb~");
    expect(wirePath("/a%")).toBeNull();
  });
});

describe("wireQuery", () => {
  test("encodes what a target can't hold", () => {
    expect(wireQuery("?a=b c&é#%zz")).toBe("?a=b%20c&%C3%A9%23%zz");
  });
});

describe("decodePercent", () => {
  test("decodes what has two digits and keeps the rest", () => {
    expect(decodePercent("a%20%zz%4")).toBe("a %zz%4");
    expect(decodePercent("%%41")).toBe("%A");
    expect(decodePercent("%2541")).toBe("%41");
  });
});

describe("queryValue", () => {
  test("reads the first of a name", () => {
    const target = "/p?a=1&b&a=2&c==x&%64=4&=5&";
    const at = target.indexOf("?");
    const rows: [string, string | null][] = [
      ["a", "1"],
      ["b", ""],
      ["c", "=x"],
      ["d", "4"],
      ["", "5"],
      ["e", null],
      ["a=1", null],
    ];
    for (const [name, want] of rows) expect([name, queryValue(target, at, name)]).toEqual([name, want]);
    expect(queryValue("/p", -1, "a")).toBeNull();
  });
});
