import { describe, expect, test } from "bun:test";
import { explainHosts, explainSticky } from "../../../src/cli/explain_hosts.ts";
import type { ClusterSpec, EndpointSpec, ForwardSpec } from "../../../src/config/model.ts";
import type { BalanceSpec, HashKeySpec } from "../../../src/config/traffic_model.ts";
import { Fields } from "../../../src/http/fields.ts";
import { SHARING } from "../../seam/picker_cases.ts";
import { cluster, endpoint } from "../upstream/specs.ts";

const X = {
  head: {
    protocol: "HTTP/1.1",
    method: "GET",
    scheme: "http",
    authority: "shop.example",
    path: "/a?user=ann",
    pathFlags: 0,
    fields: Fields.empty(),
    contentLength: 0,
    upgrade: "",
    expectContinue: false,
    native: null,
    oneWay: false,
  },
  clientAddress: "192.0.2.1",
};

const TWO = [endpoint("10.0.0.1:80"), endpoint("10.0.0.2:80")];

function told(
  endpoints: readonly EndpointSpec[],
  more: Partial<ClusterSpec> = {},
  subset: ReadonlyMap<string, string> | null = null,
  own: readonly HashKeySpec[] | null = null,
): string {
  return explainHosts({ cluster: "web", weight: 1, subset }, own, cluster(endpoints, more), X).replace(
    'in cluster "web" goes ',
    "",
  );
}

function maglev(...on: HashKeySpec[]): BalanceSpec {
  return { kind: "maglev", tableSize: 65_537, on };
}

const MINT = { ttlMs: null, path: "/", httpOnly: true, secure: false, sameSite: null };

describe("hosts that could be picked", () => {
  for (const [what, text, want] of [
    ["one", told([TWO[0]!]), "to 10.0.0.1:80, the only one"],
    ["two by turns", told(TWO), "to one of 10.0.0.1:80, 10.0.0.2:80, by roundRobin"],
    [
      "weights, zones and priorities, and nobody with weight 0",
      told([
        endpoint("10.0.0.1:80", { weight: 3, zone: "eu-1" }),
        endpoint("10.0.0.2:80", { priority: 1 }),
        endpoint("10.0.0.3:80", { weight: 0 }),
      ]),
      "to one of 10.0.0.1:80 (weight 3, zone eu-1), 10.0.0.2:80 (priority 1), by roundRobin; a lower priority takes what those above it can't",
    ],
    ["a name", told([endpoint("app.test:80")]), "to one of the addresses of app.test:80, by roundRobin"],
    ["nobody", told([endpoint("10.0.0.1:80", { weight: 0 })]), "nowhere and gets 503: no endpoint has a weight above 0"],
    [
      "fewest requests",
      told(TWO, { balance: { kind: "leastRequest", choices: 3, activeBias: 1, slowStart: null } }),
      "to one of 10.0.0.1:80, 10.0.0.2:80, by leastRequest of 3",
    ],
    ["redirected", told([], { hosts: "originalDestination" }), "where its connection was going"],
    [
      "of DNS",
      told([], { hosts: { kind: "srv", name: "_http._tcp.app.test" } }),
      'to one of the hosts that SRV records of "_http._tcp.app.test" name, by roundRobin',
    ],
    [
      "of a file",
      told([], { hosts: { kind: "file", path: "/etc/e.yaml" } }),
      'to one of the hosts in "/etc/e.yaml", by roundRobin',
    ],
    [
      "by a key that chance stands for",
      told(TWO, { balance: maglev({ kind: "header", name: "x-user" }) }),
      'to one of 10.0.0.1:80, 10.0.0.2:80, by maglev of header "x-user"; it has no such key, and chance decides',
    ],
    [
      "by a cookie that is minted",
      told(TWO, { balance: maglev({ kind: "cookie", name: "sid", mint: MINT }) }),
      'to one of 10.0.0.1:80, 10.0.0.2:80, by maglev of cookie "sid"; it brings no cookie and is given one',
    ],
    [
      "by a key, of names",
      told([endpoint("app.test:80")], { balance: maglev({ kind: "path" }) }),
      "to one of the addresses of app.test:80, by maglev of the path; the key has one of their addresses",
    ],
  ] as const)
    test(what, () => {
      expect(text).toBe(want);
    });

  test("by a key of the request, or the route's own: which one", () => {
    for (const [balance, own] of [
      [maglev({ kind: "query", name: "user" }, { kind: "source" }), null],
      [maglev({ kind: "path" }), [{ kind: "query", name: "user" } as const, { kind: "source" } as const]],
    ] as const)
      expect(told(TWO, { balance }, null, own)).toMatch(
        /, by maglev of query parameter "user" and the client's address; its key has 10\.0\.0\.[12]:80 while all are healthy$/,
      );
  });

  test("by the address of a client that is not known: how to name it", () => {
    const { head } = X;
    const target = { cluster: "web", weight: 1, subset: null };
    const text = explainHosts(target, null, cluster(TWO, { balance: maglev({ kind: "source" }) }), { head, clientAddress: "" });
    expect(text).toEndWith("by maglev of the client's address; --from tells of which client");
  });

  test("many: a dozen, and how many more", () => {
    const many = Array.from({ length: 20 }, (_, i) => endpoint(`10.0.0.${i}:80`));
    expect(told(many)).toEndWith("10.0.0.11:80 and 8 more, by roundRobin");
  });

  test("subsets and their fallbacks", () => {
    const version = (v: string): ReadonlyMap<string, string> => new Map([["version", v]]);
    const both = [endpoint("10.0.0.1:80", { metadata: version("1") }), endpoint("10.0.0.2:80", { metadata: version("2") })];
    const sharing = { ...SHARING, subsets: [["version"]] };
    expect(told(both, { sharing }, version("2"))).toBe("to 10.0.0.2:80, the only one with version=2");
    expect(told(both, { sharing: { ...sharing, subsetFallback: "none" } }, version("3"))).toBe(
      "nowhere and gets 503: no endpoint has version=3",
    );
    expect(told(both, { sharing }, version("3"))).toBe(
      "to one of 10.0.0.1:80, 10.0.0.2:80, for none has version=3, by roundRobin",
    );
    const fallback = { ...sharing, subsetFallback: "subset" as const, fallbackSubset: version("1") };
    expect(told(both, { sharing: fallback }, version("3"))).toBe(
      "to 10.0.0.1:80, the only one with version=1, for none has version=3",
    );
  });
});

test("a sticky route says by what", () => {
  const to = [0, 1].map(() => ({ cluster: "web", weight: 1, subset: null }));
  const route = (more: Partial<ForwardSpec>): ForwardSpec => ({ to, sticky: null, ...more }) as ForwardSpec;
  expect(explainSticky(route({}))).toBeNull();
  expect(explainSticky(route({ sticky: { on: { kind: "header", name: "x-user" } } }))).toBe(
    'stays with its cluster by header "x-user"',
  );
});
