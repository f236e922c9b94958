import { describe, expect, test } from "bun:test";
import { get, ok, Site } from "./site.ts";

const HEADER = "proxyProtocol: v1, idleTimeout: 60s";

/** The source's port in the header that a connection began with, and what stands behind it. */
function read(text: string): { port: string; rest: string } {
  const [, port, rest] = /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 (\d+) 8080\r\n(.*)$/s.exec(text) ?? [];
  if (port === undefined) throw new Error(`no header: ${JSON.stringify(text)}`);
  return { port, rest: rest! };
}

describe("connections to a cluster with proxyProtocol", () => {
  test("begin with the client's addresses, and serve it again", async () => {
    const site = await Site.start("", "", `, ${HEADER}`);
    const client = await site.client(get("/a"));
    const { rest } = read(site.origin.take());
    expect(rest).toStartWith("GET /a HTTP/1.1\r\n");
    site.origin.send(ok("a"));
    await site.settled();
    client.send(get("/b"));
    await site.settled();
    // The same connection, and no second header.
    expect(site.origins.length).toBe(1);
    expect(site.origin.take()).toStartWith("GET /b HTTP/1.1\r\n");
    site.origin.send(ok("b"));
    await site.settled();
    expect(client.text).toBe(ok("a") + ok("b"));
  });

  test("are never lent to another client, and end with their own", async () => {
    const site = await Site.start("", "", `, ${HEADER}`);
    const one = await site.client(get("/1"));
    site.origin.send(ok("1"));
    await site.settled();
    const two = await site.client(get("/2"));
    expect(site.origins.length).toBe(2);
    const [first, second] = site.origins.map((o) => read(o.take()).port);
    expect(first).not.toBe(second);
    expect(site.origins[0]!.gone).toBe(false);
    one.conn!.destroy(null);
    await site.settled();
    expect(site.origins[0]!.gone).toBe(true);
    expect(site.origins[1]!.gone).toBe(false);
    site.origin.send(ok("2"));
    await site.settled();
    expect(two.text).toBe(ok("2"));
    expect(site.active).toEqual([0, 0, 0]);
  });

  test("end with a client that goes in the middle of its request, or before they stand", async () => {
    const site = await Site.start("", "", `, ${HEADER}`);
    const gone = await site.client(get("/gone"));
    gone.conn!.reset();
    await site.settled();
    expect(site.origins.map((o) => o.gone)).toEqual([true]);
    site.platform.silent.add("127.0.0.1:9000");
    const early = await site.client(get("/early"));
    early.conn!.reset();
    await site.settled();
    await site.advance(60_000);
    expect(site.origins.length).toBe(1);
    expect(site.active).toEqual([0, 0, 0]);
  });

  test("live on as a tunnel when their client's connection becomes one", async () => {
    const site = await Site.start(", upgrade: [echo]", "", `, ${HEADER}`);
    const client = await site.client(get("/", "Connection: Upgrade\r\nUpgrade: echo\r\n"));
    expect(read(site.origin.take()).rest).toContain("Upgrade: echo\r\n");
    site.origin.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello");
    await site.settled();
    client.send("there");
    await site.settled();
    expect(client.text).toEndWith("\r\n\r\nhello");
    expect(site.origin.text).toBe("there");
    expect(site.origin.gone).toBe(false);
  });

  test("CONNECT tunnels begin so too", async () => {
    const site = await Site.start(", connect: true", "", `, ${HEADER}`);
    const client = await site.client("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n");
    client.send("hello");
    await site.settled();
    expect(read(site.origin.text).rest).toBe("hello");
  });

  test("of HTTP/2 begin with one header before the preface, and carry one client's streams", async () => {
    const site = await Site.start("", "", `, protocol: h2c, ${HEADER}`);
    await site.client(get("/1"));
    await site.client(get("/2"));
    expect(site.origins.length).toBe(2);
    const ports = site.origins.map((o) => {
      const { port, rest } = read(o.text);
      expect(rest).toStartWith("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
      return port;
    });
    expect(new Set(ports).size).toBe(2);
  });

  test("without it they are shared", async () => {
    const site = await Site.start();
    for (const path of ["/1", "/2"]) {
      await site.client(get(path));
      expect(site.origin.take()).toStartWith(`GET ${path} `);
      site.origin.send(ok(""));
      await site.settled();
    }
    expect(site.origins.length).toBe(1);
  });
});
