import { describe, expect, test } from "bun:test";
import { cookieValue, setCookie } from "../../../src/http/cookie.ts";
import { Fields } from "../../../src/http/fields.ts";

describe("the value of a cookie", () => {
  for (const [list, want] of [
    ["sid=abc", "abc"],
    ["a=1; sid=abc; b=2", "abc"],
    ["a=1;sid=abc;b=2", "abc"],
    ["a=1; sid=abc  ; b", "abc"],
    ["\tsid=x", "x"],
    ["sid=", ""],
    ['sid="q"', '"q"'],
    ["sid=a=b==", "a=b=="],
    ["sid=1; sid=2", "1"],
    ["xsid=1", null],
    ["sidx=1", null],
    ["a=sid=1", null],
    ["sid", null],
    ["sid; a=1", null],
    ["SID=1", null],
    ["", null],
    [";;; sid=7;;", "7"],
    ["a;=sid; sid=3", "3"],
  ] as const)
    test(JSON.stringify(list), () => {
      expect(cookieValue(Fields.of("Cookie", list), "sid")).toBe(want);
    });

  test("in any of several fields", () => {
    expect(cookieValue(Fields.of("cookie", "a=1", "cookie", "sid=2"), "sid")).toBe("2");
    expect(cookieValue(Fields.of("cookie", "a=1", "cookie", "b=2"), "sid")).toBeNull();
    expect(cookieValue(Fields.empty(), "sid")).toBeNull();
  });
});

describe("Set-Cookie", () => {
  const plain = { ttlMs: null, path: "/", httpOnly: false, secure: false, sameSite: null };
  for (const [terms, want] of [
    [plain, "sid=v; Path=/"],
    [{ ...plain, ttlMs: 3_600_000, path: "/shop" }, "sid=v; Path=/shop; Max-Age=3600"],
    // A second that has begun is one: 0 would delete the cookie.
    [{ ...plain, ttlMs: 1 }, "sid=v; Path=/; Max-Age=1"],
    [{ ...plain, httpOnly: true, secure: true, sameSite: "none" }, "sid=v; Path=/; HttpOnly; Secure; SameSite=None"],
    [{ ...plain, sameSite: "lax" }, "sid=v; Path=/; SameSite=Lax"],
    [{ ...plain, sameSite: "strict" }, "sid=v; Path=/; SameSite=Strict"],
  ] as const)
    test(want, () => {
      expect(setCookie("sid", "v", terms)).toBe(want);
    });
});
