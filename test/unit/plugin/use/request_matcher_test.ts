import { describe, expect, test } from "bun:test";
import { Fields } from "../../../../src/http/fields.ts";
import type { RequestHead } from "../../../../src/http/head.ts";
import { requestMatcher } from "../../../../src/plugin/use/request_matcher.ts";

function head(method: string, path: string, ...fields: string[]): RequestHead {
  return { method, path, fields: Fields.of(...fields) } as unknown as RequestHead;
}

const ROWS: readonly [match: Parameters<typeof requestMatcher>[0], head: RequestHead, holds: boolean][] = [
  [[{ methods: ["GET"] }], head("GET", "/"), true],
  [[{ methods: ["GET"] }], head("POST", "/"), false],
  [[{ paths: ["/a"] }], head("GET", "/a?b"), true],
  [[{ paths: ["/a"] }], head("GET", "/a/b"), false],
  [[{ prefixes: ["/a"] }], head("GET", "/a/b"), true],
  [[{ prefixes: ["/a"] }], head("GET", "/a?b"), true],
  [[{ prefixes: ["/a/"] }], head("GET", "/a"), true],
  [[{ prefixes: ["/a"] }], head("GET", "/ab"), false],
  [[{ prefixes: ["/"] }], head("GET", "/ab"), true],
  [[{ fields: { "x-a": null } }], head("GET", "/", "X-A", "1"), true],
  [[{ fields: { "x-a": "1" } }], head("GET", "/", "X-A", "1"), true],
  [[{ fields: { "x-a": "2" } }], head("GET", "/", "X-A", "1"), false],
  [[{ fields: { "x-a": null } }], head("GET", "/"), false],
  [[{ methods: ["GET"], prefixes: ["/a"] }], head("GET", "/b"), false],
  [[{ methods: ["POST"] }, { prefixes: ["/b"] }], head("GET", "/b"), true],
];

describe("requests that a plugin has to do with", () => {
  test("all, where it says nothing", () => {
    expect(requestMatcher(undefined)).toBe(null);
    expect(requestMatcher([])).toBe(null);
  });
  for (const [match, h, holds] of ROWS)
    test(`${JSON.stringify(match)} and ${h.method} ${h.path}: ${holds}`, () => {
      expect(requestMatcher(match)!(h)).toBe(holds);
    });
});
