import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/deadline.ts";
import { fieldValue } from "../support/message.ts";
import { freePort } from "../support/ports.ts";
import { ask, get, openClient } from "../support/raw_client.ts";
import { reply } from "../support/raw_origin.ts";
import { openScratch, type Site, startSite } from "../support/weir.ts";

setDefaultTimeout(30_000);

let site: Site;
let observePort: number;

beforeAll(async () => {
  observePort = await freePort();
  site = await startSite({
    top: { observe: { address: `127.0.0.1:${observePort}` } },
    routes: [
      { name: "own", match: [{ path: "/own" }], respond: { status: 418, body: "short" } },
      { name: "all", to: "origin" },
    ],
  });
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
});

/** Lines of a metrics page without comments. */
function samples(page: string): string[] {
  return page.split("\n").filter((l) => l !== "" && !l.startsWith("#"));
}

function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
}

describe("probes and metrics", () => {
  test("stand on the admin address and on observe", async () => {
    for (const port of [site.weir.adminPort, observePort]) {
      for (const path of ["/healthz", "/readyz"]) expect((await get(port, path)).status).toBe(200);
      const page = await get(port, "/metrics");
      expect(page.status).toBe(200);
      expect(fieldValue(page.fields, "content-type")).toMatch(/^text\/plain; ?version=0\.0\.4|^application\/openmetrics-text/);
    }
  });

  test("are in Prometheus' text format, each family told once", async () => {
    await get(site.port, "/x");
    const page = (await site.weir.admin("/metrics")).body;
    for (const line of samples(page))
      expect(line).toMatch(
        /^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_]\w*="([^"\\]|\\.)*",?)*\})? (-?[0-9.]+(e[+-]?[0-9]+)?|NaN|[+-]Inf)$/,
      );
    const types = page.split("\n").filter((l) => l.startsWith("# TYPE "));
    expect(new Set(types.map((l) => l.split(" ")[2])).size).toBe(types.length);
    for (const name of [
      "weir_listener_requests_total",
      "weir_route_request_duration_seconds",
      "weir_cluster_connects_total",
      "weir_config_generation",
      "weir_build_info",
    ])
      expect(types.some((l) => l.split(" ")[2] === name)).toBe(true);
  });

  test("count requests, bytes, connects and durations", async () => {
    const before = await site.weir.metric("weir_route_requests_total", { route: "own", status: "4xx" });
    const up = await site.weir.metric("weir_listener_received_bytes_total", { listener: "web" });
    for (let i = 0; i < 3; i++) await get(site.port, "/own");
    await get(site.port, "/counted");
    await until(
      "the requests to be counted",
      async () => (await site.weir.metric("weir_route_requests_total", { route: "own", status: "4xx" })) === before + 3,
    );
    expect(await site.weir.metric("weir_listener_received_bytes_total", { listener: "web" })).toBeGreaterThan(up);
    expect(await site.weir.metric("weir_cluster_connects_total", { cluster: "origin" })).toBeGreaterThan(0);
    expect(await site.weir.metric("weir_cluster_responses_total", { cluster: "origin", status: "2xx" })).toBeGreaterThan(0);
    const count = await site.weir.metric("weir_route_request_duration_seconds_count", { route: "own" });
    expect(count).toBe(await site.weir.metric("weir_route_requests_total", { route: "own" }));
    expect(await site.weir.metric("weir_route_request_duration_seconds_bucket", { route: "own", le: "+Inf" })).toBe(count);
  });

  test("show what is in hand now", async () => {
    await using held = await startSite({ origin: {} });
    using client = await openClient(held.port);
    await client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
    const conn = await held.origin.connection();
    await conn.request();
    expect(await held.weir.metric("weir_listener_connections_active", { listener: "web" })).toBe(1);
    expect(await held.weir.metric("weir_listener_requests_active", { listener: "web" })).toBe(1);
    expect(await held.weir.metric("weir_cluster_requests_active", { cluster: "origin" })).toBe(1);
    await conn.send(reply(200, "x"));
    await client.response();
    await until(
      "nothing to be active",
      async () => (await held.weir.metric("weir_listener_requests_active", { listener: "web" })) === 0,
    );
    expect(await held.weir.metric("weir_cluster_connections_idle", { cluster: "origin" })).toBe(1);
  });

  test("have the same label sets whatever clients send", async () => {
    const ordinary = async (): Promise<void> => {
      await get(site.port, "/own");
      await get(site.port, "/any");
      await ask(site.port, "GET / HTTP/9.9\r\n\r\n");
    };
    const names = async (): Promise<string[]> =>
      samples((await site.weir.admin("/metrics")).body).map((l) => l.slice(0, l.lastIndexOf(" ")));
    await ordinary();
    await until("the requests to be counted", async () => (await names()).some((n) => n.includes('route="own"')));
    const before = new Set(await names());
    for (let i = 0; i < 50; i++)
      await get(site.port, `/own-${i}?q=${i}`, `host${i}.example`, `User-Agent: agent-${i}`, `X-Request-Id: id-${i}`);
    for (const method of ["BREW", "X-1", "get"]) await ask(site.port, `${method} /own HTTP/1.1\r\nHost: odd.example\r\n\r\n`);
    await ordinary();
    const grown = (await names()).filter((n) => !before.has(n));
    expect(grown).toEqual([]);
  });
});

describe("nothing that listens on TCP changes anything", () => {
  test("other methods and other paths are refused", async () => {
    const generation = await site.weir.metric("weir_config_generation");
    for (const port of [site.weir.adminPort, observePort]) {
      for (const method of ["POST", "PUT", "DELETE", "PATCH"])
        for (const path of [
          "/",
          "/metrics",
          "/readyz",
          "/reload",
          "/drain",
          "/stop",
          "/config",
          "/quit",
          "/quitquitquit",
          "/status",
        ]) {
          const got = await ask(
            port,
            `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
            method,
          );
          expect([404, 405, 403]).toContain(got.status);
        }
      for (const path of ["/reload", "/drain", "/stop", "/quitquitquit"]) expect((await get(port, path)).status).toBe(404);
    }
    expect(await site.weir.metric("weir_config_generation")).toBe(generation);
    expect((await site.weir.admin("/readyz")).status).toBe(200);
  });

  test("observe tells nothing but probes and metrics", async () => {
    for (const path of ["/", "/config", "/status", "/clusters"]) expect((await get(observePort, path)).status).toBe(404);
  });
});

describe("access log", () => {
  test("a JSON line tells all of an exchange", async () => {
    await ask(
      site.port,
      "POST /told?q=1 HTTP/1.1\r\nHost: Test.Example:80\r\nContent-Length: 5\r\nUser-Agent: probe\r\nConnection: close\r\n\r\nhello",
      "POST",
    );
    const line = await site.logged("/told?q=1");
    expect(line).toMatchObject({
      listener: "web",
      method: "POST",
      protocol: "HTTP/1.1",
      status: 200,
      route: "all",
      cluster: "origin",
      attempts: 1,
      flags: "",
    });
    expect(line).toMatchObject({
      endpoint: `127.0.0.1:${site.origin.port}`,
      remote_address: "127.0.0.1",
      client_address: "127.0.0.1",
      request_body_bytes: 5,
      "request.header.user-agent": "probe",
    });
    expect(String(line["host"]).toLowerCase()).toBe("test.example:80");
    expect(line["response_body_bytes"]).toBe(site.origin.requests.at(-1)!.raw.length);
    expect(line["duration_ms"]).toBeGreaterThanOrEqual(0);
    expect(Math.abs(Date.now() - Date.parse(String(line["time"])))).toBeLessThan(20_000);
  });

  test("a refused request has a line too", async () => {
    await ask(site.port, "GET /refused HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
    await until("a line with DPE", () => site.log().some((l) => l["flags"] === "DPE" && l["status"] === 400));
  });

  test("what a client sends can't break a line", async () => {
    await get(site.port, '/evil"x%0a%0dy', "a.example", 'User-Agent: a"\\ \x80\xff\tb');
    await until("the line", () => site.log().some((l) => String(l["path"]).startsWith("/evil")));
    expect(site.log().filter((l) => String(l["path"]).startsWith("/evil")).length).toBe(1);
  });

  test("a text template, and several logs at once", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    const [own, standard] = [join(dir, "own.log"), join(dir, "text.log")];
    await using s = await startSite({
      top: {
        accessLog: [
          {
            to: { file: own },
            format: "{method} {path} {status} {request.header.x-a} {response.header.x-b} {{literal}} {flags}",
          },
          { to: standard, format: "text" },
          { to: "stdout", format: "json", fields: ["status", "path"] },
        ],
      },
      origin: { serve: (_r, conn) => conn.send(reply(200, "ok", "X-B: two")) },
    });
    await get(s.port, "/t", "test.example", "X-A: one");
    await until("the lines", () => linesOf(own).length === 1 && linesOf(standard).length === 1 && s.weir.stdout.includes("\n"));
    expect(linesOf(own)).toEqual(["GET /t 200 one two {literal} -"]);
    expect(linesOf(standard)[0]).toMatch(/^127\.0\.0\.1 - - \[.+\] "GET \/t HTTP\/1\.1" 200 2 "-" "-" test\.example /);
    expect(JSON.parse(s.weir.stdout)).toEqual({ status: 200, path: "/t" });
  });

  test("SIGUSR1 reopens it after a rotation, and no line is lost", async () => {
    await using s = await startSite();
    await get(s.port, "/before");
    await s.logged("/before");
    const old = `${s.logPath}.1`;
    renameSync(s.logPath, old);
    await get(s.port, "/between");
    await until("the line in the renamed file", () => linesOf(old).some((l) => l.includes("/between")));
    s.weir.signal("SIGUSR1");
    await until("the new file", () => existsSync(s.logPath));
    await get(s.port, "/after");
    await s.logged("/after");
    expect(linesOf(old).length).toBe(2);
    expect(linesOf(s.logPath).length).toBe(1);
  });

  test("every line is in the file when the process has ended", async () => {
    await using s = await startSite();
    for (let i = 0; i < 20; i++) await get(s.port, `/l${i}`);
    s.weir.signal("SIGTERM");
    await s.weir.ended();
    expect(s.log().length).toBe(20);
  });
});

describe("event log", () => {
  test("is one JSON object a line on stderr when that is no terminal", async () => {
    await using s = await startSite();
    s.weir.signal("SIGTERM");
    await s.weir.ended();
    const lines = s.weir.stderr.split("\n").filter((l) => l !== "");
    expect(lines.length).toBeGreaterThan(0);
    for (const l of lines) expect(JSON.parse(l)).toMatchObject({ level: expect.any(String) });
  });

  test("text is one line an event, and levels hide what is less important", async () => {
    await using s = await startSite({ top: { log: { format: "text", level: "warning" } } });
    s.weir.signal("SIGTERM");
    await s.weir.ended();
    expect(s.weir.stderr).not.toContain('{"');
    expect(s.weir.stderr).not.toMatch(/\binfo\b/i);
  });
});
