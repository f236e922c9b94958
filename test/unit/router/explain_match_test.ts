import { describe, expect, test } from "bun:test";
import { compileRoutes } from "../../../src/router/compile_routes.ts";
import { conditionOf, headOf, pathOf, type RouterRequest, routeOf, tableOf } from "../../seam/router_cases.ts";

const SHOP = tableOf(
  "specificity",
  [
    ["shop.example.com"],
    [
      routeOf("tenant", {
        path: pathOf("prefix", "/cart"),
        methods: ["GET", "POST"],
        headers: [conditionOf("x-tenant", "exact", "acme")],
      }),
      routeOf("cart", { path: pathOf("prefix", "/cart") }),
      routeOf("sale", { path: pathOf("exact", "/sale"), query: [conditionOf("day", "regex", "[0-9]+", true)] }),
      routeOf("ids", { path: pathOf("regex", "/[0-9]+", true) }),
    ],
  ],
  [["*.example.com"], [routeOf("sites", { path: pathOf("rawPrefix", "/c") })]],
  [["*"], [routeOf("rest", {}), routeOf("broken", { path: pathOf("regex", "(") })]],
);

function told(table: typeof SHOP, request: Omit<RouterRequest, "want">): readonly string[] {
  return compileRoutes(table, (r) => r.name).explain({ head: headOf(request) });
}

describe("explain", () => {
  test("tells who won, who lost and why, and who was not asked", () => {
    expect(told(SHOP, { host: "Shop.example.com:8080", path: "/cart/1?x" })).toEqual([
      'host "shop.example.com": 4 candidates',
      '  route "sale" (exact "/sale", query parameter "day" not regex "[0-9]+"): lost, the path is "/cart/1"',
      '  route "tenant" (prefix "/cart", method GET or POST, header "x-tenant" "acme"): lost, header "x-tenant" is absent, wanted "acme"',
      '  route "cart" (prefix "/cart"): wins',
      '  route "ids" (regex "/[0-9]+" in any case): lost, the path "/cart/1" is not matched in full',
      'host "*.example.com" is not asked: a better host has a winner',
    ]);
  });

  test("goes on with the next host, and says why a pattern never matches", () => {
    expect(told(SHOP, { host: "shop.example.com", path: "/sale?day=1", method: "PUT" })).toEqual([
      'host "shop.example.com": 4 candidates',
      '  route "sale" (exact "/sale", query parameter "day" not regex "[0-9]+"): lost, query parameter "day" is "1", wanted not regex "[0-9]+"',
      '  route "tenant" (prefix "/cart", method GET or POST, header "x-tenant" "acme"): lost, the path "/sale" does not start with these whole segments',
      '  route "cart" (prefix "/cart"): lost, the path "/sale" does not start with these whole segments',
      '  route "ids" (regex "/[0-9]+" in any case): lost, the path "/sale" is not matched in full',
      'no route of host "shop.example.com" matches, going on with the next host',
      'host "*.example.com" covers "shop.example.com": 1 candidate',
      '  route "sites" (rawPrefix "/c"): lost, the path "/sale" does not start so',
      'no route of host "*.example.com" matches, going on with the next host',
      'host "*" covers "shop.example.com": 2 candidates',
      '  route "rest" (any request): wins',
      '  route "broken" (regex "("): lost, its regex can\'t be read, so it never matches',
    ]);
  });

  test("tells in which point those that match too come later", () => {
    const path = pathOf("prefix", "/a");
    const rows: [Parameters<typeof routeOf>[1], Parameters<typeof routeOf>[1], string][] = [
      [{ path: pathOf("exact", "/a") }, { path }, "an exact path goes before a prefix"],
      [{ path }, { path: pathOf("regex", "/a") }, "a prefix goes before a regex"],
      [{ path: pathOf("regex", "/a") }, {}, "a regex goes before no path"],
      [{ path }, { path: pathOf("prefix", "/") }, "its prefix is shorter"],
      [{ path, methods: ["GET"] }, { path }, "it names no method"],
      [{ path, headers: [conditionOf("h", "absent")] }, { path }, "it asks for fewer headers"],
      [{ path, query: [conditionOf("q", "absent")] }, { path }, "it asks for fewer query parameters"],
      [{ path }, { path }, "it stands further down"],
    ];
    for (const [first, second, why] of rows) {
      const lines = told(tableOf("specificity", [["*"], [routeOf("first", first), routeOf("second", second)]]), {
        host: "x",
        path: "/a",
      });
      expect(lines[2]).toEndWith(`: matches too, but comes later: ${why}`);
    }
    const listed = tableOf("listed", [["*"], [routeOf("first", {}), routeOf("second", { path })]]);
    expect(told(listed, { host: "x", path: "/a" })[2]).toEndWith(": matches too, but comes later: it stands further down");
  });

  test("counts what it does not tell", () => {
    const routes = Array.from({ length: 30 }, (_, i) => routeOf(`r${i}`, { path: pathOf("exact", `/${i}`) }));
    const lines = told(tableOf("specificity", [["*"], routes]), { host: "x", path: "/a" });
    expect(lines.length).toBe(23);
    expect(lines.slice(-2)).toEqual(["  and 10 more whose path differs", "no route matches"]);
  });

  test("says so when there is no host", () => {
    expect(told(tableOf("listed", [["a.com"], []]), { host: "b.com:1", path: "/" })).toEqual([
      'no host of this table matches "b.com"',
    ]);
  });
});
