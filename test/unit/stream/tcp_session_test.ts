import { describe, expect, test } from "bun:test";
import { TcpSite } from "./tcp_site.ts";

const CLUSTER = `clusters: { c: { endpoints: ["127.0.0.1:9001"] } }`;
const CONFIG = `listeners: { l: { address: "127.0.0.1:8080", protocol: tcp, to: c } }\n${CLUSTER}`;

function listener(more: string, cluster = `endpoints: ["127.0.0.1:9001"]`): string {
  return `listeners: { l: { address: "127.0.0.1:8080", protocol: tcp, to: c, ${more} } }\nclusters: { c: { ${cluster} } }`;
}

describe("a session", () => {
  test("passes bytes both ways and is counted and logged at its end", async () => {
    const site = await TcpSite.start(CONFIG);
    const client = await site.client("up");
    site.origin().send("down!");
    await site.settled();
    expect([site.origin().take(), client.take()]).toEqual(["up", "down!"]);
    expect(site.active).toEqual([1, 1, 1, 1]);
    await site.advance(1500);
    client.conn!.end();
    site.origin().conn!.end();
    await site.settled();
    expect(site.active).toEqual([0, 0, 0, 0]);
    const { metrics } = site.server;
    const l = metrics.listener("l");
    const c = metrics.cluster("c");
    expect([l.bytesIn.value, l.bytesOut.value, c.bytesUp.value, c.bytesDown.value]).toEqual([2, 5, 2, 5]);
    expect([l.sessions.value, c.sessions.value, c.connects.value]).toEqual([1, 1, 1]);
    expect(site.lines).toEqual([
      expect.objectContaining({
        listener: "l",
        remoteAddress: "127.0.0.1",
        protocol: "TCP",
        scheme: "tcp",
        serverName: "",
        status: 0,
        requestBodyBytes: 2,
        responseBodyBytes: 5,
        duration: 1500,
        connectDuration: 0,
        cluster: "c",
        endpoint: "127.0.0.1:9001",
        attempts: 1,
        flags: "",
      }),
    ]);
  });

  test("begins without a word of the client", async () => {
    const site = await TcpSite.start(CONFIG);
    const client = await site.client();
    site.origin().send("220 hello\r\n");
    await site.settled();
    expect(client.take()).toBe("220 hello\r\n");
  });

  for (const first of ["client", "origin"] as const)
    test(`passes the half-close of the ${first}, and what comes after it the other way`, async () => {
      const site = await TcpSite.start(CONFIG);
      const client = await site.client("x");
      const [one, other] = first === "client" ? [client, site.origin()] : [site.origin(), client];
      one.take();
      other.take();
      one.conn!.end();
      await site.settled();
      expect([other.ended, one.ended]).toEqual([true, false]);
      other.send("still here");
      await site.settled();
      expect(one.take()).toBe("still here");
      other.conn!.end();
      await site.settled();
      expect([one.closed, other.closed]).toEqual(["", ""]);
      expect(site.active).toEqual([0, 0, 0, 0]);
      expect(site.lines.map((r) => r.flags)).toEqual([""]);
    });

  for (const [who, flag] of [
    ["client", "DR"],
    ["origin", "UR"],
  ] as const)
    test(`passes the reset of the ${who}: ${flag}`, async () => {
      const site = await TcpSite.start(CONFIG);
      const client = await site.client("x");
      const [one, other] = who === "client" ? [client, site.origin()] : [site.origin(), client];
      one.conn!.reset();
      await site.settled();
      expect(other.closed).not.toBe("");
      expect(other.closed).not.toBeNull();
      expect(site.active).toEqual([0, 0, 0, 0]);
      expect(site.lines.map((r) => r.flags)).toEqual([flag]);
    });

  for (const who of ["client", "origin"] as const)
    test(`holds the ${who} back while the other side does not read`, async () => {
      const site = await TcpSite.start(CONFIG);
      const client = await site.client("x");
      const [writer, reader] = who === "client" ? [client, site.origin()] : [site.origin(), client];
      reader.conn!.pause();
      reader.keepsText = false;
      const before = reader.bytes;
      const size = 4_000_000;
      writer.conn!.write([new Uint8Array(size)]);
      await site.settled();
      // Two windows of the network in memory and a chunk in between.
      expect(writer.conn!.queued).toBeGreaterThan(size - 300_000);
      reader.conn!.resume();
      await site.settled();
      expect(reader.bytes - before).toBe(size);
    });

  test("is closed when nothing moves for its time, and left alone without one", async () => {
    for (const [idle, gone] of [
      ["5s", true],
      ["false", false],
    ] as const) {
      const site = await TcpSite.start(listener(`timeouts: { idle: ${idle} }`));
      const client = await site.client("x");
      await site.advance(4900);
      site.origin().send("y");
      await site.advance(4900);
      expect(client.gone).toBe(false);
      await site.advance(200);
      expect([client.gone, site.origin().gone]).toEqual([gone, gone]);
      await site.advance(4_000_000);
      expect(site.lines.map((r) => r.flags)).toEqual(gone ? ["SI"] : []);
    }
  });

  test("has an hour by default", async () => {
    const site = await TcpSite.start(CONFIG);
    const client = await site.client("x");
    await site.advance(3_599_000);
    expect(client.gone).toBe(false);
    await site.advance(1_100);
    expect(client.gone).toBe(true);
  });
});

describe("before the upstream is there", () => {
  test("what the client sends waits, the most of it in its own socket", async () => {
    const site = await TcpSite.start(listener("", `endpoints: ["127.0.0.1:9001"], connectTimeout: 1s`));
    site.platform.silent.add("127.0.0.1:9001");
    const client = await site.client("first");
    const size = 1_000_000;
    client.conn!.write([new Uint8Array(size)]);
    await site.settled();
    // One window: the chunk that was read is all that Weir holds.
    expect(client.conn!.queued).toBeGreaterThan(size - 100_000);
    await site.advance(1100);
    expect(client.closed).not.toBeNull();
    expect(site.active).toEqual([0, 0, 0, 0]);
    expect(site.lines[0]).toMatchObject({ flags: "UF", endpoint: "127.0.0.1:9001", connectDuration: -1, attempts: 1 });
  });

  test("an early half-close is passed behind what came", async () => {
    const site = await TcpSite.start(CONFIG);
    const client = await site.client();
    client.send("all");
    client.conn!.end();
    await site.settled();
    expect([site.origin().take(), site.origin().ended]).toEqual(["all", true]);
  });

  test("a client that goes costs no upstream connection", async () => {
    const site = await TcpSite.start(CONFIG);
    site.platform.silent.add("127.0.0.1:9001");
    const client = await site.client("x");
    client.conn!.reset();
    await site.settled();
    await site.advance(10_000);
    expect(site.active).toEqual([0, 0, 0, 0]);
    expect(site.lines.map((r) => r.flags)).toEqual(["DR"]);
  });
});

describe("a host that can't be reached", () => {
  const THREE = `endpoints: ["127.0.0.1:9101", "127.0.0.1:9102", "127.0.0.1:9001"]`;

  test("gives way to the others", async () => {
    const site = await TcpSite.start(listener("", THREE));
    for (let i = 0; i < 3; i++) {
      const client = await site.client(`${i}`);
      expect(site.origin().take()).toBe(`${i}`);
      client.conn!.reset();
      await site.settled();
    }
    const { connectFailures, retries } = site.server.metrics.cluster("c");
    expect(connectFailures.valueAt(connectFailures.names.indexOf("connectRefused"))).toBe(retries.value);
    expect(retries.value).toBeGreaterThan(2);
    for (const r of site.lines) expect(r).toMatchObject({ endpoint: "127.0.0.1:9001", flags: "DR" });
  });

  test("is the end of it after so many attempts, and no host is tried twice", async () => {
    for (const [attempts, endpoints, tried] of [
      [1, THREE, 1],
      [2, `endpoints: ["127.0.0.1:9101", "127.0.0.1:9102", "127.0.0.1:9103"]`, 2],
      [5, `endpoints: ["127.0.0.1:9101", "127.0.0.1:9102"]`, 2],
      [5, `endpoints: ["127.0.0.1:9101"]`, 1],
    ] as const) {
      const site = await TcpSite.start(listener(`connectAttempts: ${attempts}`, endpoints), []);
      const client = await site.client("x");
      expect(client.closed).not.toBeNull();
      expect(client.ended).toBe(false);
      expect(site.active).toEqual([0, 0, 0, 0]);
      expect(site.lines).toEqual([expect.objectContaining({ flags: "UF", attempts: tried })]);
    }
  });

  test("with none that takes traffic there is nothing to try", async () => {
    const site = await TcpSite.start(CONFIG);
    await site.apply(listener("", `endpoints: ["nowhere.example:1"]`));
    await site.client("x");
    expect(site.lines).toEqual([expect.objectContaining({ flags: "UH", attempts: 0, endpoint: "", cluster: "c" })]);
    expect(site.active).toEqual([0, 0, 0, 0]);
  });
});

test("weights share sessions exactly", async () => {
  const site = await TcpSite.start(
    `listeners: { l: { address: "127.0.0.1:8080", protocol: tcp, to: [{ cluster: c, weight: 3 }, { cluster: d, weight: 1 }] } }
clusters: { c: { endpoints: ["127.0.0.1:9001"] }, d: { endpoints: ["127.0.0.1:9002"] } }`,
    [9001, 9002],
  );
  for (let i = 0; i < 40; i++) await site.client("x");
  expect([site.origins.get(9001)!.length, site.origins.get(9002)!.length]).toEqual([30, 10]);
});

describe("the caps of a listener", () => {
  test("hold for sessions", async () => {
    const site = await TcpSite.start(listener("maxConnections: 1"));
    const first = await site.client("x");
    const second = await site.client("x");
    expect([first.gone, second.gone]).toEqual([false, true]);
    first.conn!.reset();
    await site.settled();
    expect((await site.client("x")).gone).toBe(false);
  });
});

describe("a reload", () => {
  test("leaves sessions alone, whatever becomes of their cluster", async () => {
    const site = await TcpSite.start(CONFIG);
    const client = await site.client("x");
    const origin = site.origin();
    for (const text of [
      CONFIG,
      listener("timeouts: { idle: 1s }"),
      listener("", `endpoints: ["127.0.0.1:9002"]`),
      `listeners: { l: { address: "127.0.0.1:8080", protocol: tcp, to: d } }\nclusters: { d: { endpoints: ["127.0.0.1:9002"] } }`,
      `listeners: { m: { address: "127.0.0.1:8080", protocol: tcp, to: d } }\nclusters: { d: { endpoints: ["127.0.0.1:9002"] } }`,
    ]) {
      await site.apply(text);
      await site.advance(5000);
      client.send("more");
      await site.settled();
      expect(origin.take()).toEndWith("more");
    }
    expect(site.server.status().listeners).toEqual([expect.objectContaining({ name: "m", connections: 1 })]);
    client.conn!.reset();
    await site.settled();
    expect(site.server.status().listeners).toEqual([expect.objectContaining({ connections: 0 })]);
  });

  test("without the listener lets its sessions live to the tunnels' limit", async () => {
    const drain = "drain: { delay: 0s, limit: 1s, tunnels: 10s }\n";
    const site = await TcpSite.start(drain + CONFIG);
    const client = await site.client("x");
    await site.apply(`${drain}listeners: { o: { address: "127.0.0.1:8081", protocol: tcp, to: c } }\n${CLUSTER}`);
    await site.advance(9_000);
    expect(client.gone).toBe(false);
    await site.advance(1_100);
    expect(client.gone).toBe(true);
    expect(site.lines.map((r) => r.flags)).toEqual(["DN"]);
  });

  test("to HTTP on the same address lets sessions go on beside it", async () => {
    const site = await TcpSite.start(CONFIG);
    const client = await site.client("x");
    await site.apply(`listeners: { l: { address: "127.0.0.1:8080" } }\nroutes: [{ respond: { body: "hi" } }]`);
    const http = await site.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(http.take()).toStartWith("HTTP/1.1 200");
    client.send("more");
    await site.settled();
    expect(site.origin().take()).toBe("xmore");
    await site.apply(CONFIG);
    expect((await site.client("again")).gone).toBe(false);
    expect(site.origin().take()).toBe("again");
    // It was idle, on a listener that is gone.
    expect(http.gone).toBe(true);
  });
});

test("a drain waits for sessions, dialing ones too, up to the tunnels' limit", async () => {
  const site = await TcpSite.start(
    `drain: { delay: 0s, limit: 1s, tunnels: 5s }\n${listener("", `endpoints: ["127.0.0.1:9001", "127.0.0.1:9100"], connectTimeout: 2s`)}`,
  );
  site.platform.silent.add("127.0.0.1:9100");
  const clients = [await site.client("a"), await site.client("b")];
  const drained = site.server.drain();
  await site.advance(4_000);
  expect(clients.map((c) => c.gone)).toEqual([false, false]);
  expect(site.origins.get(9001)!.length).toBe(2);
  await site.advance(2_000);
  await drained;
  expect(clients.map((c) => c.gone)).toEqual([true, true]);
  expect(site.lines.map((r) => r.flags)).toEqual(["DN", "DN"]);
});

describe("what a listener refuses at once", () => {
  test("is closed unserved and counted", async () => {
    const site = await TcpSite.start(listener("deny: [127.0.0.0/8]"));
    const client = await site.client("x");
    expect(client.gone).toBe(true);
    expect(site.origins.get(9001)).toEqual([]);
    const { refused, sessions } = site.server.metrics.listener("l");
    expect(refused.valueAt(refused.names.indexOf("source"))).toBe(1);
    expect([sessions.value, ...site.active]).toEqual([0, 0, 0, 0, 0]);
  });

  test("are connections above its rate", async () => {
    const site = await TcpSite.start(listener("connectionRate: { perSecond: 1, burst: 2 }"));
    const clients = [await site.client("x"), await site.client("x"), await site.client("x")];
    expect(clients.map((c) => c.gone)).toEqual([false, false, true]);
    await site.advance(1000);
    expect((await site.client("x")).gone).toBe(false);
    const { refused } = site.server.metrics.listener("l");
    expect(refused.valueAt(refused.names.indexOf("connectionRate"))).toBe(1);
    expect(site.server.metrics.server.shedConnections.value).toBe(1);
  });
});

describe("a cluster of the original destination", () => {
  const ONWARD = `listeners: { l: { address: "127.0.0.1:8080", protocol: tcp, to: c } }\nclusters: { c: { endpoints: originalDestination } }`;
  const place = (port: number) => ({ kind: "tcp", host: "127.0.0.1", port }) as const;

  async function redirecting(config: string, destination: () => ReturnType<typeof place> | null): Promise<TcpSite> {
    const site = await TcpSite.start(CONFIG);
    Object.assign(site.platform, { linux: { originalDestination: destination } });
    await site.apply(config);
    return site;
  }

  test("goes where the connection was going, and nowhere else", async () => {
    const site = await redirecting(ONWARD, () => place(9001));
    const client = await site.client("x");
    expect(site.origin().take()).toBe("x");
    client.conn!.reset();
    await site.settled();
    expect(site.lines).toEqual([expect.objectContaining({ endpoint: "127.0.0.1:9001", attempts: 1 })]);
    expect(site.active).toEqual([0, 0, 0, 0]);
  });

  for (const [name, destination, flags, attempts] of [
    ["that was not redirected", null, "UH", 0],
    ["to the listener itself", place(8080), "UH", 0],
    ["to where nothing listens", place(9999), "UF", 1],
  ] as const)
    test(`refuses a connection ${name}`, async () => {
      const site = await redirecting(ONWARD, () => destination);
      expect((await site.client("x")).gone).toBe(true);
      expect(site.lines).toEqual([expect.objectContaining({ flags, attempts })]);
    });

  test("is refused where the system can't tell", async () => {
    const site = await TcpSite.start(CONFIG);
    await expect(site.apply(ONWARD)).rejects.toThrow("original destination");
    await expect(site.apply(listener("transparent: true"))).rejects.toThrow("transparent");
  });

  test("can become an ordinary one and back", async () => {
    const site = await redirecting(ONWARD, () => place(9001));
    await site.apply(listener("", `endpoints: ["127.0.0.1:9999"]`));
    await site.client("x");
    await site.apply(ONWARD);
    await site.client("y");
    expect(site.origins.get(9001)!.map((p) => p.text)).toEqual(["y"]);
  });
});
