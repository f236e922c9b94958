import { describe, expect, test } from "bun:test";
import { duration, LONGEST_COOKIE, parseDuration } from "../../../../../src/source/file/schema/duration.ts";
import { refusal } from "./leaves.ts";

describe("parseDuration", () => {
  const rows: readonly [string, number | null][] = [
    ["250ms", 250],
    ["5s", 5000],
    ["1m30s", 90_000],
    ["1h", 3_600_000],
    ["2d", 172_800_000],
    ["1.5s", 1500],
    ["0.4ms", 0],
    ["0s", 0],
    ["1h1m1s1ms", 3_661_001],
    ["", null],
    ["5", null],
    ["5 s", null],
    ["s", null],
    ["-5s", null],
    ["5s,", null],
    ["5S", null],
    ["1e3s", null],
    ["5.s", null],
  ];
  for (const [text, ms] of rows) test(JSON.stringify(text), () => expect(parseDuration(text)).toBe(ms));
});

describe("a duration in a config", () => {
  test("is milliseconds", () => {
    expect(duration().parse("5s")).toBe(5000);
    expect(duration(0).parse("0s")).toBe(0);
    expect(duration(0).parse(0)).toBe(0);
  });

  test("of 24 days is the longest that timers hold", () => {
    expect(duration().parse("24d")).toBe(24 * 86_400_000);
    expect(refusal(duration(), "24d1ms")?.message).toBe('shorten the duration: found "24d1ms", wanted at most 24d');
  });

  test("has other bounds where no timer waits for it", () => {
    expect(duration(1000, LONGEST_COOKIE).parse("90d")).toBe(90 * 86_400_000);
    expect(refusal(duration(1000, LONGEST_COOKIE), "401d")?.message).toBe(
      'shorten the duration: found "401d", wanted at most 400d',
    );
    expect(refusal(duration(1000, LONGEST_COOKIE), "999ms")?.message).toBe(
      'lengthen the duration: found "999ms", wanted at least 1s',
    );
  });

  test("must not be zero where zero has no meaning", () => {
    expect(refusal(duration(), "0s")?.message).toContain("lengthen");
    expect(refusal(duration(), 0)?.wanted).toContain("a duration");
  });

  const hints: readonly [unknown, string][] = [
    [5, 'add the unit: "5s" or "5ms"'],
    ["5", 'add the unit: "5s" or "5ms"'],
    ["5 sec", 'did you mean "5s"?'],
    ["1 hour 30 minutes", 'did you mean "1h30m"?'],
    ["200 milliseconds", 'did you mean "200ms"?'],
    ["3 Days", 'did you mean "3d"?'],
    ["soon", ""],
    [true, ""],
    [null, ""],
  ];
  for (const [value, hint] of hints)
    test(`${JSON.stringify(value)} is refused${hint === "" ? "" : ` with a hint`}`, () => {
      expect(refusal(duration(), value)?.hint).toBe(hint);
    });
});
