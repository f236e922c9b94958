import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  BACKSLASH,
  DOT_PARAMETER,
  ENCODED_NUL,
  ENCODED_SLASH,
  normalizePath,
  normalizePercent,
  pathNeedsWork,
  refusedPathFlags,
} from "../../../src/http/path.ts";

function normalized(target: string, mergeSlashes: boolean): [path: string, flags: number] | null {
  const into = { path: target, pathFlags: -1 };
  if (!normalizePath(into, mergeSlashes)) {
    expect(into.path).toBe(target);
    return null;
  }
  return [into.path, into.pathFlags];
}

describe("normalizePath", () => {
  const rows: readonly [target: string, path: string | null, flags: number, why: string][] = [
    ["/", "/", 0, "nothing to do"],
    ["/a/b?c=d", "/a/b?c=d", 0, "nothing to do"],
    ["/.well-known/x", "/.well-known/x", 0, "a dot that starts a name"],
    ["/a.b/..c/d..", "/a.b/..c/d..", 0, "dots within names"],
    ["/...", "/...", 0, "three dots are a name"],
    ["/a/./b", "/a/b", 0, "RFC 3986 5.2.4"],
    ["/a/../b", "/b", 0, "RFC 3986 5.2.4"],
    ["/a/b/c/./../../g", "/a/g", 0, "RFC 3986 5.2.4, its example"],
    ["/a/.", "/a/", 0, "a last dot leaves its slash"],
    ["/a/b/..", "/a/", 0, "a last dot leaves its slash"],
    ["/..", "/", 0, "never above the root"],
    ["/../../a", "/a", 0, "never above the root"],
    ["/%2e%2E/a", "/a", 0, "encoded dots are dots, RFC 3986 6.2.2.2"],
    ["/a/.%2e/b", "/b", 0, "half encoded dots too"],
    ["/a/%2e", "/a/", 0, "encoded dot at the end"],
    ["/%7euser/%41%2d%5f", "/~user/A-_", 0, "unreserved, RFC 3986 6.2.2.2"],
    ["/%c3%a9", "/%C3%A9", 0, "upper-case digits, RFC 3986 6.2.2.1"],
    ["/%3f%23%20", "/%3F%23%20", 0, "reserved stays encoded"],
    ["/%252e%252e/", "/%252e%252e/", 0, "decoded once, not twice"],
    ["/a%2fb", "/a%2Fb", ENCODED_SLASH, "encoded slash"],
    ["/a%5cb", "/a%5Cb", BACKSLASH, "encoded backslash"],
    ["/a\\b", "/a\\b", BACKSLASH, "raw backslash"],
    ["/a%00b", "/a%00b", ENCODED_NUL, "encoded NUL"],
    ["/..%2f..%5c%00", "/..%2F..%5C%00", ENCODED_SLASH | BACKSLASH | ENCODED_NUL, "all of them"],
    ["/a%2fb/../c", "/c", ENCODED_SLASH, "told though the segment has gone"],
    ["/..;/a", "/..;/a", DOT_PARAMETER, "a parameter on a dot segment"],
    ["/a/%2e%2e;x=1/b", "/a/..;x=1/b", DOT_PARAMETER, "a parameter on an encoded one"],
    ["/a/.;/b", "/a/.;/b", DOT_PARAMETER, "a parameter on a single dot"],
    ["/a;b=c/d", "/a;b=c/d", 0, "other parameters are nobody's business"],
    ["/a?b=../c&d=%zz&e=//\\", "/a?b=../c&d=%zz&e=//\\", 0, "the query is not the path"],
    ["/a/../b?x=/../%2f", "/b?x=/../%2f", 0, "the query is not the path"],
    ["/..?..", "/?..", 0, "dots before the query"],
    ["/%zz", null, 0, "no hex digits"],
    ["/a%", null, 0, "cut short"],
    ["/a%2", null, 0, "cut short"],
    ["/a%2?b", null, 0, "cut short by the query"],
    ["/%%32%65", null, 0, "a percent is no hex digit"],
    ["*", null, 0, "not in origin-form"],
    ["a/b", null, 0, "not in origin-form"],
    ["?a", null, 0, "not in origin-form"],
    ["", null, 0, "not in origin-form"],
  ];
  for (const [target, path, flags, why] of rows) {
    test(`${JSON.stringify(target)}: ${why}`, () => {
      const want: [string, number] | null = path === null ? null : [path, flags];
      expect(normalized(target, false)).toEqual(want);
      expect(normalized(target, true)).toEqual(want);
    });
  }

  test("slashes are merged when asked, after the dot segments", () => {
    expect(normalized("//a///b//?c//d", true)).toEqual(["/a/b/?c//d", 0]);
    expect(normalized("//a///b//?c//d", false)).toEqual(["//a///b//?c//d", 0]);
    expect(normalized("/a//../b", true)).toEqual(["/a/b", 0]);
    expect(normalized("/a//../b", false)).toEqual(["/a/b", 0]);
    expect(normalized("/.//a", true)).toEqual(["/a", 0]);
    expect(normalized("/.//a", false)).toEqual(["//a", 0]);
  });

  const target = fc
    .array(
      fc.constantFrom(
        "/",
        "/",
        ".",
        "..",
        "a",
        "B",
        "%2e",
        "%2E",
        "%2f",
        "%5C",
        "\\",
        "%00",
        "%41",
        "%25",
        "2e",
        ";",
        "%c3",
        "?",
        "%",
      ),
      {
        maxLength: 14,
      },
    )
    .map((parts) => `/${parts.join("")}`);

  test("doing it again changes nothing, and finds no new flag", () => {
    fc.assert(
      fc.property(target, fc.boolean(), (t, merge) => {
        const once = normalized(t, merge);
        if (once === null) return;
        const twice = normalized(once[0], merge);
        expect(twice?.[0]).toBe(once[0]);
        expect(twice![1] & ~once[1]).toBe(0);
      }),
      { numRuns: 5000, seed: 2 },
    );
  });

  test("no dot segment is left, and merged slashes are single", () => {
    fc.assert(
      fc.property(target, (t) => {
        const n = normalized(t, true);
        if (n === null) return;
        const path = n[0].split("?")[0]!;
        expect(path).toMatch(/^\//);
        expect(path).not.toMatch(/\/\//);
        expect(path).not.toMatch(/%2e/i);
        expect(path.split("/").filter((s) => s === "." || s === "..")).toEqual([]);
      }),
      { numRuns: 5000, seed: 4 },
    );
  });

  test("what pathNeedsWork passes over stays as it is", () => {
    fc.assert(
      fc.property(target, fc.boolean(), (t, merge) => {
        if (!pathNeedsWork(t)) expect(normalized(t, merge)).toEqual([t, 0]);
      }),
      { numRuns: 5000, seed: 6 },
    );
  });
});

describe("pathNeedsWork", () => {
  test("is false for the paths of nearly all requests", () => {
    for (const t of ["/", "/a/b", "/a.b/c.d", "/.well-known/acme", "/a?b=%20//../", "/_/~"])
      expect([t, pathNeedsWork(t)]).toEqual([t, false]);
  });
});

describe("normalizePercent", () => {
  test("leaves dots and slashes where they are", () => {
    expect(normalizePercent("/a/../%7e//%2f")).toBe("/a/../~//%2F");
    expect(normalizePercent("%")).toBeNull();
    expect(normalizePercent("")).toBe("");
  });
});

describe("refusedPathFlags", () => {
  test("a dot segment with a parameter is refused always, the others unless allowed", () => {
    expect(refusedPathFlags({ encodedSlash: false, backslash: false, nul: false })).toBe(15);
    expect(refusedPathFlags({ encodedSlash: true, backslash: false, nul: false })).toBe(BACKSLASH | ENCODED_NUL | DOT_PARAMETER);
    expect(refusedPathFlags({ encodedSlash: true, backslash: true, nul: true })).toBe(DOT_PARAMETER);
  });
});
