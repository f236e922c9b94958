import { describe, expect, test } from "bun:test";
import { DATE, get, ok, Site, statuses } from "./site.ts";

const QUIET = [0, 0, 0];

describe("an exchange", () => {
  test("passes a request on and its reply back, and keeps both connections", async () => {
    const site = await Site.start();
    const client = await site.client(get("/x?y=z", "Accept: b\r\nConnection: keep-alive\r\n"));
    expect(site.origin.take()).toBe("GET /x?y=z HTTP/1.1\r\nHost: a\r\nAccept: b\r\n\r\n");
    site.origin.send(ok("hello", "Server: s\r\n"));
    await site.settled();
    expect(client.take()).toBe(`HTTP/1.1 200 OK\r\n${DATE}Server: s\r\nContent-Length: 5\r\n\r\nhello`);
    client.send(get("/y"));
    await site.settled();
    expect(site.origins).toHaveLength(1);
    expect(site.origin.take()).toStartWith("GET /y HTTP/1.1\r\n");
    site.origin.send(ok(""));
    await site.settled();
    expect(statuses(client.text)).toEqual([200]);
    expect(site.active).toEqual(QUIET);
  });

  test("frames a body anew: chunks as they came, trailers behind them", async () => {
    const site = await Site.start();
    const client = await site.client(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nT: u\r\n\r\n",
    );
    expect(site.origin.take()).toBe(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: u\r\n\r\n",
    );
    site.origin.send(`HTTP/1.1 200 OK\r\n${DATE}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nV: w\r\n\r\n`);
    await site.settled();
    expect(client.take()).toBe(`HTTP/1.1 200 OK\r\n${DATE}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nV: w\r\n\r\n`);
    expect(site.active).toEqual(QUIET);
  });

  test("names a host to the upstream where a client of HTTP/1.0 named one in the target alone", async () => {
    const site = await Site.start();
    await site.client("GET http://b.example/x HTTP/1.0\r\n\r\n");
    expect(site.origin.take()).toBe("GET /x HTTP/1.1\r\nHost: b.example\r\n\r\n");
  });

  test("answers pipelined requests in their order, one upstream at a time (RFC 9112 9.3.2)", async () => {
    const site = await Site.start();
    const client = await site.client(get("/1") + get("/own") + get("/2") + get("/own"));
    expect(site.origin.take()).toStartWith("GET /1 ");
    expect(client.text).toBe("");
    site.origin.send(ok("one"));
    await site.settled();
    expect(site.origin.take()).toStartWith("GET /2 ");
    site.origin.send(ok("two"));
    await site.settled();
    expect([...client.text.matchAll(/one|own\n|two/g)].map((m) => m[0])).toEqual(["one", "own\n", "two", "own\n"]);
    expect(site.active).toEqual(QUIET);
  });

  test("answers pipelined requests before a FIN, each of them", async () => {
    const site = await Site.start();
    const client = await site.client();
    client.send(get("/1") + get("/own") + get("/2"));
    client.conn!.end();
    await site.settled();
    site.origin.send(ok("one"));
    await site.settled();
    site.origin.send(ok("two"));
    await site.settled();
    expect(statuses(client.text)).toEqual([200, 200, 200]);
    expect(client.closed).toBe("");
    expect(site.active).toEqual(QUIET);
  });

  test("passes interim replies on before the reply", async () => {
    const site = await Site.start();
    const client = await site.client("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    expect(site.origin.take()).toContain("Expect: 100-continue\r\n");
    site.origin.send("HTTP/1.1 100 Continue\r\n\r\n");
    await site.settled();
    expect(client.take()).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hi");
    await site.settled();
    expect(site.origin.take()).toBe("hi");
    site.origin.send(ok(""));
    await site.settled();
    expect(client.take()).toBe(ok(""));
    client.send(get("/own"));
    await site.settled();
    expect(statuses(client.text)).toEqual([200]);
  });

  test("a reply without a length ends where the upstream closes", async () => {
    const site = await Site.start();
    const client = await site.client(get("/"));
    site.origin.send("HTTP/1.0 200 OK\r\n\r\nuntil ");
    await site.settled();
    site.origin.send("here");
    site.origin.conn!.end();
    await site.settled();
    expect(client.take()).toBe(
      `HTTP/1.1 200 OK\r\n${DATE}Transfer-Encoding: chunked\r\n\r\n6\r\nuntil \r\n4\r\nhere\r\n0\r\n\r\n`,
    );
    expect(client.closed).toBeNull();
  });

  test("a reply before the request's end reaches the client, and neither connection is used again", async () => {
    const site = await Site.start();
    const client = await site.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome");
    site.origin.send(`HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno`);
    await site.settled();
    expect(statuses(client.text)).toEqual([403]);
    expect(client.ended).toBe(true);
    expect(site.origin.gone).toBe(true);
    expect(site.active).toEqual(QUIET);
  });

  test("a body over its limit is refused, told beforehand or not", async () => {
    const site = await Site.start(", limits: { body: 10B }");
    const told = await site.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
    expect(statuses(told.text)).toEqual([413]);
    expect(site.origins).toHaveLength(0);
    const untold = await site.client("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    expect(site.origin.take()).toContain("hello");
    untold.send("6\r\n world\r\n0\r\n\r\n");
    await site.settled();
    expect(statuses(untold.text)).toEqual([413]);
    expect(untold.text).toContain("Connection: close\r\n");
    expect(site.origin.closed).not.toBeNull();
    expect(site.active).toEqual(QUIET);
  });

  test("a reply without Date gets one, an interim one does not (RFC 9110 6.6.1)", async () => {
    const site = await Site.start();
    const client = await site.client(get("/"));
    site.origin.send("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    await site.settled();
    expect(client.take()).toBe(`HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n${DATE}\r\n`);
    client.send(get("/"));
    await site.settled();
    const own = "Date: Mon, 02 Jan 2006 15:04:05 GMT\r\n";
    site.origin.send(`HTTP/1.1 204 No Content\r\n${own}\r\n`);
    await site.settled();
    expect(client.take()).toBe(`HTTP/1.1 204 No Content\r\n${own}\r\n`);
  });

  test("a 426 keeps the protocols that it asks for (RFC 9110 15.5.22)", async () => {
    const site = await Site.start();
    const client = await site.client(get("/"));
    site.origin.send("HTTP/1.1 426 Upgrade Required\r\nUpgrade: TLS/1.3\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n");
    await site.settled();
    expect(client.text.match(/^(Connection|Upgrade): .*$/gm)).toEqual(["Upgrade: TLS/1.3", "Connection: upgrade"]);
    client.send(get("/own"));
    await site.settled();
    expect(statuses(client.text)).toEqual([426, 200]);
  });

  test("an upgrade that is passed on names TE in Connection as well (RFC 9110 10.1.4)", async () => {
    const site = await Site.start();
    await site.client(get("/", "Connection: upgrade, TE\r\nUpgrade: websocket\r\nTE: trailers\r\n"));
    const sent = site.origin.take();
    expect(sent.match(/^(Connection|Upgrade|TE): .*$/gm)).toEqual([
      "Upgrade: websocket",
      "TE: trailers",
      "Connection: upgrade, TE",
    ]);
  });

  test("an upstream that refuses to connect gives 503", async () => {
    const site = await Site.start();
    const client = await site.client(get("/down"));
    expect(statuses(client.text)).toEqual([503]);
    client.send(get("/own"));
    await site.settled();
    expect(statuses(client.text)).toEqual([503, 200]);
    expect(site.fault("connectRefused")).toBe(1);
    expect(site.active).toEqual(QUIET);
  });

  test("nonsense for a reply gives 502, and the connection to it is not used again", async () => {
    const site = await Site.start();
    const client = await site.client(get("/"));
    site.origin.send("SSH-2.0-x\r\n");
    await site.settled();
    expect(statuses(client.take())).toEqual([502]);
    expect(site.origin.closed).not.toBeNull();
    client.send(get("/"));
    await site.settled();
    expect(site.origins).toHaveLength(2);
    expect(site.fault("upstreamProtocol")).toBe(1);
  });

  test("what comes unasked behind a reply does not reach the next client", async () => {
    const site = await Site.start();
    const first = await site.client(get("/1"));
    site.origin.send(ok("one") + ok("smuggled"));
    await site.settled();
    expect(first.take()).toBe(ok("one"));
    const second = await site.client(get("/2"));
    expect(site.origins).toHaveLength(2);
    site.origin.send(ok("two"));
    await site.settled();
    expect(second.take()).toBe(ok("two"));
    expect(site.active).toEqual(QUIET);
  });
});

describe("Max-Forwards (RFC 9110 7.6.2)", () => {
  test("counts down on the way", async () => {
    const site = await Site.start();
    await site.client("OPTIONS /x HTTP/1.1\r\nHost: a\r\nMax-Forwards: 10\r\n\r\n");
    expect(site.origin.take()).toBe("OPTIONS /x HTTP/1.1\r\nHost: a\r\nMax-Forwards: 9\r\n\r\n");
  });

  test("of 0 ends OPTIONS here, on a resource and on the server", async () => {
    const site = await Site.start();
    for (const target of ["/x", "*"]) {
      const client = await site.client(`OPTIONS ${target} HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n`);
      expect(client.text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(client.text).toMatch(/\r\nAllow: GET, HEAD, /);
      expect(client.text).toMatch(/\r\nContent-Length: 0\r\n/);
    }
    expect(site.origins).toHaveLength(0);
    expect(site.active).toEqual(QUIET);
  });

  test("of 0 ends TRACE here, which is not served", async () => {
    const site = await Site.start();
    const client = await site.client("TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n");
    expect(statuses(client.text)).toEqual([405]);
    expect(client.text).toMatch(/\r\nAllow: GET, HEAD, /);
    expect(site.origins).toHaveLength(0);
  });

  test("that is no number is refused, on other methods it means nothing", async () => {
    const site = await Site.start();
    for (const value of ["x", "-1", "1, 0", "", "99999999999"]) {
      const client = await site.client(`OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: ${value}\r\n\r\n`);
      expect(statuses(client.text)).toEqual([400]);
    }
    const twice = await site.client("TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1\r\nMax-Forwards: 0\r\n\r\n");
    expect(statuses(twice.text)).toEqual([400]);
    await site.client(get("/x", "Max-Forwards: 0\r\n"));
    expect(site.origin.take()).toBe(get("/x", "Max-Forwards: 0\r\n"));
  });
});

describe("a client that goes", () => {
  test("while its reply is awaited takes the upstream's request along", async () => {
    const site = await Site.start();
    const client = await site.client(get("/"));
    client.conn!.reset();
    await site.settled();
    expect(site.origin.closed).toBe("clientReset");
    expect(site.fault("clientReset")).toBe(1);
    expect(site.active).toEqual(QUIET);
  });

  test("in the middle of its reply", async () => {
    const site = await Site.start();
    const client = await site.client(get("/"));
    site.origin.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome");
    await site.settled();
    client.conn!.reset();
    await site.settled();
    expect(site.origin.closed).not.toBeNull();
    expect(site.active).toEqual(QUIET);
  });

  test("in the middle of its body", async () => {
    const site = await Site.start();
    const client = await site.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome");
    client.conn!.end();
    await site.settled();
    expect(site.origin.closed).not.toBeNull();
    expect(client.closed).not.toBeNull();
    expect(client.text).toBe("");
    expect(site.active).toEqual(QUIET);
  });

  test("half-closed has its reply", async () => {
    const site = await Site.start();
    const client = await site.client(get("/"));
    client.conn!.end();
    await site.settled();
    site.origin.send(ok("late"));
    await site.settled();
    expect(client.text).toEndWith("late");
    expect(client.closed).toBe("");
    expect(site.active).toEqual(QUIET);
  });
});

describe("an upstream that goes in the middle of a reply", () => {
  const replies: readonly (readonly [name: string, reply: string])[] = [
    ["of a length", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome"],
    ["of chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n"],
  ];
  for (const [name, reply] of replies) {
    for (const how of ["end", "reset"] as const) {
      test(`${name}, by ${how}: the client's connection is reset, so that it can't take it for whole`, async () => {
        const site = await Site.start();
        const client = await site.client(get("/"));
        site.origin.send(reply);
        await site.settled();
        site.origin.conn![how]();
        await site.settled();
        expect(client.text).toContain("some");
        expect(client.text).not.toContain("\r\n0\r\n");
        expect(client.closed).not.toBe("");
        expect(client.closed).not.toBeNull();
        expect(site.active).toEqual(QUIET);
      });
    }
  }

  test("until the close, by reset", async () => {
    const site = await Site.start();
    const client = await site.client(get("/"));
    site.origin.send("HTTP/1.1 200 OK\r\n\r\nsome");
    await site.settled();
    site.origin.conn!.reset();
    await site.settled();
    expect(client.closed).not.toBe("");
    expect(client.closed).not.toBeNull();
    expect(client.text).not.toContain("\r\n0\r\n");
  });
});
