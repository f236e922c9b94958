import { expect, test } from "bun:test";
import { metadataText } from "../../../src/exchange/metadata_text.ts";

test("strings stand as they are, all else as JSON, and what is not there is empty", () => {
  const circle: unknown[] = [];
  circle.push(circle);
  const m = new Map<string, unknown>([
    ["user", "ann"],
    ["n", 7],
    ["no", false],
    ["list", ["a", { b: null }]],
    ["null", null],
    ["circle", circle],
    ["function", () => 1],
  ]);
  const text = (key: string): string => metadataText(m, key);
  expect(["user", "n", "no", "list", "null", "circle", "function", "other"].map(text)).toEqual([
    "ann",
    "7",
    "false",
    '["a",{"b":null}]',
    "",
    "",
    "",
    "",
  ]);
  expect(metadataText(new Map([["a", 1]]), "")).toBe('{"a":1}');
  expect(metadataText(null, "a")).toBe("");
});

test("a line has a bound for it", () => {
  expect(metadataText(new Map([["a", "x".repeat(10_000)]]), "a")).toHaveLength(2_048);
});
