import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../support/deadline.ts";
import { answered, send, sentField, startPluginSite, written } from "../support/plugin_site.ts";
import { freePort } from "../support/ports.ts";
import { get } from "../support/raw_client.ts";
import { type RawOrigin, reply, startOrigin } from "../support/raw_origin.ts";
import { openScratch } from "../support/weir.ts";

setDefaultTimeout(60_000);

interface HostsAsked {
  readonly cluster: string;
  readonly attempt: number;
  readonly hosts: readonly {
    readonly address: string;
    readonly weight: number;
    readonly active: number;
    readonly zone: string;
  }[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

function named(name: string, status = 200): Promise<RawOrigin> {
  return startOrigin({ serve: (_r, conn) => conn.send(reply(status, name)) });
}

describe("a plugin that chooses hosts", () => {
  const phases = { chooseUpstream: { attributes: ["route"] } };

  test("is told which there are, and its choice is taken where it can be", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    await using a = await named("a");
    await using b = await named("b");
    const addresses = [a, b].map((o) => `127.0.0.1:${o.port}`);
    const cluster = {
      endpoints: [
        { address: addresses[0], weight: 3, zone: "west" },
        { address: addresses[1], weight: 0 },
      ],
    };
    await using site = await startPluginSite({ dir, plugin: { config: { phases } }, cluster });
    await get(site.port, "/");
    expect(written<HostsAsked>(dir, "asked")).toEqual([
      expect.objectContaining({
        cluster: "origin",
        attempt: 1,
        attributes: { route: "all" },
        hosts: [expect.objectContaining({ address: addresses[0], weight: 3, active: 0, zone: "west" })],
      }),
    ]);
  });

  for (const [what, choose, wanted] of [
    ["one of them", (b: string) => [{ host: b }], ["b", "b", "b"]],
    ["none", () => [{}], ["a", "b", "a"]],
    ["one that is none of the cluster's", () => [{ host: "127.0.0.1:1" }], ["a", "b", "a"]],
    ["what is no address", () => [{ host: "nonsense" }], ["a", "b", "a"]],
  ] as const)
    test(`and names ${what}`, async () => {
      await using a = await named("a");
      await using b = await named("b");
      const [one, two] = [a, b].map((o) => `127.0.0.1:${o.port}`) as [string, string];
      const config = { phases, choose: choose(two) };
      await using site = await startPluginSite({
        plugin: { config },
        cluster: { endpoints: [one, two], balance: "roundRobin" },
      });
      const got: string[] = [];
      for (let i = 0; i < 3; i++) got.push((await get(site.port, "/")).body);
      if (wanted[0] === wanted[1]) expect(got).toEqual([...wanted]);
      else expect([...new Set(got)].sort()).toEqual(["a", "b"]);
      expect((await site.logged("/"))["flags"]).toBe("");
    });

  test("is asked again for a retry, with the number of the attempt and without the host that failed", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    await using bad = await named("bad", 503);
    await using worse = await named("worse", 503);
    await using good = await named("good");
    const at = (o: RawOrigin) => `127.0.0.1:${o.port}`;
    const choose = [{ host: at(bad) }, { host: at(worse) }, { host: at(bad) }, { host: at(good) }];
    await using site = await startPluginSite({
      dir,
      plugin: { config: { phases, choose } },
      cluster: { endpoints: [at(good), at(bad), at(worse)] },
      route: { retry: { attempts: 3, on: ["503"], otherHost: true, backoff: { base: "1ms" } } },
    });
    const got = await send(site, "PUT", "/retried", "the body");
    // The third names a host that was tried already: there is another, and so that one is.
    expect([got.status, got.body]).toEqual([200, "good"]);
    expect(good.requests.at(-1)!.body).toBe("the body");
    const asked = written<HostsAsked>(dir, "asked");
    expect(asked.map((c) => [c.attempt, c.hosts.length])).toEqual([
      [1, 3],
      [2, 2],
      [3, 1],
    ]);
    expect((await site.logged("/retried"))["upstreamHost"] ?? at(good)).toBe(at(good));
  });

  for (const [what, outcome] of [
    ["hang", "timeout"],
    ["error", "error"],
    ["crash", "gone"],
  ] as const)
    for (const [onFailure, status] of [
      ["open", 200],
      ["closed", 503],
    ] as const)
      test(`and fails (${what}): ${onFailure}`, async () => {
        const plugin = { config: { phases, choose: [what] }, timeout: what === "hang" ? "300ms" : "5s" };
        await using site = await startPluginSite({ plugin, use: { onFailure } });
        expect((await get(site.port, "/f")).status).toBe(status);
        expect((await site.logged("/f"))["flags"]).toBe("FF");
        expect(site.origin.requests.length).toBe(status === 200 ? 1 : 0);
        expect(await site.weir.metric("weir_plugin_calls_total", { phase: "chooseUpstream", outcome })).toBe(1);
      });
});

describe("a plugin that says where a request goes", () => {
  test("names a host, which is heard where it can be picked", async () => {
    await using other = await named("other");
    await using site = await startPluginSite({
      cluster: { endpoints: [`127.0.0.1:${other.port}`, `127.0.0.1:${await freePort()}`] },
    });
    for (let i = 0; i < 4; i++) expect((await answered(site, "/h", { host: `127.0.0.1:${other.port}` })).body).toBe("other");
    expect((await site.logged("/h"))["flags"]).toBe("");
  });

  test("names a cluster that it is granted, and a host of that one", async () => {
    await using a = await named("a");
    await using b = await named("b");
    const [one, two] = [a, b].map((o) => `127.0.0.1:${o.port}`);
    await using site = await startPluginSite({
      plugin: { grants: { clusters: "other" } },
      clusters: { other: { endpoints: [one, two] }, refused: { endpoints: [one] } },
    });
    for (let i = 0; i < 3; i++) expect((await answered(site, "/c", { cluster: "other", host: two })).body).toBe("b");
    expect((await answered(site, "/r", { cluster: "refused" })).status).toBe(503);
    expect((await answered(site, "/n", { cluster: "nowhere" })).status).toBe(503);
    expect((await site.logged("/r"))["flags"]).toBe("FF");
    expect(site.origin.requests).toHaveLength(0);
  });

  test("gives it less time, and never more", async () => {
    // Each waits for the shorter of two times: the other is longer than a test may last.
    const silent = { serve: () => {} };
    await using site = await startPluginSite({ origin: silent, route: { timeout: "10m" } });
    expect((await answered(site, "/less", { timeoutMs: 100 })).status).toBe(504);
    await using other = await startPluginSite({ origin: silent, route: { timeout: "200ms" } });
    expect((await answered(other, "/more", { timeoutMs: 600_000 })).status).toBe(504);
  });
});

describe("answers that are kept", () => {
  test("make no call while they hold, for requests of the same key", async () => {
    await using site = await startPluginSite();
    const ask = (path: string, who: string, cache: unknown, value: string) =>
      answered(site, path, { fields: [["set", "x-got", value]], cache }, `X-Who: ${who}`);
    const key = ["method", "path", "field:x-who", "attribute:client.address"];
    await ask("/a", "ann", { key, ttlMs: 60_000 }, "1");
    await ask("/a", "ann", { key, ttlMs: 60_000 }, "2");
    expect(sentField(site, "x-got")).toBe("1");
    await ask("/b", "ann", { key, ttlMs: 60_000 }, "3");
    expect(sentField(site, "x-got")).toBe("3");
    await ask("/a", "bob", { key, ttlMs: 60_000 }, "4");
    expect(sentField(site, "x-got")).toBe("4");
    // A field that is absent is unlike any value, the empty one too.
    await ask("/a", "", { key, ttlMs: 60_000 }, "5");
    expect(sentField(site, "x-got")).toBe("5");
    await answered(site, "/a", { fields: [["set", "x-got", "6"]], cache: { key, ttlMs: 60_000 } });
    expect(sentField(site, "x-got")).toBe("6");
    expect(await site.weir.metric("weir_plugin_calls_total", { phase: "requestHead", outcome: "cached" })).toBe(1);
  });

  test("are asked for anew when their time is over", async () => {
    await using site = await startPluginSite();
    const ask = async (value: string): Promise<string | undefined> => {
      await answered(site, "/t", { fields: [["set", "x-got", value]], cache: { key: ["path"], ttlMs: 200 } });
      return sentField(site, "x-got");
    };
    await ask("1");
    await until("another answer", async () => (await ask("2")) === "2");
  });

  test("may be whole replies, refusals too, and answers that change the key's own parts", async () => {
    await using site = await startPluginSite();
    const refuse = { respond: { status: 401, text: "no" }, cache: { key: ["field:x-who"], ttlMs: 60_000 } };
    for (let i = 0; i < 3; i++) expect((await answered(site, "/r", refuse, "X-Who: ann")).body).toBe("no");
    expect(await site.weir.metric("weir_plugin_calls_total", { outcome: "cached" })).toBe(2);
    // The key is of the request as the plugin saw it.
    for (const value of ["1", "2"])
      await answered(
        site,
        "/k",
        {
          fields: [
            ["set", "x-key", "changed"],
            ["set", "x-got", value],
          ],
          cache: { key: ["field:x-key"], ttlMs: 60_000 },
        },
        "X-Key: own",
      );
    expect(sentField(site, "x-got")).toBe("1");
  });
});

describe("ticks", () => {
  test("come to the first process, for each of its settings", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    const phases = { requestHead: {}, tick: { everyMs: 100 } };
    await using site = await startPluginSite({ dir, plugin: { processes: 2, config: { phases } }, use: { config: { own: 1 } } });
    const ticks = () => written<{ config: number; time: number }>(dir, "ticks");
    await until("some ticks", () => ticks().length >= 6, 10_000);
    const seen = ticks();
    expect(new Set(seen.map((t) => t.config))).toEqual(new Set([0, 1]));
    const times = seen.filter((t) => t.config === 0).map((t) => t.time);
    // Two of a time would be those of two processes.
    expect(new Set(times).size).toBe(times.length);
    expect(Math.abs(times[0]! - Date.now())).toBeLessThan(60_000);
    expect(site.weir.exit).toBe(null);
  });
});
