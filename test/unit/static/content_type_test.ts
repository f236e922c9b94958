import { expect, test } from "bun:test";
import { contentTypeOf } from "../../../src/static/content_type.ts";

test("types go by the extension, the config's first", () => {
  const own = new Map([["txt", "text/x-own"]]);
  expect(contentTypeOf("a.HTML", new Map())).toBe("text/html; charset=utf-8");
  expect(contentTypeOf("a.min.js", own)).toBe("text/javascript; charset=utf-8");
  expect(contentTypeOf("a.txt", own)).toBe("text/x-own");
  expect(contentTypeOf("README", own)).toBe("application/octet-stream");
  expect(contentTypeOf("a.", own)).toBe("application/octet-stream");
});
