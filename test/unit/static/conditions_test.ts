import { describe, expect, test } from "bun:test";
import { Fields } from "../../../src/http/fields.ts";
import { judgeConditions, rangeHolds } from "../../../src/static/conditions.ts";

const MODIFIED = Date.UTC(2030, 0, 1, 12);
const V = { etag: '"a-1"', modifiedMs: MODIFIED };
const AT = new Date(MODIFIED).toUTCString();
const BEFORE = new Date(MODIFIED - 1000).toUTCString();
const AFTER = new Date(MODIFIED + 1000).toUTCString();

describe("preconditions (RFC 9110 13.2.2)", () => {
  const rows: readonly [readonly string[], 304 | 412 | null][] = [
    [[], null],
    [["If-None-Match", '"a-1"'], 304],
    [["If-None-Match", 'W/"a-1"'], 304],
    [["If-None-Match", '"x", "a-1"'], 304],
    [["If-None-Match", "*"], 304],
    [["If-None-Match", '"x"'], null],
    // 13.1.3: with the tag the date is not looked at.
    [["If-None-Match", '"x"', "If-Modified-Since", AT], null],
    [["If-Modified-Since", AT], 304],
    [["If-Modified-Since", AFTER], 304],
    [["If-Modified-Since", BEFORE], null],
    [["If-Modified-Since", "yesterday"], null],
    [["If-Match", '"a-1"'], null],
    [["If-Match", "*"], null],
    // 13.1.1: strong comparison.
    [["If-Match", 'W/"a-1"'], 412],
    [["If-Match", '"x"'], 412],
    [["If-Match", '"x"', "If-None-Match", '"a-1"'], 412],
    [["If-Match", '"a-1"', "If-None-Match", '"a-1"'], 304],
    [["If-Match", '"a-1"', "If-Unmodified-Since", BEFORE], null],
    [["If-Unmodified-Since", BEFORE], 412],
    [["If-Unmodified-Since", AT], null],
  ];
  for (const [fields, wanted] of rows)
    test(`${fields.join(" ")}: ${wanted}`, () => {
      expect(judgeConditions(Fields.of(...fields), V)).toBe(wanted);
    });
});

describe("If-Range (RFC 9110 13.1.5)", () => {
  const long = MODIFIED + 60_000;
  const rows: readonly [string | null, number, boolean][] = [
    [null, long, true],
    ['"a-1"', long, true],
    ['W/"a-1"', long, false],
    ['"x"', long, false],
    [AT, long, true],
    [AT, MODIFIED + 500, false],
    [BEFORE, long, false],
    [AFTER, long, false],
    ["yesterday", long, false],
  ];
  for (const [value, wall, wanted] of rows)
    test(`${value} at ${wall - MODIFIED}: ${wanted}`, () => {
      expect(rangeHolds(value === null ? Fields.empty() : Fields.of("If-Range", value), V, wall)).toBe(wanted);
    });
});
