import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/deadline.ts";
import { freePort } from "../support/ports.ts";
import { curl, Program } from "../support/program.ts";
import { get, openClient } from "../support/raw_client.ts";
import { reply, startOrigin } from "../support/raw_origin.ts";
import { commandOf, root, subject } from "../support/subject.ts";
import { openScratch, runWeir, startArgs, startSite } from "../support/weir.ts";

setDefaultTimeout(30_000);

const version = (await Bun.file(join(root, "package.json")).json()).version as string;

/** Runs `f` in a directory that is gone afterwards. */
async function inScratch<T>(f: (dir: string) => Promise<T>): Promise<T> {
  using scratch = openScratch();
  return await f(scratch.dir);
}

describe("routes", () => {
  test("by host, path and weight, with curl", async () => {
    await using red = await startOrigin({ serve: (_r, conn) => conn.send(reply(200, "red")) });
    await using blue = await startOrigin({ serve: (_r, conn) => conn.send(reply(200, "blue")) });
    await using site = await startSite({
      routes: [
        { name: "exact", hosts: ["a.example"], match: [{ path: "/p" }], respond: { body: "exact" } },
        { name: "prefix", hosts: ["a.example"], match: [{ prefix: "/p" }], respond: { body: "prefix" } },
        { name: "host", hosts: ["a.example"], respond: { body: "host" } },
        { name: "wild", hosts: ["*.example"], respond: { body: "wild" } },
        { name: "regex", match: [{ regex: "/n[0-9]+" }], respond: { body: "regex" } },
        { name: "header", match: [{ path: "/h", headers: { "x-tenant": "acme" } }], respond: { body: "header" } },
        { name: "query", match: [{ path: "/h", query: { v: { present: true } } }], respond: { body: "query" } },
        { name: "method", match: [{ path: "/h", method: ["POST", "PUT"] }], respond: { body: "method" } },
        {
          name: "split",
          match: [{ path: "/split" }],
          to: [
            { cluster: "red", weight: 3 },
            { cluster: "blue", weight: 1 },
          ],
        },
        { name: "rest", respond: { status: 404, body: "rest" } },
      ],
      clusters: { red: { endpoints: [`127.0.0.1:${red.port}`] }, blue: { endpoints: [`127.0.0.1:${blue.port}`] } },
    });
    const asked = async (path: string, ...args: string[]): Promise<string> =>
      (await curl(...args, `http://127.0.0.1:${site.port}${path}`)).stdout;
    const host = (h: string): string[] => ["-H", `Host: ${h}`];
    expect(await asked("/p", ...host("a.example"))).toBe("exact");
    expect(await asked("/p/q", ...host("a.example"))).toBe("prefix");
    expect(await asked("/pq", ...host("A.Example:8080"))).toBe("host");
    expect(await asked("/p", ...host("x.y.example"))).toBe("wild");
    expect(await asked("/n42")).toBe("regex");
    expect(await asked("/n42x")).toBe("rest");
    expect(await asked("/h", "-H", "X-Tenant: acme")).toBe("header");
    expect(await asked("/h?v=1")).toBe("query");
    expect(await asked("/h", "-X", "PUT")).toBe("method");
    expect(await asked("/h")).toBe("rest");
    const counts = { red: 0, blue: 0 };
    for (let i = 0; i < 200; i++) counts[(await get(site.port, "/split", "other.test")).body as "red" | "blue"]++;
    expect(counts).toEqual({ red: 150, blue: 50 });
  });

  test("endpoints take turns by weight", async () => {
    await using two = await startOrigin({ serve: (_r, conn) => conn.send(reply(200, "two")) });
    await using one = await startOrigin({ serve: (_r, conn) => conn.send(reply(200, "one")) });
    await using site = await startSite({
      cluster: {
        endpoints: [
          { address: `127.0.0.1:${two.port}`, weight: 2 },
          { address: `localhost:${one.port}` },
          { address: "127.0.0.1:9", weight: 0 },
        ],
      },
    });
    const counts: Record<string, number> = {};
    for (let i = 0; i < 30; i++) {
      const { body } = await get(site.port, "/");
      counts[body] = (counts[body] ?? 0) + 1;
    }
    expect(counts).toEqual({ two: 20, one: 10 });
  });
});

describe("weir proxy", () => {
  test("needs no file, and has no admin unless asked", async () => {
    await using origin = await startOrigin();
    const port = await freePort();
    await inScratch(async (dir) => {
      await using weir = await startArgs(
        ["proxy", "--from", `127.0.0.1:${port}`, "--to", `127.0.0.1:${origin.port}`, "--control", join(dir, "c.sock")],
        {
          dir,
          cwd: dir,
          readyPort: port,
        },
      );
      expect((await curl(`http://127.0.0.1:${port}/x`)).stdout).toStartWith("GET /x HTTP/1.1\r\n");
      weir.signal("SIGTERM");
      expect((await weir.ended()).code).toBe(0);
    });
  });

  test("wrong usage is exit 2 and says what is missing", async () => {
    const ran = await runWeir(["proxy", "--from", ":8080"]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("--to");
    expect((await runWeir(["proxy", "--from", "nonsense", "--to", "127.0.0.1:1"])).code).toBe(2);
    expect((await runWeir(["frobnicate"])).code).toBe(2);
    expect((await runWeir(["run", "--workers", "many", "x.yaml"])).code).toBe(2);
  });
});

describe("addresses", () => {
  test("unix sockets on both sides", async () => {
    await inScratch(async (dir) => {
      await using origin = await startOrigin({
        path: join(dir, "origin.sock"),
        serve: (_r, conn) => conn.send(reply(200, "unix")),
      });
      const path = join(dir, "web.sock");
      await using site = await startSite({
        listener: { address: `unix:${path}`, mode: "0660" },
        cluster: { endpoints: [`unix:${join(dir, "origin.sock")}`] },
      });
      expect((await get({ path }, "/")).body).toBe("unix");
      expect((await curl("--unix-socket", path, "http://any.example/")).stdout).toBe("unix");
      expect(statSync(path).mode & 0o777).toBe(0o660);
      expect(origin.connections.length).toBeGreaterThan(0);
      site.weir.signal("SIGTERM");
      await site.weir.ended();
      expect(() => statSync(path)).toThrow();
    });
  });

  test("IPv6, and both families when no host is given", async () => {
    await using site = await startSite({ listener: { address: "[::1]:0" }, routes: [{ name: "own", respond: { body: "own" } }] });
    const said = await site.weir.said(/\[?::1\]?:[0-9]+/);
    const port = Number(/::1\]?:([0-9]+)/.exec(said)![1]);
    expect((await get({ host: "::1", port }, "/")).body).toBe("own");
    await expect(openClient(port)).rejects.toThrow();
    const both = await freePort();
    await using dual = await startSite({
      listener: { address: `:${both}` },
      routes: [{ name: "own", respond: { body: "own" } }],
    });
    for (const host of ["::1", "127.0.0.1"]) expect((await get({ host, port: both }, "/")).body).toBe("own");
    await get(both, "/four");
    expect((await dual.logged("/four"))["remote_address"]).toBe("127.0.0.1");
  });

  test("an upstream on IPv6", async () => {
    await using origin = await startOrigin({ host: "::1", serve: (_r, conn) => conn.send(reply(200, "six")) });
    await using site = await startSite({ cluster: { endpoints: [`[::1]:${origin.port}`] } });
    expect((await get(site.port, "/")).body).toBe("six");
  });

  test("a taken address ends the start with a sentence that names it", async () => {
    await using origin = await startOrigin();
    await expect(startSite({ listener: { address: `127.0.0.1:${origin.port}` } })).rejects.toThrow(String(origin.port));
  });
});

describe("the command line", () => {
  test("version", async () => {
    const text = await runWeir(["version"]);
    expect([text.code, text.stderr]).toEqual([0, ""]);
    expect(text.stdout).toContain(version);
    const json = JSON.parse((await runWeir(["version", "--json"])).stdout) as Record<string, string>;
    expect(json["version"]).toBe(version);
    expect(JSON.stringify(json)).toContain(subject === "deno" ? "deno" : "bun");
  });

  test("schema is the one that stands in config/", async () => {
    const ran = await runWeir(["schema"]);
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toEqual(await Bun.file(join(root, "config", "weir.schema.json")).json());
  });

  test("check finds every problem at once, each with its place and a hint", async () => {
    await inScratch(async (dir) => {
      const path = join(dir, "bad.yaml");
      const lines = [
        "listeners:",
        "  web: { address: 8080 }",
        "routes:",
        "  - hosst: [a.example]",
        "    to: nowhere",
        "    timeout: 5 parsecs",
        "",
      ];
      writeFileSync(path, lines.join("\n"));
      const ran = await runWeir(["check", path]);
      expect(ran.code).toBe(1);
      const text = ran.stdout + ran.stderr;
      for (const place of ["bad.yaml:2:19", "bad.yaml:4:5", "bad.yaml:5:9", "bad.yaml:6:14"]) expect(text).toContain(place);
      expect(text).toContain("hosts");
      expect(text).toContain("  - hosst: [a.example]");
      expect(text).toContain("^");
      writeFileSync(path, "listeners: { web: { address: ':8080' } }\nroutes: [{ respond: { body: hi } }]\n");
      expect((await runWeir(["check", path])).code).toBe(0);
      expect((await runWeir(["check", join(dir, "none.yaml")])).code).toBe(1);
    });
  });

  test("check as JSON", async () => {
    await inScratch(async (dir) => {
      writeFileSync(join(dir, "bad.yaml"), "routes: [{ hosst: x }]\n");
      const ran = await runWeir(["check", "--json", join(dir, "bad.yaml")]);
      expect(ran.code).toBe(1);
      expect(JSON.stringify(JSON.parse(ran.stdout))).toContain("hosst");
    });
  });

  test("run on a bad config ends with 1 and tells the problems; weir.yaml is the default", async () => {
    await inScratch(async (dir) => {
      writeFileSync(join(dir, "weir.yaml"), "routes: [{ hosst: x }]\n");
      const ran = await runWeir(["run"], { cwd: dir });
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain("hosst");
    });
  });

  test("explain tells who wins and why others lost", async () => {
    await inScratch(async (dir) => {
      const path = join(dir, "weir.yaml");
      const routes = [
        {
          name: "api",
          hosts: ["a.example"],
          match: [{ prefix: "/api", headers: { "x-tenant": "acme" } }],
          respond: { body: "x" },
        },
        { name: "rest", respond: { body: "y" } },
      ];
      writeFileSync(path, JSON.stringify({ listeners: { web: { address: ":8080" } }, routes }));
      const won = await runWeir(["explain", path, "GET", "http://a.example/api/x", "-H", "x-tenant: acme"]);
      expect([won.code, won.stdout.includes("api")]).toEqual([0, true]);
      const lost = await runWeir(["explain", path, "GET", "http://a.example/api/x"]);
      expect(lost.stdout).toContain("rest");
      expect(lost.stdout).toContain("x-tenant");
    });
  });
});

describe("references", () => {
  test("${ENV} and ${file:PATH} work in strings, and .env files of the working directory do not", async () => {
    await inScratch(async (dir) => {
      writeFileSync(join(dir, "secret"), "from file\n");
      writeFileSync(join(dir, ".env"), "WEIR_TEST_DOTENV=leaked\n");
      const routes = [{ name: "own", respond: { body: "${WEIR_TEST_WORD} ${file:secret} ${WEIR_TEST_DOTENV:-none}" } }];
      const port = await freePort();
      const path = join(dir, "weir.yaml");
      writeFileSync(
        path,
        JSON.stringify({
          admin: false,
          control: join(dir, "c.sock"),
          listeners: { web: { address: `127.0.0.1:${port}` } },
          routes,
        }),
      );
      const program = new Program([...commandOf(subject), "run", path], { cwd: dir, env: { WEIR_TEST_WORD: "from env" } });
      try {
        await until("an answer", async () => {
          const got = await get(port, "/").catch(() => null);
          return got?.body.startsWith("from env from file") === true;
        });
        if (subject === "dist") expect((await get(port, "/")).body).toEndWith("none");
      } finally {
        await program.kill();
      }
    });
  });
});
