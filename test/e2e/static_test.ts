import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/deadline.ts";
import { fieldValue, type Message } from "../support/message.ts";
import { curl } from "../support/program.ts";
import { ask, get, openClient } from "../support/raw_client.ts";
import { runWeir, type Site, scratchDir, startSite } from "../support/weir.ts";

setDefaultTimeout(30_000);

const dir = scratchDir();
const root = join(dir, "root");
const BIG = 20 * 1024 * 1024;
let site: Site;

beforeAll(async () => {
  mkdirSync(join(root, "docs"), { recursive: true });
  mkdirSync(join(root, "plain"));
  mkdirSync(join(root, ".git"));
  writeFileSync(join(root, "index.html"), "<h1>home</h1>");
  writeFileSync(join(root, "docs", "index.html"), "docs");
  writeFileSync(join(root, "plain", "<b>.txt"), "x");
  writeFileSync(join(root, ".git", "config"), "hidden");
  writeFileSync(join(root, "app.js"), "0123456789");
  writeFileSync(join(root, "app.js.br"), "br");
  writeFileSync(join(root, "app.js.gz"), "gz");
  writeFileSync(join(root, "empty.txt"), "");
  writeFileSync(
    join(root, "big.bin"),
    new Uint8Array(BIG).map((_, i) => i % 251),
  );
  writeFileSync(join(root, "404.html"), "nothing here");
  writeFileSync(join(dir, "secret"), "secret");
  symlinkSync("../secret", join(root, "out"));
  symlinkSync("app.js", join(root, "alias.js"));
  utimesSync(join(root, "app.js"), 1_700_000_000, 1_700_000_000);
  const files = { root, precompressed: ["br", "gzip"] };
  site = await startSite({
    routes: [
      { name: "files", match: [{ prefix: "/files" }], static: files },
      { name: "browse", match: [{ prefix: "/browse" }], static: { root, index: [], browse: true, types: { bin: "x/y" } } },
      { name: "page", match: [{ prefix: "/page" }], static: { root, fallback: "index.html" } },
      { name: "lost", match: [{ prefix: "/lost" }], static: { root, notFound: "404.html" } },
      { name: "one", match: [{ path: "/app.js" }], static: { root } },
      { name: "rest", static: { root: join(dir, "none") } },
    ],
  });
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

const asked = (path: string, ...fields: string[]): Promise<Message> => get(site.port, path, "test.example", ...fields);
const field = (m: Message, name: string): string => fieldValue(m.fields, name);

describe("a file", () => {
  test("is sent whole with what it is known by", async () => {
    const m = await asked("/files/app.js?v=1");
    expect([m.status, m.body]).toEqual([200, "0123456789"]);
    expect(field(m, "content-type")).toBe("text/javascript; charset=utf-8");
    expect(field(m, "content-length")).toBe("10");
    expect(field(m, "last-modified")).toBe("Tue, 14 Nov 2023 22:13:20 GMT");
    expect(field(m, "vary")).toBe("Accept-Encoding");
    expect(field(m, "accept-ranges")).toBe("bytes");
    const again = await asked("/files/app.js", `If-None-Match: ${field(m, "etag")}`);
    expect([again.status, field(again, "etag"), again.body]).toEqual([304, field(m, "etag"), ""]);
    expect((await asked("/files/app.js", "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT")).status).toBe(304);
    expect((await asked("/files/app.js", 'If-Match: "other"')).status).toBe(412);
    expect((await asked("/app.js")).body).toBe("0123456789");
    expect((await asked("/files/alias.js")).body).toBe("0123456789");
    const empty = await asked("/files/empty.txt");
    expect([empty.status, empty.body, field(empty, "content-length")]).toEqual([200, "", "0"]);
  });

  test("has a head alone for HEAD, and no other methods", async () => {
    const head = await ask(site.port, "HEAD /files/app.js HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD");
    expect([head.status, field(head, "content-length"), head.body]).toEqual([200, "10", ""]);
    const post = await ask(site.port, "POST /files/app.js HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    expect([post.status, field(post, "allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    const options = await ask(site.port, "OPTIONS /files/app.js HTTP/1.1\r\nHost: a\r\n\r\n");
    expect([options.status, field(options, "allow")]).toEqual([204, "GET, HEAD, OPTIONS"]);
  });

  test("is sent in the coding that lies beside it and that the client takes", async () => {
    const br = await asked("/files/app.js", "Accept-Encoding: gzip, br");
    expect([br.body, field(br, "content-encoding"), field(br, "content-type")]).toEqual([
      "br",
      "br",
      "text/javascript; charset=utf-8",
    ]);
    const gz = await asked("/files/app.js", "Accept-Encoding: gzip");
    expect([gz.body, field(gz, "content-encoding")]).toEqual(["gz", "gzip"]);
    expect(field(gz, "etag")).not.toBe(field(br, "etag"));
    expect((await asked("/files/app.js", "Accept-Encoding: br;q=0")).body).toBe("0123456789");
    expect((await asked("/files/docs/", "Accept-Encoding: br")).body).toBe("docs");
  });
});

describe("ranges", () => {
  test("one, several, none that can be, and what is ignored", async () => {
    const one = await asked("/files/app.js", "Range: bytes=2-4");
    expect([one.status, one.body, field(one, "content-range")]).toEqual([206, "234", "bytes 2-4/10"]);
    const several = await asked("/files/app.js", "Range: bytes=0-1,-2");
    const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(field(several, "content-type"))![1]!;
    expect(several.status).toBe(206);
    expect(several.body).toBe(
      [
        `--${boundary}\r\nContent-Type: text/javascript; charset=utf-8\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n`,
        `--${boundary}\r\nContent-Type: text/javascript; charset=utf-8\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n--${boundary}--\r\n`,
      ].join(""),
    );
    const beyond = await asked("/files/app.js", "Range: bytes=10-");
    expect([beyond.status, field(beyond, "content-range")]).toEqual([416, "bytes */10"]);
    expect((await asked("/files/app.js", "Range: lines=1-2")).status).toBe(200);
    const etag = field(one, "etag");
    expect((await asked("/files/app.js", "Range: bytes=0-0", `If-Range: ${etag}`)).status).toBe(206);
    expect((await asked("/files/app.js", "Range: bytes=0-0", 'If-Range: "other"')).status).toBe(200);
    expect((await curl("-r", "5-", `http://127.0.0.1:${site.port}/files/app.js`)).stdout).toBe("56789");
  });
});

describe("a folder", () => {
  test("is its index, with a slash at the end", async () => {
    expect((await asked("/files/")).body).toBe("<h1>home</h1>");
    expect((await asked("/files/docs/")).body).toBe("docs");
    const moved = await asked("/files/docs?a=b");
    expect([moved.status, field(moved, "location")]).toEqual([301, "/files/docs/?a=b"]);
    expect(field(await asked("/files"), "location")).toBe("/files/");
    expect((await asked("/files/plain/")).status).toBe(404);
  });

  test("is listed where that is asked for", async () => {
    const page = await asked("/browse/plain/");
    expect(page.body).toContain('<a href="./%3Cb%3E.txt">&lt;b&gt;.txt</a>');
    const top = (await asked("/browse/")).body;
    expect(top).toContain('<a href="./docs/">');
    expect(top).not.toContain(".git");
    expect(field(await asked("/browse/big.bin", "Range: bytes=0-0"), "content-type")).toBe("x/y");
  });
});

describe("what is not there", () => {
  test("is 404, or another file", async () => {
    expect((await asked("/files/none.js")).status).toBe(404);
    const page = await asked("/page/any/where");
    expect([page.status, page.body]).toEqual([200, "<h1>home</h1>"]);
    const lost = await asked("/lost/any/where");
    expect([lost.status, lost.body, field(lost, "content-type")]).toEqual([404, "nothing here", "text/html; charset=utf-8"]);
    expect((await asked("/anything")).status).toBe(404);
  });

  test("is everything outside of the root, and what is hidden", async () => {
    for (const path of ["/files/../secret", "/files/%2e%2e/secret", "/files/.git/config", "/files//app.js", "/files/a:b"])
      expect([path, (await asked(path)).status]).toEqual([path, 404]);
    for (const path of ["/files/..%2Fsecret", "/files/..%5Csecret", "/files/%00"])
      expect([path, (await asked(path)).status]).toEqual([path, 400]);
    const out = await asked("/files/out");
    expect([out.status, out.body]).toEqual([403, "403 Forbidden\n"]);
  });
});

describe("a large file", () => {
  test("comes whole over a client that reads it slowly, and waits on disk meanwhile", async () => {
    const client = await openClient(site.port);
    client.socket.pause();
    await client.send("GET /files/big.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const before = await site.weir.metric("process_resident_memory_bytes");
    // A second request is answered meanwhile: nothing holds the loop up.
    expect((await asked("/files/app.js")).status).toBe(200);
    client.countOnly = true;
    client.socket.resume();
    await until("the end", () => client.ending !== "open");
    expect(client.ending).toBe("end");
    expect(client.receivedBytes).toBeGreaterThan(BIG);
    expect(client.receivedBytes).toBeLessThan(BIG + 1000);
    const last = await asked("/files/big.bin", "Range: bytes=-1");
    expect([last.status, last.body.charCodeAt(0)]).toEqual([206, (BIG - 1) % 251]);
    expect((await site.weir.metric("process_resident_memory_bytes")) - before).toBeLessThan(BIG / 2 + 40 * 1024 * 1024);
  });

  test("is let go when the client goes away", async () => {
    const client = await openClient(site.port);
    client.socket.pause();
    await client.send("GET /files/big.bin?gone HTTP/1.1\r\nHost: a\r\n\r\n");
    client.destroy();
    await site.logged("/files/big.bin?gone");
    await until(
      "no request in flight",
      async () => (await site.weir.metric("weir_listener_requests_active", { listener: "web" })) === 0,
    );
  });
});

test("weir check tells of a folder that is not there, and explain of the one that answers", async () => {
  expect(statSync(root).isDirectory()).toBe(true);
  const checked = await runWeir(["check", site.weir.configPath]);
  expect(checked.code).toBe(0);
  expect(checked.stdout).toContain("make the folder, and make it readable");
  const explained = await runWeir(["explain", site.weir.configPath, "GET", `http://a:${site.port}/files/x`]);
  expect(explained.stdout).toContain(`is answered with a file below ${JSON.stringify(root)}`);
});
