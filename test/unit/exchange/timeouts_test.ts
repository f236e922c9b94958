import { describe, expect, test } from "bun:test";
import { get, ok, Site, statuses } from "./site.ts";

const GRAIN_MS = 32;
const QUIET = [0, 0, 0];

describe("the upstream's time", () => {
  test("to the head of a reply: 504, and the request is given up", async () => {
    const site = await Site.start(", timeouts: { responseHead: 3s }");
    const client = await site.client(get("/"));
    await site.advance(2990);
    expect(client.text).toBe("");
    await site.advance(10 + GRAIN_MS);
    expect(statuses(client.text)).toEqual([504]);
    expect(site.origin.closed).not.toBeNull();
    expect(site.fault("responseTimeout")).toBe(1);
    expect(site.active).toEqual(QUIET);
    client.send(get("/own"));
    await site.settled();
    expect(statuses(client.text)).toEqual([504, 200]);
  });

  test("to the head counts from the request's end", async () => {
    const site = await Site.start(", timeouts: { responseHead: 3s }");
    const client = await site.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
    await site.advance(10_000);
    client.send("world");
    await site.settled();
    await site.advance(2900);
    expect(client.text).toBe("");
    site.origin.send(ok(""));
    await site.settled();
    expect(statuses(client.text)).toEqual([200]);
  });

  test("an interim reply is no head", async () => {
    const site = await Site.start(", timeouts: { responseHead: 3s }");
    const client = await site.client(get("/"));
    await site.advance(2000);
    site.origin.send("HTTP/1.1 103 Early Hints\r\n\r\n");
    await site.settled();
    await site.advance(1000 + GRAIN_MS);
    expect(statuses(client.text)).toEqual([103, 504]);
  });

  test("of the route to the head: 504", async () => {
    const site = await Site.start(", timeout: 2s");
    const client = await site.client(get("/"));
    await site.advance(2000 + GRAIN_MS);
    expect(statuses(client.text)).toEqual([504]);
    expect(site.fault("requestTimeout")).toBe(1);
    expect(site.active).toEqual(QUIET);
  });

  test("of the route runs while Weir still connects, from the request's end", async () => {
    const site = await Site.start(", timeout: 2s", "", ", connectTimeout: 60s");
    site.platform.silent.add("127.0.0.1:9000");
    const client = await site.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
    await site.advance(10_000);
    expect(client.text).toBe("");
    client.send("world");
    await site.settled();
    await site.advance(1900);
    expect(client.text).toBe("");
    await site.advance(100 + GRAIN_MS);
    expect(statuses(client.text)).toEqual([504]);
    expect(site.fault("requestTimeout")).toBe(1);
    expect(site.active).toEqual(QUIET);
  });

  test("of the route counts from trailers too", async () => {
    const site = await Site.start(", timeout: 2s");
    const client = await site.client("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: u\r\n\r\n");
    await site.advance(2000 + GRAIN_MS);
    expect(statuses(client.text)).toEqual([504]);
    expect(site.fault("requestTimeout")).toBe(1);
  });

  test("of the route within a reply: the client's connection is reset", async () => {
    const site = await Site.start(", timeout: 2s");
    const client = await site.client(get("/"));
    site.origin.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
    for (let i = 0; i < 5; i++) {
      site.origin.send("x");
      await site.advance(500);
    }
    expect(statuses(client.text)).toEqual([200]);
    expect(client.closed).not.toBe("");
    expect(client.closed).not.toBeNull();
    expect(site.origin.closed).not.toBeNull();
    expect(site.active).toEqual(QUIET);
  });

  test("a reply in time leaves nothing behind that could end the next request", async () => {
    const site = await Site.start(", timeout: 2s, timeouts: { responseHead: 1s }");
    const client = await site.client(get("/1"));
    await site.advance(900);
    site.origin.send(ok(""));
    await site.settled();
    await site.advance(900);
    client.send(get("/2"));
    await site.settled();
    await site.advance(900);
    site.origin.send(ok(""));
    await site.settled();
    await site.advance(5000);
    expect(statuses(client.text)).toEqual([200, 200]);
    expect(client.closed).toBeNull();
  });
});

describe("a stream on which nothing moves", () => {
  test("ends with 504 where the upstream owes it", async () => {
    const site = await Site.start(", timeouts: { responseHead: 60s }", ", timeouts: { streamIdle: 2s }");
    const client = await site.client(get("/"));
    await site.advance(2000 + GRAIN_MS);
    expect(statuses(client.text)).toEqual([504]);
    expect(site.fault("streamIdleTimeout")).toBe(1);
    expect(site.active).toEqual(QUIET);
  });

  test("is reset within a reply", async () => {
    const site = await Site.start("", ", timeouts: { streamIdle: 2s }");
    const client = await site.client(get("/"));
    site.origin.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome");
    await site.advance(1900);
    site.origin.send("more");
    await site.advance(1900);
    expect(client.closed).toBeNull();
    await site.advance(200 + GRAIN_MS);
    expect(client.closed).not.toBeNull();
    expect(site.origin.closed).not.toBeNull();
    expect(site.active).toEqual(QUIET);
  });
});

describe("the client's time", () => {
  test("for a head: 408, or nothing where none was begun", async () => {
    const site = await Site.start("", ", timeouts: { head: 2s }");
    const begun = await site.client("GET / HTTP/1.1\r\nHo");
    const silent = await site.client();
    await site.advance(2000 + GRAIN_MS);
    expect(statuses(begun.text)).toEqual([408]);
    expect(begun.text).toContain("Connection: close\r\n");
    expect([silent.text, silent.ended]).toEqual(["", true]);
    expect(site.fault("headTimeout")).toBe(2);
  });

  test("for a head that drips: not one byte more buys time", async () => {
    const site = await Site.start("", ", timeouts: { head: 2s }");
    const client = await site.client();
    for (const c of "GET / HTTP/1.1\r\nHost: a\r\nX: yyyyyyyyyyyy") {
      if (client.text !== "") break;
      client.send(c);
      await site.advance(100);
    }
    expect(statuses(client.text)).toEqual([408]);
  });

  test("for a body: 408, and the upstream's request is given up", async () => {
    const site = await Site.start("", ", timeouts: { body: 2s }");
    const client = await site.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
    await site.advance(1900);
    client.send("w");
    await site.advance(1900);
    expect(client.text).toBe("");
    await site.advance(200 + GRAIN_MS);
    expect(statuses(client.text)).toEqual([408]);
    expect(site.origin.closed).not.toBeNull();
    expect(site.fault("bodyTimeout")).toBe(1);
    expect(site.active).toEqual(QUIET);
  });

  test("does not run while the upstream holds a body up", async () => {
    const site = await Site.start("", ", timeouts: { body: 2s, streamIdle: 60s }");
    const client = await site.client();
    const size = 2_000_000;
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
    await site.settled();
    site.origin.conn!.pause();
    client.send("x".repeat(size));
    await site.settled();
    await site.advance(30_000);
    expect(client.text).toBe("");
    expect(client.closed).toBeNull();
    site.origin.keepsText = false;
    site.origin.conn!.resume();
    await site.settled();
    site.origin.send(ok(""));
    await site.settled();
    expect(statuses(client.text)).toEqual([200]);
  });
});
