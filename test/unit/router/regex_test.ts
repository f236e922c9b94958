import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { compileLinear } from "../../../src/router/linear_pattern.ts";
import { readPattern } from "../../../src/router/pattern_reader.ts";
import { compileRegex, type Regex } from "../../../src/router/regex.ts";
import { backtrack } from "./backtracker.ts";

function regexOf(pattern: string, ignoreCase = false): Regex {
  const r = compileRegex(pattern, { ignoreCase });
  if ("problem" in r) throw new Error(r.problem);
  return r;
}

describe("compileRegex", () => {
  const cases: readonly [pattern: string, matches: string[], fails: string[]][] = [
    ["/users/[0-9]+", ["/users/1", "/users/123"], ["/users/", "/users/1/", "x/users/1", "/users/1\n"]],
    ["/a/.*", ["/a/", "/a/b/c", "/a/\xff"], ["/a", "/a/\n"]],
    ["^/a$", ["/a"], ["/a/", "^/a$"]],
    ["a|b", ["a", "b"], ["ab", ""]],
    ["^a|b$", ["a", "b"], ["ab", "ax"]],
    ["(get|go)x*", ["get", "goxx"], ["ge", "gox!"]],
    ["/v[12](/(foo|bar)(/.*)?)?", ["/v1", "/v2/foo", "/v1/bar/x/y"], ["/v3", "/v1/", "/v1/fool"]],
    ["(a|ab)(c|bcd)(d*)", ["abcd", "ac", "abcdd"], ["abc!"]],
    ["[^/]+", ["a", "\n", "\xe9"], ["", "a/b"]],
    ["[]a]", ["]", "a"], ["b", ""]],
    ["[^]a]", ["b"], ["]", "a"]],
    ["[a-]", ["a", "-"], ["b"]],
    ["\\d{2,3}?", ["12", "123"], ["1", "1234"]],
    ["\\w+\\.\\w+", ["a.b", "A_1.9"], ["a", "a..b", "\xe9.b"]],
    ["\\s\\S", [" x", "\tx"], ["xx", "\vx", "\xa0x"]],
    ["(?i)abc", ["aBC"], ["ab"]],
    ["a.c", ["abc", "a\rc", "a\xffc"], ["a\nc"]],
    ["a\\$\\/\\{", ["a$/{"], ["a"]],
    ["(?:x)?", ["", "x"], ["xx"]],
    ["", [""], ["a"]],
    ["x{0}y", ["y"], ["xy"]],
    ["\\pL+", ["abc"], ["1"]],
  ];
  for (const [pattern, matches, fails] of cases) {
    test(`/${pattern}/ is of the whole string`, () => {
      const r = regexOf(pattern);
      for (const s of matches) expect([s, r.test(s)]).toEqual([s, true]);
      for (const s of fails) expect([s, r.test(s)]).toEqual([s, false]);
    });
  }

  test("ignoreCase folds ASCII letters, in classes and their complements too", () => {
    expect(regexOf("/a[b-d]", true).test("/AC")).toBe(true);
    expect(regexOf("[^k]", true).test("K")).toBe(false);
    expect(regexOf("(ab|cd)+x", true).test("ABcdX")).toBe(true);
    expect(regexOf("/a", false).test("/A")).toBe(false);
  });

  test("what is no RE2 is told with the pattern quoted", () => {
    for (const p of ["(", "[", "a**", "(?=a)", "(a)\\1", "a{2000}", "[]", "[z-a]", "\\", "x)", "(?<!a)b"]) {
      const r = compileRegex(p, { ignoreCase: false });
      expect("problem" in r ? r.problem : `${p} was compiled`).toStartWith(
        `write a pattern of RE2's syntax, found ${JSON.stringify(p)}: `,
      );
    }
  });
});

describe("compileLinear", () => {
  test("takes what the next char settles", () => {
    for (const p of [
      "/a/[^/]+/b/[^/]+",
      "a*b*c*",
      "(get|go)x*",
      "/v1(/.*)?",
      "[0-9]+\\.[0-9]+",
      "a{2,3}b",
      "(ab|cd)(ab|cd)",
      ".*",
      "^/x$",
      "",
    ]) {
      expect([p, compileLinear(p, false) !== null]).toEqual([p, true]);
    }
  });

  test("leaves to RE2 what may take a char in two ways", () => {
    for (const p of [
      "a*a",
      ".*foo",
      "a*b*a*",
      "(a|ab)c",
      "(a*)*",
      "(a|b)*",
      "[a-z]+x",
      "(a?)(a?)",
      "(/a)?/b",
      "(a|)",
      "a?[ab]",
      "(a?b)?b",
      "a*(b?)a",
    ]) {
      expect([p, compileLinear(p, false)]).toEqual([p, null]);
    }
    expect(compileLinear("k*K", true)).toBeNull();
    expect(compileLinear("k*K", false)).not.toBeNull();
  });
});

const atom = fc.constantFrom("a", "b", "c", "/", "1", ".", "[ab]", "[^a]", "[^/]", "\\d", "\\w", "\\S", "[b-c1]", "\\.");
const repeated = fc
  .tuple(atom, fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{1,2}", "{0,3}", "{2,}", "*?"))
  .map(([a, q]) => a + q);
const pattern = fc.letrec<{ sequence: string; group: string }>((tie) => ({
  sequence: fc
    .array(fc.oneof({ depthSize: "small" }, { weight: 4, arbitrary: repeated }, { weight: 1, arbitrary: tie("group") }), {
      maxLength: 5,
    })
    .map((parts) => parts.join("")),
  group: fc
    .tuple(fc.array(tie("sequence"), { minLength: 1, maxLength: 3 }), fc.constantFrom("", "?"))
    .map(([options, q]) => `(${options.join("|")})${q}`),
})).sequence;
const subject = fc.string({ unit: fc.constantFrom("a", "b", "c", "A", "/", "1", ".", "\n", "\xe9"), maxLength: 12 });

describe("native patterns, model", () => {
  test("match as RE2 does", () => {
    let native = 0;
    fc.assert(
      fc.property(pattern, fc.boolean(), fc.array(subject, { maxLength: 8 }), (p, ignoreCase, subjects) => {
        const linear = compileLinear(p, ignoreCase);
        if (linear === null) return;
        native++;
        const re2 = RE2JS.compile(p, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
        for (const s of subjects) expect([p, s, linear.test(s)]).toEqual([p, s, re2.testExact(s)]);
      }),
      { numRuns: 4000, seed: 3 },
    );
    expect(native).toBeGreaterThan(500);
  });

  /** Steps a char of the string and char of the pattern that the proof allows, with room for the engine's own bookkeeping. */
  const FACTOR = 4;

  test("take time linear in the string, even one made to be hard", () => {
    let counted = 0;
    const hard = fc
      .tuple(fc.constantFrom("a", "b", "ab", "a/", "1", "c."), fc.integer({ min: 0, max: 40 }), subject)
      .map(([s, n, end]) => s.repeat(n) + end);
    fc.assert(
      fc.property(pattern, fc.array(hard, { minLength: 1, maxLength: 6 }), (p, subjects) => {
        if (compileLinear(p, false) === null) return;
        const parts = [readPattern(p, false)!];
        for (const s of subjects) {
          const run = backtrack(parts, s, FACTOR * (s.length + 1) * (p.length + 2));
          expect([p, s, run !== null]).toEqual([p, s, true]);
          expect(run!.matched).toBe(regexOf(p).test(s));
          counted++;
        }
      }),
      { numRuns: 4000, seed: 5 },
    );
    expect(counted).toBeGreaterThan(500);
  });

  test("the count of steps sees what is not linear", () => {
    const s = "a".repeat(300);
    for (const p of ["a*a*b", "(a|aa)?(a|aa)?a*a*c", ".*a.*b"]) {
      expect(compileLinear(p, false)).toBeNull();
      expect(backtrack([readPattern(p, false)!], s, FACTOR * (s.length + 1) * (p.length + 2))).toBeNull();
    }
  });
});
