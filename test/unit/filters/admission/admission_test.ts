import { describe, expect, test } from "bun:test";
import type { AdmissionSpec } from "../../../../src/config/traffic_model.ts";
import type { Filter, FilterEnv, Reply } from "../../../../src/filter/types.ts";
import { AdmissionGate } from "../../../../src/filters/admission/admission_gate.ts";
import { createMemoryPlatform } from "../../../../src/platform/memory.ts";
import { Random } from "../../../fuzz/random.ts";
import { FakeHost, replyHead } from "../../filter/fake_host.ts";

const SPEC: AdmissionSpec = {
  kind: "admission",
  windowMs: 30_000,
  threshold: 0.95,
  aggression: 1,
  minRate: 0,
  maxRejection: 0.8,
  waitMs: 0,
};

function gateOf(spec: Partial<AdmissionSpec> = {}, random: () => number = () => 0) {
  const platform = createMemoryPlatform();
  const env: FilterEnv = {
    now: () => platform.now(),
    wallNow: () => platform.wallNow(),
    setTimer: (ms, f) => platform.setTimer(ms, f),
    random,
  };
  const gate = new AdmissionGate({ ...SPEC, ...spec }, env);
  return { platform, gate };
}

function record(gate: AdmissionGate, successes: number, failures: number): void {
  for (let i = 0; i < successes; i++) gate.record(true);
  for (let i = 0; i < failures; i++) gate.record(false);
}

/** A request through the gate; what it is answered with, or undefined while it waits. */
function request(gate: AdmissionGate) {
  const x = new FakeHost();
  const filter = gate.open();
  const seen: { reply: Reply | null | undefined } = { reply: undefined };
  const settle = (v: unknown): void => {
    seen.reply = v as Reply | null;
  };
  const r = filter.onRequest!(x, true);
  if (r instanceof Promise) void r.then(settle);
  else settle(r);
  return { x, filter, seen };
}

describe("the share that is shed, of n requests with s successes", () => {
  test.each<[string, Partial<AdmissionSpec>, number, number, number]>([
    ["nothing is known", {}, 0, 0, 0],
    ["all succeed", {}, 100, 0, 0],
    ["as many as wanted succeed", {}, 95, 5, 0],
    ["half of them", { threshold: 1 }, 50, 50, 50 / 101],
    ["half of them, of a lower threshold", { threshold: 0.8 }, 50, 50, (100 - 62.5) / 101],
    ["none: the most that may be shed", {}, 0, 100, 0.8],
    ["none, and all may be shed", { maxRejection: 1 }, 0, 99, 0.99],
    ["more aggression sheds more", { threshold: 1, aggression: 2 }, 50, 50, Math.sqrt(50 / 101)],
    ["less of it less", { threshold: 1, aggression: 0.5 }, 50, 50, (50 / 101) ** 2],
    ["below the least rate", { minRate: 101 }, 0, 100, 0],
    ["at the least rate", { minRate: 100 }, 0, 100, 0.8],
  ])("%s", (_, spec, successes, failures, wanted) => {
    const { gate } = gateOf(spec);
    record(gate, successes, failures);
    expect(gate.rejection()).toBeCloseTo(wanted, 10);
  });

  test("falls to nothing when the window has gone by", async () => {
    const { platform, gate } = gateOf();
    record(gate, 0, 100);
    await platform.advance(31_000);
    expect(gate.rejection()).toBe(0);
  });
});

describe("a request", () => {
  test("is let in without a draw while nothing is shed", () => {
    const { gate } = gateOf({}, () => {
      throw new Error("nothing is to be drawn");
    });
    expect(request(gate).seen.reply).toBeNull();
  });

  test("is shed with 503 at once, and that says nothing of the upstream", () => {
    const { gate } = gateOf({ threshold: 1 });
    record(gate, 0, 10);
    const before = gate.rejection();
    const { seen, filter, x } = request(gate);
    expect(seen.reply!.head.status).toBe(503);
    expect(seen.reply!.code).toBe("notAdmitted");
    expect(seen.reply!.head.fields.get("retry-after")).toBe("1");
    filter.onResponse!(x, seen.reply!.head, false);
    filter.onDone!(x);
    expect(gate.rejection()).toBe(before);
  });

  test("of gRPC is shed as gRPC tells it", () => {
    const { gate } = gateOf({ threshold: 1 });
    record(gate, 0, 10);
    const x = new FakeHost();
    x.request.fields.set("Content-Type", "application/grpc");
    const reply = gate.open().onRequest!(x, true) as Reply;
    expect(reply.head.fields.get("grpc-status")).toBe("14");
  });

  test("shares of a steady failure come out as the formula says (binomial, 5 standard deviations)", () => {
    const random = new Random(3);
    const { gate } = gateOf({ threshold: 1, maxRejection: 1 }, () => random.below(2 ** 30) / 2 ** 30);
    record(gate, 5_000, 5_000);
    const p = gate.rejection();
    const n = 20_000;
    let shed = 0;
    for (let i = 0; i < n; i++) if (gate.draw() !== null) shed++;
    expect(Math.abs(shed - n * p)).toBeLessThan(5 * Math.sqrt(n * p * (1 - p)));
  });
});

describe("what counts as a success", () => {
  function outcome(f: (filter: Filter, x: FakeHost) => void, grpc = false): string {
    const { gate } = gateOf({ threshold: 1, maxRejection: 1 });
    const x = new FakeHost();
    if (grpc) x.request.fields.set("Content-Type", "application/grpc");
    const filter = gate.open();
    filter.onRequest!(x, true);
    f(filter, x);
    // One failure of one request: 1/2; a success: 0; told by whether a second record changes the sum.
    const rejection = gate.rejection();
    record(gate, 1, 0);
    return rejection > 0 ? "failure" : gate.rejection() === 0 && known(gate) === 2 ? "success" : "nothing";
  }

  /** How many outcomes the gate knows: failures are added until the share tells. */
  function known(gate: AdmissionGate): number {
    gate.record(false);
    // (n - (n - 1)) / (n + 1) of n requests with one failure.
    return Math.round(1 / gate.rejection()) - 2;
  }

  test.each([
    [200, "success"],
    [404, "success"],
    [429, "success"],
    [500, "failure"],
    [503, "failure"],
  ])("HTTP %d", (status, wanted) => {
    expect(
      outcome((filter, x) => {
        filter.onResponse!(x, replyHead(status), false);
        Object.assign(x, { status });
        filter.onDone!(x);
      }),
    ).toBe(wanted);
  });

  test.each([
    [0, "success"],
    [1, "nothing"],
    [2, "success"],
    [4, "failure"],
    [5, "success"],
    [8, "failure"],
    [10, "failure"],
    [12, "success"],
    [13, "failure"],
    [14, "failure"],
    [15, "failure"],
    [-1, "success"],
  ])("gRPC %d", (grpcStatus, wanted) => {
    expect(
      outcome((filter, x) => {
        filter.onResponse!(x, replyHead(200), false);
        Object.assign(x, { status: 200, grpcStatus });
        filter.onDone!(x);
      }, true),
    ).toBe(wanted);
  });

  test("no reply: nothing", () => {
    expect(outcome((filter, x) => filter.onDone!(x))).toBe("nothing");
  });
});

describe("a request that may wait", () => {
  const WAITING = { waitMs: 2_000, threshold: 1, maxRejection: 1 };

  test("is let in as soon as fewer are shed than it has drawn", async () => {
    const { platform, gate } = gateOf(WAITING, () => 0.4);
    record(gate, 50, 50);
    const { seen } = request(gate);
    await platform.advance(1_000);
    expect(seen.reply).toBeUndefined();
    record(gate, 100, 0);
    await platform.advance(100);
    expect(seen.reply).toBeNull();
  });

  test("is shed when its time is over, and no timer is left", async () => {
    const { platform, gate } = gateOf(WAITING);
    record(gate, 0, 10);
    const { seen } = request(gate);
    await platform.advance(1_950);
    expect(seen.reply).toBeUndefined();
    await platform.advance(100);
    expect(seen.reply!.code).toBe("notAdmitted");
  });

  test("and whose client goes away waits no more", async () => {
    const { platform, gate } = gateOf(WAITING);
    record(gate, 0, 10);
    const { seen, filter, x } = request(gate);
    filter.onDone!(x);
    await platform.advance(5_000);
    expect(seen.reply).toBeUndefined();
  });

  test("counts when it was let in", async () => {
    const { platform, gate } = gateOf(WAITING, () => 0.4);
    record(gate, 50, 50);
    const { seen, filter, x } = request(gate);
    record(gate, 100, 0);
    await platform.advance(100);
    expect(seen.reply).toBeNull();
    const before = gate.rejection();
    filter.onResponse!(x, replyHead(503), true);
    expect(gate.rejection()).toBeGreaterThan(before);
  });
});
