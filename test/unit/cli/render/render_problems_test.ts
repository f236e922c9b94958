import { describe, expect, test } from "bun:test";
import { paint, wantsColor } from "../../../../src/cli/render/paint.ts";
import { countProblems, renderProblems } from "../../../../src/cli/render/render_problems.ts";
import type { Problem } from "../../../../src/config/problem.ts";

function problem(text: string, column: number, length: number, change: Partial<Problem> = {}): Problem {
  const place = { file: "a.yaml", line: 7, column, text, length };
  return { severity: "error", path: "a.b", message: "do this: found that", hint: "", place, ...change };
}

function lines(p: Problem): string[] {
  return renderProblems([p], { color: false }).split("\n");
}

describe("renderProblems", () => {
  test("shows place, line, caret and hint", () => {
    expect(lines(problem("  hosst: [a]", 3, 5, { hint: 'did you mean "hosts"?' }))).toEqual([
      "a.yaml:7:3: error: do this: found that",
      "   7 |   hosst: [a]",
      "     |   ^^^^^",
      '     = did you mean "hosts"?',
      "",
    ]);
  });

  test("puts the caret under its column behind tabs", () => {
    expect(lines(problem("\ta\tbc", 4, 2))[2]).toBe("     | \t \t^^");
  });

  test("shows a window of a long line, the caret inside", () => {
    for (const column of [1, 60, 500, 999]) {
      const text = `${"x".repeat(column - 1)}HERE${"y".repeat(1000)}`;
      const [, shown, caret] = lines(problem(text, column, 4)) as [string, string, string];
      expect(shown.length).toBeLessThan(140);
      expect(shown.slice(caret.indexOf("^"), caret.lastIndexOf("^") + 1)).toBe("HERE");
    }
  });

  test("lets no escape sequence through to a terminal", () => {
    const text = renderProblems([problem("a: \x1b[2J\x07", 4, 3, { message: "found \x1b]0;x\x07" })], { color: false });
    expect(/[\0-\x08\x0b-\x1f\x7f]/.test(text)).toBe(false);
  });

  test("tells a problem without a place", () => {
    expect(lines(problem("", 1, 1, { place: null, hint: "so" }))).toEqual(["error: do this: found that", "  = so", ""]);
  });

  test("has colour when asked to", () => {
    const text = renderProblems([problem("abc", 1, 3)], { color: true });
    expect(text).toContain("\x1b[31m^^^\x1b[0m");
    expect(renderProblems([problem("abc", 1, 3, { severity: "warning" })], { color: true })).toContain("\x1b[33mwarning:\x1b[0m");
  });
});

test("problems are counted in words", () => {
  const warning = problem("a", 1, 1, { severity: "warning" });
  const error = problem("a", 1, 1);
  expect([[], [warning], [error, error, warning]].map(countProblems)).toEqual([
    "no problems",
    "1 warning",
    "2 errors, 1 warning",
  ]);
});

describe("colour", () => {
  test("is for terminals whose users did not ask to be spared", () => {
    expect(wantsColor(true, {})).toBe(true);
    expect(wantsColor(true, { NO_COLOR: "" })).toBe(true);
    expect(wantsColor(true, { NO_COLOR: "1" })).toBe(false);
    expect(wantsColor(true, { TERM: "dumb" })).toBe(false);
    expect(wantsColor(false, {})).toBe(false);
  });

  test("is left out when it is not wanted", () => {
    expect(paint("a", "red", false)).toBe("a");
    expect(paint("a", "red", true)).toBe("\x1b[31ma\x1b[0m");
  });
});
