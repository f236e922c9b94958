import { describe, expect, test } from "bun:test";
import { CANCEL, REFUSED_STREAM } from "../../../src/http/h2/error_codes.ts";
import { END_HEADERS, END_STREAM, goAway, type Pairs, PREFACE, reset, SETTINGS_ACK, settings } from "../http/h2/wire.ts";
import { call, data, H2Peer, H2Site, headers } from "./h2_site.ts";
import { HostsSite } from "./hosts_site.ts";
import { ok, Site } from "./site.ts";

const QUIET = [0, 0, 0];
const WAIT_MS = 100;
const OPEN = END_HEADERS;
const MAX_STREAMS = 3;
/** A message of three bytes. */
const MESSAGE = "\0\0\0\0\x03abc";

const DATE = ["date", "Tue, 01 Jan 2030 00:00:00 GMT"] as const;
const CALL_REPLY: Pairs = [[":status", "200"], ["content-type", "application/grpc"], DATE];
const UNAVAILABLE: Pairs = [...CALL_REPLY, ["grpc-status", "14"]];

function request(method: string, ...more: Pairs): Pairs {
  return [[":method", method], [":scheme", "http"], [":authority", "a"], [":path", "/x"], ...more];
}

function status(code: number, ...more: Pairs): Pairs {
  return [[":status", String(code)], DATE, ...more];
}

/** What the client got, without Date. */
function seen(client: H2Peer): string[] {
  return client.take().map((l) => l.replace(/ \[date: [^\]]*\]$/, ""));
}

function retry(on: string, more = ""): string {
  return `, retry: { attempts: 2, on: [${on}], backoff: { base: 1ms } ${more} }`;
}

describe("a call of gRPC", () => {
  test("with a reply of trailers only is tried again, whatever its method, with its message", async () => {
    const h2 = await H2Site.start(retry("grpc:unavailable"));
    const client = await h2.client(headers(1, call("/s.S/M"), OPEN), data(1, MESSAGE, END_STREAM));
    const origin = await h2.origin();
    const first = origin.take();
    origin.send(headers(1, UNAVAILABLE));
    await h2.site.settled();
    await h2.site.advance(WAIT_MS);
    expect(seen(client)).toEqual([]);
    expect(origin.take()).toEqual(first.map((l) => l.replace(/^(\w+) 1/, "$1 3")));
    origin.send(headers(3, CALL_REPLY, OPEN), data(3, MESSAGE), headers(3, [["grpc-status", "0"]]));
    await h2.site.settled();
    expect(seen(client)).toEqual([
      "HEADERS 1 200 [content-type: application/grpc]",
      `DATA 1 "${MESSAGE}"`,
      "HEADERS 1 end [grpc-status: 0]",
    ]);
    expect(h2.site.active).toEqual(QUIET);
  });

  test("whose status comes behind a head is not: that head has gone to the client", async () => {
    const h2 = await H2Site.start(retry("grpc:unavailable"));
    const client = await h2.client(headers(1, call("/s.S/M"), OPEN), data(1, MESSAGE, END_STREAM));
    const origin = await h2.origin();
    origin.send(headers(1, CALL_REPLY, OPEN), headers(1, [["grpc-status", "14"]]));
    await h2.site.settled();
    await h2.site.advance(WAIT_MS);
    expect(seen(client).at(-1)).toBe("HEADERS 1 end [grpc-status: 14]");
    expect(h2.site.retries).toBe(0);
  });

  test("whose time does not allow a wait has the reply", async () => {
    const h2 = await H2Site.start(", retry: { on: grpc:unavailable, retryAfter: 10s }");
    const client = await h2.client(headers(1, call("/s.S/M", ["grpc-timeout", "1S"]), OPEN), data(1, MESSAGE, END_STREAM));
    const origin = await h2.origin();
    origin.send(headers(1, [...UNAVAILABLE, ["retry-after", "2"]]));
    await h2.site.settled();
    expect(client.take()[0]).toContain("grpc-status: 14");
    expect(h2.site.active).toEqual(QUIET);
  });
});

describe("a stream", () => {
  test("that is refused is tried again by itself once, and after that by the policy, for any method", async () => {
    const h2 = await H2Site.start(retry("refusedStream"));
    const client = await h2.client(headers(1, request("POST"), OPEN), data(1, "hello", END_STREAM));
    const origin = await h2.origin();
    origin.send(reset(1, REFUSED_STREAM));
    await h2.site.settled();
    // A new connection, as without a policy.
    const second = new H2Peer(h2.site.origin, true);
    second.send(settings(), SETTINGS_ACK);
    await h2.site.settled();
    expect(second.take()).toEqual(["HEADERS 1 POST http a /x", 'DATA 1 "hello" end']);
    second.send(reset(1, REFUSED_STREAM));
    await h2.site.settled();
    await h2.site.advance(WAIT_MS);
    const lines = [...origin.take(), ...second.take()];
    expect(lines.filter((l) => l.startsWith("HEADERS 3"))).toHaveLength(1);
    expect(lines).toContain('DATA 3 "hello" end');
    for (const o of [origin, second]) o.send(headers(3, status(204)));
    await h2.site.settled();
    expect(seen(client)).toEqual(["HEADERS 1 end 204"]);
    expect(h2.site.retries).toBe(2);
  });

  test("that is reset is not, where its POST may have been worked on", async () => {
    const h2 = await H2Site.start(retry("reset"));
    const client = await h2.client(headers(1, request("POST"), OPEN), data(1, "hello", END_STREAM));
    const origin = await h2.origin();
    origin.send(reset(1, CANCEL));
    await h2.site.settled();
    expect(client.take()[0]).toStartWith("HEADERS 1 502");
    expect(h2.site.retries).toBe(0);
  });

  test("above the last that GOAWAY names is tried again", async () => {
    const h2 = await H2Site.start(retry("refusedStream"));
    const client = await h2.client(headers(1, request("POST"), OPEN), data(1, "hello", END_STREAM));
    const origin = await h2.origin();
    origin.send(goAway(0, 0));
    await h2.site.settled();
    const second = new H2Peer(h2.site.origin, true);
    second.send(settings(), SETTINGS_ACK, headers(1, status(204)));
    await h2.site.settled();
    expect(seen(client)).toEqual(["HEADERS 1 end 204"]);
  });

  test("whose reply is tried again is reset, and its connection stays", async () => {
    const h2 = await H2Site.start(retry("503"));
    const client = await h2.client(headers(1, request("GET")));
    const origin = await h2.origin();
    origin.take();
    origin.send(headers(1, status(503), OPEN), data(1, "some of the body"));
    await h2.site.settled();
    await h2.site.advance(WAIT_MS);
    expect(seen(client)).toEqual([]);
    expect(origin.take()).toEqual(["RST 1 CANCEL", "HEADERS 3 end GET http a /x"]);
    origin.send(data(1, "more of it", END_STREAM), headers(3, status(200), OPEN), data(3, "good", END_STREAM));
    await h2.site.settled();
    expect(seen(client)).toEqual(["HEADERS 1 200", 'DATA 1 "good" end']);
    expect(h2.site.active).toEqual(QUIET);
  });

  test("that takes long is beaten by its hedge, and reset", async () => {
    const h2 = await H2Site.start(", hedge: 100ms");
    const client = await h2.client(headers(1, request("PUT"), OPEN), data(1, "hello", END_STREAM));
    const origin = await h2.origin();
    origin.take();
    await h2.site.advance(150);
    expect(origin.take()).toEqual(["HEADERS 3 PUT http a /x", 'DATA 3 "hello" end']);
    origin.send(headers(3, status(200), OPEN), data(3, "second"));
    await h2.site.settled();
    expect(origin.take()).toEqual(["RST 1 CANCEL"]);
    origin.send(headers(1, status(200), OPEN), data(1, "first", END_STREAM), data(3, "", END_STREAM));
    await h2.site.settled();
    expect(seen(client).join()).toBe('HEADERS 1 200,DATA 1 "second",DATA 1 "" end');
    expect(h2.site.active).toEqual(QUIET);
  });

  test("of a copy has a head of its own", async () => {
    const h2 = new H2Site(await Site.start(", mirror: nowhere", ", detect: true", ", protocol: h2c"));
    const client = await h2.client(headers(1, request("PUT"), OPEN), data(1, "hello", END_STREAM));
    const origin = await h2.origin();
    expect(origin.take()).toEqual(["HEADERS 1 PUT http a /x", 'DATA 1 "hello" end']);
    origin.send(headers(1, status(204)));
    await h2.site.settled();
    expect(seen(client)).toEqual(["HEADERS 1 end 204"]);
  });
});

describe("a limit of connections", () => {
  test("lets streams wait for one that ends, in their order", async () => {
    const h2 = await H2Site.start("", "", ", breakers: { connections: 1 }");
    const client = await h2.client(headers(1, request("GET")));
    const origin = await h2.origin();
    origin.send(settings([MAX_STREAMS, 1]));
    await h2.site.settled();
    origin.take();
    client.send(headers(3, request("PUT", ["content-length", "0"])), headers(5, request("GET")));
    await h2.site.settled();
    expect(h2.site.origins).toHaveLength(1);
    expect(origin.take()).toEqual([]);
    origin.send(headers(1, status(204)));
    await h2.site.settled();
    expect(origin.take()).toEqual(["HEADERS 3 end PUT http a /x [content-length: 0]"]);
    origin.send(headers(3, status(204)));
    await h2.site.settled();
    origin.send(headers(5, status(204)));
    await h2.site.settled();
    expect(seen(client)).toEqual(["HEADERS 1 end 204", "HEADERS 3 end 204", "HEADERS 5 end 204"]);
    expect(h2.site.active).toEqual(QUIET);
  });

  test("lets them in when the server allows more streams", async () => {
    const h2 = await H2Site.start("", "", ", breakers: { connections: 1 }");
    const client = await h2.client(headers(1, request("GET")));
    const origin = await h2.origin();
    origin.send(settings([MAX_STREAMS, 1]));
    await h2.site.settled();
    client.send(headers(3, request("GET")));
    await h2.site.settled();
    origin.take();
    origin.send(settings([MAX_STREAMS, 5]));
    await h2.site.settled();
    expect(origin.take()).toEqual(["HEADERS 3 end GET http a /x"]);
  });

  test("of one host don't starve another", async () => {
    const site = await HostsSite.start({
      hosts: [9001, 9002],
      listener: ", detect: true",
      cluster: ", protocol: h2c, breakers: { connections: 1 }",
    });
    const hosts = [await site.listen(9001), await site.listen(9002)];
    const client = new H2Peer(await site.client(), false);
    client.send(PREFACE, settings(), SETTINGS_ACK, headers(1, request("GET")));
    await site.settled();
    const first = hosts.find((h) => h.peers.length > 0)!;
    const a = new H2Peer(first.last, true);
    // Its turn is the other host's, which has no connection.
    client.send(headers(3, request("GET")));
    await site.settled();
    a.send(settings(), SETTINGS_ACK, headers(1, status(204)));
    await site.settled();
    const other = hosts.find((h) => h !== first)!;
    expect([first.open, other.open]).toEqual([0, 1]);
    new H2Peer(other.last, true).send(settings(), SETTINGS_ACK, headers(1, status(204)));
    await site.settled();
    expect(seen(client)).toEqual(["HEADERS 1 end 204", "HEADERS 3 end 204"]);
  });

  test("bounds what waits for a connection on its way, but for the one that it is for", async () => {
    const site = await Site.start("", ", detect: true", ", protocol: h2c, breakers: { pending: 1 }");
    site.platform.silent.add("127.0.0.1:9000");
    const h2 = new H2Site(site);
    const client = await h2.client(headers(1, request("GET")), headers(3, request("GET")), headers(5, request("GET")));
    expect(
      seen(client)
        .filter((l) => l.startsWith("HEADERS"))
        .map((l) => l.slice(0, 13)),
    ).toEqual(["HEADERS 5 503"]);
  });
});

describe("the age of a connection", () => {
  test("of an upstream: GOAWAY, what is under way ends, and the next request has another one", async () => {
    const h2 = await H2Site.start("", "", ", maxConnectionAge: 10s");
    const client = await h2.client(headers(1, request("GET")));
    const origin = await h2.origin();
    origin.take();
    await h2.site.advance(10_100);
    expect(origin.take()).toEqual(["GOAWAY 0 NO_ERROR"]);
    client.send(headers(3, request("GET")));
    await h2.site.settled();
    expect(h2.site.origins).toHaveLength(2);
    origin.send(headers(1, status(204)));
    await h2.site.settled();
    expect(seen(client)).toEqual(["HEADERS 1 end 204"]);
    expect(h2.site.origins[0]!.gone).toBe(true);
  });

  test("of a client: GOAWAY, what is under way ends, and then the connection", async () => {
    const h2 = await H2Site.start("", ", timeouts: { maxConnection: 10s }");
    const client = await h2.client(headers(1, request("GET")));
    const origin = await h2.origin();
    await h2.site.advance(10_100);
    expect(seen(client)).toEqual(["GOAWAY 2147483647 NO_ERROR"]);
    // No answer to the PING behind it.
    await h2.site.advance(2100);
    expect(seen(client)).toEqual(["GOAWAY 1 NO_ERROR"]);
    expect(client.peer.gone).toBe(false);
    origin.send(headers(1, status(204)));
    await h2.site.settled();
    expect(seen(client)).toEqual(["HEADERS 1 end 204"]);
    expect(client.peer.gone).toBe(true);
  });

  test("of a client on HTTP/1: an unused one is closed, a busy one with its reply", async () => {
    const site = await Site.start("", ", timeouts: { maxConnection: 10s, idle: 60s }");
    const unused = await site.client("GET /own HTTP/1.1\r\nHost: a\r\n\r\n");
    const busy = await site.client("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(unused.text).not.toContain("Connection: close");
    await site.advance(9900);
    expect([unused.gone, busy.gone]).toEqual([false, false]);
    await site.advance(200);
    expect([unused.gone, busy.gone]).toEqual([true, false]);
    site.origin.send(ok("late"));
    await site.settled();
    expect(busy.text).toBe(ok("late").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    expect(busy.gone).toBe(true);
  });
});
