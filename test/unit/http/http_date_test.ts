import { describe, expect, test } from "bun:test";
import { parseHttpDate } from "../../../src/http/http_date.ts";

const NOW = Date.UTC(2030, 0, 1);
const AT = Date.UTC(1994, 10, 6, 8, 49, 37);

describe("an HTTP-date (RFC 9110 5.6.7)", () => {
  const good: readonly [text: string, at: number][] = [
    ["Sun, 06 Nov 1994 08:49:37 GMT", AT],
    ["Sunday, 06-Nov-94 08:49:37 GMT", AT],
    ["Sun Nov  6 08:49:37 1994", AT],
    ["Thu, 29 Feb 2024 00:00:00 GMT", Date.UTC(2024, 1, 29)],
    // 60 is a leap second.
    ["Sat, 31 Dec 2016 23:59:60 GMT", Date.UTC(2017, 0, 1)],
    // Two digits mean a year that is at most 50 years ahead.
    ["Friday, 01-Jan-80 00:00:00 GMT", Date.UTC(2080, 0, 1)],
    ["Friday, 03-Jan-81 00:00:00 GMT", Date.UTC(1981, 0, 3)],
    ["Monday, 01-Jan-29 00:00:00 GMT", Date.UTC(2029, 0, 1)],
  ];
  for (const [text, at] of good) {
    test(text, () => {
      expect(parseHttpDate(text, NOW)).toBe(at);
    });
  }

  const bad = [
    "",
    "0",
    "1994-11-06T08:49:37Z",
    "Sun, 6 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 94 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 06 Nov 1994 08:49:37",
    "sun, 06 nov 1994 08:49:37 gmt",
    "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:37 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 31 Feb 1994 08:49:37 GMT",
    " Sun, 06 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMT ",
  ];
  for (const text of bad) {
    test(`not ${JSON.stringify(text)}`, () => {
      expect(parseHttpDate(text, NOW)).toBeNull();
    });
  }
});
