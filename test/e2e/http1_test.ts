import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { fieldValue, fieldValues, hasField, type Message } from "../support/message.ts";
import { ask, openClient } from "../support/raw_client.ts";
import { echo, reply } from "../support/raw_origin.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { type Site, startSite } from "../support/weir.ts";

setDefaultTimeout(30_000);

const HOST = "Host: test.example\r\n";
let site: Site;

beforeAll(async () => {
  site = await startSite({
    origin: { serve },
    routes: [
      { name: "own", match: [{ path: "/own" }], respond: { status: 200, body: "own\n" } },
      { name: "all", to: "origin" },
    ],
  });
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
});

/** The replies that the tests below ask for by path. */
async function serve(request: Message, conn: RawPeer): Promise<void> {
  const path = request.target;
  if (path === "/chunked")
    return conn.send(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n",
    );
  if (path === "/until-close") {
    await conn.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil");
    await conn.send(" close");
    return conn.end();
  }
  if (path === "/hints")
    return conn.send(
      `HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b.css>\r\n\r\n${reply(200, "done")}`,
    );
  if (path === "/204") return conn.send("HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n");
  if (path === "/304") return conn.send('HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 100\r\n\r\n');
  if (path === "/head") return conn.send("HTTP/1.1 200 OK\r\nContent-Length: 12345\r\nX-CaSe: y\r\n\r\n");
  if (path === "/reason") return conn.send("HTTP/1.1 200 Quite Fine\r\nContent-Length: 0\r\n\r\n");
  if (path === "/dated") return conn.send(reply(200, "x", "Date: Thu, 01 Jan 1970 00:00:00 GMT", "Server: own"));
  return echo(request, conn);
}

/** The request as the origin got it. */
function lastSeen(): Message {
  return site.origin.requests.at(-1)!;
}

describe("versions and connections", () => {
  test("a kept connection carries one request after the other", async () => {
    using client = await openClient(site.port);
    for (let i = 0; i < 5; i++) {
      await client.send(`GET /r${i} HTTP/1.1\r\n${HOST}\r\n`);
      expect((await client.response()).body).toContain(`GET /r${i} HTTP/1.1`);
    }
    expect(client.ending).toBe("open");
  });

  test("Connection: close is answered and the connection closed", async () => {
    using client = await openClient(site.port);
    await client.send(`GET /x HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
    const got = await client.response();
    expect(fieldValue(got.fields, "connection").toLowerCase()).toBe("close");
    expect(await client.left()).toBe("end");
    expect(fieldValue(lastSeen().fields, "connection")).toBe("");
  });

  test("HTTP/1.0 closes, and is kept with keep-alive", async () => {
    using once = await openClient(site.port);
    await once.send(`GET /x HTTP/1.0\r\n${HOST}\r\n`);
    expect((await once.response()).status).toBe(200);
    expect(await once.left()).toBe("end");
    expect(lastSeen().startLine).toBe("GET /x HTTP/1.1");

    using kept = await openClient(site.port);
    await kept.send(`GET /x HTTP/1.0\r\n${HOST}Connection: keep-alive\r\n\r\n`);
    expect(fieldValue((await kept.response()).fields, "connection").toLowerCase()).toBe("keep-alive");
    await kept.send(`GET /y HTTP/1.0\r\n${HOST}\r\n`);
    expect((await kept.response()).status).toBe(200);
    expect(await kept.left()).toBe("end");
  });

  test("HTTP/1.0 without Host is served", async () => {
    expect((await ask(site.port, "GET /own HTTP/1.0\r\n\r\n")).body).toBe("own\n");
  });

  test("an HTTP/1.0 client gets no chunked coding", async () => {
    using client = await openClient(site.port);
    await client.send(`GET /chunked HTTP/1.0\r\n${HOST}Connection: keep-alive\r\n\r\n`);
    const got = await client.response();
    expect(hasField(got.fields, "transfer-encoding")).toBe(false);
    expect(got.body).toBe("abcde");
    expect(await client.left()).toBe("end");
  });

  test("pipelined requests are answered in order", async () => {
    using client = await openClient(site.port);
    const paths = Array.from({ length: 20 }, (_, i) => `/pipe${i}`);
    const bodies = paths.map((p, i) =>
      i % 3 === 1 ? `POST ${p} HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabc` : `GET ${p} HTTP/1.1\r\n${HOST}\r\n`,
    );
    await client.send(bodies.join(""));
    for (const p of paths) expect((await client.response()).body).toContain(` ${p} HTTP/1.1`);
    await client.send(
      `GET /own HTTP/1.1\r\n${HOST}\r\nGET /last HTTP/1.1\r\n${HOST}Connection: close\r\n\r\nGET /never HTTP/1.1\r\n${HOST}\r\n`,
    );
    expect((await client.response()).body).toBe("own\n");
    expect((await client.response()).body).toContain("/last");
    await client.left();
    expect(client.unread).toBe("");
    expect(site.origin.received).not.toContain("/never");
  });

  test("a client's half-close after its request does not cost it the reply", async () => {
    using client = await openClient(site.port);
    await client.send(`POST /half HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabc`);
    client.end();
    expect((await client.response()).body).toContain("/half");
    expect(await client.left()).toBe("end");
  });
});

describe("bodies", () => {
  test("a chunked request passes, its trailers too", async () => {
    const got = await ask(
      site.port,
      `POST /up HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n`,
    );
    expect(got.status).toBe(200);
    expect(lastSeen().framing).toBe("chunked");
    expect(lastSeen().body).toBe("abcde");
    expect(lastSeen().trailers).toEqual([["X-Sum", "5"]]);
  });

  test("a chunked reply passes, its trailers too", async () => {
    const got = await ask(site.port, `GET /chunked HTTP/1.1\r\n${HOST}TE: trailers\r\n\r\n`);
    expect(got.framing).toBe("chunked");
    expect(got.body).toBe("abcde");
    expect(got.trailers).toEqual([["X-Sum", "5"]]);
  });

  test("a request cut into single bytes is the same request", async () => {
    using client = await openClient(site.port);
    const text = `POST /cut HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n`;
    await client.sendCut([...text]);
    expect((await client.response()).status).toBe(200);
    expect(lastSeen().body).toBe("abc");
    expect(lastSeen().trailers).toEqual([["X", "y"]]);
  });

  test("a reply that ends with its connection is whole, and the client's connection lives", async () => {
    using client = await openClient(site.port);
    await client.send(`GET /until-close HTTP/1.1\r\n${HOST}\r\n`);
    const got = await client.response();
    expect(got.body).toBe("until close");
    expect(got.framing).toBe("chunked");
    await client.send(`GET /own HTTP/1.1\r\n${HOST}\r\n`);
    expect((await client.response()).body).toBe("own\n");
  });

  test("HEAD, 204 and 304 have no body and keep the connection in step", async () => {
    using client = await openClient(site.port);
    await client.send(`HEAD /head HTTP/1.1\r\n${HOST}\r\n`);
    const head = await client.response("HEAD");
    expect(fieldValue(head.fields, "content-length")).toBe("12345");
    await client.send(`GET /204 HTTP/1.1\r\n${HOST}\r\n`);
    const empty = await client.response();
    expect(empty.status).toBe(204);
    expect(hasField(empty.fields, "content-length") || hasField(empty.fields, "transfer-encoding")).toBe(false);
    await client.send(`GET /304 HTTP/1.1\r\n${HOST}\r\n`);
    const same = await client.response();
    expect(same.status).toBe(304);
    expect(fieldValue(same.fields, "etag")).toBe('"x"');
    await client.send(`HEAD /own HTTP/1.1\r\n${HOST}\r\n`);
    expect(fieldValue((await client.response("HEAD")).fields, "content-length")).toBe("4");
    await client.send(`GET /own HTTP/1.1\r\n${HOST}\r\n`);
    expect((await client.response()).body).toBe("own\n");
    expect(client.unread).toBe("");
  });
});

describe("interim replies", () => {
  test("Expect: 100-continue goes to the origin and its answer comes back before the body", async () => {
    await using scripted = await startSite({ origin: {} });
    using client = await openClient(scripted.port);
    await client.send(`POST /x HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
    const conn = await scripted.origin.connection();
    expect((await conn.readUntil("\r\n\r\n")).toLowerCase()).toContain("expect: 100-continue");
    expect(client.received).toBe("");
    await conn.send("HTTP/1.1 100 Continue\r\n\r\n");
    expect((await client.response()).status).toBe(100);
    await client.send("hello");
    await conn.readUntil("hello");
    await conn.send(reply(201, "made"));
    expect((await client.response()).status).toBe(201);
  });

  test("a refusal instead of 100 reaches the client, whose body is not waited for", async () => {
    await using scripted = await startSite({ origin: {} });
    using client = await openClient(scripted.port);
    await client.send(`POST /x HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
    const conn = await scripted.origin.connection();
    await conn.readUntil("\r\n\r\n");
    await conn.send(reply(403, "no"));
    const got = await client.response();
    expect(got.status).toBe(403);
    expect(fieldValue(got.fields, "connection").toLowerCase()).toBe("close");
  });

  test("103 passes, several times, before the reply", async () => {
    using client = await openClient(site.port);
    await client.send(`GET /hints HTTP/1.1\r\n${HOST}\r\n`);
    const first = await client.response();
    expect([first.status, fieldValue(first.fields, "link")]).toEqual([103, "</a.css>"]);
    expect(fieldValue((await client.response()).fields, "link")).toBe("</b.css>");
    expect((await client.response()).body).toBe("done");
  });

  test("an HTTP/1.0 client gets no interim reply", async () => {
    expect((await ask(site.port, `GET /hints HTTP/1.0\r\n${HOST}\r\n`)).status).toBe(200);
  });
});

describe("targets and fields", () => {
  test("absolute-form becomes origin-form, its authority the Host", async () => {
    const got = await ask(site.port, "GET http://test.example/abs?q=1 HTTP/1.1\r\nHost: test.example\r\n\r\n");
    expect(got.status).toBe(200);
    expect(lastSeen().startLine).toBe("GET /abs?q=1 HTTP/1.1");
    expect(fieldValue(lastSeen().fields, "host")).toBe("test.example");
  });

  test("absolute-form without a path is the root", async () => {
    await ask(site.port, "GET http://test.example HTTP/1.1\r\nHost: test.example\r\n\r\n");
    expect(lastSeen().startLine).toBe("GET / HTTP/1.1");
  });

  test("asterisk-form passes for OPTIONS", async () => {
    expect((await ask(site.port, `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`)).status).toBe(200);
    expect(lastSeen().startLine).toBe("OPTIONS * HTTP/1.1");
  });

  test("a query passes as it is", async () => {
    await ask(site.port, `GET /q?a=%2F&b=c%20d&a=..%2f..&=&?/[]{}|^ HTTP/1.1\r\n${HOST}\r\n`.replace("[]{}|^", "x"));
    expect(lastSeen().target).toBe("/q?a=%2F&b=c%20d&a=..%2f..&=&?/x");
  });

  test("names keep their case, repeated fields their order, both ways", async () => {
    await ask(
      site.port,
      `GET /case HTTP/1.1\r\n${HOST}X-FooBar: 1\r\nx-foobar: 2\r\nACCEPT: a\r\nCookie: b=1\r\nCookie: c=2\r\n\r\n`,
    );
    const names = lastSeen().fields.map(([n]) => n);
    expect(names).toContain("X-FooBar");
    expect(names).toContain("x-foobar");
    expect(names).toContain("ACCEPT");
    expect(fieldValues(lastSeen().fields, "x-foobar")).toEqual(["1", "2"]);
    expect(fieldValues(lastSeen().fields, "cookie")).toEqual(["b=1", "c=2"]);
    using client = await openClient(site.port);
    await client.send(`HEAD /head HTTP/1.1\r\n${HOST}\r\n`);
    expect((await client.response("HEAD")).fields.map(([n]) => n)).toContain("X-CaSe");
  });

  test("ninety fields pass", async () => {
    const many = Array.from({ length: 90 }, (_, i) => `X-F${i}: ${"v".repeat(100)}${i}\r\n`).join("");
    expect((await ask(site.port, `GET /many HTTP/1.1\r\n${HOST}${many}\r\n`)).status).toBe(200);
    expect(lastSeen().fields.filter(([n]) => n.startsWith("X-F") && !n.startsWith("X-Fo")).length).toBe(90);
  });

  test("a reason phrase passes", async () => {
    expect((await ask(site.port, `GET /reason HTTP/1.1\r\n${HOST}\r\n`)).startLine).toBe("HTTP/1.1 200 Quite Fine");
  });

  test("own replies carry Date, passed ones keep theirs", async () => {
    const own = await ask(site.port, `GET /own HTTP/1.1\r\n${HOST}\r\n`);
    const age = Math.abs(Date.now() - Date.parse(fieldValue(own.fields, "date")));
    expect(age).toBeLessThan(5000);
    expect(fieldValue(own.fields, "date")).toMatch(/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/);
    const passed = await ask(site.port, `GET /dated HTTP/1.1\r\n${HOST}\r\n`);
    expect(fieldValues(passed.fields, "date")).toEqual(["Thu, 01 Jan 1970 00:00:00 GMT"]);
    expect(fieldValues(passed.fields, "server")).toEqual(["own"]);
    expect(fieldValues((await ask(site.port, `GET /\\ HTTP/1.1\r\n${HOST}\r\n`)).fields, "date").length).toBe(1);
  });
});
