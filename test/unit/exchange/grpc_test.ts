import { describe, expect, test } from "bun:test";
import { CANCEL } from "../../../src/http/h2/error_codes.ts";
import { END_HEADERS, END_STREAM, type Pairs, reset } from "../http/h2/wire.ts";
import { call, data, H2Site, headers } from "./h2_site.ts";
import { Site } from "./site.ts";

const QUIET = [0, 0, 0];
/** The wheel's grain: a deadline is told within it. */
const GRAIN_MS = 16;
const OPEN = END_HEADERS;
/** A message of three bytes. */
const MESSAGE = "\0\0\0\0\x03abc";

const REPLY = [
  [":status", "200"],
  ["content-type", "application/grpc"],
  ["date", "Tue, 01 Jan 2030 00:00:00 GMT"],
] as const;

function told(status: number, message: string): string {
  return `HEADERS 1 end 200 [content-type: application/grpc | grpc-status: ${status} | grpc-message: ${message}]`;
}

/** Calls counted, as `method status=count`. */
function counted(site: Site): string[] {
  const family = site.server.metrics.numbers.families.get("weir_grpc_requests_total");
  const out: string[] = [];
  for (const { labels, metric } of family?.rows.values() ?? []) {
    if (!("names" in metric)) continue;
    for (const [i, name] of metric.names.entries()) {
      const n = metric.valueAt(i);
      if (n > 0) out.push(`${labels["route"]} ${labels["method"]} ${name}=${n}`);
    }
  }
  return out;
}

describe("calls", () => {
  test("a unary one passes both ways, trailers too", async () => {
    const h2 = await H2Site.start();
    const client = await h2.client(headers(1, call("/s.S/M"), OPEN), data(1, MESSAGE, END_STREAM));
    const origin = await h2.origin();
    expect(origin.take()).toEqual([
      "HEADERS 1 POST http a /s.S/M [content-type: application/grpc | te: trailers]",
      `DATA 1 "${MESSAGE}" end`,
    ]);
    origin.send(headers(1, REPLY, OPEN), data(1, MESSAGE), headers(1, [["grpc-status", "0"]]));
    await h2.site.settled();
    expect(client.take()).toEqual([
      `HEADERS 1 200 [content-type: application/grpc]`,
      `DATA 1 "${MESSAGE}"`,
      "HEADERS 1 end [grpc-status: 0]",
    ]);
    expect(counted(h2.site)).toEqual(["up  0=1"]);
    expect(h2.site.active).toEqual(QUIET);
  });

  test("messages go on as they come, in both directions", async () => {
    const h2 = await H2Site.start();
    const client = await h2.client(headers(1, call("/s.S/Chat"), OPEN));
    const origin = await h2.origin();
    expect(origin.take()).toHaveLength(1);
    origin.send(headers(1, REPLY, OPEN));
    await h2.site.settled();
    expect(client.take()).toHaveLength(1);
    for (let i = 0; i < 3; i++) {
      client.send(data(1, MESSAGE));
      await h2.site.settled();
      expect(origin.take()).toEqual([`DATA 1 "${MESSAGE}"`]);
      origin.send(data(1, MESSAGE));
      await h2.site.settled();
      expect(client.take()).toEqual([`DATA 1 "${MESSAGE}"`]);
    }
    origin.send(headers(1, [["grpc-status", "9"]]));
    await h2.site.settled();
    expect(client.take()).toEqual(["HEADERS 1 end [grpc-status: 9]", "RST 1 NO_ERROR"]);
    expect(counted(h2.site)).toEqual(["up  9=1"]);
  });

  test("trailers-only of the upstream passes", async () => {
    const h2 = await H2Site.start();
    const client = await h2.client(headers(1, call("/s.S/M")));
    const origin = await h2.origin();
    origin.send(headers(1, [...REPLY, ["grpc-status", "5"]]));
    await h2.site.settled();
    expect(client.take()).toEqual([`HEADERS 1 end 200 [content-type: application/grpc | grpc-status: 5]`]);
    expect(counted(h2.site)).toEqual(["up  5=1"]);
  });
});

describe("errors of Weir's own are trailers-only", () => {
  test("the upstream refuses", async () => {
    const h2 = await H2Site.start();
    const client = await h2.client(headers(1, call("/down"), OPEN), data(1, MESSAGE));
    expect(client.take()).toEqual([told(14, "503 Service Unavailable"), "RST 1 NO_ERROR"]);
    expect(counted(h2.site)).toEqual(["down  14=1"]);
  });

  test("the body is too large", async () => {
    const h2 = await H2Site.start(", limits: { body: 4 }");
    const client = await h2.client(headers(1, call("/s.S/M"), OPEN), data(1, MESSAGE));
    expect(client.take()).toEqual([told(2, "413 Content Too Large"), "RST 1 NO_ERROR"]);
  });

  test("the path is refused, no route matches", async () => {
    const h2 = await H2Site.start(", hosts: [b]");
    const client = await h2.client(
      headers(1, call("/a%2Fb"), OPEN),
      headers(3, [...call("/a%2Fb").slice(0, 2), [":authority", "b"], ...call("/a%2Fb").slice(3)]),
    );
    expect(client.take().filter((l) => l.startsWith("HEADERS"))).toEqual([
      told(12, "404 Not Found"),
      told(13, "400 Bad Request").replace("HEADERS 1", "HEADERS 3"),
    ]);
  });

  const long = (bytes: number): readonly [string, string] => ["x-long", "v".repeat(bytes)];
  const many = (n: number): (readonly [string, string])[] => Array.from({ length: n }, (_, i) => [`x-${i}`, "v"] as const);
  const withPath = (path: string): Pairs => call("/").map(([n, v]) => [n, n === ":path" ? path : v] as const);
  const [type] = call("/").filter(([n]) => n === "content-type");
  const bare = call("/").filter(([n]) => n !== "content-type");
  for (const [name, head, limits, status, message] of [
    [
      "a head over the limit, its type before that",
      [...call("/"), long(5000)],
      "head: 4KiB, requestLine: 1KiB",
      2,
      "431 Request Header Fields Too Large",
    ],
    ["and behind it", [...bare, long(5000), type!], "head: 4KiB, requestLine: 1KiB", 2, "431 Request Header Fields Too Large"],
    ["and at it", [...bare, long(3840), type!], "head: 4KiB, requestLine: 1KiB", 2, "431 Request Header Fields Too Large"],
    ["too many fields, its type before", [...call("/"), ...many(9)], "fields: 10", 2, "431 Request Header Fields Too Large"],
    ["and behind", [...bare, ...many(11), type!], "fields: 10", 2, "431 Request Header Fields Too Large"],
    ["and the first too many", [...bare, ...many(9), type!], "fields: 10", 2, "431 Request Header Fields Too Large"],
    ["a path over the limit", withPath(`/${"p".repeat(300)}`), "requestLine: 256B", 2, "414 URI Too Long"],
    ["a path that is none", withPath("/%zz"), "", 13, "400 Bad Request"],
    ["an expectation", [...call("/"), ["expect", "tea"]], "", 2, "417 Expectation Failed"],
    ["an authority that is none", [...call("/").slice(0, 2), [":authority", "a b"], ...call("/").slice(3)], "", -1, ""],
  ] as const satisfies readonly (readonly [string, Pairs, string, number, string])[]) {
    test(`a head that is refused before there is an exchange: ${name}`, async () => {
      const lines: string[] = [];
      const h2 = await H2Site.start("", `, limits: { ${limits} }`);
      const client = await h2.client(headers(1, head, OPEN));
      lines.push(...client.take());
      // What is malformed is no message at all (RFC 9113 8.1.1).
      expect(lines).toEqual(status < 0 ? ["RST 1 PROTOCOL_ERROR"] : [told(status, message), "RST 1 NO_ERROR"]);
      client.send(headers(3, call("/down")));
      await h2.site.settled();
      expect(client.take()).toEqual([told(14, "503 Service Unavailable").replace("HEADERS 1", "HEADERS 3")]);
      expect(h2.site.active).toEqual(QUIET);
    });
  }

  test("and others are refused as ever", async () => {
    const h2 = await H2Site.start("", ", limits: { fields: 10 }");
    for (const [i, more] of [[], [["content-type", "application/grpc-web"] as const]].entries()) {
      const client = await h2.client(headers(1, [...bare, ...many(11), ...more]));
      expect([i, client.take()[0]]).toEqual([i, expect.stringMatching(/^HEADERS 1 431 .*text\/plain/)]);
    }
  });

  test("the upstream takes too long", async () => {
    const h2 = await H2Site.start(", timeouts: { responseHead: 3s }");
    const client = await h2.client(headers(1, call("/s.S/M")));
    const origin = await h2.origin();
    origin.take();
    await h2.site.advance(3000 + GRAIN_MS);
    expect(client.take()).toEqual([told(4, "504 Gateway Timeout")]);
    expect(origin.take()).toEqual(["RST 1 CANCEL"]);
  });

  test("a connection that takes too long is the upstream's fault", async () => {
    const h2 = await H2Site.start("", "", ", connectTimeout: 1s");
    h2.site.platform.silent.add("127.0.0.1:9000");
    const client = await h2.client(headers(1, call("/s.S/M")));
    await h2.site.advance(1000 + GRAIN_MS);
    expect(client.take()).toEqual([told(14, "504 Gateway Timeout")]);
  });

  test("a reply of the config is an error when its status is", async () => {
    const h2 = await H2Site.start(
      ' }\n  - { name: closed, match: [{ path: /closed }], respond: { status: 403, body: "zu für heute\\n" }',
    );
    const client = await h2.client(headers(1, call("/closed")), headers(3, call("/own")));
    expect(client.take()).toEqual([
      told(7, "zu f%C3%BCr heute"),
      `HEADERS 3 200 [content-length: 4 | content-type: text/plain; charset=utf-8]`,
      'DATA 3 "own\n" end',
    ]);
    expect(counted(h2.site)).toEqual(["closed  7=1", "own  2=1"]);
  });

  test("within a reply the stream is reset, at the deadline with CANCEL", async () => {
    const h2 = await H2Site.start();
    const client = await h2.client(headers(1, call("/s.S/M", ["grpc-timeout", "1S"])));
    const origin = await h2.origin();
    origin.send(headers(1, REPLY, OPEN), data(1, MESSAGE));
    await h2.site.settled();
    client.take();
    await h2.site.advance(1000 + GRAIN_MS);
    expect(client.take()).toEqual(["RST 1 CANCEL"]);
    expect(origin.take().at(-1)).toBe("RST 1 CANCEL");
    expect(counted(h2.site)).toEqual(["up  4=1"]);
  });

  test("within a reply that the upstream resets the stream is reset", async () => {
    const h2 = await H2Site.start();
    const client = await h2.client(headers(1, call("/s.S/M")));
    const origin = await h2.origin();
    origin.send(headers(1, REPLY, OPEN), data(1, MESSAGE));
    await h2.site.settled();
    client.take();
    origin.send(reset(1, CANCEL));
    await h2.site.settled();
    expect(client.take()).toEqual(["RST 1 INTERNAL_ERROR"]);
    expect(counted(h2.site)).toEqual(["up  14=1"]);
  });

  test("a client that gives up has cancelled", async () => {
    const h2 = await H2Site.start();
    const client = await h2.client(headers(1, call("/s.S/M")));
    const origin = await h2.origin();
    origin.take();
    client.send(reset(1, CANCEL));
    await h2.site.settled();
    expect(origin.take()).toEqual(["RST 1 CANCEL"]);
    expect(counted(h2.site)).toEqual(["up  1=1"]);
  });

  test("others get theirs as ever", async () => {
    const h2 = await H2Site.start();
    const plain = call("/down").map(([n, v]) => [n, n === "content-type" ? "application/json" : v] as const);
    const client = await h2.client(headers(1, plain), headers(3, call("/down").slice(0, 4)));
    for (const line of client.take().filter((l) => l.startsWith("HEADERS")))
      expect(line).toMatch(/^HEADERS \d 503 .*text\/plain/);
    expect(counted(h2.site)).toEqual([]);
    const h1 = await Site.start();
    const old = await h1.client("POST /down HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n\r\n");
    expect(old.text).toStartWith("HTTP/1.1 503 Service Unavailable\r\n");
    expect(counted(h1)).toEqual([]);
  });
});

describe("grpc-timeout", () => {
  test("bounds the call from its head on, whatever is still to come", async () => {
    const h2 = await H2Site.start();
    const client = await h2.client(headers(1, call("/s.S/M", ["grpc-timeout", "2S"]), OPEN), data(1, MESSAGE));
    const origin = await h2.origin();
    expect(origin.take()[0]).toContain("grpc-timeout: 2S");
    await h2.site.advance(1900);
    client.send(data(1, MESSAGE));
    await h2.site.settled();
    expect(client.take()).toEqual([]);
    await h2.site.advance(100 + GRAIN_MS);
    expect(client.take()).toEqual([told(4, "504 Gateway Timeout"), "RST 1 NO_ERROR"]);
    expect(origin.take().at(-1)).toBe("RST 1 CANCEL");
    expect(h2.site.fault("requestTimeout")).toBe(1);
    expect(h2.site.active).toEqual(QUIET);
  });

  test("holds while Weir still connects", async () => {
    const h2 = await H2Site.start("", "", ", connectTimeout: 60s");
    h2.site.platform.silent.add("127.0.0.1:9000");
    const client = await h2.client(headers(1, call("/s.S/M", ["grpc-timeout", "500m"])));
    await h2.site.advance(500 + GRAIN_MS);
    expect(client.take()).toEqual([told(4, "504 Gateway Timeout")]);
  });

  test("holds beside a longer time of the route, where the head is all of the call", async () => {
    const h2 = await H2Site.start(", timeout: 10s");
    const client = await h2.client(headers(1, call("/s.S/M", ["grpc-timeout", "500m"])));
    await h2.site.advance(500 + GRAIN_MS);
    expect(client.take()).toEqual([told(4, "504 Gateway Timeout")]);
  });

  test("that has passed ends the call at once", async () => {
    const h2 = await H2Site.start();
    const client = await h2.client(headers(1, call("/s.S/M", ["grpc-timeout", "0n"])));
    expect(client.take()).toEqual([told(4, "504 Gateway Timeout")]);
    expect(h2.site.origins).toHaveLength(0);
  });

  test("that is malformed is no deadline, and goes on as it came", async () => {
    const h2 = await H2Site.start();
    const client = await h2.client(headers(1, call("/s.S/M", ["grpc-timeout", "1s"])));
    const origin = await h2.origin();
    expect(origin.take()[0]).toContain("grpc-timeout: 1s");
    await h2.site.advance(30_000);
    expect(client.take()).toEqual([]);
  });

  test("longer than the time for a head is the time for a head", async () => {
    const h2 = await H2Site.start(", timeouts: { responseHead: 3s }");
    const client = await h2.client(headers(1, call("/s.S/M", ["grpc-timeout", "10S"])));
    await h2.origin();
    await h2.site.advance(9900);
    expect(client.take()).toEqual([]);
    await h2.site.advance(100 + GRAIN_MS);
    expect(client.take()).toEqual([told(4, "504 Gateway Timeout")]);
  });

  test("does not lengthen the route's timeout", async () => {
    const h2 = await H2Site.start(", timeout: 2s");
    const client = await h2.client(headers(1, call("/s.S/M", ["grpc-timeout", "10S"])));
    await h2.origin();
    await h2.site.advance(2000 + GRAIN_MS);
    expect(client.take()).toEqual([told(4, "504 Gateway Timeout")]);
  });

  for (const [asked, wanted] of [
    ["10S", "3000m"],
    ["1S", "1S"],
    ["bad", "3000m"],
    [null, "3000m"],
  ] as const) {
    test(`of ${asked} on a route that takes 3s`, async () => {
      const h2 = await H2Site.start(", grpc: { maxTimeout: 3s }");
      const client = await h2.client(headers(1, asked === null ? call("/s.S/M") : call("/s.S/M", ["grpc-timeout", asked])));
      const origin = await h2.origin();
      expect(origin.take()[0]).toContain(`grpc-timeout: ${wanted}`);
      await h2.site.advance(3000 + GRAIN_MS);
      expect(client.take()).toEqual([told(4, "504 Gateway Timeout")]);
    });
  }

  test("is nothing to requests that are no calls", async () => {
    const site = await Site.start(", grpc: { maxTimeout: 1s }");
    const client = await site.client("GET / HTTP/1.1\r\nHost: a\r\ngrpc-timeout: 1S\r\n\r\n");
    await site.advance(5000);
    expect(client.text).toBe("");
    expect(site.origin.text).toContain("grpc-timeout: 1S\r\n");
  });
});

describe("counts", () => {
  test("a method has a name where the config gives it one", async () => {
    const h2 = await H2Site.start(", match: [{ path: /s.S/Exact }, { prefix: / }], grpc: { methods: [/s.S/Listed] }");
    const paths = ["/s.S/Exact", "/s.S/Listed", "/s.S/Other", "/s.S/Listed?x=y", "/s.S/Made-Up"];
    const client = await h2.client(...paths.map((p, i) => headers(2 * i + 1, call(p))));
    const origin = await h2.origin();
    paths.forEach((_, i) => {
      origin.send(headers(2 * i + 1, [...REPLY, ["grpc-status", String(i)]]));
    });
    await h2.site.settled();
    expect(client.take()).toHaveLength(paths.length);
    expect(counted(h2.site).sort()).toEqual([
      "up  2=1",
      "up  4=1",
      "up /s.S/Exact 0=1",
      "up /s.S/Listed 1=1",
      "up /s.S/Listed 3=1",
    ]);
  });

  test("a reply that is none of gRPC counts as clients take it", async () => {
    const h2 = await H2Site.start();
    const client = await h2.client(headers(1, call("/s.S/M")), headers(3, call("/s.S/M")), headers(5, call("/s.S/M")));
    const origin = await h2.origin();
    origin.send(
      headers(1, [[":status", "403"]]),
      headers(3, [[":status", "200"]]),
      headers(5, [...REPLY, ["grpc-status", "77"]]),
    );
    await h2.site.settled();
    expect(client.take()).toHaveLength(3);
    expect(counted(h2.site)).toEqual(["up  2=2", "up  7=1"]);
  });
});
