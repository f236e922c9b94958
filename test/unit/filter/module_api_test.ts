import { expect, test } from "bun:test";
import { reply } from "../../../src/filter/module_api.ts";

test("a reply has its length and the type of its text", () => {
  const r = reply(403, "é", { "X-A": "b" });
  expect([r.head.status, r.head.contentLength, r.body.length]).toEqual([403, 2, 2]);
  expect(r.head.fields.get("content-length")).toBe("2");
  expect(r.head.fields.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(r.head.fields.get("x-a")).toBe("b");
  expect(reply(204).head.fields.count()).toBe(0);
  expect(reply(200).head.fields.get("content-length")).toBe("0");
  expect(reply(200, "{}", { "content-type": "application/json" }).head.fields.getAll("content-type")).toEqual([
    "application/json",
  ]);
});

test("a reply that could not be sent is refused", () => {
  for (const status of [0, 101, 199, 600, 200.5]) expect(() => reply(status)).toThrow(RangeError);
  expect(() => reply(200, "", { "x-a": "b\r\nx-c: d" })).toThrow(TypeError);
  expect(() => reply(200, "", { "x a": "b" })).toThrow(TypeError);
});
