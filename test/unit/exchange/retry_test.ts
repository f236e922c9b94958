import { describe, expect, test } from "bun:test";
import { localFault, type Retry, upstreamFault } from "../../../src/base/error.ts";
import { type FailedAttempt, mayRetry } from "../../../src/exchange/retry.ts";
import { get, ok, Site, statuses } from "./site.ts";

describe("mayRetry", () => {
  const died: FailedAttempt = {
    error: upstreamFault("upstreamClosed", 502, "ifReused", "gone"),
    method: "GET",
    reused: true,
    replayable: true,
    retries: 0,
  };
  const withRetry = (retry: Retry): FailedAttempt => ({ ...died, error: upstreamFault("upstreamReset", 502, retry, "x") });
  const rows: readonly [name: string, attempt: FailedAttempt, again: boolean][] = [
    ["a pooled connection that died", died, true],
    ["a second time", { ...died, retries: 1 }, false],
    ["on a fresh connection", { ...died, reused: false }, false],
    ["with a body that is gone", { ...died, replayable: false }, false],
    ["behind a reply's first byte", withRetry("never"), false],
    ["a timeout", { ...died, error: localFault("responseTimeout", 504, "late") }, false],
    ...["HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"].map(
      (method) => [method, { ...died, method }, true] as [string, FailedAttempt, boolean],
    ),
    ...["POST", "PATCH", "CONNECT", "get", "LOCK"].map(
      (method) => [method, { ...died, method }, false] as [string, FailedAttempt, boolean],
    ),
  ];
  for (const [name, attempt, again] of rows) {
    test(name, () => {
      expect(mayRetry(attempt)).toBe(again);
    });
  }
});

/** A site whose upstream connection has served one request, and a client that has asked for another. */
async function second(request: string): Promise<{ site: Site; client: Awaited<ReturnType<Site["client"]>> }> {
  const site = await Site.start();
  const client = await site.client(get("/first"));
  site.origin.send(ok(""));
  await site.settled();
  site.origin.take();
  client.take();
  client.send(request);
  await site.settled();
  expect(site.origins).toHaveLength(1);
  return { site, client };
}

describe("a pooled connection that dies before a reply's first byte (RFC 9112 9.3.1)", () => {
  for (const how of ["end", "reset"] as const) {
    test(`by ${how}: a GET is sent again, once, on a fresh connection`, async () => {
      const { site, client } = await second(get("/x", "A: b\r\n"));
      const asked = site.origin.take();
      site.origin.conn![how]();
      await site.settled();
      expect(site.origins).toHaveLength(2);
      expect(site.origin.take()).toBe(asked);
      site.origin.send(ok("again"));
      await site.settled();
      expect(client.text).toBe(ok("again"));
      expect(site.retries).toBe(1);
      expect(site.active).toEqual([0, 0, 0]);
    });
  }

  test("a second death is the client's 502", async () => {
    const { site, client } = await second(get("/x"));
    site.origin.conn!.end();
    await site.settled();
    site.origin.conn!.end();
    await site.settled();
    expect(site.origins).toHaveLength(2);
    expect(statuses(client.text)).toEqual([502]);
    expect(site.active).toEqual([0, 0, 0]);
  });

  test("a PUT is sent again with its body", async () => {
    const { site, client } = await second("PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    const asked = site.origin.take();
    expect(asked).toEndWith("\r\n\r\nhello");
    site.origin.conn!.end();
    await site.settled();
    expect(site.origin.take()).toBe(asked);
    site.origin.send(ok(""));
    await site.settled();
    expect(statuses(client.text)).toEqual([200]);
  });

  test("a PUT goes on where its body was", async () => {
    const { site, client } = await second("PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    site.origin.conn!.end();
    await site.settled();
    client.send("6\r\n world\r\n0\r\n\r\n");
    await site.settled();
    expect(site.origins).toHaveLength(2);
    expect(site.origin.take()).toEndWith("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
    site.origin.send(ok(""));
    await site.settled();
    expect(statuses(client.text)).toEqual([200]);
  });

  test("a PUT whose body is too long to keep gives 502", async () => {
    const { site, client } = await second(`PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n${"x".repeat(9000)}`);
    site.origin.conn!.end();
    await site.settled();
    expect(site.origins).toHaveLength(1);
    expect(statuses(client.text)).toEqual([502]);
  });

  test("a POST gives 502: it may have been done", async () => {
    const { site, client } = await second("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    site.origin.conn!.end();
    await site.settled();
    expect(site.origins).toHaveLength(1);
    expect(statuses(client.text)).toEqual([502]);
    expect(site.retries).toBe(0);
  });

  test("a GET whose reply has begun gives 502", async () => {
    const { site, client } = await second(get("/x"));
    site.origin.send("HTTP/1.1 2");
    await site.settled();
    site.origin.conn!.end();
    await site.settled();
    expect(site.origins).toHaveLength(1);
    expect(statuses(client.text)).toEqual([502]);
  });

  test("a fresh connection that dies gives 502", async () => {
    const site = await Site.start();
    const client = await site.client(get("/x"));
    site.origin.conn!.end();
    await site.settled();
    expect(site.origins).toHaveLength(1);
    expect(statuses(client.text)).toEqual([502]);
  });
});

describe("the pool", () => {
  test("takes no connection that was closed while unused", async () => {
    const site = await Site.start();
    const client = await site.client(get("/1"));
    site.origin.send(ok(""));
    await site.settled();
    site.origin.conn!.end();
    await site.settled();
    client.send(get("/2"));
    await site.settled();
    expect(site.origins).toHaveLength(2);
    expect(site.retries).toBe(0);
  });

  test("closes what is unused for its idle time", async () => {
    const site = await Site.start("", "", ", idleTimeout: 5s");
    await site.client(get("/1"));
    site.origin.send(ok(""));
    await site.settled();
    await site.advance(4900);
    expect(site.origin.gone).toBe(false);
    await site.advance(200);
    expect(site.origin.gone).toBe(true);
  });

  test("keeps none when asked not to", async () => {
    const site = await Site.start("", "", ", idleTimeout: false");
    const client = await site.client(get("/1"));
    site.origin.send(ok(""));
    await site.settled();
    expect(site.origin.gone).toBe(true);
    client.send(get("/2"));
    await site.settled();
    expect(site.origins).toHaveLength(2);
  });
});
