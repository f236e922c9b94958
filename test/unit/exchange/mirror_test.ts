import { describe, expect, test } from "bun:test";
import { MIRROR_BYTES, shadowHost } from "../../../src/exchange/mirror.ts";
import { MIRROR_ENDS } from "../../../src/telemetry/cluster_metrics.ts";
import { Random } from "../../fuzz/random.ts";
import { type HostsOptions, HostsSite, type MemoryHost } from "./hosts_site.ts";
import { get, ok, type Peer, statuses } from "./site.ts";

interface Mirrored {
  readonly site: HostsSite;
  readonly host: MemoryHost;
  readonly shadow: MemoryHost;
  readonly client: Peer;
}

async function mirrored(request: string, o: HostsOptions = {}, mirror = "shadow"): Promise<Mirrored> {
  const site = await HostsSite.start({
    ...o,
    route: `, mirror: ${mirror} ${o.route ?? ""}`,
    clusters: o.clusters ?? `  shadow: { endpoints: ["127.0.0.1:9101"] }`,
  });
  const host = await site.listen(9001);
  const shadow = await site.listen(9101);
  return { site, host, shadow, client: await site.client(request) };
}

function ends(site: HostsSite): Record<string, number> {
  const { mirrors } = site.server.metrics.cluster("shadow");
  return Object.fromEntries(MIRROR_ENDS.map((e, i) => [e, mirrors.valueAt(i)]));
}

function shadowActive(site: HostsSite): number {
  return site.server.metrics.cluster("shadow").requestsActive.value;
}

describe("a copy of a request", () => {
  test("has its host told apart, and its reply is nobody's", async () => {
    const { site, host, shadow, client } = await mirrored(get("/x", "A: b\r\n"));
    expect(shadow.last.text).toBe(host.last.text.replace("Host: a\r\n", "").replace("\r\n\r\n", "\r\nHost: a-shadow\r\n\r\n"));
    shadow.last.send(ok("shadow"));
    await site.settled();
    expect(client.text).toBe("");
    host.last.send(ok("real"));
    await site.settled();
    expect(client.text).toBe(ok("real"));
    expect(ends(site)).toEqual({ answered: 1, failed: 0, cut: 0 });
    expect(shadow.last.gone).toBe(false);
    expect(site.server.metrics.cluster("shadow").responses.valueAt(2)).toBe(0);
    expect(shadowActive(site)).toBe(0);
  });

  test("outlives the exchange, and its connection is used again", async () => {
    const { site, host, shadow, client } = await mirrored(get("/1"));
    host.last.send(ok(""));
    await site.settled();
    shadow.last.send(ok("late"));
    await site.settled();
    client.send(get("/2"));
    await site.settled();
    expect(shadow.peers).toHaveLength(1);
    expect(shadow.last.text.match(/GET/g)).toHaveLength(2);
  });

  test("goes to several clusters", async () => {
    const site = await HostsSite.start({
      route: ", mirror: [one, { cluster: two, share: 100% }]",
      clusters: `  one: { endpoints: ["127.0.0.1:9101"] }\n  two: { endpoints: ["127.0.0.1:9102"] }`,
    });
    const hosts = await Promise.all([9001, 9101, 9102].map((p) => site.listen(p)));
    await site.client(get("/x"));
    expect(hosts.map((h) => h.peers.length)).toEqual([1, 1, 1]);
  });

  test("has the body as it streams, with trailers", async () => {
    const { site, host, shadow, client } = await mirrored(
      "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    );
    expect(shadow.last.text).toEndWith("5\r\nhello\r\n");
    client.send("1\r\n!\r\n0\r\nT: u\r\n\r\n");
    await site.settled();
    const body = (p: Peer): string => p.text.slice(p.text.indexOf("\r\n\r\n"));
    expect(body(shadow.last)).toBe(body(host.last));
  });

  test("has none of an upgrade", async () => {
    const { shadow } = await mirrored(
      "GET /x HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
      { route: ", upgrade: [websocket]" },
    );
    expect(shadow.peers).toHaveLength(0);
  });

  test("waits for no 100 (Continue)", async () => {
    const { shadow, host } = await mirrored("PUT /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    expect(host.last.text).toContain("100-continue");
    expect(shadow.last.text).not.toContain("100-continue");
  });

  test("is made once, however often the request is tried", async () => {
    const { site, host, shadow } = await mirrored(get("/x"), { route: ", retry: { on: 503, backoff: { base: 1ms } }" });
    host.last.send("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
    await site.settled();
    await site.advance(50);
    const asked = (h: MemoryHost): number => h.peers.flatMap((p) => p.text.match(/GET/g) ?? []).length;
    expect([asked(host), asked(shadow)]).toEqual([2, 1]);
  });
});

describe("a mirror that", () => {
  test("does not connect, resets or answers nonsense is felt by nobody", async () => {
    for (const how of ["refused", "reset", "nonsense"]) {
      const { site, host, shadow, client } = await mirrored(
        get("/x"),
        how === "refused" ? { clusters: `  shadow: { endpoints: ["127.0.0.1:9999"] }` } : {},
      );
      if (how === "reset") shadow.last.conn!.reset();
      if (how === "nonsense") shadow.last.send("220 mail ready\r\n");
      await site.settled();
      host.last.send(ok("real"));
      await site.settled();
      expect(client.text).toBe(ok("real"));
      expect(ends(site)).toEqual({ answered: 0, failed: 1, cut: 0 });
    }
  });

  test("takes nothing is cut off, and holds nobody back", async () => {
    const size = 4 * MIRROR_BYTES;
    const { site, host, shadow, client } = await mirrored(`PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
    host.last.keepsText = false;
    shadow.last.conn!.pause();
    for (let sent = 0; sent < size; sent += 16 * 1024) {
      client.send("x".repeat(16 * 1024));
      await site.settled();
    }
    expect(host.last.bytes).toBeGreaterThan(size);
    expect(ends(site)).toEqual({ answered: 0, failed: 0, cut: 1 });
    host.last.send(ok("real"));
    await site.settled();
    expect(statuses(client.text)).toEqual([200]);
  });

  test("does not connect in time is cut off by the body that waits", async () => {
    const size = 2 * MIRROR_BYTES;
    const site = await HostsSite.start({
      route: ", mirror: shadow",
      clusters: `  shadow: { endpoints: ["127.0.0.1:9101"] }`,
    });
    const host = await site.listen(9001);
    site.platform.silent.add("127.0.0.1:9101");
    const client = await site.client(`PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
    client.send("x".repeat(size));
    await site.settled();
    host.last.send(ok("real"));
    await site.settled();
    expect(statuses(client.text)).toEqual([200]);
    expect(ends(site)).toEqual({ answered: 0, failed: 0, cut: 1 });
  });

  test("never answers is given up after a minute, and its connection with it", async () => {
    const { site, host, shadow } = await mirrored(get("/x"));
    host.last.send(ok("real"));
    await site.settled();
    await site.advance(59_000);
    expect(shadow.last.gone).toBe(false);
    await site.advance(1100);
    expect(shadow.last.gone).toBe(true);
    expect(ends(site)).toEqual({ answered: 0, failed: 1, cut: 0 });
  });

  test("is behind a limit that is reached gets nothing", async () => {
    const { site, host, shadow, client } = await mirrored(get("/1"), {
      clusters: `  shadow: { endpoints: ["127.0.0.1:9101"], breakers: { requests: 1 } }`,
    });
    host.last.send(ok(""));
    await site.settled();
    client.send(get("/2"));
    await site.settled();
    expect(host.last.text).toContain("/2");
    expect(shadow.last.text).not.toContain("/2");
    expect(ends(site)).toEqual({ answered: 0, failed: 1, cut: 0 });
    shadow.last.send(ok(""));
    await site.settled();
    host.last.send(ok(""));
    await site.settled();
    client.send(get("/3"));
    await site.settled();
    expect(shadow.last.text).toContain("/3");
  });

  test("has part of a body is reset when the client goes", async () => {
    const { site, shadow, client } = await mirrored("PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
    client.conn!.reset();
    await site.settled();
    expect(shadow.last.gone).toBe(true);
    expect(ends(site)).toEqual({ answered: 0, failed: 1, cut: 0 });
  });

  test("says more than anybody reads is cut at a megabyte", async () => {
    const { site, host, shadow } = await mirrored(get("/x"));
    host.last.send(ok("real"));
    shadow.last.send(`HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n${"x".repeat(3_000_000)}`);
    await site.settled();
    expect(shadow.last.gone).toBe(true);
    expect(ends(site)).toEqual({ answered: 1, failed: 0, cut: 0 });
  });
});

test("the host of a copy", () => {
  const rows: readonly [host: string, shadow: string][] = [
    ["a.example", "a.example-shadow"],
    ["a.example:8080", "a.example-shadow:8080"],
    ["10.0.0.1:80", "10.0.0.1-shadow:80"],
    ["[::1]:80", "[::1]:80"],
    ["[::1]", "[::1]"],
  ];
  for (const [host, shadow] of rows) expect(shadowHost(host)).toBe(shadow);
});

test("shares are drawn: of 4,000 requests with a share of 25 % a mirror gets 1,000, within four standard deviations", async () => {
  const random = Math.random;
  const drawn = new Random(7);
  Math.random = () => drawn.below(2 ** 30) / 2 ** 30;
  const { site, host, shadow, client } = await mirrored(get("/0"), {}, "{ cluster: shadow, share: 25% }");
  for (let i = 1; i < 4000; i++) {
    for (const p of shadow.peers) if (!p.gone && p.take() !== "") p.send(ok(""));
    host.last.send(ok(""));
    await site.settled();
    client.take();
    client.send(get(`/${i}`));
    await site.settled();
  }
  for (const p of shadow.peers) if (!p.gone && p.take() !== "") p.send(ok(""));
  await site.settled();
  Math.random = random;
  const { answered, failed, cut } = ends(site);
  // √(4,000 × 0.25 × 0.75) is 27.4.
  expect(Math.abs(answered! - 1000)).toBeLessThan(4 * 27.4);
  expect([failed, cut]).toEqual([0, 0]);
});
