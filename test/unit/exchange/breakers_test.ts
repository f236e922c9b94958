import { describe, expect, test } from "bun:test";
import { type HostsOptions, HostsSite, type MemoryHost } from "./hosts_site.ts";
import { get, ok, type Peer, statuses } from "./site.ts";

const QUIET = [0, 0];

interface Limited {
  readonly site: HostsSite;
  readonly hosts: readonly MemoryHost[];
}

async function limited(breakers: string, o: HostsOptions = {}): Promise<Limited> {
  const ports = o.hosts ?? [9001];
  const site = await HostsSite.start({ ...o, hosts: ports, cluster: `, breakers: { ${breakers} } ${o.cluster ?? ""}` });
  return { site, hosts: await Promise.all(ports.map((p) => site.listen(p))) };
}

/** Clients that have asked for /1, /2 and so on, one after the other. */
async function clients(site: HostsSite, n: number, path = ""): Promise<Peer[]> {
  const all: Peer[] = [];
  for (let i = 1; i <= n; i++) all.push(await site.client(get(`${path}/${i}`)));
  return all;
}

/** What the host was asked for, in order, over all its connections. */
function paths(host: MemoryHost): string[] {
  return host.peers.flatMap((p) => [...p.text.matchAll(/GET (\S+) /g)].map((m) => m[1]!));
}

/** Answers what the peer was asked last, with its path. */
async function answer(site: HostsSite, peer: Peer): Promise<void> {
  const all = [...peer.text.matchAll(/GET (\S+) /g)];
  peer.send(ok(all[all.length - 1]![1]!));
  await site.settled();
}

describe("requests", () => {
  test("above the limit are answered at once with 503, and the next fits when one has ended", async () => {
    const { site, hosts } = await limited("requests: 2");
    const [a, b, c] = await clients(site, 3);
    expect([a, b, c].map((p) => statuses(p!.text))).toEqual([[], [], [503]]);
    expect([site.overflows("requests"), site.gauge("open", "requests"), site.gauge("remaining", "requests")]).toEqual([1, 1, 0]);
    expect(hosts[0]!.peers).toHaveLength(2);
    await answer(site, hosts[0]!.peers[0]!);
    expect([site.gauge("open", "requests"), site.gauge("remaining", "requests")]).toEqual([0, 1]);
    c!.take();
    c!.send(get("/again"));
    await site.settled();
    expect(c!.text).toBe("");
    expect(paths(hosts[0]!)).toContain("/again");
  });

  test("that wait count", async () => {
    const { site } = await limited("requests: 2, connections: 1");
    const all = await clients(site, 3);
    expect(all.map((p) => statuses(p.text))).toEqual([[], [], [503]]);
  });

  test("are not retried because of it", async () => {
    const { site } = await limited("requests: 1", { route: ", retry: { on: [503, connectFailure, reset] }" });
    const all = await clients(site, 2);
    expect(statuses(all[1]!.text)).toEqual([503]);
    expect(site.metrics.retries.value).toBe(0);
  });
});

describe("connections", () => {
  test("at the limit: requests wait in their order, and have the connection one after the other", async () => {
    const { site, hosts } = await limited("connections: 1");
    const all = await clients(site, 4);
    const host = hosts[0]!;
    expect(host.peers).toHaveLength(1);
    for (let i = 0; i < 4; i++) {
      expect(paths(host)).toHaveLength(i + 1);
      await answer(site, host.last);
    }
    expect(paths(host)).toEqual(["/1", "/2", "/3", "/4"]);
    expect(all.map((p) => p.text)).toEqual(["/1", "/2", "/3", "/4"].map((b) => ok(b)));
    expect(host.peers).toHaveLength(1);
    expect(site.active).toEqual(QUIET);
    expect([site.gauge("remaining", "connections"), site.gauge("open", "connections")]).toEqual([0, 1]);
  });

  test("that end make room for who waits longest", async () => {
    for (const how of ["end", "reset"] as const) {
      const { site, hosts } = await limited("connections: 1");
      await clients(site, 3);
      const host = hosts[0]!;
      host.last.conn![how]();
      await site.settled();
      expect(host.peers).toHaveLength(2);
      expect(host.last.text).toStartWith("GET /2 ");
    }
  });

  test("that are not kept make room too", async () => {
    const { site, hosts } = await limited("connections: 1", { cluster: ", requestsPerConnection: 1" });
    const all = await clients(site, 3);
    const host = hosts[0]!;
    for (let i = 0; i < 3; i++) await answer(site, host.last);
    expect(all.map((p) => p.text)).toEqual(["/1", "/2", "/3"].map((b) => ok(b)));
    expect(host.peers).toHaveLength(3);
  });

  test("are lent to who waits, also where none is kept for later", async () => {
    const { site, hosts } = await limited("connections: 1", { cluster: ", idleTimeout: false" });
    const all = await clients(site, 2);
    await answer(site, hosts[0]!.last);
    await answer(site, hosts[0]!.last);
    expect(all.map((p) => p.text)).toEqual(["/1", "/2"].map((b) => ok(b)));
    expect(hosts[0]!.peers).toHaveLength(1);
    expect(hosts[0]!.last.gone).toBe(true);
  });

  test("of a client that goes from the queue: the next has its place", async () => {
    const { site, hosts } = await limited("connections: 1, pending: 2");
    const [, b, c] = await clients(site, 3);
    b!.conn!.reset();
    await site.settled();
    expect(site.gauge("remaining", "pending")).toBe(1);
    await answer(site, hosts[0]!.last);
    expect(paths(hosts[0]!)).toEqual(["/1", "/3"]);
    await answer(site, hosts[0]!.last);
    expect(c!.text).toBe(ok("/3"));
    expect(site.active).toEqual(QUIET);
    expect(site.gauge("remaining", "pending")).toBe(2);
  });

  test("that were unused make room for another host", async () => {
    const { site, hosts } = await limited("connections: 1", { hosts: [9001, 9002] });
    const client = await site.client(get("/1"));
    const first = hosts.find((h) => h.peers.length > 0)!;
    const second = hosts.find((h) => h !== first)!;
    await answer(site, first.last);
    client.send(get("/2"));
    await site.settled();
    expect(first.last.gone).toBe(true);
    await answer(site, second.last);
    expect(client.text).toBe(ok("/1") + ok("/2"));
  });

  test("of one host don't starve another", async () => {
    const { site, hosts } = await limited("connections: 1", { hosts: [9001, 9002] });
    const all = await clients(site, 6);
    for (let i = 0; i < 6; i++) {
      const busy = hosts.flatMap((h) => h.peers).find((p) => !p.gone && statuses(p.text).length === 0)!;
      await answer(site, busy);
    }
    expect(all.map((p) => p.text)).toEqual(["/1", "/2", "/3", "/4", "/5", "/6"].map((b) => ok(b)));
    expect(site.active).toEqual(QUIET);
  });

  test("are counted while they are dialled, and given back when a dial fails or is given up", async () => {
    const site = await HostsSite.start({ cluster: ", breakers: { connections: 1, pending: 0 }" });
    for (let i = 0; i < 3; i++) expect(statuses((await site.client(get("/x"))).text)).toEqual([503]);
    expect([site.overflows("pending"), site.gauge("remaining", "connections")]).toEqual([0, 1]);
    site.platform.silent.add("127.0.0.1:9001");
    const waits = await site.client(get("/x"));
    expect(site.gauge("remaining", "connections")).toBe(0);
    const over = await site.client(get("/x"));
    expect([statuses(over.text), site.overflows("pending")]).toEqual([[503], 1]);
    waits.conn!.reset();
    await site.settled();
    expect(site.gauge("remaining", "connections")).toBe(1);
    expect(site.active).toEqual(QUIET);
  });

  test("a failed dial lets the next try", async () => {
    const site = await HostsSite.start({ cluster: ", breakers: { connections: 1 }, connectTimeout: 1s" });
    site.platform.silent.add("127.0.0.1:9001");
    const all = await clients(site, 2);
    await site.advance(1100);
    expect(all.map((p) => statuses(p.text))).toEqual([[504], []]);
    await site.advance(1100);
    expect(all.map((p) => statuses(p.text))).toEqual([[504], [504]]);
    expect(site.gauge("remaining", "connections")).toBe(1);
  });

  test("that become tunnels count until those end", async () => {
    const upgrade = "Connection: upgrade\r\nUpgrade: x\r\n";
    const { site, hosts } = await limited("connections: 1, pending: 0", { route: ", upgrade: [x]" });
    const a = await site.client(get("/t", upgrade));
    hosts[0]!.last.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
    await site.settled();
    expect(statuses(a.text)).toEqual([101]);
    expect(statuses((await site.client(get("/x"))).text)).toEqual([503]);
    a.conn!.end();
    hosts[0]!.last.conn!.end();
    await site.settled();
    expect(site.gauge("remaining", "connections")).toBe(1);
  });

  test("of CONNECT count, and above the limit it is refused at once", async () => {
    const { site, hosts } = await limited("connections: 1", { route: ", connect: true" });
    const connect = "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n";
    const a = await site.client(connect);
    expect(statuses(a.text)).toEqual([200]);
    const b = await site.client(connect);
    expect(statuses(b.text)).toEqual([503]);
    expect(site.overflows("connections")).toBe(1);
    a.conn!.end();
    hosts[0]!.last.conn!.end();
    await site.settled();
    expect(statuses((await site.client(connect)).text)).toEqual([200]);
  });
});

describe("pending", () => {
  test("above the limit: 503 at once", async () => {
    const { site } = await limited("connections: 1, pending: 2");
    const all = await clients(site, 4);
    expect(all.map((p) => statuses(p.text))).toEqual([[], [], [], [503]]);
    expect([site.overflows("pending"), site.gauge("open", "pending")]).toEqual([1, 1]);
  });

  test("of 0: the connections that may be opened still are", async () => {
    const { site } = await limited("connections: 2, pending: 0");
    const all = await clients(site, 3);
    expect(all.map((p) => statuses(p.text))).toEqual([[], [], [503]]);
  });
});

describe("priorities", () => {
  const routes = `  - { name: vip, match: [{ prefix: /vip }], to: app, priority: high }`;

  test("have limits and connections of their own", async () => {
    const { site, hosts } = await limited("requests: 1, connections: 1, high: { requests: 2, connections: 1 }", { routes });
    const [a, b] = await clients(site, 2);
    const [c, d, e] = await clients(site, 3, "/vip");
    expect([a, b, c, d, e].map((p) => statuses(p!.text))).toEqual([[], [503], [], [], [503]]);
    expect(paths(hosts[0]!)).toEqual(["/1", "/vip/1"]);
    expect([site.overflows("requests"), site.overflows("requests", "high")]).toEqual([1, 1]);
    await answer(site, hosts[0]!.peers[0]!);
    expect(paths(hosts[0]!)).toEqual(["/1", "/vip/1"]);
    await answer(site, hosts[0]!.peers[1]!);
    expect(paths(hosts[0]!)).toEqual(["/1", "/vip/1", "/vip/2"]);
  });

  test("high without limits has none", async () => {
    const { site } = await limited("requests: 1", { routes });
    const all = await clients(site, 5, "/vip");
    expect(all.map((p) => statuses(p.text))).toEqual([[], [], [], [], []]);
  });
});

describe("a reload", () => {
  test("that raises the limit lets those who wait in", async () => {
    const { site, hosts } = await limited("connections: 1");
    await clients(site, 3);
    await site.apply({ cluster: ", breakers: { connections: 2 }" });
    await site.settled();
    expect(hosts[0]!.peers).toHaveLength(2);
    await site.apply({});
    await site.settled();
    expect(hosts[0]!.peers).toHaveLength(3);
    expect(site.gauge("open", "connections")).toBeNaN();
  });

  test("that brings a limit counts what there was before", async () => {
    const site = await HostsSite.start({});
    await site.listen(9001);
    await clients(site, 2);
    await site.apply({ cluster: ", breakers: { requests: 2 }" });
    expect(statuses((await site.client(get("/3"))).text)).toEqual([503]);
  });
});

describe("the age of a connection", () => {
  test("past its limit an unused one is closed", async () => {
    const { site, hosts } = await limited("", { cluster: ", maxConnectionAge: 10s" });
    await clients(site, 1);
    await answer(site, hosts[0]!.last);
    await site.advance(9900);
    expect(hosts[0]!.last.gone).toBe(false);
    await site.advance(200);
    expect(hosts[0]!.last.gone).toBe(true);
  });

  test("past its limit a busy one carries what it has, and nothing after that", async () => {
    const { site, hosts } = await limited("", { cluster: ", maxConnectionAge: 10s" });
    const [client] = await clients(site, 1);
    await site.advance(11_000);
    expect(hosts[0]!.last.gone).toBe(false);
    await answer(site, hosts[0]!.last);
    expect(client!.text).toBe(ok("/1"));
    expect(hosts[0]!.last.gone).toBe(true);
    client!.send(get("/2"));
    await site.settled();
    expect(hosts[0]!.peers).toHaveLength(2);
  });

  test("counts from its opening and not from its last use", async () => {
    const { site, hosts } = await limited("", { cluster: ", maxConnectionAge: 10s" });
    const [client] = await clients(site, 1);
    for (let i = 0; i < 4; i++) {
      await answer(site, hosts[0]!.last);
      await site.advance(3000);
      client!.send(get("/n"));
      await site.settled();
    }
    expect(hosts[0]!.peers).toHaveLength(2);
  });
});
