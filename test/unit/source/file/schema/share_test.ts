import { describe, expect, test } from "bun:test";
import { parseShare, share } from "../../../../../src/source/file/schema/share.ts";
import { refusal } from "./leaves.ts";

describe("parseShare", () => {
  const rows: readonly [string, number | null][] = [
    ["10%", 0.1],
    ["0.1", 0.1],
    ["0%", 0],
    ["100%", 1],
    ["1", 1],
    ["12.5%", 0.125],
    ["110%", 1.1],
    ["", null],
    ["%", null],
    ["-1%", null],
    ["10 %", null],
    [".5", null],
    ["1e-1", null],
    ["a tenth", null],
  ];
  for (const [text, value] of rows) test(JSON.stringify(text), () => expect(parseShare(text)).toBe(value));
});

describe("a share in a config", () => {
  test("is a part of 1, as number or text", () => {
    expect(share().parse(0)).toBe(0);
    expect(share().parse(0.25)).toBe(0.25);
    expect(share().parse(1)).toBe(1);
    expect(share().parse("99.9%")).toBeCloseTo(0.999, 12);
  });

  const bad: readonly [unknown, string][] = [
    [10, 'did you mean "10%"?'],
    ["10", 'did you mean "10%"?'],
    [100, 'did you mean "100%"?'],
    [101, ""],
    ["110%", ""],
    [-0.1, ""],
    ["10 %", 'did you mean "10%"?'],
    ["10 percent", 'did you mean "10%"?'],
    ["half", ""],
    [true, ""],
    [null, ""],
    [Number.NaN, ""],
  ];
  for (const [value, hint] of bad)
    test(`${JSON.stringify(value)} is refused`, () => expect(refusal(share(), value)?.hint).toBe(hint));
});
