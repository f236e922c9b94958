import { describe, expect, test } from "bun:test";
import { get, ok, statuses } from "../exchange/site.ts";
import { type Fetch, ModuleSite } from "./module_site.ts";

/** Sends requests on, and tells what a failure says. */
const through: Fetch = (r, env) =>
  env.fetch(`cluster://origin${new URL(r.url).pathname}`, r).catch((e) => new Response(String(e.message), { status: 502 }));

describe("a handler's request to a cluster", () => {
  test("goes over its pool, and its reply streams through", async () => {
    const site = await ModuleSite.start(through);
    const client = await site.client(get("/a"));
    expect(site.origin.take()).toMatch(/^GET \/a HTTP\/1.1\r\n[\s\S]*host: a\r\n/i);
    expect(site.active).toEqual([1, 1]);
    site.origin.send("HTTP/1.1 200 OK\r\nX-A: b\r\nConnection: x-c\r\nX-C: d\r\nContent-Length: 6\r\n\r\none");
    await site.settled();
    expect(client.text).toContain("one");
    site.origin.send("two");
    await site.settled();
    expect(statuses(client.text)).toEqual([200]);
    expect(client.text).toMatch(/x-a: b/i);
    expect(client.text).not.toMatch(/x-c/i);
    expect(client.text).toEndWith("onetwo");
    expect(site.active).toEqual([0, 0]);
    client.send(get("/b"));
    await site.settled();
    expect(site.origins).toHaveLength(1);
    expect(site.origin.take()).toStartWith("GET /b ");
  });

  test("brings a body as it comes, with the length that was promised", async () => {
    const site = await ModuleSite.start(through);
    const client = await site.client("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\none");
    expect(site.origin.text).toMatch(/content-length: 6\r\n/i);
    expect(site.origin.text).toEndWith("one");
    client.send("two");
    await site.settled();
    expect(site.origin.text).toEndWith("onetwo");
    site.origin.send(ok("done"));
    await site.settled();
    expect(client.text).toEndWith("done");
    expect(site.active).toEqual([0, 0]);
  });

  test("that finds its pooled connection dead is sent once more", async () => {
    const site = await ModuleSite.start(through);
    const client = await site.client(get("/a"));
    site.origin.send(ok("a"));
    await site.settled();
    client.send(get("/b"));
    await site.settled();
    expect(site.origins).toHaveLength(1);
    site.origin.conn!.end();
    await site.settled();
    expect(site.origins).toHaveLength(2);
    site.origin.send(ok("again"));
    await site.settled();
    expect(client.text).toEndWith("again");
    expect(site.active).toEqual([0, 0]);
  });

  test("that failed on a new connection is not", async () => {
    const site = await ModuleSite.start(through);
    const client = await site.client("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
    site.origin.conn!.reset();
    await site.settled();
    expect(statuses(client.text)).toEqual([502]);
    expect(site.origins).toHaveLength(1);
    expect(site.active).toEqual([0, 0]);
  });

  test("is bounded by the cluster's breaker", async () => {
    const site = await ModuleSite.start(through, ", breakers: { requests: 1 }");
    await site.client(get("/a"));
    const second = await site.client(get("/b"));
    expect(statuses(second.text)).toEqual([502]);
    expect(site.active).toEqual([1, 1]);
    site.origin.send(ok("a"));
    await site.settled();
    expect(site.active).toEqual([0, 0]);
  });

  test("has the time of the route for its reply's head", async () => {
    const site = await ModuleSite.start(through, "", ", timeouts: { responseHead: 2s }");
    const late = await ModuleSite.start((r, env) => env.fetch("cluster://origin/", { signal: r.signal }));
    await late.client(get("/"));
    expect(late.active).toEqual([1, 1]);
    const client = await site.client(get("/a"));
    await site.advance(2100);
    expect(statuses(client.text)[0]).toBeGreaterThanOrEqual(502);
    expect(site.active).toEqual([0, 0]);
    expect(site.origin.gone).toBe(true);
  });

  test("ends with its client, whose request it carries on", async () => {
    const site = await ModuleSite.start(through);
    const client = await site.client(get("/a"));
    client.conn!.reset();
    await site.settled();
    expect(site.origin.gone).toBe(true);
    expect(site.active).toEqual([0, 0]);
  });

  test("whose reply nobody reads holds the upstream back", async () => {
    let reply: Response | null = null;
    const site = await ModuleSite.start(async (_r, env) => {
      reply = await env.fetch("cluster://origin/");
      return new Response("kept");
    });
    await site.client(get("/"));
    const size = 2_000_000;
    site.origin.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(size)}`);
    await site.settled();
    expect(site.origin.conn!.queued).toBeGreaterThan(size / 2);
    expect((await Promise.all([reply!.text(), site.settled(), site.settled()]))[0]).toHaveLength(size);
    expect(site.active).toEqual([0, 0]);
  });

  test("whose reply breaks off breaks off", async () => {
    const site = await ModuleSite.start(through);
    const client = await site.client(get("/"));
    site.origin.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nsome");
    await site.settled();
    site.origin.conn!.reset();
    await site.settled();
    expect(client.closed).not.toBeNull();
    expect(site.active).toEqual([0, 0]);
  });

  test("says what is wrong with its URL", async () => {
    const asked = (url: string): Fetch => {
      return (_r, env) => env.fetch(url).catch((e) => new Response(e.message));
    };
    for (const [url, wanted] of [
      ["http://a.example/", "write the URL as cluster://NAME/path"],
      ["cluster://other/", 'found "other", wanted one of "origin", "nowhere"'],
      ["cluster://nowhere/", "connecting to"],
    ] as const)
      expect((await (await ModuleSite.start(asked(url))).client(get("/"))).text).toContain(wanted);
  });

  test("can't have a second request in its path", async () => {
    const site = await ModuleSite.start((_r, env) => env.fetch("cluster://origin/a b\r\nX: y?é"));
    await site.client(get("/"));
    expect(site.origin.text.split("\r\n")[0]).toBe("GET /a%20b%0D%0AX:%20y?%C3%A9 HTTP/1.1");
  });
});
