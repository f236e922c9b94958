import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CliIo } from "../../../src/cli/deps.ts";
import { explain } from "../../../src/cli/explain.ts";
import { EVERY_ABILITY } from "../../../src/config/runtime_abilities.ts";

const CONFIG = `
listeners:
  web: { address: ":8080", limits: { body: 1KiB } }
  api: { address: ":8081" }
  edge:
    address: ":8443"
    protocol: tcp
    sni:
      - { names: ["*.example.com"], alpn: [h2], from: [10.0.0.0/8], to: [{ cluster: a, weight: 3 }, b] }
      - { names: [only.example.com], to: a }
    to: b
  strict: { address: ":8444", protocol: tcp, sni: [{ names: [only.example.com], to: a }] }
  mixed: { address: ":8445", detect: true, fallback: { to: a } }
routes:
  - { name: shop, hosts: [shop.example.com], match: { prefix: /buy, headers: { x-tenant: acme } }, to: [{ cluster: a, weight: 3 }, b], rewrite: { prefix: /v2 }, timeout: 5s }
  - { name: old, match: { path: /old }, redirect: { status: 301, scheme: https, path: /new } }
  - { name: hello, match: { path: /hello }, respond: { body: "hello" }, listeners: api }
  - { name: tunnel, match: { method: CONNECT }, to: a }
clusters:
  a: { endpoints: ["127.0.0.1:1"] }
  b: { endpoints: ["127.0.0.1:2"] }
`;
const directory = mkdtempSync(join(tmpdir(), "weir-explain-"));
const path = join(directory, "weir.yaml");
writeFileSync(path, CONFIG);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Told {
  readonly listener: string;
  readonly route: string | null;
  readonly then: string[];
  readonly steps: string[];
}

async function told(
  method: string,
  url: string,
  headers: string[] = [],
  listener: string | null = null,
  from: string | null = null,
): Promise<Told> {
  let out = "";
  const io: CliIo = {
    out: (text) => {
      out += text;
    },
    err: () => {},
    outIsTerminal: false,
    errIsTerminal: false,
    env: {},
    uid: 7,
    runtime: EVERY_ABILITY,
  };
  expect(await explain({ config: path, method, url, headers, listener, from, json: true }, io)).toBe(0);
  return JSON.parse(out) as Told;
}

describe("explain", () => {
  test("tells the winner, the shares and what is sent", async () => {
    const { listener, route, then } = await told("GET", "http://shop.example.com:8080/buy/x?y", ["X-Tenant: acme"]);
    expect([listener, route]).toEqual(["web", "shop"]);
    expect(then).toEqual([
      'goes to cluster "a", 75 % of the time',
      'goes to cluster "b", 25 % of the time',
      'cluster "a" chooses by roundRobin among 127.0.0.1:1',
      'cluster "b" chooses by roundRobin among 127.0.0.1:2',
      'is sent on with path "/v2/x?y"',
      "may have a body of 1024 bytes",
      "must be answered within 5000 ms",
    ]);
  });

  test("tells why a candidate lost", async () => {
    const { route, then, steps } = await told("GET", "http://shop.example.com:8080/buy");
    expect([route, then]).toEqual([null, ["gets 404"]]);
    expect(steps.some((s) => s.includes('"shop"') && s.includes("x-tenant"))).toBe(true);
  });

  test("takes the listener of the URL's port, or the one that is told", async () => {
    expect((await told("GET", "http://x:8081/hello")).route).toBe("hello");
    expect((await told("GET", "http://x:8080/hello")).route).toBeNull();
    expect((await told("GET", "http://x/hello", [], "api")).route).toBe("hello");
    expect((await told("GET", "http://x/hello")).steps[0]).toContain("none has port 80");
  });

  test("normalises the path as the data path does", async () => {
    const { route, steps } = await told("GET", "http://x:8080/a/../%6Fld");
    expect(route).toBe("old");
    expect(steps[1]).toContain('"/old"');
  });

  test("tells a redirect's place, and a path that the route refuses", async () => {
    expect((await told("GET", "http://x/old")).then).toEqual([
      "gets status 301 to https://x/new",
      "may have a body of 1024 bytes",
    ]);
    expect((await told("GET", "http://shop.example.com:8081/buy/a%2Fb", ["x-tenant: acme"])).then[0]).toContain('"allow"');
    expect((await told("GET", "http://x/%zz")).then[0]).toContain("400");
  });

  test("tells that CONNECT needs a route that makes tunnels", async () => {
    const { route, then } = await told("CONNECT", "http://x:8081");
    expect([route, then[0]!.includes('"connect"')]).toEqual(["tunnel", true]);
  });

  test("tells the chain of a listener that passes connections on", async () => {
    const tcp = async (url: string, from: string | null = null): Promise<readonly unknown[]> => {
      const { route, then, steps } = await told("GET", url, [], null, from);
      return [route, then, steps[1]];
    };
    expect(await tcp("https://x.example.com:8443", "10.1.1.1")).toEqual([
      null,
      [
        'its connection, as it comes, goes to cluster "a", 75 % of the time',
        'its connection, as it comes, goes to cluster "b", 25 % of the time',
      ],
      'chain for a TLS hello for "x.example.com": names *.example.com; TLS; protocols h2; from 10.0.0.0/8',
    ]);
    for (const url of ["https://x.example.com:8443", "http://only.example.com:8443"])
      expect((await tcp(url))[1]).toEqual(['its connection, as it comes, goes to cluster "b"']);
    expect((await tcp("https://other.example.com:8444"))[1]).toEqual(["has its connection refused"]);
    const mixed = await told("GET", "http://x:8445/old");
    expect([mixed.route, mixed.steps[1]]).toEqual([
      "old",
      "chain for a connection in cleartext: cleartext; protocols http/1.1, h2c",
    ]);
  });
});
