import { describe, expect, test } from "bun:test";
import { statusRange } from "../../../../../src/source/file/schema/status_range.ts";
import { refusal } from "./leaves.ts";

describe("statuses in a config", () => {
  const rows: readonly [unknown, readonly [number, number]][] = [
    [503, [503, 503]],
    ["503", [503, 503]],
    ["5xx", [500, 599]],
    ["2XX", [200, 299]],
    ["200-399", [200, 399]],
    ["200-200", [200, 200]],
  ];
  for (const [value, range] of rows)
    test(JSON.stringify(value), () => expect(statusRange().parse(value)).toEqual(range as [number, number]));

  const refused = [100, "1xx", 600, "6xx", "200-600", "299-200", 0, "0"];
  for (const value of refused)
    test(`${JSON.stringify(value)} is refused`, () => expect(refusal(statusRange(), value)?.message).not.toBe(""));

  const other = ["ok", "5x", "5xxx", "200-", "-200", 200.5, null, [], "2xx-3xx"];
  for (const value of other)
    test(`${JSON.stringify(value)} is nothing of the kind`, () =>
      expect(refusal(statusRange(), value)?.wanted).toContain("a status"));
});
