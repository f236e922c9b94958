import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goClient } from "../support/go_client.ts";
import { type Listeners, startListeners } from "../support/listeners.ts";
import type { Message } from "../support/message.ts";
import { curl, run } from "../support/program.ts";
import { echo, reply } from "../support/raw_origin.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { root } from "../support/subject.ts";
import { LOCALHOST, Pki } from "../support/tls_pki.ts";

setDefaultTimeout(90_000);

const PAGE = `<!doctype html><title>page</title><link rel="stylesheet" href="/style.css"><script src="/script.js"></script>
<p id="say">no script</p>`;
const SCRIPT = `addEventListener("load", async () => {
  const [page] = performance.getEntriesByType("navigation");
  const [script] = performance.getEntriesByType("resource").filter((e) => e.name.endsWith("/script.js"));
  const posted = await (await fetch("/post", { method: "POST", body: "from the page" })).text();
  document.getElementById("say").textContent = [page.nextHopProtocol, script.nextHopProtocol, posted.endsWith("from the page")].join();
});`;

const pki = new Pki();
let w: Listeners;
let url: string;

beforeAll(async () => {
  const tls = { certificates: [pki.pair("localhost", { extensions: [LOCALHOST] })] };
  w = await startListeners(
    { web: { tls }, clear: { detect: true } },
    { origin: { open: (conn) => void serveAll(conn).catch(() => conn.destroy()) } },
  );
  url = `https://127.0.0.1:${w.port["web"]}`;
});
afterAll(async () => {
  await w[Symbol.asyncDispose]();
  pki[Symbol.dispose]();
});

async function serveAll(conn: RawPeer): Promise<void> {
  for (;;) {
    await conn.when("a head", 120_000, () => conn.unread.includes("\r\n\r\n") || conn.ending !== "open");
    if (conn.ending !== "open") return conn.destroy();
    const continued = /^expect: 100-continue\r$/im.test(conn.unread.slice(0, conn.unread.indexOf("\r\n\r\n") + 2));
    if (continued) await conn.send("HTTP/1.1 100 Continue\r\n\r\n");
    await serve(await conn.request(30_000), conn, continued);
  }
}

async function serve(request: Message, conn: RawPeer, continued: boolean): Promise<void> {
  switch (request.target) {
    case "/sum": {
      const sum = new Bun.CryptoHasher("sha256").update(Buffer.from(request.body, "latin1")).digest("hex");
      return conn.send(reply(200, sum, `X-Continued: ${continued ? "yes" : "no"}`));
    }
    case "/trailers":
      return conn.send(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n",
      );
    case "/head":
      return conn.send("HTTP/1.1 200 OK\r\nContent-Length: 4711\r\n\r\n");
    case "/small":
      return conn.send(reply(200, "x".repeat(130)));
    case "/page":
      return conn.send(reply(200, PAGE, "Content-Type: text/html"));
    case "/script.js":
      return conn.send(reply(200, SCRIPT, "Content-Type: text/javascript"));
    case "/style.css":
      return conn.send(reply(200, "p { color: red }", "Content-Type: text/css"));
    default:
      return echo(request, conn);
  }
}

function has(tool: string): boolean {
  return Bun.which(tool) !== null;
}

describe("curl", () => {
  test("trusts the CA, and speaks HTTP/2 for every kind of request", async () => {
    const at = ["--cacert", pki.ca, "-w", " %{http_version}"];
    expect((await curl(...at, `${url}/small`)).stdout).toBe(`${"x".repeat(130)} 2`);
    expect((await curl(...at, `${url}/post`, "-d", "a=b")).stdout).toEndWith("a=b 2");
    expect((await curl(...at, "-I", `${url}/head`)).stdout).toMatch(/content-length: 4711/);
    const file = pki.write("upload", "y".repeat(2_000_000));
    const wanted = new Bun.CryptoHasher("sha256").update("y".repeat(2_000_000)).digest("hex");
    expect((await curl(...at, "-T", file, "-X", "POST", `${url}/sum`)).stdout).toBe(`${wanted} 2`);
    const parallel = Array.from({ length: 20 }, (_, i) => [`${url}/p${i}`, "-o", "/dev/null"]).flat();
    const got = await curl("--cacert", pki.ca, "-Z", "-w", "%{http_code} %{http_version}\n", ...parallel);
    expect(got.stdout.trim().split("\n")).toEqual(Array.from({ length: 20 }, () => "200 2"));
  });
});

describe("h2load", () => {
  for (const [what, listener, args] of [
    ["over TLS", "web", []],
    ["in cleartext", "clear", []],
  ] as const)
    test.skipIf(!has("h2load"))(`five thousand requests ${what}, 8 connections with 32 streams, none failed`, async () => {
      const scheme = listener === "web" ? "https" : "http";
      const to = `${scheme}://127.0.0.1:${w.port[listener]}/small`;
      const got = await run(["h2load", "-n", "5000", "-c", "8", "-m", "32", "-t", "1", ...args, to], { ms: 80_000 });
      expect(got.stdout).toContain("5000 succeeded, 0 failed, 0 errored, 0 timeout");
      expect(got.stdout).toContain("5000 2xx, 0 3xx, 0 4xx, 0 5xx");
      expect(got.stdout).toContain(listener === "web" ? "Application protocol: h2" : "h2c");
    });
});

test("Node's http2: many streams at once, an upload with 100-continue, trailers, HEAD", async () => {
  const got = await run(["node", join(root, "test", "support", "node_client.mjs"), url], { ms: 60_000 });
  expect(got.stderr).toBe("");
  expect(JSON.parse(got.stdout) as unknown).toEqual({
    requests: 400,
    uploadIsWhole: true,
    continued: true,
    trailer: "3",
    headLength: "4711",
    alpn: "h2",
  });
});

test.skipIf(!has("go"))("Go's net/http: many requests, a chunked upload with 100-continue, trailers, HEAD", async () => {
  const got = await run([await goClient(), url], { ms: 60_000 });
  expect(got.stderr).toBe("");
  const seen = JSON.parse(got.stdout) as Record<string, unknown>;
  expect(seen).toEqual({
    requests: 400,
    uploadSum: seen["wantedSum"],
    wantedSum: seen["wantedSum"],
    trailer: "3",
    headLength: 4711,
    continued: true,
    protocol: "HTTP/2.0",
  });
});

test.skipIf(!has("chromium"))("Chromium loads a page with its parts, and posts, over HTTP/2", async () => {
  const profile = mkdtempSync(join(tmpdir(), "weir-chromium-"));
  try {
    const got = await run(
      [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--no-first-run",
        "--ignore-certificate-errors",
        `--user-data-dir=${profile}`,
        "--virtual-time-budget=10000",
        "--dump-dom",
        `${url}/page`,
      ],
      { ms: 80_000, env: { HOME: profile } },
    );
    expect(got.stdout).toContain("h2,h2,true");
    expect((await w.site.logged("/page"))["protocol"]).toBe("HTTP/2");
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
});
