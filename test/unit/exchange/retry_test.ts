import { describe, expect, test } from "bun:test";
import { localFault, type ProxyError, type Retry, upstreamFault } from "../../../src/base/error.ts";
import type { RetryReason, RetrySpec } from "../../../src/config/traffic_model.ts";
import { type FailedAttempt, mayRetry, type UnderPolicy, type Verdict } from "../../../src/exchange/retry.ts";
import { RetryPolicy } from "../../../src/exchange/retry_policy.ts";
import { Fields } from "../../../src/http/fields.ts";
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
      expect(mayRetry(attempt)).toBe(again ? "automatic" : "no");
    });
  }
});

describe("mayRetry under a policy", () => {
  const every: readonly RetryReason[] = [
    { kind: "connectFailure" },
    { kind: "reset" },
    { kind: "refusedStream" },
    { kind: "timeout" },
    { kind: "status", from: 500, to: 504 },
    { kind: "status", from: 429, to: 429 },
    { kind: "grpc", status: 14 },
    { kind: "header", name: "x-again" },
  ];
  const only = (kind: RetryReason["kind"]): readonly RetryReason[] => every.filter((r) => r.kind === kind);
  const except = (kind: RetryReason["kind"]): readonly RetryReason[] => every.filter((r) => r.kind !== kind);
  const spec: RetrySpec = {
    on: every,
    attempts: 2,
    methods: [],
    perTryMs: null,
    backoff: { baseMs: 25, maxMs: 250 },
    retryAfterMs: 0,
    otherHost: true,
    bufferBytes: 1000,
  };
  const refused = upstreamFault("connectRefused", 503, "always", "x");
  const reset = upstreamFault("upstreamReset", 502, "never", "x");
  const stream = upstreamFault("upstreamReset", 503, "always", "x");
  const late = localFault("responseTimeout", 504, "x");

  interface Case {
    readonly error?: ProxyError;
    readonly status?: number;
    readonly fields?: readonly string[];
    readonly end?: boolean;
    readonly grpc?: boolean;
    readonly method?: string;
    readonly on?: readonly RetryReason[];
    readonly methods?: readonly string[];
    readonly made?: number;
    readonly attempts?: number;
    readonly automatic?: number;
    readonly reused?: boolean;
    readonly lost?: boolean;
    readonly waitMs?: number;
    readonly leftMs?: number;
    readonly budgetSpent?: boolean;
  }
  const rows: readonly [name: string, c: Case, verdict: Verdict][] = [
    // conditions
    ["a refused connection", { error: refused }, "unbudgeted"],
    ["a refused connection, not asked for", { error: refused, on: except("connectFailure") }, "no"],
    ["a connection that did not come", { error: upstreamFault("connectTimeout", 504, "always", "x") }, "unbudgeted"],
    ["a handshake that failed", { error: upstreamFault("tlsHandshake", 503, "always", "x") }, "unbudgeted"],
    ["no descriptors", { error: localFault("noDescriptors", 503, "x") }, "no"],
    ["a reset", { error: reset }, "policy"],
    ["a reset, not asked for", { error: reset, on: except("reset") }, "no"],
    ["a close before a reply", { error: upstreamFault("upstreamClosed", 502, "ifReused", "x") }, "policy"],
    ["a reply that is none", { error: upstreamFault("upstreamProtocol", 502, "never", "x") }, "policy"],
    ["a head that is too large", { error: upstreamFault("upstreamHeadTooLarge", 502, "never", "x") }, "no"],
    ["a client's reset", { error: localFault("clientReset", 0, "x") }, "no"],
    ["a refused stream: the first goes by itself", { error: stream }, "automatic"],
    ["a second refused stream", { error: stream, automatic: 1 }, "policy"],
    ["a second refused stream, where resets are asked for", { error: stream, automatic: 1, on: only("reset") }, "policy"],
    ["a second refused stream, not asked for", { error: stream, automatic: 1, on: only("timeout") }, "no"],
    ["the time of a try", { error: late }, "policy"],
    ["the time of a try, not asked for", { error: late, on: except("timeout") }, "no"],
    ["the request's time", { error: localFault("requestTimeout", 504, "x") }, "no"],
    ["a limit of the cluster", { error: localFault("overflow", 503, "x") }, "no"],
    ["no host", { error: localFault("noHost", 503, "x") }, "no"],
    ["a status", { status: 503 }, "policy"],
    ["the first of a class", { status: 500 }, "policy"],
    ["the last of a class", { status: 504 }, "policy"],
    ["behind a class", { status: 505 }, "no"],
    ["another status", { status: 429 }, "policy"],
    ["a status that is none of them", { status: 428 }, "no"],
    ["a good reply", { status: 200 }, "no"],
    ["a field", { status: 200, fields: ["X-Again", "yes"] }, "policy"],
    ["a field, not asked for", { status: 200, fields: ["X-Again", "yes"], on: except("header") }, "no"],
    ["a status of gRPC", { status: 200, fields: ["grpc-status", "14"], end: true, grpc: true }, "policy"],
    ["another status of gRPC", { status: 200, fields: ["grpc-status", "13"], end: true, grpc: true }, "no"],
    [
      "a status of gRPC that is not the reply alone",
      { status: 200, fields: ["grpc-status", "14"], end: false, grpc: true },
      "no",
    ],
    ["a field of its name where no call is", { status: 200, fields: ["grpc-status", "14"], end: true, grpc: false }, "no"],
    // what may be repeated
    ["POST: not connected", { error: refused, method: "POST" }, "unbudgeted"],
    ["POST: a second refused stream", { error: stream, method: "POST", automatic: 1 }, "policy"],
    ["POST: reset", { error: reset, method: "POST" }, "no"],
    ["POST: the time of a try", { error: late, method: "POST" }, "no"],
    ["POST: a status", { status: 503, method: "POST" }, "no"],
    ["POST: a field", { status: 200, fields: ["x-again", "yes"], method: "POST" }, "no"],
    ["POST: a status of gRPC", { status: 200, fields: ["grpc-status", "14"], end: true, grpc: true, method: "POST" }, "policy"],
    ["POST that is listed: reset", { error: reset, method: "POST", methods: ["POST"] }, "policy"],
    ["POST that is listed: a status", { status: 503, method: "POST", methods: ["POST"] }, "policy"],
    ["GET where others are listed: reset", { error: reset, methods: ["POST"] }, "no"],
    ["GET where others are listed: not connected", { error: refused, methods: ["POST"] }, "unbudgeted"],
    ["PATCH", { error: reset, method: "PATCH" }, "no"],
    ["DELETE", { error: reset, method: "DELETE" }, "policy"],
    // bounds
    ["the last retry", { status: 503, made: 1 }, "policy"],
    ["no retry left", { status: 503, made: 2 }, "exhausted"],
    ["no retry left, and no reason", { status: 200, made: 2 }, "no"],
    ["no retry left, and a method that is not repeated", { status: 503, made: 2, method: "POST" }, "no"],
    ["a body that is gone", { status: 503, lost: true }, "no"],
    ["a body that is gone, not connected", { error: refused, lost: true }, "no"],
    ["a wait within the request's time", { status: 503, waitMs: 99, leftMs: 100 }, "policy"],
    ["a wait as long as the request's time", { status: 503, waitMs: 100, leftMs: 100 }, "no"],
    ["a wait that the route does not grant", { status: 503, waitMs: Number.POSITIVE_INFINITY }, "no"],
    ["no budget left", { status: 503, budgetSpent: true }, "overBudget"],
    ["no budget left: a second refused stream", { error: stream, automatic: 1, budgetSpent: true }, "overBudget"],
    ["no budget left: not connected", { error: refused, budgetSpent: true }, "unbudgeted"],
    ["no budget left, and no retry either", { status: 503, budgetSpent: true, made: 2 }, "exhausted"],
    // the retry that is none of the policy's
    [
      "a pooled connection that died",
      {
        error: upstreamFault("upstreamClosed", 502, "ifReused", "x"),
        reused: true,
        made: 2,
        budgetSpent: true,
        on: only("timeout"),
      },
      "automatic",
    ],
    [
      "a pooled connection that died, the second time",
      { error: upstreamFault("upstreamClosed", 502, "ifReused", "x"), reused: true, automatic: 1 },
      "policy",
    ],
  ];
  for (const [name, c, verdict] of rows) {
    test(`${name}: ${verdict}`, () => {
      const { error = null, method = "GET", reused = false, lost = false, automatic = 0 } = c;
      const reply =
        c.status === undefined
          ? null
          : { status: c.status, reason: "", fields: Fields.of(...(c.fields ?? [])), contentLength: 0, upgrade: "" };
      const under: UnderPolicy = {
        policy: new RetryPolicy({ ...spec, on: c.on ?? every, methods: c.methods ?? [] }),
        made: c.made ?? 0,
        reply,
        end: c.end ?? false,
        grpc: c.grpc ?? false,
        waitMs: c.waitMs ?? 10,
        leftMs: c.leftMs ?? Number.POSITIVE_INFINITY,
        budgetSpent: c.budgetSpent ?? false,
      };
      expect(mayRetry({ error, method, reused, replayable: !lost, retries: automatic }, under)).toBe(verdict);
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
