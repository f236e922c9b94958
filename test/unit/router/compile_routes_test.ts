import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { MatchSpec, RouteSpec, RouteTableSpec } from "../../../src/config/model.ts";
import type { RequestHead } from "../../../src/http/head.ts";
import { compileRoutes } from "../../../src/router/compile_routes.ts";
import { conditionOf, headOf, pathOf, ROUTER_CASES, routeOf, tableOf } from "../../seam/router_cases.ts";
import { matchLinearly } from "./linear_routes.ts";

type Answer = { route: string; matched: string } | null;
type Implementation = (table: RouteTableSpec) => (head: RequestHead) => Answer;

function compiled(table: RouteTableSpec): (head: RequestHead) => Answer {
  const routes = compileRoutes(table, (r) => r.name);
  return (head) => {
    const m = routes.match({ head });
    return m === null ? null : { route: m.rule, matched: m.matchedPrefix };
  };
}

const IMPLEMENTATIONS: readonly [string, Implementation][] = [
  ["compiled", compiled],
  ["linear reference", (table) => (head) => matchLinearly(table, head)],
];

for (const [name, open] of IMPLEMENTATIONS) {
  describe(`route table, ${name}`, () => {
    for (const c of ROUTER_CASES) {
      test(c.name, () => {
        const match = open(c.table);
        for (const r of c.requests) {
          const found = match(headOf(r));
          const { want, matched, ...request } = r;
          expect({ request, route: found?.route ?? null }).toEqual({ request, route: want });
          if (matched !== undefined) expect({ request, matched: found?.matched }).toEqual({ request, matched });
        }
      });
    }
  });
}

const HOSTS = ["*", "a.com", "b.a.com", "*.com", "*.a.com", "*.b.a.com", "a.com:81", "*:81", "*.a.com:81"];
const AUTHORITIES = ["a.com", "A.com", "b.a.com", "c.b.a.com", "x.com", "a.com:81", "b.a.com:81", "x.org", "x.org:81", "a.com."];
const PATHS = ["/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/A", "/A/b", "/b", "/b/a", "/a/B/c"];
const REGEXES = ["/a.*", "/[ab]/b", "/(a|ab)/?", "/.*c", "/a/[^/]+"];

const pathSpec = fc.oneof(
  fc.constant(null),
  fc
    .tuple(fc.constantFrom("exact", "prefix", "rawPrefix"), fc.constantFrom(...PATHS, ""), fc.boolean())
    .filter(([kind, value]) => value !== "" || kind === "rawPrefix")
    .map(([kind, value, ignoreCase]) => pathOf(kind, value, ignoreCase)),
  fc.tuple(fc.constantFrom(...REGEXES), fc.boolean()).map(([value, ignoreCase]) => pathOf("regex", value, ignoreCase)),
);
const valueSpec = fc
  .tuple(
    fc.constantFrom("h", "i"),
    fc.constantFrom("exact", "prefix", "suffix", "regex", "present", "absent"),
    fc.constantFrom("1", "12", ""),
    fc.boolean(),
  )
  .map(([name, kind, value, invert]) => conditionOf(name, kind, value, invert));
const matchSpec: fc.Arbitrary<Partial<MatchSpec>> = fc.record({
  path: pathSpec,
  methods: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.constant(["POST"]) }),
  headers: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(valueSpec, { maxLength: 2 }) }),
  query: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(valueSpec, { maxLength: 2 }) }),
});

function tableArbitrary(order: RouteTableSpec["order"]): fc.Arbitrary<RouteTableSpec> {
  const host = fc.tuple(
    fc.uniqueArray(fc.constantFrom(...HOSTS), { minLength: 1, maxLength: 3 }),
    fc.array(fc.array(matchSpec, { minLength: 1, maxLength: 2 }), { maxLength: 6 }),
  );
  return fc.array(host, { maxLength: 5 }).map((hosts) => {
    let n = 0;
    return tableOf(
      order,
      ...hosts.map(([names, routes]): [string[], RouteSpec[]] => [
        names,
        routes.map((alternatives) => routeOf(`r${n++}`, ...alternatives)),
      ]),
    );
  });
}

const headArbitrary = fc
  .record({
    host: fc.constantFrom(...AUTHORITIES),
    path: fc
      .tuple(fc.constantFrom(...PATHS, "*"), fc.constantFrom("", "?", "?h=1", "?h=12&h=1", "?i&h=%31"))
      .map(([p, q]) => p + q),
    method: fc.constantFrom("GET", "POST"),
    scheme: fc.constantFrom("http", "https"),
    headers: fc.constantFrom([], ["H", "1"], ["h", "1", "H", "2"], ["i", "12"], ["i", "", "h", "12"]),
  })
  .map(headOf);

describe("route table, model", () => {
  for (const order of ["specificity", "listed"] as const) {
    test(`compiled and linear agree by ${order}`, () => {
      fc.assert(
        fc.property(tableArbitrary(order), fc.array(headArbitrary, { minLength: 1, maxLength: 12 }), (table, heads) => {
          const match = compiled(table);
          for (const head of heads) expect(match(head)).toEqual(matchLinearly(table, head));
        }),
        { numRuns: 1500, seed: 7 },
      );
    });

    test(`the winner told by explain is the one of match by ${order}`, () => {
      fc.assert(
        fc.property(tableArbitrary(order), headArbitrary, (table, head) => {
          const routes = compileRoutes(table, (r) => r.name);
          const told = routes.explain({ head }).flatMap((line) => /route "([^"]+)" .*: wins$/.exec(line)?.[1] ?? []);
          const won = routes.match({ head })?.rule;
          expect(told).toEqual(won === undefined ? [] : [won]);
        }),
        { numRuns: 500, seed: 11 },
      );
    });
  }
});

describe("route table, what requests share", () => {
  test("an answer is made once and frozen", () => {
    const routes = compileRoutes(tableOf("specificity", [["*"], [routeOf("a", { path: pathOf("prefix", "/") })]]), () => 1);
    const head = headOf({ host: "x", path: "/y" });
    const first = routes.match({ head });
    expect(first).not.toBeNull();
    expect(Object.isFrozen(first)).toBe(true);
    expect(routes.match({ head })).toBe(first);
  });

  test("a route is bound once, whatever its hosts and alternatives", () => {
    const bound: string[] = [];
    const route = routeOf("r", { path: pathOf("prefix", "/") }, { methods: ["GET"] });
    compileRoutes(tableOf("specificity", [["a", "b"], [route]], [["*"], [route, routeOf("s", {})]]), (r) => bound.push(r.name));
    expect(bound).toEqual(["r", "s"]);
  });

  test("texts of equal hashes are told apart", () => {
    // Pairs of equal FNV-1a hashes for the first index of a table, found by search.
    const pairs = collidingPaths(2);
    expect(pairs.length).toBe(2);
    for (const [a, b] of pairs) {
      const routes = compileRoutes(tableOf("specificity", [["*"], [routeOf("a", { path: pathOf("exact", a) })]]), (r) => r.name);
      expect(routes.match({ head: headOf({ host: "x", path: a }) })?.rule).toBe("a");
      expect(routes.match({ head: headOf({ host: "x", path: b }) })).toBeNull();
    }
  });
});

/** Paths of equal length and equal 32-bit hash: by the birthday bound some 80,000 tries find one. */
function collidingPaths(count: number): [string, string][] {
  const seen = new Map<number, string>();
  const pairs: [string, string][] = [];
  for (let i = 0; i < 1_000_000 && pairs.length < count; i++) {
    const path = `/${(i * 7919).toString(36).padStart(8, "0")}`;
    let hash = Math.imul(1, 0x9e3779b1) ^ 0x811c9dc5;
    for (let k = 0; k < path.length; k++) hash = Math.imul(hash ^ path.charCodeAt(k), 0x01000193);
    const other = seen.get(hash);
    if (other !== undefined) pairs.push([other, path]);
    else seen.set(hash, path);
  }
  return pairs;
}
