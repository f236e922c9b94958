import { describe, expect, test } from "bun:test";
import { explainForward } from "../../../src/cli/explain_forward.ts";
import type { ForwardSpec, Model } from "../../../src/config/model.ts";
import type { RequestHead } from "../../../src/http/head.ts";
import { parseConfig } from "../../../src/source/file/load_config.ts";

const FILES = { read: async () => "[]", list: async () => [] };

async function told(route: string, clusters: string, method = "GET"): Promise<string[]> {
  const text = `listeners: { web: { address: ":8080" } }\nroutes: [${route}]\nclusters:\n${clusters}`;
  const { model, problems } = await parseConfig(text, "weir.yaml", {}, FILES);
  expect(problems.filter((p) => p.severity === "error")).toEqual([]);
  const action = [...(model as Model).routeTables.values()][0]!.virtualHosts[0]!.routes[0]!.action;
  return explainForward(action as ForwardSpec, model!.clusters, { method } as RequestHead);
}

describe("what is said of a route's clusters", () => {
  test("the policy and the hosts, by levels and weights", async () => {
    const clusters = `  app: { endpoints: ["a.test:80", { address: "10.0.0.1:80", weight: 3 }, { address: "10.0.0.2:80", priority: 5 }, { address: "10.0.0.3:80", weight: 0 }], balance: leastRequest }`;
    expect(await told("{ to: app }", clusters)).toEqual([
      'goes to cluster "app"',
      `cluster "app" chooses by leastRequest among a.test:80, 10.0.0.1:80 (weight 3); as far as those can't: 10.0.0.2:80`,
    ]);
  });

  test("many hosts are cut short", async () => {
    const endpoints = Array.from({ length: 11 }, (_, i) => `"10.0.0.${i}:80"`).join(", ");
    expect((await told("{ to: app }", `  app: { endpoints: [${endpoints}] }`))[1]).toMatch(/ 10\.0\.0\.7:80, 3 more$/);
  });

  test("what is hashed: the route's keys before the cluster's", async () => {
    const clusters = `  app: { endpoints: ["10.0.0.1:80"], balance: { ringHash: { on: [source, { header: X-User }] } } }`;
    expect((await told("{ to: app }", clusters))[1]).toBe(
      `cluster "app" chooses by ringHash of the client's address and header x-user among 10.0.0.1:80`,
    );
    expect((await told("{ to: app, hash: [path, { cookie: s }] }", clusters))[1]).toContain("ringHash of the path and cookie s");
  });

  test("where they come from when the config doesn't list them", async () => {
    expect((await told("{ to: app }", "  app: { srv: _http._tcp.app.test }"))[1]).toMatch(
      /among the hosts of _http\._tcp\.app\.test$/,
    );
    expect((await told("{ to: app }", "  app: { endpointsFile: eps.json }"))[1]).toMatch(/among the hosts in eps\.json$/);
    expect((await told("{ to: app }", "  app: { endpointsPlugin: p }\nplugins: { p: { command: p } }"))[1]).toMatch(
      /among the hosts that the plugin p tells$/,
    );
  });

  const SUBSETS = `endpoints: [{ address: "10.0.0.1:80", metadata: { v: a } }, { address: "10.0.0.2:80", metadata: { v: b } }]`;
  const rows: readonly [string, string, string][] = [
    ["b", "none", "among those with v b: 10.0.0.2:80"],
    ["c", "none", "among those with v c: there are none, so it is answered with 503"],
    ["c", "any", "among those with v c: there are none, so among all: 10.0.0.1:80, 10.0.0.2:80"],
    ["c", "{ v: a }", "among those with v c: there are none, so with v a: 10.0.0.1:80"],
    ["c", "{ v: d }", "among those with v c: there are none, so it is answered with 503, for there are none with v d either"],
  ];
  for (const [asked, fallback, wanted] of rows)
    test(`a subset ${asked} with fallback ${fallback}`, async () => {
      const clusters = `  app: { ${SUBSETS}, subsets: { keys: [v], fallback: ${fallback} } }`;
      expect((await told(`{ to: { cluster: app, subset: { v: ${asked} } } }`, clusters))[1]).toBe(
        `cluster "app" chooses by roundRobin ${wanted}`,
      );
    });
});

describe("what is said of what a route does beside sending a request", () => {
  const CLUSTERS = `  a: { endpoints: ["10.0.0.1:80"] }\n  b: { endpoints: ["10.0.0.2:80"] }`;

  test("all of it", async () => {
    const route =
      "{ to: [{ cluster: a, weight: 9 }, b], sticky: { cookie: side }, priority: high, hedge: 200ms, mirror: { cluster: b, share: 5% }, retry: { attempts: 2, on: [connectFailure, 503, 5xx, grpc:14, { header: x-retry }] } }";
    expect((await told(route, CLUSTERS)).filter((s) => !s.startsWith("cluster"))).toEqual([
      'goes to cluster "a", 90 % of the time',
      'goes to cluster "b", 10 % of the time',
      "goes to the same one each time for the same cookie side",
      "counts against the breakers of high priority",
      "is tried again up to 2 times after connectFailure, status 503, status 500 to 599, gRPC status 14, a reply with x-retry",
      "is sent once more beside the first after 200 ms",
      'is copied to cluster "b", 5 % of the time',
    ]);
  });

  test("a request that is not idempotent is not hedged", async () => {
    const then = await told("{ to: a, hedge: 200ms, retry: 1 }", CLUSTERS, "POST");
    expect(then.slice(2)).toEqual([
      "is tried again once after connectFailure, refusedStream, reset",
      "is not hedged: POST is not idempotent",
    ]);
  });
});
