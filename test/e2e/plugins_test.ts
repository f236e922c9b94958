import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { until } from "../support/deadline.ts";
import type { Message } from "../support/message.ts";
import { PLUGIN_COMMAND, pluginConfig, send, sentField, startPluginSite } from "../support/plugin_site.ts";
import { treeOf } from "../support/process_tree.ts";
import { get, openClient } from "../support/raw_client.ts";
import { openScratch, type Site, startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

/** As a shell's words. */
const PROGRAM = PLUGIN_COMMAND.map((w) => `'${w}'`).join(" ");

function fieldOf(fields: readonly (readonly [string, string])[], name: string): string | undefined {
  return fields.find(([n]) => n.toLowerCase() === name)?.[1];
}

function post(site: Site, path: string, body: string): Promise<Message> {
  return send(site, "POST", path, body);
}

describe("a plugin that is a process", () => {
  test("sees what it asks for, and changes fields, path and method", async () => {
    await using site = await startPluginSite();
    expect((await get(site.port, "/a?b=c", "a.example", "X-Do: set\r\nX-Gone: 1")).status).toBe(200);
    const seen = JSON.parse(sentField(site, "x-plugin")!) as Record<string, unknown>;
    expect(seen).toMatchObject({
      config: 0,
      request: { method: "GET", scheme: "http", authority: "a.example", path: "/a?b=c" },
      attributes: { "client.address": "127.0.0.1", route: "all" },
      end: true,
    });
    expect(sentField(site, "x-gone")).toBeUndefined();
    await get(site.port, "/p", "a", "X-Do: path");
    expect([site.origin.requests.at(-1)!.method, site.origin.requests.at(-1)!.target]).toEqual(["PUT", "/changed?by=plugin"]);
  });

  test("answers, redirects and resets", async () => {
    await using site = await startPluginSite();
    const answer = await get(site.port, "/r", "a", "X-Do: respond");
    expect([answer.status, answer.body, fieldOf(answer.fields, "x-from")]).toEqual([418, "short and stout", "plugin"]);
    const redirect = await get(site.port, "/d", "a", "X-Do: redirect");
    expect([redirect.status, fieldOf(redirect.fields, "location")]).toEqual([307, "/elsewhere"]);
    using client = await openClient(site.port);
    await client.send("GET /x HTTP/1.1\r\nHost: a\r\nX-Do: reset\r\n\r\n");
    await until("the end of the connection", () => client.ending !== "open");
    expect(client.received).toBe("");
    expect((await site.logged("/x"))["flags"]).toBe("FR");
    expect(site.origin.requests).toHaveLength(0);
  });

  test("sends requests to another cluster where that is granted, and nowhere else", async () => {
    await using other = await startSite({});
    const clusters = { other: { endpoints: [`127.0.0.1:${other.port}`] } };
    await using site = await startPluginSite({ plugin: { grants: { clusters: ["other"] } }, clusters });
    expect((await get(site.port, "/c", "a", "X-Do: cluster")).status).toBe(200);
    expect([site.origin.requests.length, other.origin.requests.length]).toEqual([0, 1]);
    await using refused = await startPluginSite({ clusters });
    expect((await get(refused.port, "/c", "a", "X-Do: cluster")).status).toBe(503);
    expect(refused.weir.stderr).toContain("is not granted");
  });

  test("has an answer kept for others of the same key", async () => {
    await using site = await startPluginSite();
    for (const [user, count] of [
      ["ann", "1"],
      ["ann", "1"],
      ["bob", "2"],
      ["ann", "1"],
    ] as const) {
      await get(site.port, "/k", "a", `X-Do: cache\r\nX-User: ${user}`);
      expect(sentField(site, "x-count")).toBe(count);
    }
    expect(await site.weir.metric("weir_plugin_calls_total", { plugin: "p", outcome: "cached" })).toBe(2);
  });

  test("keeps values, counts and logs", async () => {
    await using site = await startPluginSite({ plugin: { grants: { kv: true }, processes: 2 } });
    for (let i = 1; i <= 4; i++) {
      await get(site.port, "/kv", "a", "X-Do: kv");
      expect(sentField(site, "x-kv")).toBe(`${i} ${i}`);
    }
    await until("the counts", async () => (await site.weir.metric("weir_plugin_seen_total")) === 8);
    expect(site.weir.stderr).toContain("from the plugin");
  });

  test("is told of what has ended", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    const phases = { log: { attributes: ["status", "path", "route"], everyMs: 50 } };
    await using site = await startPluginSite({ dir, plugin: { config: { phases } } });
    await get(site.port, "/one");
    await get(site.port, "/two");
    const records = (): unknown[] =>
      existsSync(join(dir, "records"))
        ? readFileSync(join(dir, "records"), "utf8")
            .trim()
            .split("\n")
            .map((l) => JSON.parse(l))
        : [];
    await until("both records", () => records().length === 2);
    expect(records()).toEqual([
      { status: 200, path: "/one", route: "all" },
      { status: 200, path: "/two", route: "all" },
    ]);
  });
});

describe("bodies", () => {
  for (const binary of [true, false]) {
    const form = binary ? "binary frames" : "base64";
    test(`that are buffered, there and back, as ${form}`, async () => {
      const phases = { requestBody: { mode: "buffered" }, responseBody: { mode: "buffered" } };
      await using site = await startPluginSite({ plugin: { config: { phases, binary } } });
      const body = "some words \x00\xff".repeat(5000);
      const got = await post(site, "/b", body);
      expect(got.status).toBe(200);
      expect(site.origin.requests[0]!.body).toBe(upper(body));
      expect(fieldOf(site.origin.requests[0]!.fields, "content-length")).toBe(String(body.length));
      expect(got.body).toContain("SOME WORDS");
    });

    test(`that stream, beyond the window, as ${form}`, async () => {
      const phases = { requestBody: { mode: "streamed" }, responseBody: { mode: "streamed" } };
      await using site = await startPluginSite({ plugin: { config: { phases, binary } } });
      const body = "some words \x00\xff".repeat(200_000);
      const got = await post(site, "/s", body);
      expect(got.status).toBe(200);
      expect(site.origin.requests[0]!.body === upper(body)).toBe(true);
      expect(got.trailers).toEqual([["x-sum", "7"]]);
    });
  }

  test("beyond the limit are refused", async () => {
    const phases = { requestBody: { mode: "buffered", limitBytes: 1000 } };
    await using site = await startPluginSite({ plugin: { config: { phases } } });
    expect((await post(site, "/big", "x".repeat(2000))).status).toBe(413);
    expect(site.origin.requests).toHaveLength(0);
  });

  test("pass unchanged where the plugin does not want them after all", async () => {
    const phases = { requestBody: { mode: "streamed" } };
    await using site = await startPluginSite({ plugin: { config: { phases, stream: "pass" } } });
    const body = "x".repeat(3_000_000);
    expect((await post(site, "/pass", body)).status).toBe(200);
    expect(site.origin.requests[0]!.body === body).toBe(true);
  });

  test("that the plugin leaves lying fail by the policy of the use", async () => {
    const phases = { requestBody: { mode: "streamed" } };
    for (const [onFailure, status] of [
      ["open", 200],
      ["closed", 503],
    ] as const)
      for (const stream of ["hang", "error"]) {
        await using site = await startPluginSite({
          plugin: { config: { phases, stream }, timeout: "500ms" },
          use: { onFailure },
        });
        const body = "x".repeat(10_000);
        expect([stream, (await post(site, "/h", body)).status]).toEqual([stream, status]);
        if (status === 200) expect(site.origin.requests[0]!.body).toBe(body);
        expect((await site.logged("/h"))["flags"]).toBe("FF");
      }
  });

  test("of which the plugin writes more than it may end it", async () => {
    const phases = { requestBody: { mode: "streamed" } };
    await using site = await startPluginSite({ plugin: { config: { phases, stream: "greedy" } } });
    expect((await post(site, "/g", "x".repeat(100))).status).toBe(503);
    expect(site.weir.stderr).toContain("more of a body than it had credit for");
    await until("another process", async () => (await site.weir.metric("weir_plugin_processes_ready")) === 1, 20_000);
  });
});

describe("a plugin that fails", () => {
  for (const [what, outcome] of [
    ["hang", "timeout"],
    ["crash", "gone"],
    ["nonsense", "gone"],
    ["long", "gone"],
    ["error", "error"],
    ["invalid", "invalid"],
    ["smuggle", "invalid"],
  ] as const)
    for (const [onFailure, status] of [
      ["closed", 503],
      ["open", 200],
      [{ status: 502 }, 502],
    ] as const)
      test(`${what}: ${JSON.stringify(onFailure)}`, async () => {
        await using site = await startPluginSite({ plugin: { timeout: what === "hang" ? "300ms" : "5s" }, use: { onFailure } });
        expect((await get(site.port, `/${what}`, "a", `X-Do: ${what}`)).status).toBe(status);
        expect((await site.logged(`/${what}`))["flags"]).toBe("FF");
        expect(site.origin.requests.length).toBe(status === 200 ? 1 : 0);
        expect(await site.weir.metric("weir_plugin_calls_total", { plugin: "p", outcome })).toBe(1);
        await until("a process that serves", async () => (await site.weir.metric("weir_plugin_processes_ready")) === 1, 20_000);
        expect((await get(site.port, "/again", "a", "X-Do: set")).status).toBe(200);
      });

  test("late answers are dropped, and the next ones are their own", async () => {
    await using site = await startPluginSite({ use: { timeout: "300ms", onFailure: "open" } });
    expect((await get(site.port, "/late", "a", "X-Do: late")).status).toBe(200);
    await get(site.port, "/next", "a", "X-Do: path");
    expect(sentField(site, "x-late")).toBeUndefined();
  });

  test("a flood of messages ends it", async () => {
    await using site = await startPluginSite();
    await get(site.port, "/flood", "a", "X-Do: flood");
    await until("the end of the flood", () => site.weir.stderr.includes("messages a second that nobody asked for"), 20_000);
  });

  test("a flood of its log loses lines, and no call", async () => {
    await using site = await startPluginSite();
    expect((await get(site.port, "/chatter", "a", "X-Do: chatter")).status).toBe(200);
    await until("lost lines", async () => (await site.weir.metric("weir_plugin_log_lines_dropped_total")) > 10_000, 20_000);
    expect(site.weir.stderr.split("a line of many").length).toBeLessThan(5_000);
    expect(await site.weir.metric("weir_plugin_restarts_total")).toBe(0);
  });

  test("one that leaks is replaced while it serves, or killed, by its limits", async () => {
    for (const [memory, said] of [
      [{ soft: "256MiB" }, "over its soft memory limit"],
      [{ hard: "256MiB" }, "over its hard memory limit"],
    ] as const) {
      await using site = await startPluginSite({ plugin: { memory, restart: { base: "10ms" } } });
      for (let i = 0; i < 4; i++) expect((await get(site.port, "/leak", "a", "X-Do: leak")).status).toBe(200);
      await until("the end of it", () => site.weir.stderr.includes(said), 20_000);
      await until("another one", async () => (await site.weir.metric("weir_plugin_processes_ready")) === 1, 20_000);
      await until("the first to be gone", () => treeOf(site.weir.pid).length === 2, 20_000);
      expect((await get(site.port, "/again", "a", "X-Do: path")).status).toBe(200);
      expect(await site.weir.metric("weir_plugin_restarts_total")).toBe(1);
    }
  });

  test("one that ends at each start fails its own calls at once, and is back when it stands again", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    const program = join(dir, "program");
    writeFileSync(program, `#!/bin/sh\n[ -e '${dir}/bad' ] && exit 3\nexec ${PROGRAM}\n`, { mode: 0o755 });
    await using site = await startSite({
      routes: [
        { name: "with", match: { prefix: "/with" }, to: "origin", filters: [{ plugin: "p" }] },
        { name: "without", match: { prefix: "/without" }, to: "origin" },
      ],
      top: {
        plugins: {
          p: { ...pluginConfig({}), command: program, restart: { base: "1ms", max: "200ms", crashes: 5 }, timeout: "30s" },
        },
      },
    });
    expect((await get(site.port, "/with")).status).toBe(200);
    writeFileSync(join(dir, "bad"), "");
    await get(site.port, "/with", "a", "X-Do: crash");
    await until("the breaker", async () => (await site.weir.metric("weir_plugin_restarts_total")) >= 5, 20_000);
    // At once: the time for a call is longer than this test's.
    expect((await get(site.port, "/with")).status).toBe(503);
    expect((await get(site.port, "/without")).status).toBe(200);
    rmSync(join(dir, "bad"));
    await until("it to be back", async () => (await get(site.port, "/with")).status === 200, 20_000);
  });

  test("a client that goes frees the call", async () => {
    await using site = await startPluginSite();
    using client = await openClient(site.port);
    await client.send("GET /gone HTTP/1.1\r\nHost: a\r\nX-Do: hang\r\n\r\n");
    await until("the call", async () => (await site.weir.metric("weir_plugin_calls_open")) === 1);
    client.socket.resetAndDestroy();
    await until("the call to be free", async () => (await site.weir.metric("weir_plugin_calls_open")) === 0);
    expect(await site.weir.metric("weir_plugin_calls_total", { outcome: "cancelled" })).toBe(1);
  });

  test("what is beyond its queue fails at once", async () => {
    await using site = await startPluginSite({ plugin: { concurrency: 1, queue: 1 } });
    using a = await openClient(site.port);
    await a.send("GET /1 HTTP/1.1\r\nHost: a\r\nX-Do: hang\r\n\r\n");
    await until("the first call", async () => (await site.weir.metric("weir_plugin_calls_open")) === 1);
    using b = await openClient(site.port);
    await b.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    await until("the second to wait", async () => (await site.weir.metric("weir_plugin_calls_queued")) === 1);
    expect((await get(site.port, "/3")).status).toBe(503);
    expect(await site.weir.metric("weir_plugin_calls_total", { outcome: "overflow" })).toBe(1);
  });
});

describe("config and plugins", () => {
  for (const [why, config, said] of [
    ["does not answer", { start: "hang" }, "did not answer within"],
    ["ends", { start: "die" }, "ended with code 3"],
    ["says no", { start: "error" }, "no database"],
    ["writes on its standard output", { start: "nonsense" }, "hello, I am a plugin"],
  ] as const)
    test(`one that ${why} at its start is refused, and the config in force stays`, async () => {
      await using site = await startPluginSite();
      const p = pluginConfig({ plugin: { config, startTimeout: "3s" } });
      site.weir.rewrite({ ...site.config, plugins: { p } });
      const answer = await site.weir.control("reload");
      expect(answer.code).toBe(1);
      expect(answer.stderr + answer.stdout).toContain(said);
      expect((await get(site.port, "/still", "a", "X-Do: path")).status).toBe(200);
      expect(site.origin.requests.at(-1)!.target).toBe("/changed?by=plugin");
    });

  test("settings of a use are its own, and bad ones are refused", async () => {
    await using site = await startPluginSite({ use: { config: { requestHead: "path" } } });
    await get(site.port, "/u");
    expect(site.origin.requests.at(-1)!.target).toBe("/changed?by=plugin");
    const route = (config: unknown): unknown => [{ name: "r", to: "origin", filters: [{ plugin: { use: "p", config } }] }];
    site.weir.rewrite({ ...site.config, routes: route({ bad: true }) });
    const refused = await site.weir.control("reload");
    expect([refused.code, (refused.stderr + refused.stdout).includes("bad is no setting")]).toEqual([1, true]);
    site.weir.rewrite({ ...site.config, routes: route({ requestHead: "respond" }) });
    expect((await site.weir.control("reload")).code).toBe(0);
    expect((await get(site.port, "/v")).status).toBe(418);
  });

  test("a program that is replaced on disk takes over, and one that won't start does not", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    const program = join(dir, "program");
    const write = (config: string): void => {
      writeFileSync(`${program}.new`, `#!/bin/sh\nexec ${PROGRAM} # ${config}\n`);
      chmodSync(`${program}.new`, 0o755);
      renameSync(`${program}.new`, program);
    };
    write("first");
    await using site = await startPluginSite({ plugin: { command: program } });
    expect((await get(site.port, "/1", "a", "X-Do: path")).status).toBe(200);
    writeFileSync(`${program}.new`, "#!/bin/sh\necho broken >&2; exit 4\n");
    chmodSync(`${program}.new`, 0o755);
    renameSync(`${program}.new`, program);
    await until("the broken one to be told of", () => site.weir.stderr.includes("changed and does not start"), 20_000);
    expect((await get(site.port, "/2", "a", "X-Do: path")).status).toBe(200);
    expect(site.origin.requests.at(-1)!.target).toBe("/changed?by=plugin");
    write("second");
    await until("the new one to take over", () => site.weir.stderr.includes("new processes took over"), 20_000);
    expect((await get(site.port, "/3", "a", "X-Do: path")).status).toBe(200);
  });

  test("a plugin ends with weir, also with one that is killed", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    const site = await startPluginSite({ dir });
    const pids = readFileSync(join(dir, "started"), "utf8").trim().split("\n").map(Number);
    process.kill(site.weir.pid, "SIGKILL");
    await until("the plugin to be gone", () => pids.every((pid) => !existsSync(`/proc/${pid}`) || isZombie(pid)));
    await site[Symbol.asyncDispose]();
  });

  test("workers have a process each", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    await using site = await startPluginSite({ dir, args: ["--workers", "2"], plugin: { processes: 2 } });
    for (let i = 0; i < 10; i++) expect((await get(site.port, "/w", "a", "X-Do: path")).status).toBe(200);
    expect(readFileSync(join(dir, "started"), "utf8").trim().split("\n")).toHaveLength(2);
  });
});

function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true;
  }
}

function upper(body: string): string {
  return body.replace(/[a-z]/g, (c) => c.toUpperCase());
}
