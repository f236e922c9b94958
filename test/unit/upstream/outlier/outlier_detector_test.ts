import { describe, expect, test } from "bun:test";
import { type ErrorCode, upstreamFault } from "../../../../src/base/error.ts";
import { TimerWheel } from "../../../../src/base/timer_wheel.ts";
import type { OutlierSpec } from "../../../../src/config/traffic_model.ts";
import { createMemoryPlatform } from "../../../../src/platform/memory.ts";
import { Metrics } from "../../../../src/telemetry/metrics.ts";
import { HostStates } from "../../../../src/upstream/host_states.ts";
import { OutlierDetector } from "../../../../src/upstream/outlier/outlier_detector.ts";
import { successThreshold } from "../../../../src/upstream/outlier/success_rate.ts";
import type { Host } from "../../../../src/upstream/types.ts";
import { Flusher } from "../../../../src/wire/flusher.ts";
import { RecordingLog } from "../fake_platform.ts";
import { host } from "../specs.ts";

const OFF: OutlierSpec = {
  consecutive5xx: 0,
  consecutiveGatewayErrors: 0,
  consecutiveLocalFailures: 0,
  intervalMs: 10_000,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectedShare: 0.5,
  successRate: null,
  failureShare: null,
};

class Watched {
  readonly platform = createMemoryPlatform();
  readonly log = new RecordingLog();
  readonly metrics = new Metrics().cluster("web");
  readonly hosts: Host[];
  readonly detector: OutlierDetector;
  readonly wheel: TimerWheel;
  changes = 0;

  constructor(hosts: number, spec: OutlierSpec | null) {
    const { platform } = this;
    const now = (): number => platform.now();
    this.hosts = Array.from({ length: hosts }, (_, i) => host(`10.0.0.${i}:80`));
    const states = new HostStates(
      now,
      () => this.changes++,
      (state, n) => this.metrics.hosts(state, n),
    );
    this.wheel = new TimerWheel(now, (ms, f) => platform.setTimer(ms, f));
    const link = { flusher: new Flusher(now), wheel: this.wheel };
    this.detector = new OutlierDetector({ now, link, log: this.log, metrics: this.metrics, cluster: "web", states });
    states.setHosts(this.hosts, []);
    this.detector.become(spec);
    this.detector.setHosts(this.hosts, []);
  }

  /** Replies of one host: numbers are statuses, texts are codes of failures. */
  reply(i: number, ...outcomes: (number | ErrorCode)[]): void {
    for (const o of outcomes) {
      if (typeof o === "number") this.hosts[i]!.outcome!(o, null);
      else this.hosts[i]!.outcome!(0, upstreamFault(o, 503, "always", "x"));
    }
  }

  replies(i: number, n: number, status: number): void {
    for (let k = 0; k < n; k++) this.reply(i, status);
  }

  /** Indexes of hosts that are ejected. */
  get out(): number[] {
    return this.hosts.flatMap((h, i) => (h.available ? [] : [i]));
  }

  get causes(): Record<string, number> {
    const { ejections } = this.metrics;
    return Object.fromEntries(ejections.names.map((n, i) => [n, ejections.valueAt(i)]).filter(([, n]) => n !== 0));
  }
}

test("a cluster without outlier detection asks nothing", () => {
  const w = new Watched(3, null);
  expect(w.hosts.every((h) => h.outcome === null)).toBe(true);
  expect(w.wheel.size).toBe(0);
});

describe("failures in a row", () => {
  test("of 5xx eject, and any other reply begins anew", () => {
    const w = new Watched(4, { ...OFF, consecutive5xx: 3 });
    w.reply(0, 500, 503, 200, 500, 501);
    expect(w.out).toEqual([]);
    w.reply(0, 599);
    expect(w.out).toEqual([0]);
    expect(w.causes).toEqual({ consecutive5xx: 1 });
    expect(w.metrics.ejectionsActive.value).toBe(1);
    expect(w.log.lines.map((l) => l.event)).toEqual(["host is ejected"]);
  });

  test("4xx are the client's", () => {
    const w = new Watched(4, { ...OFF, consecutive5xx: 1 });
    w.reply(0, 400, 404, 429, 499);
    expect(w.out).toEqual([]);
  });

  test("failures to connect count among 5xx", () => {
    const w = new Watched(4, { ...OFF, consecutive5xx: 3 });
    w.reply(0, 500, "connectRefused", "responseTimeout");
    expect(w.out).toEqual([0]);
  });

  test("of gateway errors: 502, 503, 504 and failures to connect, and no 500", () => {
    const w = new Watched(4, { ...OFF, consecutiveGatewayErrors: 4 });
    w.reply(0, 502, 503, 504, 500, 502, 503, "upstreamReset");
    expect(w.out).toEqual([]);
    w.reply(0, 504);
    expect(w.causes).toEqual({ consecutiveGatewayErrors: 1 });
  });

  test("of local failures, which any reply ends", () => {
    const w = new Watched(4, { ...OFF, consecutiveLocalFailures: 3 });
    w.reply(0, "connectTimeout", "connectFailed", 500, "upstreamReset", "upstreamClosed");
    expect(w.out).toEqual([]);
    w.reply(0, "upstreamProtocol");
    expect(w.causes).toEqual({ consecutiveLocalFailures: 1 });
  });

  test("what is no fault of the host's counts for nothing", () => {
    const w = new Watched(4, { ...OFF, consecutive5xx: 2, consecutiveLocalFailures: 2 });
    w.reply(0, "clientReset", "noDescriptors", "overflow", "draining", "streamIdleTimeout", "connectRefused", "clientClosed");
    expect(w.out).toEqual([]);
    w.reply(0, "connectRefused");
    expect(w.out).toEqual([0]);
  });

  test("0 switches a detector off", () => {
    const w = new Watched(4, OFF);
    w.replies(0, 1000, 503);
    expect(w.out).toEqual([]);
  });
});

describe("ejections", () => {
  test("end after their time, which grows with each and shrinks with each good interval", async () => {
    const w = new Watched(4, { ...OFF, consecutive5xx: 1, maxEjectionMs: 70_000 });
    const times: number[] = [];
    for (let i = 0; i < 4; i++) {
      const at = w.platform.now();
      w.reply(0, 500);
      expect(w.out).toEqual([0]);
      while (w.out.length > 0) await w.platform.advance(10);
      times.push(w.platform.now() - at);
    }
    for (const [i, want] of [30_000, 60_000, 70_000, 70_000].entries()) {
      expect(times[i]!).toBeGreaterThanOrEqual(want);
      expect(times[i]!).toBeLessThan(want + 30);
    }
    // Four intervals without an ejection forgive four.
    for (let i = 0; i < 6; i++) {
      w.reply(0, 200);
      await w.platform.advance(10_000);
    }
    const at = w.platform.now();
    w.reply(0, 500);
    while (w.out.length > 0) await w.platform.advance(10);
    expect(w.platform.now() - at).toBeLessThan(30_050);
    expect(w.log.lines.filter((l) => l.event === "host is let back").length).toBe(5);
  });

  test("since tells when the host was let back", async () => {
    const w = new Watched(2, { ...OFF, consecutive5xx: 1 });
    w.reply(0, 500);
    await w.platform.advance(31_000);
    expect(w.hosts[0]!.available).toBe(true);
    expect(w.hosts[0]!.since).toBeGreaterThanOrEqual(30_000);
    expect(w.changes).toBe(2);
  });

  test("a host that is let back begins anew", async () => {
    const w = new Watched(4, { ...OFF, consecutive5xx: 3 });
    w.reply(0, 500, 500, 500, 500, 500);
    await w.platform.advance(30_050);
    w.reply(0, 500, 500);
    expect(w.out).toEqual([]);
    w.reply(0, 500);
    expect(w.out).toEqual([0]);
  });

  test("stop at the cap, and one host may always go", () => {
    const w = new Watched(10, { ...OFF, consecutive5xx: 1, maxEjectedShare: 0.3 });
    for (let i = 0; i < 10; i++) w.reply(i, 500);
    expect(w.out).toEqual([0, 1, 2]);
    expect(w.metrics.ejectionsCapped.value).toBe(7);
    const one = new Watched(10, { ...OFF, consecutive5xx: 1, maxEjectedShare: 0 });
    for (let i = 0; i < 10; i++) one.reply(i, 500);
    expect(one.out).toEqual([0]);
  });

  test("never take the only host", () => {
    const w = new Watched(1, { ...OFF, consecutive5xx: 1, maxEjectedShare: 1 });
    w.replies(0, 100, 500);
    expect(w.out).toEqual([]);
  });

  test("end with detection, and go with their host", () => {
    const w = new Watched(4, { ...OFF, consecutive5xx: 1 });
    w.reply(0, 500);
    w.reply(1, 500);
    w.detector.setHosts(w.hosts.slice(1), [w.hosts[0]!]);
    expect(w.metrics.ejectionsActive.value).toBe(1);
    expect(w.hosts[0]!.outcome).toBeNull();
    w.detector.become(null);
    expect(w.hosts[1]!.available).toBe(true);
    expect(w.hosts[1]!.outcome).toBeNull();
    expect(w.metrics.ejectionsActive.value).toBe(0);
    expect(w.wheel.size).toBe(0);
  });

  test("stay over another spec", async () => {
    const w = new Watched(4, { ...OFF, consecutive5xx: 1 });
    w.reply(0, 500);
    w.detector.become({ ...OFF, consecutive5xx: 5 });
    expect(w.out).toEqual([0]);
    await w.platform.advance(30_050);
    expect(w.out).toEqual([]);
  });

  test("what is under way at an ejected host counts for nothing", async () => {
    const w = new Watched(4, { ...OFF, consecutive5xx: 1 });
    w.reply(0, 500);
    w.replies(0, 50, 500);
    expect(w.causes).toEqual({ consecutive5xx: 1 });
    await w.platform.advance(30_050);
    expect(w.out).toEqual([]);
  });
});

describe("shares of an interval", () => {
  test("the threshold is mean less factor times the population's standard deviation", () => {
    // Envoy's own example: five hosts at 100, 100, 100, 100 and 50 with 1.9.
    const shares = [1, 1, 1, 1, 0.5].map((successes) => ({ successes }));
    expect(successThreshold(shares, 1.9)).toBeCloseTo(0.9 - 1.9 * 0.2, 12);
    expect(successThreshold([{ successes: 0.7 }], 1.9)).toBeCloseTo(0.7, 12);
  });

  test("a host far below the others is ejected when the interval ends", async () => {
    const w = new Watched(6, { ...OFF, successRate: { minHosts: 5, minRequests: 100, stdevFactor: 1.9 } });
    for (let i = 0; i < 5; i++) w.replies(i, 100, 200);
    for (let k = 0; k < 50; k++) w.reply(5, 200, 500);
    expect(w.out).toEqual([]);
    await w.platform.advance(10_050);
    expect(w.out).toEqual([5]);
    expect(w.causes).toEqual({ successRate: 1 });
  });

  test("hosts that all do as badly stay", async () => {
    const w = new Watched(6, { ...OFF, successRate: { minHosts: 5, minRequests: 100, stdevFactor: 1.9 } });
    for (let i = 0; i < 6; i++) for (let k = 0; k < 60; k++) w.reply(i, 200, 500);
    await w.platform.advance(10_050);
    expect(w.out).toEqual([]);
  });

  test("too few hosts or too few requests say nothing", async () => {
    const few = new Watched(6, { ...OFF, successRate: { minHosts: 5, minRequests: 100, stdevFactor: 1.9 } });
    for (let i = 0; i < 3; i++) few.replies(i, 100, 200);
    few.replies(4, 99, 500);
    few.replies(5, 100, 500);
    await few.platform.advance(10_050);
    expect(few.out).toEqual([]);
  });

  test("a share of failures at or above the threshold", async () => {
    const spec = { ...OFF, failureShare: { minHosts: 2, minRequests: 10, threshold: 0.5 } };
    const w = new Watched(4, spec);
    for (let k = 0; k < 5; k++) w.reply(0, 200, 503);
    w.replies(1, 6, 200);
    w.replies(1, 4, 503);
    await w.platform.advance(10_050);
    expect(w.out).toEqual([0]);
    expect(w.causes).toEqual({ failureShare: 1 });
  });

  test("each interval begins with nothing", async () => {
    const w = new Watched(4, { ...OFF, failureShare: { minHosts: 1, minRequests: 10, threshold: 0.5 } });
    w.replies(0, 9, 500);
    await w.platform.advance(10_050);
    w.replies(0, 9, 500);
    await w.platform.advance(10_050);
    expect(w.out).toEqual([]);
  });

  test("without requests there is no interval", async () => {
    const w = new Watched(4, { ...OFF, failureShare: { minHosts: 1, minRequests: 10, threshold: 0.5 } });
    expect(w.wheel.size).toBe(0);
    w.reply(0, 200);
    expect(w.wheel.size).toBe(1);
    await w.platform.advance(25_000);
    expect(w.wheel.size).toBe(0);
  });
});
