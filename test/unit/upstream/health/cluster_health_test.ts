import { describe, expect, test } from "bun:test";
import { HealthBoard, type HealthRecord } from "../../../../src/upstream/health/health_board.ts";
import { hostKey } from "../../../../src/upstream/host_set.ts";
import { endpoint, host } from "../specs.ts";
import { CheckedSite, checked, DOWN, HTTP, OK } from "./checked_site.ts";

const A = "10.0.0.1:80";
const B = "10.0.0.2:80";
const record = (at: string, healthy: boolean | null, why = ""): HealthRecord => ({
  cluster: "web",
  host: hostKey(host(at)),
  healthy,
  why,
});

describe("a cluster whose hosts somebody else checks", () => {
  test("begins with what is known", async () => {
    const board = new HealthBoard([record(A, true), record(B, false, "status 500")]);
    const site = new CheckedSite(checked(HTTP, A, B), board, false);
    site.cluster.start();
    await site.cluster.ready;
    expect(site.states).toEqual(["healthy", "unhealthy: status 500"]);
    expect(site.cluster.hosts.map((h) => h.available)).toEqual([true, false]);
  });

  test("gives a host no traffic before it is told of it, for one timeout at most", async () => {
    const site = new CheckedSite(checked(HTTP, A, B), new HealthBoard(), false);
    site.cluster.start();
    let ready = false;
    void site.cluster.ready.then(() => {
      ready = true;
    });
    await site.platform.advance(500);
    site.board.put(record(A, true));
    await site.platform.settled();
    expect(site.cluster.hosts.map((h) => h.available)).toEqual([true, false]);
    expect(ready).toBe(false);
    await site.platform.advance(700);
    expect(site.states).toEqual(["healthy", "unknown: no check has ended yet"]);
    expect(site.cluster.hosts.map((h) => h.available)).toEqual([true, true]);
    expect(ready).toBe(true);
  });

  test("follows what is told, and keeps it when nothing more is", async () => {
    const site = new CheckedSite(checked(HTTP, A), new HealthBoard([record(A, true)]), false);
    site.cluster.start();
    site.board.put(record(A, false, "status 503"));
    await site.platform.advance(1_000_000);
    expect(site.states).toEqual(["unhealthy: status 503"]);
    site.board.put(record(A, true));
    await site.platform.advance(10);
    expect(site.states).toEqual(["healthy"]);
    expect(site.cluster.hosts[0]!.since).toBeGreaterThan(900_000);
  });

  test("takes a host that is not checked any more for new", async () => {
    const site = new CheckedSite(checked(HTTP, A), new HealthBoard([record(A, true)]), false);
    site.cluster.start();
    site.board.replace([]);
    expect(site.states[0]).toMatch(/^pending/);
    await site.platform.advance(1_200);
    expect(site.states[0]).toMatch(/^unknown/);
  });
});

describe("changes", () => {
  test("a host that vanishes is checked no more, and is forgotten", async () => {
    const site = new CheckedSite(checked(HTTP, A, B));
    const a = await site.host(A, OK);
    await site.host(B, OK);
    site.cluster.start();
    await site.platform.advance(100);
    site.cluster.update(checked(HTTP, B), null);
    await site.platform.settled();
    const { checks } = a;
    await site.platform.advance(60_000);
    expect(a.checks).toBe(checks);
    expect(a.peers.every((p) => p.gone)).toBe(true);
    expect(site.board.records()).toEqual([record(B, true)]);
    site.cluster.update(checked(HTTP, A, B), null);
    expect(site.states[0]).toMatch(/^pending/);
  });

  test("a host that comes later takes nothing before its first result, however few others there are", async () => {
    const site = new CheckedSite(checked(HTTP, A));
    await site.host(A, OK);
    site.cluster.start();
    await site.platform.advance(100);
    const many = Array.from({ length: 9 }, (_, i) => `10.0.9.${i}:80`);
    for (const h of many) site.platform.silent.add(h);
    site.cluster.update(checked(HTTP, A, ...many), null);
    await site.platform.advance(100);
    const picked = new Set(Array.from({ length: 40 }, () => site.cluster.picker.pick({ hash: 0, exclude: null })));
    expect([...picked]).toEqual([site.cluster.hosts[0]!]);
  });

  test("of the check itself keep the state until the new one's result", async () => {
    const site = new CheckedSite(checked(HTTP, A));
    const a = await site.host(A, DOWN);
    site.cluster.start();
    await site.platform.advance(100);
    const before = site.cluster.hosts[0];
    a.answer = (_t, peer) => void site.platform.setTimer(500, () => peer.send(OK));
    site.cluster.update(checked({ ...HTTP, healthyThreshold: 1 }, A), null);
    await site.platform.advance(300);
    expect(site.cluster.hosts[0]).toBe(before!);
    expect(site.states).toEqual(["unhealthy: status 503"]);
    await site.platform.advance(500);
    expect(site.states).toEqual(["healthy"]);
  });

  test("of anything else leave checks alone", async () => {
    const site = new CheckedSite(checked(HTTP, A));
    const a = await site.host(A, OK);
    site.cluster.start();
    await site.platform.advance(100);
    site.cluster.update({ ...checked(HTTP, A), maxIdle: 3 }, null);
    await site.platform.advance(100);
    expect(a.peers.length).toBe(1);
    expect(a.peers[0]!.gone).toBe(false);
  });

  test("checks that are taken out of the config let all hosts take traffic", async () => {
    const site = new CheckedSite(checked(HTTP, A));
    const a = await site.host(A, DOWN);
    site.cluster.start();
    await site.platform.advance(100);
    site.cluster.update(checked(null, A), null);
    expect(site.states).toEqual(["unchecked"]);
    expect(site.cluster.hosts[0]!.available).toBe(true);
    await site.platform.advance(60_000);
    expect(a.checks).toBe(1);
    site.cluster.update(checked(HTTP, A), null);
    expect(site.cluster.hosts[0]!.available).toBe(false);
  });

  test("checks that come into the config begin at once", async () => {
    const site = new CheckedSite(checked(null, A));
    await site.host(A, DOWN);
    site.cluster.start();
    expect(site.cluster.hosts[0]!.available).toBe(true);
    site.cluster.update(checked(HTTP, A), null);
    await site.platform.advance(100);
    expect(site.states).toEqual(["unhealthy: status 503"]);
  });

  test("an endpoint that is named twice is checked once, and both have its state", async () => {
    const site = new CheckedSite(checked(HTTP, A, A));
    const a = await site.host(A, DOWN);
    site.cluster.start();
    await site.platform.advance(100);
    expect(a.checks).toBe(1);
    expect(site.states).toEqual(["unhealthy: status 503", "unhealthy: status 503"]);
  });

  test("a closed cluster asks nothing more, and its numbers are gone", async () => {
    const site = new CheckedSite(checked(HTTP, A));
    const a = await site.host(A, OK);
    site.cluster.start();
    await site.platform.advance(100);
    site.cluster.close();
    await site.platform.advance(60_000);
    expect(a.checks).toBe(1);
    expect(a.peers[0]!.gone).toBe(true);
  });
});

test("results that come in a crowd make few pickers", async () => {
  const hosts = Array.from({ length: 200 }, (_, i) => `10.0.1.${i}:80`);
  const site = new CheckedSite(checked(HTTP, ...hosts));
  for (const h of hosts) await site.host(h, OK);
  const pickers = new Set<unknown>();
  site.cluster.start();
  for (let ms = 0; ms < 200; ms++) {
    await site.platform.advance(1);
    pickers.add(site.cluster.picker);
  }
  expect(site.cluster.hosts.every((h) => h.available)).toBe(true);
  expect(pickers.size).toBeLessThan(30);
  expect(endpoint(hosts[0]!).weight).toBe(1);
});

describe("the board", () => {
  test("tells each watcher what concerns it", () => {
    const board = new HealthBoard();
    const web: HealthRecord[] = [];
    const all: HealthRecord[] = [];
    const end = board.watch("web", (r) => web.push(r));
    board.watch(null, (r) => all.push(r));
    board.put(record(A, true));
    board.put({ ...record(A, true), cluster: "api" });
    end();
    board.put(record(B, true));
    expect(web).toEqual([record(A, true)]);
    expect(all.length).toBe(3);
  });

  test("is replaced as a whole", () => {
    const board = new HealthBoard([record(A, true), record(B, true)]);
    const told: HealthRecord[] = [];
    board.watch("web", (r) => told.push(r));
    board.replace([record(B, false, "down")]);
    expect(told).toEqual([record(A, null), record(B, false, "down")]);
    expect(board.records()).toEqual([record(B, false, "down")]);
  });

  test("forgets clusters that are no more", () => {
    const board = new HealthBoard([record(A, true), { ...record(B, true), cluster: "gone" }]);
    board.retain(new Set(["web"]));
    expect(board.records()).toEqual([record(A, true)]);
  });
});
