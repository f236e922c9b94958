import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/deadline.ts";
import { fieldValue } from "../support/message.ts";
import { type Asked, answered, asked, startPluginSite } from "../support/plugin_site.ts";
import { freePort } from "../support/ports.ts";
import { get } from "../support/raw_client.ts";
import { reply, startOrigin } from "../support/raw_origin.ts";
import { type LogLine, openScratch } from "../support/weir.ts";

setDefaultTimeout(60_000);

const BAD_PARAMS = -32602;
const NOT_GRANTED = -32001;
const TOO_LARGE = -32002;
const FAILED = -32003;

function startService(): ReturnType<typeof startOrigin> {
  return startOrigin({
    serve: (r, conn) => {
      if (r.target === "/silent") return;
      if (r.target === "/long") return conn.send(reply(200, "y".repeat(70_000)));
      if (r.target === "/odd") return conn.send(reply(404, "\xff\x00\xfe", "X-A: \xe9"));
      return conn.send(reply(201, `${r.startLine}|${fieldValue(r.fields, "host")}|${fieldValue(r.fields, "x-own")}|${r.body}`));
    },
  });
}

describe("a plugin's own requests", () => {
  for (const binary of [true, false])
    test(`go through a cluster that it is granted, ${binary ? "with binary frames" : "in base64"}`, async () => {
      await using service = await startService();
      await using site = await startPluginSite({
        plugin: { config: { binary }, grants: { http: ["service"] }, limits: { body: "64KiB" } },
        clusters: {
          service: { endpoints: [`127.0.0.1:${service.port}`] },
          other: { endpoints: [`127.0.0.1:${service.port}`] },
          down: { endpoints: [`127.0.0.1:${await freePort()}`] },
        },
      });
      const http = async (params: object, frame?: string): Promise<Asked> => {
        const {
          base64,
          frame: came,
          ...rest
        }: Asked = await asked(site, "http", { cluster: "service", path: "/", ...params }, frame);
        return { ...rest, body: typeof base64 === "string" ? atob(base64) : came };
      };
      const plain = await http({ path: "/p?q=1", fields: [["X-Own", "1"]] });
      expect(plain).toMatchObject({ status: 201, body: `GET /p?q=1 HTTP/1.1|127.0.0.1:${service.port}|1|` });
      expect(plain["fields"]).toContainEqual(["content-length", String((plain["body"] as string).length)]);
      expect((await http({ method: "PUT", authority: "b.example", text: "words" }))["body"]).toBe(
        "PUT / HTTP/1.1|b.example||words",
      );
      expect((await http({ method: "POST", base64: btoa("bytes") }))["body"]).toEndWith("|bytes");
      if (binary) expect((await http({ method: "POST" }, "a frame"))["body"]).toEndWith("|a frame");
      const odd = await http({ path: "/odd" });
      expect(odd).toMatchObject({ status: 404, body: "\xff\x00\xfe" });
      expect(odd["fields"]).toContainEqual(["x-a", "\xe9"]);
      for (const [params, code, said] of [
        [{ cluster: "other" }, NOT_GRANTED, "not granted"],
        [{ cluster: "nowhere" }, NOT_GRANTED, "not granted"],
        [{ cluster: 7 }, NOT_GRANTED, "not granted"],
        [{ path: "/silent", timeoutMs: 100 }, FAILED, "100 ms"],
        [{ path: "/long" }, TOO_LARGE, "longer than 65536 bytes"],
        [{ path: "no path" }, BAD_PARAMS, "path"],
        [{ path: 1 }, BAD_PARAMS, "path"],
        [{ method: "CONNECT" }, BAD_PARAMS, "method"],
        [{ method: "TRACE" }, BAD_PARAMS, "method"],
        [{ authority: "a b" }, BAD_PARAMS, "authority"],
        [{ fields: [["content-length", "1"]] }, BAD_PARAMS, "content-length"],
        [{ fields: [["x-a", "b\r\nc: d"]] }, BAD_PARAMS, "x-a"],
        [{ fields: {} }, BAD_PARAMS, "fields"],
        [{ text: "a", base64: "YQ==" }, BAD_PARAMS, "more than once"],
      ] as const) {
        const { error } = await asked(site, "http", { cluster: "service", path: "/", ...params });
        expect([params, error]).toEqual([params, { code, message: expect.stringContaining(said) }]);
      }
      // The next one has another connection, or waits for none.
      expect((await http({}))["status"]).toBe(201);
      await until("nothing to be open", async () => (await site.weir.metric("weir_cluster_requests_active")) === 0);
      expect(site.origin.requests).toHaveLength(0);
    });

  test("to a cluster that is down fail, and are told why", async () => {
    await using site = await startPluginSite({
      plugin: { grants: { http: ["down"] } },
      clusters: { down: { endpoints: [`127.0.0.1:${await freePort()}`] } },
    });
    const { error } = await asked(site, "http", { cluster: "down", path: "/" });
    expect(error).toEqual({ code: FAILED, message: expect.stringContaining("ECONNREFUSED") });
  });

  test("with no grant at all are refused", async () => {
    await using site = await startPluginSite();
    expect((await asked(site, "http", { cluster: "origin", path: "/" })).error?.code).toBe(NOT_GRANTED);
    expect((await asked(site, "kv.get", { key: "a" })).error?.code).toBe(NOT_GRANTED);
    expect((await asked(site, "no.such", {})).error?.code).toBe(-32601);
  });
});

describe("values of a plugin", () => {
  test("stay until they are deleted or their time is over, and have limits", async () => {
    await using site = await startPluginSite({ plugin: { grants: { kv: true } } });
    const kv = (what: string, params: object) => asked(site, `kv.${what}`, params);
    expect(await kv("get", { key: "a" })).toEqual({ value: null });
    expect(await kv("set", { key: "a", value: { b: [1, null, "\u{1f600}"] } })).toEqual({});
    expect(await kv("get", { key: "a" })).toEqual({ value: { b: [1, null, "\u{1f600}"] } });
    expect(await kv("delete", { key: "a" })).toEqual({ deleted: true });
    expect(await kv("delete", { key: "a" })).toEqual({ deleted: false });
    await kv("set", { key: "t", value: 1, ttlMs: 50 });
    await kv("set", { key: "long", value: 1, ttlMs: 600_000 });
    await until("its end", async () => (await kv("get", { key: "t" }))["value"] === null);
    expect(await kv("get", { key: "long" })).toEqual({ value: 1 });
    // The time of a counter is set when it is made, and what is added later does not make it longer.
    expect(await kv("add", { key: "n", by: 2, ttlMs: 600_000 })).toEqual({ value: 2 });
    expect(await kv("add", { key: "n", by: 0.5, ttlMs: 1 })).toEqual({ value: 2.5 });
    expect(await kv("add", { key: "n", by: -1 })).toEqual({ value: 1.5 });
    await kv("set", { key: "word", value: "w" });
    for (const [what, params, code] of [
      ["add", { key: "word", by: 1 }, BAD_PARAMS],
      ["add", { key: "n" }, BAD_PARAMS],
      ["set", { key: "n" }, BAD_PARAMS],
      ["get", {}, BAD_PARAMS],
      ["get", { key: "" }, BAD_PARAMS],
      ["set", { key: "k".repeat(1025), value: 1 }, BAD_PARAMS],
    ] as const)
      expect([what, params, (await kv(what, params)).error?.code]).toEqual([what, params, code]);
    expect((await kv("none", { key: "a" })).error?.code).toBe(-32601);
  });
});

describe("the access log", () => {
  test("has what plugins tell, and whose call failed", async () => {
    const fields = [
      "path",
      "flags",
      "failed_plugin",
      "metadata.auth.user",
      "metadata.auth.groups",
      "metadata.auth",
      "metadata.none.x",
    ];
    const scratch = openScratch();
    using _ = scratch;
    const file = join(scratch.dir, "access.log");
    await using site = await startPluginSite({
      use: { onFailure: "open" },
      top: { accessLog: { to: { file }, fields } },
    });
    const metadata = { auth: { user: "ann \u00e9\u{1f600}\n", groups: ["a", "b"] } };
    await answered(site, "/told", { metadata });
    await answered(site, "/refused", { metadata, respond: { status: 403 } });
    await get(site.port, "/failed", "a", "X-Do: error");
    await get(site.port, "/nothing");
    const lines = (): LogLine[] =>
      existsSync(file)
        ? readFileSync(file, "utf8")
            .split("\n")
            .slice(0, -1)
            .map((l) => JSON.parse(l))
        : [];
    await until("the lines", () => lines().length === 4);
    const told = {
      flags: "",
      failed_plugin: "",
      "metadata.auth.user": metadata.auth.user,
      "metadata.auth.groups": '["a","b"]',
      "metadata.auth": JSON.stringify(metadata.auth),
      "metadata.none.x": "",
    };
    const none = { ...told, "metadata.auth.user": "", "metadata.auth.groups": "", "metadata.auth": "" };
    expect(lines()).toEqual([
      { path: "/told", ...told },
      { path: "/refused", ...told },
      { ...none, path: "/failed", flags: "FF", failed_plugin: "p" },
      { ...none, path: "/nothing" },
    ]);
  });
});

describe("what a plugin says of itself", () => {
  test("is counted and logged", async () => {
    await using site = await startPluginSite();
    const say = (method: string, params: object) =>
      get(site.port, "/say", "a", "X-Do: notify", `X-Ask: ${JSON.stringify({ method, params })}`);
    await say("count", { name: "hits", labels: { who: "me" } });
    await say("count", { name: "hits", add: 2.5, labels: { who: "me" } });
    await say("count", { name: "hits", labels: { who: "you" } });
    await say("count", { name: "plain", add: 3 });
    await say("count", { name: "bad name", add: 3 });
    await say("count", { name: "negative", add: -3 });
    const count = (name: string) => site.weir.metric(`weir_plugin_${name}_total`, { plugin: "p" });
    await until("the counts", async () => (await count("hits")) === 4.5);
    expect([await count("plain"), await count("negative")]).toEqual([3, 0]);
    for (const level of ["debug", "info", "warn", "error"])
      await say("log", { level, message: `said at ${level}`, facts: { of: "it" } });
    await until("the line", () => site.weir.stderr.includes("said at error"));
    const line = site.weir.stderr.split("\n").find((l) => l.includes("said at warn"))!;
    expect(JSON.parse(line) as LogLine).toMatchObject({
      level: "warning",
      plugin: "p",
      line: "said at warn",
      facts: '{"of":"it"}',
    });
    expect(site.weir.stderr).not.toContain("said at debug");
  });
});
