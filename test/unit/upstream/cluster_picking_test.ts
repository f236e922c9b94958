import { describe, expect, test } from "bun:test";
import { Slab } from "../../../src/base/slab.ts";
import { TimerWheel } from "../../../src/base/timer_wheel.ts";
import type { ClusterSpec } from "../../../src/config/model.ts";
import type { OutlierSpec } from "../../../src/config/traffic_model.ts";
import type { StreamReader } from "../../../src/http/codec.ts";
import type { ResponseHead } from "../../../src/http/head.ts";
import { Metrics } from "../../../src/telemetry/metrics.ts";
import { UpstreamCluster } from "../../../src/upstream/cluster.ts";
import { HealthBoard } from "../../../src/upstream/health/health_board.ts";
import { HealthPlace } from "../../../src/upstream/health/health_place.ts";
import type { Host, LeaseClient, LeaseWaiter, StreamLease } from "../../../src/upstream/types.ts";
import { Flusher } from "../../../src/wire/flusher.ts";
import { ANY, SHARING } from "../../seam/picker_cases.ts";
import { FakePlatform } from "./fake_platform.ts";
import { cluster, endpoint } from "./specs.ts";

const ENDPOINTS = ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80", "10.0.0.4:80"].map((at) => endpoint(at));

function start(more: Partial<ClusterSpec> = {}): { platform: FakePlatform; web: UpstreamCluster } {
  const platform = new FakePlatform();
  const now = (): number => platform.now();
  const env = {
    platform,
    link: { flusher: new Flusher(now), wheel: new TimerWheel(now, (ms, f) => platform.setTimer(ms, f)) },
    slab: new Slab(),
    log: { log: (): void => {} },
    openEndpoints: (): never => {
      throw new Error("no test here has other endpoints");
    },
    health: new HealthPlace(new HealthBoard(), true),
  };
  const web = new UpstreamCluster(env, cluster(ENDPOINTS, more), new Metrics().cluster("web"), null);
  web.start();
  return { platform, web };
}

/** Who came in so many picks. */
function seen(web: UpstreamCluster, picks = 40): Set<Host> {
  return new Set(Array.from({ length: picks }, () => web.picker.pick(ANY) as Host));
}

/** One 5xx is enough. */
const AT_ONCE: OutlierSpec = {
  consecutive5xx: 1,
  consecutiveGatewayErrors: 0,
  consecutiveLocalFailures: 0,
  intervalMs: 10_000,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectedShare: 0.5,
  successRate: null,
  failureShare: null,
};

const READER = {} as StreamReader<ResponseHead>;
const CLIENT = {} as LeaseClient;

class Waiter implements LeaseWaiter {
  lease: StreamLease | null = null;
  failed = 0;
  onLease(l: StreamLease): void {
    this.lease = l;
  }
  onLeaseError(): void {
    this.failed++;
  }
}

describe("a cluster's picker", () => {
  test("follows the states of hosts, and counts panics", async () => {
    const { platform, web } = start({ outlier: { ...AT_ONCE, maxEjectedShare: 1 } });
    const [a, b, c] = web.hosts as [Host, Host, Host, Host];
    expect(seen(web).size).toBe(4);
    a.outcome!(500, null);
    await platform.advance(10);
    expect(seen(web)).not.toContain(a);
    expect(web.metrics.panics.value).toBe(0);
    b.outcome!(500, null);
    c.outcome!(500, null);
    await platform.advance(10);
    expect(seen(web, 40).size).toBe(4);
    expect(web.metrics.panics.value).toBe(40);
  });

  test("knows since when hosts are there", async () => {
    const { platform, web } = start();
    await platform.advance(5000);
    web.update(cluster([...ENDPOINTS, endpoint("10.0.0.5:80")]), null);
    expect(web.hosts.map((h) => h.since)).toEqual([0, 0, 0, 0, 5000]);
  });

  test("stays where a change of config concerns neither hosts, policy nor sharing", () => {
    const { web } = start();
    const { picker } = web;
    web.update(cluster(ENDPOINTS, { idleMs: 1 }), null);
    expect(web.picker).toBe(picker);
    web.update(cluster(ENDPOINTS, { balance: { kind: "random", slowStart: null } }), null);
    expect(web.picker).not.toBe(picker);
    const random = web.picker;
    web.update(
      cluster(ENDPOINTS, { balance: { kind: "random", slowStart: null }, sharing: { ...SHARING, panicThreshold: 0 } }),
      null,
    );
    expect(web.picker).not.toBe(random);
  });

  test("of peak EWMA makes hosts hear of latencies, another policy ends that", () => {
    const { web } = start({ balance: { kind: "peakEwma", decayMs: 1000, slowStart: null } });
    expect(web.hosts.every((h) => h.latency !== null)).toBe(true);
    web.update(cluster(ENDPOINTS), null);
    expect(web.hosts.every((h) => h.latency === null)).toBe(true);
  });
});

describe("streams that wait for a connection", () => {
  test("count as their host's until they have a stream, whose own count it is from then on", () => {
    const { platform, web } = start();
    const host = web.hosts[0]!;
    const waiter = new Waiter();
    web.lease(host, false, READER, waiter, CLIENT);
    expect(host.active).toBe(1);
    platform.dials[0]!.open();
    expect(waiter.lease).not.toBeNull();
    expect(host.active).toBe(1);
  });

  test("count no more when the dial fails, or they give up, once", () => {
    const { platform, web } = start();
    const host = web.hosts[0]!;
    const waiter = new Waiter();
    web.lease(host, false, READER, waiter, CLIENT);
    platform.dials[0]!.fail("connectRefused", "ECONNREFUSED");
    expect([waiter.failed, host.active]).toEqual([1, 0]);
    const wait = web.lease(host, false, READER, new Waiter(), CLIENT)!;
    expect(host.active).toBe(1);
    wait.cancel();
    wait.cancel();
    expect(host.active).toBe(0);
  });

  test("of one connection of HTTP/2 count each", () => {
    const { platform, web } = start({ protocol: "h2c" });
    const host = web.hosts[0]!;
    const waits = [0, 1, 2].map(() => web.lease(host, false, READER, new Waiter(), CLIENT)!);
    expect([platform.dials.length, host.active]).toEqual([1, 3]);
    waits[1]!.cancel();
    expect(host.active).toBe(2);
    platform.dials[0]!.open();
    expect(host.active).toBe(2);
  });
});
