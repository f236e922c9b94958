import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Agent, request as httpRequest } from "node:http";
import { join } from "node:path";
import { goClient } from "../support/go_client.ts";
import type { Message } from "../support/message.ts";
import { curl, run } from "../support/program.ts";
import { echo, reply } from "../support/raw_origin.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { type Site, startSite } from "../support/weir.ts";

setDefaultTimeout(90_000);

let site: Site;
let url: string;

beforeAll(async () => {
  site = await startSite({ origin: { open: (conn) => void serveAll(conn).catch(() => conn.destroy()) } });
  url = `http://127.0.0.1:${site.port}`;
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
});

/** Serves with 100 (Continue) where it is asked for, which the ordinary origin does not do. */
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
  if (request.target === "/sum") {
    const sum = new Bun.CryptoHasher("sha256").update(Buffer.from(request.body, "latin1")).digest("hex");
    return conn.send(reply(200, sum, `X-Continued: ${continued ? "yes" : "no"}`));
  }
  if (request.target === "/trailers")
    return conn.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n");
  if (request.target === "/head") return conn.send("HTTP/1.1 200 OK\r\nContent-Length: 4711\r\n\r\n");
  if (request.target === "/small") return conn.send(reply(200, "x".repeat(130)));
  if (request.target === "/moved") return conn.send(reply(302, "", "Location: /small"));
  return echo(request, conn);
}

function has(tool: string): boolean {
  return Bun.which(tool) !== null;
}

describe("curl", () => {
  test("GET, POST, PUT, HEAD and redirects", async () => {
    expect((await curl(`${url}/small`)).stdout).toBe("x".repeat(130));
    expect((await curl(`${url}/post`, "-d", "a=b")).stdout).toEndWith("a=b");
    expect((await curl("-X", "PUT", `${url}/put`, "-d", "x")).stdout).toStartWith("PUT /put HTTP/1.1");
    expect((await curl("-I", `${url}/head`)).stdout).toMatch(/content-length: 4711/i);
    expect((await curl("-L", `${url}/moved`)).stdout).toBe("x".repeat(130));
    expect((await curl("--http1.0", `${url}/small`)).stdout).toBe("x".repeat(130));
  });

  test("reuses its connection", async () => {
    const got = await curl(
      "-w",
      "%{num_connects} ",
      `${url}/small`,
      `${url}/small`,
      `${url}/small`,
      "-o",
      "/dev/null",
      "-o",
      "/dev/null",
      "-o",
      "/dev/null",
    );
    expect(got.stdout.trim()).toBe("1 0 0");
  });

  test("chunked uploads and Expect: 100-continue", async () => {
    const body = "y".repeat(2_000_000);
    const wanted = new Bun.CryptoHasher("sha256").update(body).digest("hex");
    const file = join(site.weir.dir, "upload");
    await Bun.write(file, body);
    expect((await curl("-T", file, "-H", "Transfer-Encoding: chunked", "-X", "POST", `${url}/sum`)).stdout).toBe(wanted);
    const expected = await curl(
      "-i",
      "-H",
      "Expect: 100-continue",
      "--data-binary",
      `@${file}`,
      "--expect100-timeout",
      "8",
      `${url}/sum`,
    );
    expect(expected.stdout).toContain("HTTP/1.1 100");
    expect(expected.stdout).toMatch(/X-Continued: yes/i);
    expect(expected.stdout).toEndWith(wanted);
  });
});

describe("node:http", () => {
  test("two hundred requests over eight kept connections", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    try {
      const bodies = await Promise.all(Array.from({ length: 200 }, (_, i) => post(agent, `/n${i}`, `body ${i}`)));
      bodies.forEach((b, i) => {
        expect(b).toStartWith(`POST /n${i} HTTP/1.1`);
        expect(b).toEndWith(`body ${i}`);
      });
    } finally {
      agent.destroy();
    }
  });
});

function post(agent: Agent, path: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const req = httpRequest({ agent, host: "127.0.0.1", port: site.port, path, method: "POST" }, (res) => {
      let text = "";
      res.setEncoding("latin1");
      res.on("data", (s: string) => {
        text += s;
      });
      res.on("end", () => resolve(text));
      res.on("error", reject);
    });
    req.on("error", reject);
    req.setTimeout(20_000, () => req.destroy(new Error(`no reply for ${path}`)));
    req.end(body);
  });
}

describe("h2load", () => {
  test.skipIf(!has("h2load"))("ten thousand requests over 64 connections, none failed", async () => {
    const got = await run(["h2load", "--h1", "-n", "10000", "-c", "64", "-t", "1", `${url}/small`], { ms: 80_000 });
    expect(got.stdout).toContain("10000 succeeded, 0 failed, 0 errored, 0 timeout");
    expect(got.stdout).toContain("10000 2xx, 0 3xx, 0 4xx, 0 5xx");
  });
});

describe("Go's net/http", () => {
  test.skipIf(!has("go"))("many requests, a chunked upload with 100-continue, trailers, HEAD", async () => {
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
      protocol: "HTTP/1.1",
    });
  });
});
