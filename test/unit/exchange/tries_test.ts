import { describe, expect, test } from "bun:test";
import { type HostsOptions, HostsSite, type MemoryHost } from "./hosts_site.ts";
import { DATE, get, ok, type Peer, statuses } from "./site.ts";

const QUIET = [0, 0];
/** Longer than any wait of these tests, with the wheel's grain. */
const WAIT_MS = 300;
const BAD = `HTTP/1.1 503 Service Unavailable\r\n${DATE}Content-Length: 4\r\n\r\nbad\n`;

function retry(more = ""): string {
  return `, retry: { attempts: 2, on: [503, connectFailure, reset, refusedStream, timeout] ${more} }`;
}

/** A site with one host that listens, and a client that has asked. */
async function asked(o: HostsOptions, request = get("/x")): Promise<{ site: HostsSite; host: MemoryHost; client: Peer }> {
  const site = await HostsSite.start(o);
  const host = await site.listen(9001);
  const client = await site.client(request);
  return { site, host, client };
}

async function answer(site: HostsSite, host: MemoryHost, text: string): Promise<void> {
  host.last.send(text);
  await site.settled();
}

describe("a reply that is tried again", () => {
  test("does not reach the client; its connection is kept, and the next reply is the client's", async () => {
    const { site, host, client } = await asked({ route: retry() });
    const request = host.last.take();
    await answer(site, host, BAD);
    expect(client.text).toBe("");
    await site.advance(WAIT_MS);
    expect(host.peers).toHaveLength(1);
    expect(host.last.take()).toBe(request);
    await answer(site, host, ok("good"));
    expect(client.text).toBe(ok("good"));
    expect(site.metrics.retries.value).toBe(1);
    expect(site.active).toEqual(QUIET);
    expect(site.metrics.breaker("default").overflows.valueAt(3)).toBe(0);
  });

  test("is the client's when the attempts are used up", async () => {
    const { site, host, client } = await asked({ route: retry() });
    for (let i = 0; i < 3; i++) {
      await answer(site, host, BAD);
      await site.advance(WAIT_MS);
    }
    expect(client.text).toBe(BAD);
    expect(site.metrics.retries.value).toBe(2);
    expect(site.active).toEqual(QUIET);
  });

  test("waits at most the backoff, which doubles, and never less than nothing", async () => {
    const { site, host } = await asked({ route: retry(", backoff: { base: 100ms, max: 10s }") });
    host.last.take();
    await answer(site, host, BAD);
    await site.advance(100 + 32);
    expect(statuses(host.last.take())).toEqual([]);
    expect(site.metrics.retries.value).toBe(1);
    await answer(site, host, BAD);
    await site.advance(200 + 32);
    expect(site.metrics.retries.value).toBe(2);
    expect(site.active).toEqual([1, 1]);
  });

  test("with a long body costs its connection, which is reset", async () => {
    const { site, host, client } = await asked({ route: retry() });
    await answer(site, host, `HTTP/1.1 503 No\r\nContent-Length: 1000000\r\n\r\n${"x".repeat(70_000)}`);
    await site.settled();
    expect(host.peers[0]!.gone).toBe(true);
    await site.advance(WAIT_MS);
    expect(host.peers).toHaveLength(2);
    await answer(site, host, ok("good"));
    expect(client.text).toBe(ok("good"));
  });

  test("whose body does not come costs its connection after a second", async () => {
    const { site, host, client } = await asked({ route: retry() });
    await answer(site, host, "HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nb");
    await site.advance(WAIT_MS);
    await answer(site, host, ok("good"));
    expect(client.text).toBe(ok("good"));
    expect(host.peers[0]!.gone).toBe(false);
    await site.advance(1000);
    expect(host.peers[0]!.gone).toBe(true);
    expect(client.closed).toBeNull();
  });

  test("in chunks with trailers is read to its end", async () => {
    const { site, host, client } = await asked({ route: retry() });
    await answer(site, host, "HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbad\n\r\n0\r\nT: u\r\n\r\n");
    await site.advance(WAIT_MS);
    expect(host.peers).toHaveLength(1);
    await answer(site, host, ok("good"));
    expect(client.text).toBe(ok("good"));
  });

  test("that resets in its body does no harm", async () => {
    const { site, host, client } = await asked({ route: retry() });
    await answer(site, host, "HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nb");
    host.last.conn!.reset();
    await site.advance(WAIT_MS);
    await answer(site, host, ok("good"));
    expect(client.text).toBe(ok("good"));
    expect(site.active).toEqual(QUIET);
  });

  test("to HEAD", async () => {
    const { site, host, client } = await asked({ route: retry() }, "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
    await answer(site, host, "HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\n");
    await site.advance(WAIT_MS);
    await answer(site, host, `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 4\r\n\r\n`);
    expect(client.text).toBe(`HTTP/1.1 200 OK\r\n${DATE}Content-Length: 4\r\n\r\n`);
  });

  test("within a reply nothing is tried again", async () => {
    const { site, host, client } = await asked({ route: retry() });
    await answer(site, host, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ng");
    host.last.conn!.reset();
    await site.settled();
    await site.advance(WAIT_MS);
    expect(host.peers).toHaveLength(1);
    expect(statuses(client.text)).toEqual([200]);
    expect(client.closed).not.toBeNull();
    expect(site.active).toEqual(QUIET);
  });

  test("an interim reply is no head: the client gets one 100", async () => {
    const { site, host, client } = await asked(
      { route: retry() },
      "PUT /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
    );
    await answer(site, host, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("ab");
    await site.settled();
    await answer(site, host, BAD);
    await site.advance(WAIT_MS);
    await answer(site, host, "HTTP/1.1 100 Continue\r\n\r\n");
    await answer(site, host, ok("good"));
    expect(client.text).toBe(`HTTP/1.1 100 Continue\r\n\r\n${ok("good")}`);
  });
});

describe("a failure that is tried again", () => {
  test("a refused connection, for any method, with the body that had come", async () => {
    const site = await HostsSite.start({ route: retry() });
    const client = await site.client("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
    const host = await site.listen(9001);
    await site.advance(WAIT_MS);
    client.send("world");
    await site.settled();
    expect(host.last.text).toEndWith("\r\n\r\nhelloworld");
    await answer(site, host, ok("done"));
    expect(statuses(client.text)).toEqual([200]);
  });

  test("a refused connection at last: the client's 503", async () => {
    const site = await HostsSite.start({ route: retry() });
    const client = await site.client(get("/x"));
    await site.advance(1000);
    expect(statuses(client.text)).toEqual([503]);
    expect(site.metrics.retries.value).toBe(2);
    expect(site.active).toEqual(QUIET);
  });

  test("a reset, with the body", async () => {
    const { site, host, client } = await asked(
      { route: retry() },
      "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    );
    const request = host.last.take();
    host.last.conn!.reset();
    await site.settled();
    await site.advance(WAIT_MS);
    expect(host.last.take()).toBe(request);
    await answer(site, host, ok("done"));
    expect(statuses(client.text)).toEqual([200]);
  });

  test("never for a POST that may have been worked on", async () => {
    for (const end of ["reset", "end"] as const) {
      const { site, host, client } = await asked(
        { route: retry() },
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab",
      );
      host.last.conn![end]();
      await site.settled();
      await site.advance(WAIT_MS);
      expect(statuses(client.text)).toEqual([502]);
      expect(host.peers).toHaveLength(1);
    }
    const { site, host, client } = await asked({ route: retry() }, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab");
    await answer(site, host, BAD);
    expect(statuses(client.text)).toEqual([503]);
    await site.advance(WAIT_MS);
    expect(host.peers).toHaveLength(1);
  });

  test("for a POST that is listed", async () => {
    const { site, host, client } = await asked(
      { route: retry(", methods: [POST]") },
      "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab",
    );
    const request = host.last.take();
    await answer(site, host, BAD);
    await site.advance(WAIT_MS);
    expect(host.last.take()).toBe(request);
    await answer(site, host, ok("done"));
    expect(statuses(client.text)).toEqual([200]);
  });

  test("a pooled connection that died is replaced at once, and counts for nothing", async () => {
    const { site, host, client } = await asked({ route: retry(", attempts: 1").replace("attempts: 2,", "") });
    await answer(site, host, ok(""));
    client.take();
    client.send(get("/y"));
    await site.settled();
    host.last.conn!.end();
    await site.settled();
    expect(host.peers).toHaveLength(2);
    await answer(site, host, BAD);
    await site.advance(WAIT_MS);
    await answer(site, host, ok("good"));
    expect(client.text).toBe(ok("good"));
    expect(site.metrics.retries.value).toBe(2);
  });
});

describe("the body", () => {
  const put = (n: number): string => `PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: ${n}\r\n\r\n${"x".repeat(n)}`;

  test("is sent again byte for byte up to the bound", async () => {
    const { site, host, client } = await asked({ route: retry(", buffer: 20KiB") }, put(20 * 1024));
    const request = host.last.take();
    await answer(site, host, BAD);
    await site.advance(WAIT_MS);
    expect(host.last.take()).toBe(request);
    await answer(site, host, ok("done"));
    expect(statuses(client.text)).toEqual([200]);
  });

  test("beyond the bound is not: the client gets the reply that there is", async () => {
    const { site, host, client } = await asked({ route: retry(", buffer: 20KiB") }, put(20 * 1024 + 1));
    await answer(site, host, BAD);
    await site.advance(WAIT_MS);
    expect(client.text).toBe(BAD);
    expect(host.peers).toHaveLength(1);
  });

  test("goes on where it was, when the first attempt fails in its midst", async () => {
    const { site, host, client } = await asked(
      { route: retry() },
      "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    );
    host.last.conn!.reset();
    await site.settled();
    client.send("6\r\n world\r\n");
    await site.advance(WAIT_MS);
    client.send("1\r\n!\r\n0\r\nT: u\r\n\r\n");
    await site.settled();
    expect(host.last.text).toEndWith("5\r\nhello\r\n6\r\n world\r\n1\r\n!\r\n0\r\nT: u\r\n\r\n");
    await answer(site, host, ok("done"));
    expect(statuses(client.text)).toEqual([200]);
  });

  test("with trailers is sent again with them", async () => {
    const { site, host } = await asked(
      { route: retry() },
      "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: u\r\n\r\n",
    );
    const request = host.last.take();
    await answer(site, host, BAD);
    await site.advance(WAIT_MS);
    expect(host.last.take()).toBe(request);
  });
});

describe("waits that a reply asks for", () => {
  const busy = (field: string): string => `HTTP/1.1 503 Busy\r\n${DATE}${field}\r\nContent-Length: 0\r\n\r\n`;
  const after = retry(", retryAfter: 5s, backoff: { base: 1ms }");

  test("are kept, in seconds, as a date and as the reset of a rate", async () => {
    for (const field of ["Retry-After: 2", "Retry-After: Tue, 01 Jan 2030 00:00:02 GMT", "X-RateLimit-Reset: 2"]) {
      const { site, host } = await asked({ route: after });
      host.last.take();
      await answer(site, host, busy(field));
      await site.advance(1900);
      expect(host.last.take()).toBe("");
      await site.advance(150);
      expect(host.last.take()).toStartWith("GET /x");
    }
  });

  test("are not, where the route does not look at them", async () => {
    const { site, host } = await asked({ route: retry() });
    host.last.take();
    await answer(site, host, busy("Retry-After: 2"));
    await site.advance(WAIT_MS);
    expect(host.last.take()).toStartWith("GET /x");
  });

  test("that are longer than the route grants: the client gets the reply at once", async () => {
    const { site, host, client } = await asked({ route: after });
    await answer(site, host, busy("Retry-After: 6"));
    expect(client.text).toContain("Retry-After: 6");
    expect(site.active).toEqual(QUIET);
  });

  test("that the request's time does not allow: the client gets the reply at once", async () => {
    const { site, host, client } = await asked({ route: `${after}, timeout: 1s` });
    await answer(site, host, busy("Retry-After: 2"));
    expect(statuses(client.text)).toEqual([503]);
  });
});

describe("times", () => {
  test("of a try: another one, and at last 504 with the first connections reset", async () => {
    const { site, host, client } = await asked({ route: retry(", perTry: 1s") });
    await site.advance(1100 + WAIT_MS);
    expect(host.peers).toHaveLength(2);
    expect(host.peers[0]!.gone).toBe(true);
    await site.advance(1100 + WAIT_MS);
    await site.advance(1100 + WAIT_MS);
    expect(host.peers).toHaveLength(3);
    expect(statuses(client.text)).toEqual([504]);
    expect(site.active).toEqual(QUIET);
  });

  test("of a try counts from the request's end, and ends with the head of a reply", async () => {
    const { site, host, client } = await asked(
      { route: retry(", perTry: 1s") },
      "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello",
    );
    await site.advance(3000);
    expect(host.peers).toHaveLength(1);
    client.send("world");
    await site.settled();
    await site.advance(900);
    await answer(site, host, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ng");
    await site.advance(3000);
    await answer(site, host, "ood");
    expect(client.text).toEndWith("good");
    expect(host.peers).toHaveLength(1);
  });

  test("to the head, that any attempt has, is a reason too", async () => {
    const { site, host, client } = await asked({ route: `${retry()}, timeouts: { responseHead: 1s }` });
    await site.advance(1100 + WAIT_MS);
    expect(host.peers).toHaveLength(2);
    await answer(site, host, ok("good"));
    expect(client.text).toBe(ok("good"));
  });

  test("of the route ends it all, whatever is under way", async () => {
    const { site, host, client } = await asked({ route: `${retry(", backoff: { base: 10s }")}, timeout: 1s` });
    // A wait that fits by chance, or none: either way the client hears within its time.
    await answer(site, host, BAD);
    await site.advance(1100);
    expect(statuses(client.text)).toHaveLength(1);
    expect(site.active).toEqual(QUIET);
    await site.advance(20_000);
    expect(host.peers).toHaveLength(1);
  });
});

describe("the request's time", () => {
  const rows: readonly [trusted: string, field: string, ms: number][] = [
    ["127.0.0.1", "X-Time: 1000\r\n", 1000],
    ["127.0.0.1", "X-Time: 9000\r\n", 5000],
    ["127.0.0.1", "X-Time: 0\r\n", 5000],
    ["127.0.0.1", "X-Time: 1s\r\n", 5000],
    ["127.0.0.1", "X-Time: -1\r\n", 5000],
    ["127.0.0.1", "", 5000],
    ["10.0.0.0/8", "X-Time: 1000\r\n", 5000],
  ];
  for (const [trusted, field, ms] of rows) {
    test(`of a client ${trusted === "127.0.0.1" ? "that is trusted" : "that is not"}, with ${JSON.stringify(field)}: ${ms} ms`, async () => {
      const { site, client } = await asked(
        { trusted, route: ", timeout: 5s, timeouts: { fromHeader: x-time }" },
        get("/x", field),
      );
      await site.advance(ms - 100);
      expect(client.text).toBe("");
      await site.advance(150);
      expect(statuses(client.text)).toEqual([504]);
    });
  }
});

describe("a client that goes", () => {
  test("in a wait: nothing more is tried", async () => {
    const { site, host, client } = await asked({ route: retry(", retryAfter: 10s") });
    await answer(site, host, `HTTP/1.1 503 Busy\r\nRetry-After: 10\r\nContent-Length: 0\r\n\r\n`);
    host.last.take();
    client.conn!.reset();
    await site.settled();
    expect(site.active).toEqual(QUIET);
    await site.advance(30_000);
    expect(host.last.text).toBe("");
    expect(host.peers).toHaveLength(1);
  });

  test("in an attempt: it is reset", async () => {
    const { site, host, client } = await asked({ route: retry() });
    client.conn!.reset();
    await site.settled();
    expect(host.last.gone).toBe(true);
    expect(site.active).toEqual(QUIET);
  });
});

describe("the host of another attempt", () => {
  test("is one that was not tried, while there is one", async () => {
    const site = await HostsSite.start({ route: retry(), hosts: [9001, 9002, 9003] });
    const hosts = await Promise.all([9001, 9002, 9003].map((p) => site.listen(p)));
    const client = await site.client(get("/x"));
    for (let i = 0; i < 3; i++) {
      const at = hosts.find((h) => h.peers.length > 0 && h.last.text !== "")!;
      at.last.take();
      at.last.send(BAD);
      await site.settled();
      await site.advance(WAIT_MS);
    }
    expect(hosts.map((h) => h.peers.length)).toEqual([1, 1, 1]);
    expect(client.text).toBe(BAD);
  });

  test("keeps all requests from a host that refuses", async () => {
    const site = await HostsSite.start({ route: retry(", attempts: 1").replace("attempts: 2,", ""), hosts: [9001, 9002] });
    const host = await site.listen(9002);
    for (let i = 0; i < 10; i++) {
      const client = await site.client(get("/x"));
      await site.advance(WAIT_MS);
      await answer(site, host, ok("good"));
      expect(client.text).toBe(ok("good"));
    }
  });
});

describe("the budget", () => {
  test("of retries: what is over it gets the reply that there is", async () => {
    const site = await HostsSite.start({ route: retry(), cluster: ", breakers: { retries: 1 }" });
    const host = await site.listen(9001);
    const clients = [await site.client(get("/1")), await site.client(get("/2"))];
    for (const p of host.peers) p.send(BAD);
    await site.settled();
    expect(clients.map((c) => statuses(c.text))).toEqual([[], [503]]);
    expect(site.overflows("retries")).toBe(1);
    expect(site.gauge("open", "retries")).toBe(1);
    await site.advance(WAIT_MS);
    for (const p of host.peers) if (!p.gone && p.take().includes("/1")) p.send(ok("good"));
    await site.settled();
    expect(site.active).toEqual(QUIET);
    expect(site.gauge("open", "retries")).toBe(0);
  });

  test("is given back whatever became of the retry", async () => {
    const site = await HostsSite.start({ route: retry(), cluster: ", breakers: { retries: 1 }" });
    const host = await site.listen(9001);
    for (let i = 0; i < 5; i++) {
      const client = await site.client(get("/x"));
      await answer(site, host, BAD);
      if (i % 2 === 0) await site.advance(WAIT_MS);
      client.conn!.reset();
      await site.settled();
      expect(site.gauge("remaining", "retries")).toBe(1);
    }
    expect(site.overflows("retries")).toBe(0);
  });
});
