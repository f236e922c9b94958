import { describe, expect, test } from "bun:test";
import { CheckedSite, checked, DOWN, HTTP, http, OK } from "./checked_site.ts";

const A = "10.0.0.1:80";
const GRAIN = 16;

describe("a check of HTTP", () => {
  test("is asked at once, and the host takes traffic from its first good answer on", async () => {
    const site = new CheckedSite(checked(HTTP, A));
    const a = await site.host(A, OK);
    site.cluster.start();
    expect(site.states).toEqual(["pending: its first check is under way"]);
    expect(site.cluster.hosts[0]!.available).toBe(false);
    expect(site.cluster.picker.pick({ hash: 0, exclude: null })).toBeInstanceOf(Error);
    await site.platform.advance(2 * GRAIN);
    await site.cluster.ready;
    expect(site.states).toEqual(["healthy"]);
    expect(site.cluster.picker.pick({ hash: 0, exclude: null })).toBe(site.cluster.hosts[0]!);
    expect(a.asked).toBe("GET /healthz HTTP/1.1\r\nHost: 10.0.0.1:80\r\nUser-Agent: weir-health\r\n\r\n");
  });

  test("goes over one connection, and is not counted as traffic", async () => {
    const site = new CheckedSite(checked(HTTP, A));
    const a = await site.host(A, OK);
    site.cluster.start();
    await site.platform.advance(60_000);
    expect(a.peers.length).toBe(1);
    expect(a.checks).toBeGreaterThanOrEqual(6);
    expect(a.checks).toBeLessThanOrEqual(8);
    expect(site.metrics.connectionsActive.value).toBe(0);
    expect(site.metrics.connects.value).toBe(0);
    expect(site.cluster.hosts[0]!.active).toBe(0);
    expect(site.results()).toEqual({ passed: a.checks });
  });

  test("goes over a connection of its own where none is to be kept", async () => {
    const site = new CheckedSite(checked({ ...HTTP, reuse: false }, A));
    const a = await site.host(A, OK);
    site.cluster.start();
    await site.platform.advance(30_000);
    expect(a.peers.length).toBe(a.checks);
    expect(a.peers.every((p) => p.gone)).toBe(true);
  });

  test("says what the config says", async () => {
    const health = {
      ...http({
        path: "/up",
        method: "HEAD",
        host: "web.test",
        headers: [
          ["x-check", "1"],
          ["user-agent", "me"],
        ],
      }),
      port: 8081,
    };
    const site = new CheckedSite(checked(health, A));
    const a = await site.host("10.0.0.1:8081", "HTTP/1.1 204 No Content\r\n\r\n");
    site.cluster.start();
    await site.platform.advance(2 * GRAIN);
    expect(a.asked).toBe("HEAD /up HTTP/1.1\r\nHost: web.test\r\nx-check: 1\r\nuser-agent: me\r\n\r\n");
    expect(site.states).toEqual(["healthy"]);
  });

  test("thresholds: three failures in a row take a host out, two good answers bring it back", async () => {
    const site = new CheckedSite(checked(HTTP, A));
    const a = await site.host(A, OK);
    site.cluster.start();
    await site.platform.advance(2 * GRAIN);
    let checks = a.checks;
    const next = async (answer: string): Promise<boolean> => {
      a.answer = answer;
      checks = a.checks;
      while (a.checks === checks) await site.platform.advance(100);
      return site.cluster.hosts[0]!.available;
    };
    const got = [];
    for (const answer of [DOWN, DOWN, OK, DOWN, DOWN, DOWN, DOWN, OK, DOWN, OK, OK]) got.push(await next(answer));
    expect(got).toEqual([true, true, true, true, true, false, false, false, false, false, true]);
    expect(site.events).toEqual([`host is healthy ${A}`, `host is unhealthy ${A}`, `host is healthy ${A}`]);
  });

  test("since tells when the host came back", async () => {
    const site = new CheckedSite(checked({ ...HTTP, healthyThreshold: 1 }, A));
    const a = await site.host(A, DOWN);
    site.cluster.start();
    await site.platform.advance(100);
    expect(site.cluster.hosts[0]!.available).toBe(false);
    a.answer = OK;
    await site.platform.advance(20_000);
    expect(site.cluster.hosts[0]!.available).toBe(true);
    expect(site.cluster.hosts[0]!.since).toBeGreaterThan(4_000);
  });

  test("an unhealthy host is asked at its own pace", async () => {
    const site = new CheckedSite(checked(HTTP, A));
    const a = await site.host(A, DOWN);
    site.cluster.start();
    await site.platform.advance(30_000);
    expect(a.checks).toBe(6);
    expect(site.states).toEqual(["unhealthy: status 503"]);
  });

  test("a first failure decides alone", async () => {
    const site = new CheckedSite(checked(HTTP, A));
    await site.host(A, DOWN);
    site.cluster.start();
    await site.platform.advance(100);
    expect(site.states).toEqual(["unhealthy: status 503"]);
  });

  test("1xx is passed over, and Connection: close is kept to", async () => {
    const site = new CheckedSite(checked(HTTP, A));
    const a = await site.host(
      A,
      "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    );
    site.cluster.start();
    await site.platform.advance(25_000);
    expect(site.states).toEqual(["healthy"]);
    expect(a.peers.length).toBe(a.checks);
    expect(a.peers.every((p) => p.gone)).toBe(true);
  });

  test("a connection that its host closed meanwhile is no failure", async () => {
    const site = new CheckedSite(checked(HTTP, A));
    let drops = false;
    const a = await site.host(A, (_text, peer) => {
      if (!drops) peer.send(OK);
      else peer.conn!.end();
      drops = !drops;
    });
    site.cluster.start();
    await site.platform.advance(60_000);
    expect(a.peers.length).toBeGreaterThan(3);
    expect(Object.keys(site.results())).toEqual(["passed"]);
  });
});

describe("an answer that is none", () => {
  const cases: [name: string, answer: string | null, why: RegExp, result: string][] = [
    ["nothing at all", null, /no answer within 1000 ms/, "timeout"],
    ["a status that is not expected", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", /status 302/, "failed"],
    ["nonsense", "220 smtp.example.com\r\n\r\n", /./, "network"],
    ["nonsense without an end", "x".repeat(200_000), /./, "network"],
    ["half a head", "HTTP/1.1 200 OK\r\nContent-Le", /no answer within/, "timeout"],
    ["a body cut short", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab", /no answer within/, "timeout"],
    [
      "a 101 that nobody asked for",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
      /101/,
      "network",
    ],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", /./, "network"],
  ];
  for (const [name, answer, why, result] of cases) {
    test(`${name}: ${result}`, async () => {
      const site = new CheckedSite(checked(HTTP, A));
      await site.host(A, (_t, peer) => (answer === null ? undefined : peer.send(answer)));
      site.cluster.start();
      await site.platform.advance(1_000 + 3 * GRAIN);
      expect(site.states[0]).toMatch(/^unhealthy: /);
      expect(site.states[0]).toMatch(why);
      expect(site.results()).toEqual({ [result]: 1 });
    });
  }

  test("a host that refuses", async () => {
    const site = new CheckedSite(checked(HTTP, A));
    site.cluster.start();
    await site.platform.advance(100);
    expect(site.states[0]).toContain("10.0.0.1:80");
    expect(site.results()).toEqual({ network: 1 });
  });

  test("a host that never answers the dial", async () => {
    const site = new CheckedSite(checked(HTTP, A));
    site.platform.silent.add(A);
    site.cluster.start();
    await site.platform.advance(1_100);
    expect(site.states[0]).toMatch(/^unhealthy: .*1000 ms/);
  });

  test("a reset in the middle of a body", async () => {
    const site = new CheckedSite(checked(HTTP, A));
    await site.host(A, (_t, peer) => {
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
      void site.platform.settled().then(() => peer.conn!.reset());
    });
    site.cluster.start();
    await site.platform.advance(200);
    expect(site.states[0]).toMatch(/^unhealthy: /);
    expect(site.results()).toEqual({ network: 1 });
  });

  test("a head that drips", async () => {
    const site = new CheckedSite(checked(HTTP, A));
    await site.host(A, (_t, peer) => {
      let sent = 0;
      const drip = (): void => {
        if (sent >= OK.length || peer.gone) return;
        peer.send(OK[sent++]!);
        site.platform.setTimer(100, drip);
      };
      drip();
    });
    site.cluster.start();
    await site.platform.advance(1_100);
    expect(site.states[0]).toMatch(/^unhealthy: no answer within/);
  });

  test("what comes after the timeout changes nothing, and the next check has a connection of its own", async () => {
    const site = new CheckedSite(checked(HTTP, A));
    const late: (() => void)[] = [];
    const a = await site.host(A, (_t, peer) => void late.push(() => peer.conn!.write([new TextEncoder().encode(OK)])));
    site.cluster.start();
    await site.platform.advance(1_100);
    for (const f of late) f();
    await site.platform.settled();
    expect(site.states[0]).toMatch(/^unhealthy/);
    await site.platform.advance(5_100);
    expect(a.peers.length).toBe(2);
    expect(a.peers[0]!.gone).toBe(true);
  });
});

describe("bodies", () => {
  const body = (text: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
  const WANTS = http({ body: '"up"' });

  test("are searched for what is wanted", async () => {
    const site = new CheckedSite(checked(WANTS, A));
    const a = await site.host(A, body('{"db":"up"}'));
    site.cluster.start();
    await site.platform.advance(100);
    expect(site.states).toEqual(["healthy"]);
    a.answer = body('{"db":"down"}');
    await site.platform.advance(60_000);
    expect(site.states[0]).toContain('does not have ""up""');
  });

  test("are found across chunks, and not beyond the first KiB", async () => {
    for (const [before, state] of [
      [1020, "healthy"],
      [1021, "unhealthy"],
    ] as const) {
      const site = new CheckedSite(checked(WANTS, A));
      const text = `${"x".repeat(before)}"up"`;
      await site.host(A, (_t, peer) => {
        peer.send(body(text).slice(0, -2));
        peer.send(body(text).slice(-2));
      });
      site.cluster.start();
      await site.platform.advance(100);
      expect(site.states[0]!.split(":")[0]).toBe(state);
    }
  });

  test("without an end cost the connection, and are judged by their beginning", async () => {
    const site = new CheckedSite(checked(WANTS, A));
    let sent = 0;
    await site.host(A, (_t, peer) => {
      peer.send('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"up"');
      const more = (): void => {
        if (peer.gone) return;
        peer.send("x".repeat(16_384));
        sent += 16_384;
        site.platform.setTimer(1, more);
      };
      more();
    });
    site.cluster.start();
    await site.platform.advance(900);
    expect(site.states).toEqual(["healthy"]);
    expect(sent).toBeLessThan(200_000);
  });
});
