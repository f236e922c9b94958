import { describe, expect, test } from "bun:test";
import { changeRequest, type RequestChange } from "../../../src/filter/request_change.ts";
import { Fields } from "../../../src/http/fields.ts";
import type { RequestHead } from "../../../src/http/head.ts";
import { DOT_PARAMETER, ENCODED_NUL, ENCODED_SLASH } from "../../../src/http/path.ts";

function head(more: Partial<RequestHead> = {}): RequestHead {
  return {
    protocol: "HTTP/1.1",
    method: "GET",
    scheme: "http",
    authority: "a",
    path: "/p",
    pathFlags: 0,
    fields: Fields.of("Host", "a"),
    contentLength: 0,
    upgrade: "",
    expectContinue: false,
    native: null,
    oneWay: false,
    ...more,
  };
}

const POLICY = { mergeSlashes: false, refusedPath: ENCODED_NUL | DOT_PARAMETER, pathBytes: 20 };

describe("a change that is taken", () => {
  test.each<[string, RequestChange, Partial<RequestHead>]>([
    ["a method", { method: "M-SEARCH" }, { method: "M-SEARCH" }],
    ["a path, normalised", { path: "/a/../%62?x=%zz" }, { path: "/b?x=%zz" }],
    ["a path with what the route allows", { path: "/a%2fb" }, { path: "/a%2Fb", pathFlags: ENCODED_SLASH }],
    ["the path that it has", { path: "/p" }, { path: "/p" }],
    ["an authority", { authority: "[::1]:8080" }, { authority: "[::1]:8080" }],
    ["a scheme", { scheme: "https" }, { scheme: "https" }],
  ])("%s", (_what, change, made) => {
    const h = head();
    expect(changeRequest(h, change, POLICY)).toBeNull();
    expect(h).toMatchObject(made);
    expect(h.fields.getAll("host")).toEqual([h.authority]);
  });

  test("slashes are merged where the listener does so", () => {
    const h = head();
    expect(changeRequest(h, { path: "/a//b" }, { ...POLICY, mergeSlashes: true })).toBeNull();
    expect(h.path).toBe("/a/b");
  });
});

describe("a change that is refused changes nothing", () => {
  test.each<[string, RequestChange, string, Partial<RequestHead>]>([
    ["a method of other characters", { method: "GET\r\n" }, "token", {}],
    ["a long method", { method: "M".repeat(33) }, "32", {}],
    ["CONNECT", { method: "CONNECT" }, "CONNECT", {}],
    ["of CONNECT anything", { path: "/" }, "CONNECT", { method: "CONNECT", path: "a:80" }],
    ["a path of another form", { path: "http://b/" }, "begins with /", {}],
    ["an asterisk", { path: "*" }, "begins with /", {}],
    ["a path with a space", { path: "/a b" }, "percent-encoded", {}],
    ["a path with a broken escape", { path: "/%g0" }, "percent-encoded", {}],
    ["a path with a fragment", { path: "/#" }, "percent-encoded", {}],
    ["a path that the route refuses", { path: "/a%00" }, "the route takes none", {}],
    ["a long path", { path: `/${"a".repeat(20)}` }, "at most 20 bytes", {}],
    ["a method beside an asterisk", { method: "GET" }, "OPTIONS alone", { method: "OPTIONS", path: "*" }],
    ["no authority", { authority: "" }, "host with an optional port", {}],
    ["an authority with a path", { authority: "a/b" }, "host with an optional port", {}],
    ["another scheme", { scheme: "HTTP" }, "http or https", {}],
  ])("%s", (_what, change, said, of) => {
    const h = head(of);
    const before = JSON.stringify(h);
    expect(changeRequest(h, change, POLICY)).toContain(said);
    expect(JSON.stringify(h)).toBe(before);
  });
});
