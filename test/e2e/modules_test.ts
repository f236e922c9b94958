import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/deadline.ts";
import { fieldValue } from "../support/message.ts";
import { freePort } from "../support/ports.ts";
import { ask, get, openClient } from "../support/raw_client.ts";
import { reply, startOrigin } from "../support/raw_origin.ts";
import { openScratch, runWeir, startArgs, textOf, type Weir } from "../support/weir.ts";

setDefaultTimeout(60_000);

interface ModuleSite extends AsyncDisposable {
  readonly weir: Weir;
  readonly port: number;
  write(name: string, text: string): void;
  get(path: string, ...fields: string[]): Promise<string>;
}

/** A weir whose routes are `routes`, with these files beside its config. */
async function start(
  files: Readonly<Record<string, string>>,
  routes: readonly unknown[],
  o: { args?: readonly string[]; clusters?: object; top?: object } = {},
): Promise<ModuleSite> {
  const scratch = openScratch();
  const { dir } = scratch;
  const [port, adminPort] = await Promise.all([freePort(), freePort()]);
  const write = (name: string, text: string): void => writeFileSync(join(dir, name), text);
  for (const [name, text] of Object.entries(files)) write(name, text);
  write(
    "weir.yaml",
    textOf({
      admin: { address: `127.0.0.1:${adminPort}` },
      control: join(dir, "weir.sock"),
      listeners: { web: { address: `127.0.0.1:${port}` } },
      routes,
      clusters: o.clusters ?? {},
      ...o.top,
    }),
  );
  try {
    const weir = await startArgs(["run", join(dir, "weir.yaml"), ...(o.args ?? [])], { dir, adminPort });
    return {
      weir,
      port,
      write,
      get: async (path, ...fields) => (await get(port, path, "test.example", ...fields)).body,
      [Symbol.asyncDispose]: async () => {
        await weir.kill();
        scratch[Symbol.dispose]();
      },
    };
  } catch (e) {
    scratch[Symbol.dispose]();
    throw e;
  }
}

const HONO = `
import { Hono } from "hono";
import { stream } from "hono/streaming";
import type { Context } from "hono";
import { greeting } from "./greeting.ts";
type Bindings = { config: { name: string }; route: string; listener: string; requestId: string; client: string; connection: any;
  fetch(input: string | Request, init?: RequestInit): Promise<Response> };
const app = new Hono<{ Bindings: Bindings }>();
app.get("/app/hello", (c) => c.text(\`\${greeting} \${c.env.config.name}\`));
app.get("/app/env", (c) => c.json({ ...c.env.connection, route: c.env.route, listener: c.env.listener, client: c.env.client,
  id: c.env.requestId === c.req.header("x-request-id"), remote: c.env.connection.remote, forwarded: c.req.header("x-forwarded-for"), tls: c.env.connection.tls }));
app.post("/app/echo", (c) => new Response(c.req.raw.body));
app.get("/app/stream", (c: Context) => stream(c, async (s) => { for (let i = 0; i < 3; i++) await s.write(\`\${i};\`); }));
app.all("/app/via/*", (c) => c.env.fetch("cluster://origin" + c.req.url.slice(c.req.url.indexOf("/app/via") + 8), { method: c.req.method, headers: { "x-from": "app" }, body: c.req.raw.body, duplex: "half" } as RequestInit));
app.get("/app/copy", async (c) => {
  const mine = new Request(c.req.raw, { headers: { "x-from": "copy" } });
  const kept = mine instanceof Request && c.req.raw instanceof Request && c.req.raw.clone().url === mine.url;
  const answers = [await c.env.fetch("cluster://origin/env", mine), await fetch(c.env.config.there, c.req.raw), await fetch(new Request(c.env.config.there, c.req.raw))];
  return Response.json([kept, ...(await Promise.all(answers.map((r) => r.text())))], { headers: { "x-made": "by json" } });
});
app.get("/app/unknown", async (c) => c.text(await c.env.fetch("cluster://none/").then(() => "answered", (e) => e.message)));
app.get("/app/dead", async (c) => c.text(await c.env.fetch("cluster://dead/").then(() => "answered", (e) => String(e))));
app.get("/app/late", async (c) => {
  const given = new AbortController();
  setTimeout(() => given.abort(new Error("given up")), 50);
  return c.text(await c.env.fetch("cluster://origin/silent", { signal: given.signal }).then(() => "answered", (e) => e.message));
});
app.get("/app/throw", () => { throw new Error("thrown"); });
app.get("/app/float", (c) => { void Promise.reject(new Error("floating")); return c.text("floated"); });
let gone = 0;
app.get("/app/gone", (c) => c.text(String(gone)));
app.get("/app/wait", (c) => new Promise((resolve) => c.req.raw.signal.addEventListener("abort", () => { gone++; resolve(c.text("")); })));
app.get("/app/loop", () => { for (;;) {} });
export default app;
`;
const GREETING = `export const greeting: string = "hello";`;
const ROUTES = routesOf({ name: "weir" });

function routesOf(config: object): readonly object[] {
  return [{ name: "app", match: [{ prefix: "/app" }], handler: { module: "app.ts", config } }];
}

describe("a module that answers", () => {
  test("is an application of Hono, with what the config gives it", async () => {
    await using origin = await startOrigin({
      serve: (r, conn) => (r.target === "/silent" ? undefined : conn.send(reply(200, `${r.startLine} ${r.body}`))),
    });
    await using site = await start({ "app.ts": HONO, "greeting.ts": GREETING }, ROUTES, {
      clusters: {
        origin: { endpoints: [`127.0.0.1:${origin.port}`] },
        dead: { endpoints: [`127.0.0.1:${await freePort()}`] },
      },
    });
    expect(await site.get("/app/hello")).toBe("hello weir");
    expect(await site.get("/app/stream")).toBe("0;1;2;");
    const env = JSON.parse(await site.get("/app/env", "X-Forwarded-For: 6.6.6.6"));
    expect(env).toMatchObject({
      protocol: "HTTP/1.1",
      route: "app",
      listener: "web",
      client: "127.0.0.1",
      id: true,
      forwarded: "127.0.0.1",
      tls: null,
    });
    expect(env.remote.address).toBe("127.0.0.1");
    expect(await site.get("/app/via/a?b=c")).toBe("GET /a?b=c HTTP/1.1 ");
    const posted = await ask(site.port, "POST /app/via/p HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
    expect(posted.body).toBe("POST /p HTTP/1.1 body");
    expect(await site.get("/app/dead")).toContain("ECONNREFUSED");
    expect(await site.get("/app/late")).toBe("given up");
    expect(await site.get("/app/unknown")).toContain('name a cluster of the config: found "none"');
    expect((await get(site.port, "/app/throw")).status).toBe(500);
    const trace = await ask(site.port, "TRACE /app/hello HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(trace.status).toBe(405);
    expect(await site.weir.metric("weir_cluster_responses_total", { cluster: "origin" })).toBe(2);
    // One worker, under a supervisor.
    expect(JSON.parse((await site.weir.control("status", "--json")).stdout).workers).toHaveLength(1);
  });

  test("has requests that are the runtime's, and replies that keep what they are made of", async () => {
    await using origin = await startOrigin({
      serve: (r, conn) =>
        conn.send(reply(200, `${r.startLine} ${fieldValue(r.fields, "x-from")} ${fieldValue(r.fields, "x-own")}`)),
    });
    const routes = routesOf({ there: `http://127.0.0.1:${origin.port}/there` });
    await using site = await start({ "app.ts": HONO, "greeting.ts": GREETING }, routes, {
      clusters: { origin: { endpoints: [`127.0.0.1:${origin.port}`] } },
    });
    const answer = await get(site.port, "/app/copy", "test.example", "X-Own: o");
    expect(JSON.parse(answer.body)).toEqual([
      true,
      "GET /env HTTP/1.1 copy ",
      "GET /there HTTP/1.1  o",
      "GET /there HTTP/1.1  o",
    ]);
    expect(fieldValue(answer.fields, "x-made")).toBe("by json");
    expect(fieldValue(answer.fields, "content-type")).toStartWith("application/json");
    expect(fieldValue(answer.fields, "content-length")).toBe(String(answer.body.length));
  });

  test("gets bodies as they come, and gives them as they are taken", async () => {
    await using site = await start({ "app.ts": HONO, "greeting.ts": GREETING }, ROUTES);
    const client = await openClient(site.port);
    await client.send("POST /app/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    await until("the first piece back", () => client.received.includes("one"));
    await client.send("3\r\ntwo\r\n0\r\n\r\n");
    expect((await client.response("POST")).body).toBe("onetwo");
    // 32 MiB there and back through a client that does not read at first.
    const big = await openClient(site.port);
    big.countOnly = true;
    const size = 32 * 1024 * 1024;
    const piece = new Uint8Array(1024 * 1024);
    await big.send(`POST /app/echo HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\nConnection: close\r\n\r\n`);
    for (let i = 0; i < size / piece.length; i++) await big.send(piece);
    await until("the end", () => big.ending !== "open", 30_000);
    expect(big.receivedBytes).toBeGreaterThan(size);
  });

  test("hears of a client that goes away, and a floating rejection costs nothing", async () => {
    await using site = await start({ "app.ts": HONO, "greeting.ts": GREETING }, ROUTES);
    const client = await openClient(site.port);
    await client.send("GET /app/wait HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(
      "the request in flight",
      async () => (await site.weir.metric("weir_listener_requests_active", { listener: "web" })) === 1,
    );
    client.reset();
    await until("the handler to know", async () => (await site.get("/app/gone")) === "1");
    expect(await site.get("/app/float")).toBe("floated");
    expect(await site.get("/app/gone")).toBe("1");
    expect(site.weir.stderr).toContain("floating");
  });

  test("may be an object, a function, or an export", async () => {
    await using site = await start(
      {
        "object.ts": 'export default { text: "object", fetch() { return new Response(this.text); } };',
        "function.js": 'export default (request, env) => new Response("function " + env.route);',
        "export.mjs": 'export async function fetch(request) { return new Response("export " + new URL(request.url).pathname); }',
      },
      [
        { name: "o", match: [{ path: "/o" }], handler: { module: "object.ts" } },
        { name: "f", match: [{ path: "/f" }], handler: { module: "./function.js" } },
        { name: "e", match: [{ path: "/e" }], handler: { module: "export.mjs" } },
      ],
    );
    expect([await site.get("/o"), await site.get("/f"), await site.get("/e")]).toEqual(["object", "function f", "export /e"]);
  });

  test("that loops for ever is killed, and another process serves", async () => {
    await using site = await start({ "app.ts": HONO, "greeting.ts": GREETING }, ROUTES);
    const client = await openClient(site.port);
    await client.send("GET /app/loop HTTP/1.1\r\nHost: a\r\n\r\n");
    await until("the hanging worker's end", () => site.weir.stderr.includes("a worker hangs and is killed"), 30_000);
    await until("another worker", async () => (await site.get("/app/hello").catch(() => "")) === "hello weir", 15_000);
    client.destroy();
  });
});

const FILTER = `
import { HOLD, reply, forgetLength, type Filter, type FilterExchange } from "weir/filter";
const encode = new TextEncoder();
export default {
  open(x: FilterExchange, config: { key: string }): Filter | null {
    if (x.request.path.startsWith("/free")) return null;
    if (x.request.path === "/never") throw new Error("not opened");
    return {
      async onRequest(x) {
        await Promise.resolve();
        if (x.request.path === "/throw") throw new Error("filter broke");
        if (x.request.fields.get("x-key") !== config.key) return reply(401, "no key\\n", { "www-authenticate": "Key" });
        x.request.fields.set("x-user", "me");
      },
      onResponse(_x, head) { head.fields.set("x-filtered", "yes"); forgetLength(head); },
      onResponseData(_x, b, end, out) { out.write(b); if (end) out.write(encode.encode("!")); },
    };
  },
};
`;

describe("a module that filters", () => {
  test("answers, changes both ways, and costs its exchange when it throws", async () => {
    await using origin = await startOrigin({
      serve: (r, conn) => conn.send(reply(200, fieldValue(r.fields, "x-user") || "nobody")),
    });
    await using site = await start(
      { "filter.ts": FILTER },
      [{ name: "all", to: "origin", filters: [{ module: "filter.ts", config: { key: "secret" } }] }],
      { clusters: { origin: { endpoints: [`127.0.0.1:${origin.port}`] } } },
    );
    const refused = await get(site.port, "/");
    expect([refused.status, fieldValue(refused.fields, "www-authenticate")]).toEqual([401, "Key"]);
    const passed = await get(site.port, "/", "a", "X-Key: secret");
    expect([passed.status, passed.body, fieldValue(passed.fields, "x-filtered")]).toEqual([200, "me!", "yes"]);
    expect(await site.get("/free")).toBe("nobody");
    for (const path of ["/throw", "/never"]) expect((await get(site.port, path)).status).toBe(500);
    await until("the log", () => site.weir.stderr.includes("filter broke") && site.weir.stderr.includes("not opened"));
    expect((await get(site.port, "/", "a", "X-Key: secret")).body).toBe("me!");
    site.write("filter.ts", FILTER.replace('"!"', '"?"'));
    await until("the changed filter", async () => (await get(site.port, "/", "a", "X-Key: secret")).body === "me?", 30_000);
    const explained = await runWeir(["explain", site.weir.configPath, "GET", `http://a:${site.port}/`]);
    expect(explained.stdout).toContain("filter.ts");
  });
});

describe("a filter's environment", () => {
  test("asks clusters and writes to the log, as a plugin may", async () => {
    await using origin = await startOrigin({
      serve: (r, conn) => conn.send(r.target === "/keys/good" ? reply(200, "ann") : reply(404, "")),
    });
    const filter = `
import { reply, BodyGatherer } from "weir/filter";
export default {
  provision(config, env) {
    env.log("warning", "provisioned", { gatherer: typeof BodyGatherer });
    return { open: () => ({
      async onRequest(x) {
        const got = await env.fetch("cluster://keys/keys/" + (x.request.fields.get("x-key") ?? ""));
        if (got.status !== 200) return reply(401, "no\\n");
        x.request.fields.set("x-user", await got.text());
      },
    }) };
  },
};`;
    await using site = await start({ "filter.ts": filter }, [{ name: "f", to: "app", filters: [{ module: "./filter.ts" }] }], {
      clusters: {
        keys: { endpoints: [`127.0.0.1:${origin.port}`] },
        app: { endpoints: [`127.0.0.1:${origin.port}`] },
      },
    });
    expect((await get(site.port, "/", "a", "X-Key: bad")).status).toBe(401);
    await get(site.port, "/app", "a", "X-Key: good");
    expect(fieldValue(origin.requests.at(-1)!.fields, "x-user")).toBe("ann");
    const line = site.weir.stderr.split("\n").find((l) => l.includes("a module says"))!;
    expect(JSON.parse(line)).toMatchObject({ level: "warning", line: "provisioned", facts: '{"gatherer":"function"}' });
  });
});

describe("a module that changes on disk", () => {
  test("is another one in new workers, one by one, and no request is lost", async () => {
    await using site = await start({ "app.ts": HONO, "greeting.ts": GREETING }, ROUTES, { args: ["--workers", "2"] });
    expect(await site.get("/app/hello")).toBe("hello weir");
    const seen: string[] = [];
    let going = true;
    const load = (async () => {
      while (going) seen.push(await site.get("/app/hello"));
    })();
    // A file that the module imports.
    site.write("greeting.ts", GREETING.replace("hello", "good day"));
    await until("the new greeting", () => seen.at(-1) === "good day weir", 30_000);
    await until("the config in force", () => site.weir.stderr.includes("config applied"), 15_000);
    going = false;
    await load;
    expect(new Set(seen)).toEqual(new Set(["hello weir", "good day weir"]));
    expect(JSON.parse((await site.weir.control("status", "--json")).stdout).workers).toHaveLength(2);
  });

  test("for the worse is refused, and what was there serves on", async () => {
    await using site = await start({ "app.ts": HONO, "greeting.ts": GREETING }, ROUTES);
    site.write("greeting.ts", `${GREETING} throw new Error("broken at its start");`);
    await until("the refusal", () => site.weir.stderr.includes("config refused"), 30_000);
    expect(site.weir.stderr).toContain("broken at its start");
    expect(await site.get("/app/hello")).toBe("hello weir");
    site.write("greeting.ts", GREETING.replace("hello", "back"));
    await until("the repaired one", async () => (await site.get("/app/hello")) === "back weir", 30_000);
  });
});

describe("weir check", () => {
  const config = (module: string): string =>
    textOf({ listeners: { web: { address: ":8080" } }, routes: [{ name: "a", handler: { module } }] });

  test("loads modules apart and tells what is wrong with them where they stand", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    const rows: readonly [string, string, string | null][] = [
      ["good.ts", "export default { fetch: () => new Response() };", null],
      ["hono.ts", 'import { Hono } from "hono"; export default new Hono();', null],
      ["none.ts", "export const other = 1;", "export an application as default"],
      ["throws.ts", "throw new Error('at import');", "at import"],
      ["syntax.ts", "export default {", "correct the module"],
      ["exits.ts", "process.exit(0); export default { fetch() {} };", "it ended"],
      ["loops.ts", "for (;;) {}", "within"],
    ];
    for (const [name, text, wanted] of rows) {
      writeFileSync(join(dir, name), text);
      const path = join(dir, `${name}.yaml`);
      writeFileSync(path, config(name));
      const checked = await runWeir(["check", path], { ms: 30_000 });
      expect([name, checked.code]).toEqual([name, wanted === null ? 0 : 1]);
      if (wanted !== null) expect(checked.stdout).toContain(wanted);
      if (wanted !== null) expect(checked.stdout).toMatch(/\.yaml:\d+:\d+: error/);
    }
    const filters = textOf({
      listeners: { web: { address: ":8080" } },
      routes: [{ name: "a", respond: {}, filters: [{ module: "good.ts" }] }],
    });
    writeFileSync(join(dir, "weir.yaml"), filters);
    expect((await runWeir(["check", join(dir, "weir.yaml")])).stdout).toContain("export a filter as default");
    writeFileSync(join(dir, "weir.yaml"), config("missing.ts"));
    expect((await runWeir(["check", join(dir, "weir.yaml")])).stdout).toContain("make the file readable");
  });
});
