import { describe, expect, test } from "bun:test";
import { staticPath } from "../../../src/static/static_path.ts";

describe("the path of a file", () => {
  const rows: readonly [string, readonly string[], boolean][] = [
    ["", [], false],
    ["/", [], true],
    ["/?q", [], true],
    ["/a.js", ["a.js"], false],
    ["/a/b/", ["a", "b"], true],
    ["a/b", ["a", "b"], false],
    ["/a%20b?x=/../y", ["a b"], false],
    ["/%C3%A9", ["é"], false],
    ["/a%252e%252e", ["a%2e%2e"], false],
    ["/.well-known/acme", [".well-known", "acme"], false],
    ["/...", ["..."], false],
  ];
  for (const [path, names, folder] of rows)
    test(`${path} is ${JSON.stringify(names)}`, () => {
      expect(staticPath(path, path === "/...")).toEqual({ names, folder });
    });

  for (const path of [
    "/..",
    "/a/../b",
    "/%2e%2e/b",
    "/.%2E/b",
    "//a",
    "/a//b",
    "//",
    "/a%2Fb",
    "/a%5Cb",
    "/a\\b",
    "/a%00b",
    "/C:",
    "/a:b",
    "/%ff",
    "/%",
    "/.git/config",
    "/a/.env",
  ])
    test(`${path} names none`, () => {
      expect(staticPath(path, false)).toBeNull();
    });

  test("hidden files by option, never steps up", () => {
    expect(staticPath("/.git/config", true)?.names).toEqual([".git", "config"]);
    expect(staticPath("/%2e%2e/x", true)).toBeNull();
  });
});
