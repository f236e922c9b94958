import { describe, expect, test } from "bun:test";
import type { Handler } from "../../../src/exchange/web.ts";
import { get, ServedSite, statuses } from "./served_site.ts";

const GRAIN_MS = 32;

describe("a handler inside the process", () => {
  test("answers with the body that it read", async () => {
    const site = await ServedSite.start(async (r) => new Response(`${r.method} ${await r.text()}`));
    const client = await site.client("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    expect(statuses(client.text)).toEqual([200]);
    expect(client.text).toContain("POST hello");
  });

  test("that throws costs its request 500, a line in the log and a count", async () => {
    const site = await ServedSite.start(() => {
      throw new Error("broken handler");
    });
    const client = await site.client(get("/x"));
    expect(statuses(client.text)).toEqual([500]);
    expect(client.text).not.toContain("broken");
    expect(site.events).toHaveLength(1);
    expect(site.events[0]!.level).toBe("error");
    expect(JSON.stringify(site.events[0]!.facts)).toContain("broken handler");
    expect(site.handlerFaults).toBe(1);
    client.send(get("/x"));
    await site.settled();
    expect(statuses(client.text)).toEqual([500, 500]);
  });

  test("that throws in the middle of its reply costs the connection, a line and a count", async () => {
    const broken: Handler["fetch"] = () =>
      new Response(
        new ReadableStream({
          pull: (c) => {
            c.enqueue(new TextEncoder().encode("some"));
            throw new Error("broken body");
          },
        }),
      );
    const site = await ServedSite.start(broken);
    const client = await site.client(get("/x"));
    expect(client.closed).not.toBe("");
    expect(client.closed).not.toBeNull();
    expect(site.handlerFaults).toBe(1);
    expect(site.active).toEqual([0, 0]);
  });

  test("says 100 (Continue) when it reads a body that waits for it (RFC 9110 10.1.1)", async () => {
    const site = await ServedSite.start(async (r) => new Response(await r.text()));
    const client = await site.client("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    expect(client.take()).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hi");
    await site.settled();
    expect(statuses(client.text)).toEqual([200]);
    expect(client.text).toEndWith("\r\n2\r\nhi\r\n0\r\n\r\n");
  });

  test("that does not read the body says no 100", async () => {
    const site = await ServedSite.start(() => new Response("no", { status: 403 }));
    const client = await site.client("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    expect(statuses(client.text)).toEqual([403]);
    expect(client.text).toContain("\r\nConnection: close\r\n");
  });

  test("that never answers ends at the stream's idle timeout", async () => {
    let signal: AbortSignal | null = null;
    const site = await ServedSite.start((r) => {
      signal = r.signal;
      return new Promise(() => {});
    }, ", timeouts: { streamIdle: 2s }");
    const client = await site.client(get("/x"));
    await site.advance(1900);
    expect(client.text).toBe("");
    await site.advance(100 + GRAIN_MS);
    expect(statuses(client.text)).toEqual([504]);
    expect(signal!.aborted).toBe(true);
    expect(site.active).toEqual([0, 0]);
  });

  test("that reads slowly holds the client back", async () => {
    let reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
    let read = 0;
    const site = await ServedSite.start(async (r) => {
      reader = r.body!.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return new Response(String(read));
        read += value.length;
        await site.gate();
      }
    });
    const size = 2_000_000;
    const client = await site.client(`POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
    client.send("x".repeat(size));
    await site.settled();
    expect(client.conn!.queued).toBeGreaterThan(size / 2);
    site.open();
    await site.settled();
    expect(read).toBe(size);
    expect(client.text).toContain(`\r\n${size}\r\n`);
  });
});
