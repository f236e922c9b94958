import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasTool } from "../plugins/toolchain.ts";
import { until } from "../support/deadline.ts";
import { freePort } from "../support/ports.ts";
import { curl } from "../support/program.ts";
import { openClient } from "../support/raw_client.ts";
import { root } from "../support/subject.ts";
import { openScratch, startWeir } from "../support/weir.ts";

setDefaultTimeout(30_000);

describe("config/quickstart.yaml", () => {
  test("shows host, path, header and weighted routes with its own upstreams", async () => {
    const [web, v1, v2, adminPort] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    using scratch = openScratch();
    const { dir } = scratch;
    // Only the ports differ from the sample, so that it can run beside another one.
    const text = readFileSync(join(root, "config", "quickstart.yaml"), "utf8")
      .replaceAll("8080", `${web}`)
      .replaceAll("8081", `${v1}`)
      .replaceAll("8082", `${v2}`);
    const own = `admin: { address: "127.0.0.1:${adminPort}" }\ncontrol: ${join(dir, "weir.sock")}\n`;
    await using weir = await startWeir(text + own, { dir, adminPort });
    const url = `http://127.0.0.1:${web}`;
    const asked = async (path: string, ...args: string[]): Promise<string> => (await curl(...args, url + path)).stdout;
    expect(await asked("/")).toContain("Weir is running");
    expect(await asked("/", "-H", "Host: shop.example.com")).toBe("Welcome to the shop.\n");
    expect(await asked("/api/items", "-H", "X-Version: 2")).toBe("items from v2\n");
    expect((await curl("-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", `${url}/old`)).stdout).toBe(`301 ${url}/`);
    const counts: Record<string, number> = {};
    for (let i = 0; i < 20; i++) {
      const body = await asked("/api/items");
      counts[body] = (counts[body] ?? 0) + 1;
    }
    expect(counts).toEqual({ "items from v1\n": 18, "items from v2\n": 2 });
    expect(await weir.metric("weir_route_requests_total", { route: "api", status: "2xx" })).toBe(20);
  });
});

describe("config/proxy_protocol.yaml", () => {
  test("tells who the client is through a relay, and refuses who does not say so", async () => {
    const [balancer, web, adminPort] = await Promise.all([freePort(), freePort(), freePort()]);
    using scratch = openScratch();
    const { dir } = scratch;
    const text = readFileSync(join(root, "config", "proxy_protocol.yaml"), "utf8")
      .replaceAll("8080", `${balancer}`)
      .replaceAll("8081", `${web}`);
    const own = `admin: { address: "127.0.0.1:${adminPort}" }\ncontrol: ${join(dir, "weir.sock")}\n`;
    await using weir = await startWeir(text + own, { dir, adminPort });
    expect((await curl("--local-port", "20000-29999", `http://127.0.0.1:${balancer}/`)).stdout).toBe("hello\n");
    expect((await curl("--haproxy-protocol", `http://127.0.0.1:${web}/`)).stdout).toBe("hello\n");
    expect((await curl(`http://127.0.0.1:${web}/`)).code).not.toBe(0);
    await until("three lines", () => weir.stdout.split("\n").filter((l) => l.includes(" web ")).length >= 3);
    expect(weir.stdout).toMatch(/ web 127\.0\.0\.1:2\d{4} HTTP\/1\.1 \/ 200/);
    expect(weir.stdout).toMatch(/ web 127\.0\.0\.1:\d+ TCP .* PP\n/);
  });
});

describe("config/tcp.yaml", () => {
  test("passes sessions on by weight, and tells HTTP from the rest on one port", async () => {
    const names = ["8080", "8081", "8082", "8083", "8443"] as const;
    const ports = await Promise.all(names.map(() => freePort()));
    const adminPort = await freePort();
    using scratch = openScratch();
    const { dir } = scratch;
    let text = readFileSync(join(root, "config", "tcp.yaml"), "utf8");
    for (const [i, name] of names.entries()) text = text.replaceAll(name, `${ports[i]}`);
    const own = `admin: { address: "127.0.0.1:${adminPort}" }\ncontrol: ${join(dir, "weir.sock")}\n`;
    await using weir = await startWeir(text + own, { dir, adminPort });
    const counts: Record<string, number> = {};
    for (let i = 0; i < 20; i++) {
      const body = (await curl(`http://127.0.0.1:${ports[0]}/`)).stdout;
      counts[body] = (counts[body] ?? 0) + 1;
    }
    expect(counts).toEqual({ "blue\n": 18, "green\n": 2 });
    expect((await curl(`http://127.0.0.1:${ports[1]}/`)).stdout).toBe("HTTP on a shared port\n");
    const other = await openClient(ports[1]!);
    await other.send("PING\r\n");
    // Blue speaks HTTP, and says that this is none.
    expect((await other.response()).status).toBe(400);
    expect(await weir.metric("weir_listener_sessions_total", { listener: "mixed" })).toBe(1);
  });
});

describe("config/traffic.yaml", () => {
  test("serves each of its routes, and one user from one server", async () => {
    const names = ["8080", "8081", "8082", "8083"] as const;
    const ports = await Promise.all(names.map(() => freePort()));
    const adminPort = await freePort();
    using scratch = openScratch();
    const { dir } = scratch;
    // Names of a zone that nobody has would only be waited for.
    let text = readFileSync(join(root, "config", "traffic.yaml"), "utf8").replace(
      "srv: _reports._tcp.internal.example",
      'endpoints: ["127.0.0.1:8081"]',
    );
    let endpoints = readFileSync(join(root, "config", "endpoints.json"), "utf8");
    for (const [i, name] of names.entries()) {
      text = text.replaceAll(name, `${ports[i]}`);
      endpoints = endpoints.replaceAll(name, `${ports[i]}`);
    }
    writeFileSync(join(dir, "endpoints.json"), endpoints);
    const own = `admin: { address: "127.0.0.1:${adminPort}" }\ncontrol: ${join(dir, "weir.sock")}\n`;
    await using weir = await startWeir(text + own, { dir, adminPort });
    const asked = async (path: string, ...args: string[]): Promise<string> =>
      (await curl(...args, `http://127.0.0.1:${ports[0]}${path}`)).stdout;
    for (const path of ["/", "/cart", "/checkout", "/reports", "/batch/1"])
      await until(`a reply for ${path}`, async () => /^[abc]\n$/.test(await asked(path)));
    expect(await weir.metric("weir_route_requests_total", { route: "checkout", status: "2xx" })).toBeGreaterThan(0);
  });
});

describe("config/handler.yaml", () => {
  test("answers with an application, through its filter, and reaches its cluster", async () => {
    const [web, upstream, adminPort] = await Promise.all([freePort(), freePort(), freePort()]);
    using scratch = openScratch();
    const { dir } = scratch;
    for (const name of ["app.ts", "filter.ts"]) writeFileSync(join(dir, name), readFileSync(join(root, "config", name)));
    const text = readFileSync(join(root, "config", "handler.yaml"), "utf8")
      .replaceAll("8080", `${web}`)
      .replaceAll("8081", `${upstream}`);
    const own = `admin: { address: "127.0.0.1:${adminPort}" }\ncontrol: ${join(dir, "weir.sock")}\n`;
    await using _ = await startWeir(text + own, { dir, adminPort });
    const asked = async (path: string, ...args: string[]): Promise<string> =>
      (await curl(...args, `http://127.0.0.1:${web}${path}`)).stdout;
    expect(await asked("/hello/you")).toBe("Hello, you at 127.0.0.1\n");
    expect(await asked("/api/x")).toBe("from the upstream\n");
    expect(await asked("/hello/you", "-H", "X-Forbidden: yes")).toBe("no x-forbidden here\n");
  });
});

const hasBoth =
  (await hasTool("jq", ["--version"])) && (await hasTool("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]));

describe("config/plugins.yaml", () => {
  test.skipIf(!hasBoth)(
    `has its requests and replies changed${hasBoth ? "" : ": skipped, install jq and Python 3.9 or newer"}`,
    async () => {
      const [web, upstream, adminPort] = await Promise.all([freePort(), freePort(), freePort()]);
      using scratch = openScratch();
      const { dir } = scratch;
      // A runtime takes a while to start beside others that do.
      const text = readFileSync(join(root, "config", "plugins.yaml"), "utf8")
        .replaceAll("8080", `${web}`)
        .replaceAll("8081", `${upstream}`)
        .replaceAll("../plugins", join(root, "plugins"))
        .replace("timeout: 1s", "timeout: 5s, startTimeout: 20s")
        .replace("shell-hello }", "shell-hello, timeout: 5s, startTimeout: 20s }");
      const own = `admin: { address: "127.0.0.1:${adminPort}" }\ncontrol: ${join(dir, "weir.sock")}\n`;
      await using _ = await startWeir(text + own, { dir, adminPort });
      expect((await curl(`http://127.0.0.1:${web}/`)).stdout).toBe("x-hello came\n");
      expect((await curl(`http://127.0.0.1:${web}/card`)).stdout).toBe("paid with **** **** **** 1111\n");
      expect((await curl(`http://127.0.0.1:${upstream}/`)).stdout).not.toContain("came");
    },
  );
});

describe("config/static.yaml", () => {
  test("serves its site, in the coding that lies beside it", async () => {
    const [web, adminPort] = await Promise.all([freePort(), freePort()]);
    using scratch = openScratch();
    const { dir } = scratch;
    const text = readFileSync(join(root, "config", "static.yaml"), "utf8")
      .replaceAll("8080", `${web}`)
      .replace("root: site", `root: ${join(root, "config", "site")}`);
    const own = `admin: { address: "127.0.0.1:${adminPort}" }\ncontrol: ${join(dir, "weir.sock")}\n`;
    await using _ = await startWeir(text + own, { dir, adminPort });
    expect((await curl(`http://127.0.0.1:${web}/`)).stdout).toContain("Files, served by Weir");
    expect((await curl("--compressed", "-i", `http://127.0.0.1:${web}/`)).stdout).toMatch(
      /content-encoding: gzip[\s\S]*served by Weir/i,
    );
    expect((await curl(`http://127.0.0.1:${web}/none`)).stdout).toContain("There is no such page");
    expect((await curl(`http://127.0.0.1:${web}/api/x`)).stdout).toBe("from the API\n");
  });
});
