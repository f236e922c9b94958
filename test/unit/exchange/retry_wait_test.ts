import { describe, expect, test } from "bun:test";
import { askedWaitMs, backoffMs } from "../../../src/exchange/retry_wait.ts";
import { Fields } from "../../../src/http/fields.ts";

const NOW = Date.UTC(2030, 0, 1, 12, 0, 0);

describe("backoffMs", () => {
  const spec = { baseMs: 25, maxMs: 250 };
  const most: readonly [n: number, ms: number][] = [
    [1, 25],
    [2, 50],
    [3, 100],
    [4, 200],
    [5, 250],
    [6, 250],
    [2000, 250],
  ];
  for (const [n, ms] of most) {
    test(`before retry ${n}: a random part of ${ms} ms`, () => {
      expect(backoffMs(spec, n, 0)).toBe(0);
      expect(backoffMs(spec, n, 0.5)).toBe(ms / 2);
      expect(backoffMs(spec, n, 0.999)).toBeLessThan(ms);
    });
  }
});

describe("askedWaitMs", () => {
  const rows: readonly [fields: readonly string[], ms: number][] = [
    [[], -1],
    [["Retry-After", "0"], 0],
    [["Retry-After", "120"], 120_000],
    [["retry-after", "7"], 7000],
    [["Retry-After", "Tue, 01 Jan 2030 12:00:30 GMT"], 30_000],
    [["Retry-After", "Tuesday, 01-Jan-30 12:00:30 GMT"], 30_000],
    [["Retry-After", "Tue Jan  1 12:00:30 2030"], 30_000],
    [["Retry-After", "Mon, 31 Dec 2029 12:00:00 GMT"], 0],
    // What can't be read asks for nothing.
    [["Retry-After", "-1"], -1],
    [["Retry-After", "1.5"], -1],
    [["Retry-After", "12345678901"], -1],
    [["Retry-After", "soon"], -1],
    [["Retry-After", ""], -1],
    [["Retry-After", "Tue, 32 Jan 2030 12:00:30 GMT"], -1],
    [["X-RateLimit-Reset", "5"], 5000],
    [["X-RateLimit-Reset", "1.5"], 1500],
    [["X-RateLimit-Reset", String(NOW / 1000 + 40)], 40_000],
    [["X-RateLimit-Reset", String(NOW / 1000 - 40)], 0],
    [["X-RateLimit-Reset", "x"], -1],
    [["Retry-After", "3", "X-RateLimit-Reset", "5"], 5000],
    [["Retry-After", "9", "X-RateLimit-Reset", "5"], 9000],
    [["Retry-After", "soon", "X-RateLimit-Reset", "5"], 5000],
  ];
  for (const [fields, ms] of rows) {
    test(`${fields.join(": ")} is ${ms}`, () => {
      expect(askedWaitMs(Fields.of(...fields), NOW)).toBe(ms);
    });
  }
});
