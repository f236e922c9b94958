import { expect, test } from "bun:test";
import { explainKeys } from "../../../src/cli/explain_keys.ts";
import type { ForwardSpec, Model } from "../../../src/config/model.ts";
import { Fields } from "../../../src/http/fields.ts";
import { parseConfig } from "../../../src/source/file/load_config.ts";

const FILES = { read: async () => "[]", list: async () => [] };

async function told(route: string, balance: string, fields = Fields.empty(), from = "192.0.2.1"): Promise<string[]> {
  const text = `listeners: { web: { address: ":8080" } }
routes: [${route}]
clusters:
  app: { endpoints: ["10.0.0.1:80", "10.0.0.2:80", { address: "10.0.0.3:80", metadata: { v: "3" } }], balance: ${balance}, subsets: [v] }
  names: { endpoints: ["app.test:80"], balance: ${balance} }
  b: { endpoints: ["10.0.0.9:80"] }`;
  const { model, problems } = await parseConfig(text, "weir.yaml", {}, FILES);
  expect(problems.filter((p) => p.severity === "error")).toEqual([]);
  const action = [...(model as Model).routeTables.values()][0]!.virtualHosts[0]!.routes[0]!.action;
  const head = {
    protocol: "HTTP/1.1",
    method: "GET",
    scheme: "http",
    authority: "shop.example",
    path: "/a",
    pathFlags: 0,
    fields,
    contentLength: 0,
    upgrade: "",
    expectContinue: false,
    native: null,
    oneWay: false,
  };
  return explainKeys(action as ForwardSpec, model!.clusters, { head, clientAddress: from });
}

const BY_USER = "{ maglev: { on: { header: x-user } } }";
const ANN = Fields.of("x-user", "ann");

test("a request without a hash policy or a sticky route has no key", async () => {
  expect(await told("{ to: app }", "roundRobin")).toEqual([]);
});

test("the key of a request has a host, the same each time", async () => {
  const [text] = await told("{ to: app }", BY_USER, ANN);
  expect(text).toMatch(/^has 10\.0\.0\.[123]:80 by its key, while all hosts of cluster "app" are healthy$/);
  expect(await told("{ to: app }", BY_USER, ANN)).toEqual([text!]);
});

test("a route's own keys, and a subset, count", async () => {
  expect(await told('{ to: { cluster: app, subset: { v: "3" } }, hash: path }', BY_USER)).toEqual([
    'has 10.0.0.3:80 by its key, while all hosts of cluster "app" are healthy',
  ]);
});

test("what isn't known yet is said", async () => {
  expect(await told("{ to: app }", BY_USER)).toEqual(['has a host of cluster "app" that chance decides: it has no such key']);
  expect(await told("{ to: app }", "{ ringHash: { on: { cookie: { name: sid, ttl: 1h } } } }")).toEqual([
    'has a host of cluster "app" that a new cookie decides: it brings none',
  ]);
  expect(await told("{ to: app }", "maglev", Fields.empty(), "")).toEqual([
    `has a host of cluster "app" that the client's address decides: --from tells it`,
  ]);
  // A name has as many hosts as addresses.
  expect(await told("{ to: names }", BY_USER, ANN)).toEqual([]);
});

test("the side of a sticky route", async () => {
  const route = "{ to: [{ cluster: app, weight: 1 }, { cluster: b, weight: 1 }], sticky: { header: x-user } }";
  const sides = new Set<string>();
  for (let user = 0; user < 20; user++) for (const t of await told(route, "random", Fields.of("x-user", `${user}`))) sides.add(t);
  expect([...sides].sort()).toEqual(['is on the side of "app"', 'is on the side of "b"']);
  expect(await told(route, "random")).toEqual(["is on a side that chance decides: it has no such key"]);
});
