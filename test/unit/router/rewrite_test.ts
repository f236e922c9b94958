import { describe, expect, test } from "bun:test";
import type { RewriteSpec } from "../../../src/config/model.ts";
import { compileRewrite, rewriteProblem } from "../../../src/router/rewrite.ts";

function rewrite(spec: RewriteSpec["path"], path: string, matchedPrefix = ""): string {
  return compileRewrite(spec)(path, matchedPrefix);
}

function regex(pattern: string, substitution: string): RewriteSpec["path"] {
  return { kind: "regex", pattern, substitution };
}

describe("compileRewrite", () => {
  test("null keeps the path", () => {
    expect(rewrite(null, "/a?b")).toBe("/a?b");
  });

  test("full replaces the path and keeps the query, unless it has its own", () => {
    const rows = [
      ["/x", "/a/b?c=d", "/x?c=d"],
      ["/x", "/a", "/x"],
      ["x", "/a", "/x"],
      ["", "/a?b", "/?b"],
      ["/x?y=1", "/a?b", "/x?y=1"],
      ["/é ?é", "/a", "/%C3%A9%20?%C3%A9"],
      ["/100%", "/a", "/100%25"],
    ];
    for (const [value, path, want] of rows)
      expect([value, rewrite({ kind: "full", value: value! }, path!)]).toEqual([value!, want!]);
  });

  // The table of the Gateway API, HTTPPathModifier.replacePrefixMatch. `/foo/` is matched as `/foo`.
  const prefixes: readonly [path: string, matched: string, value: string, want: string][] = [
    ["/foo/bar", "/foo", "/xyz", "/xyz/bar"],
    ["/foo/bar", "/foo", "/xyz/", "/xyz/bar"],
    ["/foo", "/foo", "/xyz", "/xyz"],
    ["/foo/", "/foo", "/xyz", "/xyz/"],
    ["/foo/bar", "/foo", "", "/bar"],
    ["/foo/", "/foo", "", "/"],
    ["/foo", "/foo", "", "/"],
    ["/foo/", "/foo", "/", "/"],
    ["/foo", "/foo", "/", "/"],
    ["/foo/bar", "/foo", "/", "/bar"],
    ["/foo", "/foo", "/xyz/", "/xyz/"],
    ["/foo?q=/foo", "/foo", "/x", "/x?q=/foo"],
    ["/foo?q", "/foo", "/", "/?q"],
    ["/bar", "", "/v1", "/v1/bar"],
    ["/", "", "/v1", "/v1/"],
    ["/api/foo", "/api/", "/", "/foo"],
    ["/apix", "/api", "/v1", "/v1x"],
    ["/static../x", "/static", "/", "/x"],
    ["/static..", "/static", "/a/", "/"],
  ];
  for (const [path, matched, value, want] of prefixes) {
    test(`prefix ${JSON.stringify(matched)} of ${path} replaced by ${JSON.stringify(value)}`, () => {
      expect(rewrite({ kind: "prefix", value }, path, matched)).toBe(want);
    });
  }

  test("regex replaces each match in the path, groups by number", () => {
    const rows = [
      ["^/service/([^/]+)(/.*)$", "\\2/instance/\\1", "/service/foo/v1/api?q=1", "/v1/api/instance/foo?q=1"],
      ["one", "two", "/xxx/one/yyy/one/zzz?one", "/xxx/two/yyy/two/zzz?one"],
      ["^(.*?)one(.*)$", "\\1two\\2", "/xxx/one/yyy/one/zzz", "/xxx/two/yyy/one/zzz"],
      ["(?i)/xxx/", "/yyy/", "/aaa/XxX/bbb", "/aaa/yyy/bbb"],
      ["/a", "[\\0]", "/a/b", "/[/a]/b"],
      ["/a", "\\\\", "/a/b", "/\\/b"],
      ["nothing", "x", "/a", "/a"],
      ["(x)?/a", "/\\1b", "/a", "/b"],
      ["^/a", "", "/a", "/"],
      ["z*", "-", "/a", "/-/-a-"],
      ["^/up/(.*)$", "/\\1", "/up/../x", "/x"],
      ["/a", "/é", "/a", "/%C3%A9"],
    ];
    for (const [pattern, substitution, path, want] of rows) {
      expect([pattern, rewrite(regex(pattern!, substitution!), path!)]).toEqual([pattern!, want!]);
    }
  });

  test("what can't be compiled is told, and never compiled to something else", () => {
    const bad: readonly [RewriteSpec["path"], string][] = [
      [regex("(", ""), 'write a pattern of RE2\'s syntax, found "("'],
      [regex("(a)", "\\2"), 'name a group of the pattern, which has 1, found "\\\\2" with \\2'],
      [regex("a", "\\x"), 'write \\0 to \\9 for groups and \\\\ for a backslash, found "\\\\x"'],
      [regex("a", "x\\"), 'write \\0 to \\9 for groups and \\\\ for a backslash, found "x\\\\"'],
    ];
    for (const [spec, problem] of bad) {
      expect(rewriteProblem(spec)).toStartWith(problem);
      expect(() => compileRewrite(spec)).toThrow(TypeError);
    }
    expect(rewriteProblem(regex("(a)", "\\1"))).toBeNull();
    expect(rewriteProblem({ kind: "full", value: "\\2" })).toBeNull();
    expect(rewriteProblem(null)).toBeNull();
  });
});
