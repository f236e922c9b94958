import { describe, expect, test } from "bun:test";
import type { OverloadSpec } from "../../../../src/config/traffic_model.ts";
import { createMemoryPlatform, type MemoryPlatform } from "../../../../src/platform/memory.ts";
import type { Timer } from "../../../../src/platform/types.ts";
import { OverloadMonitor } from "../../../../src/server/overload/overload_monitor.ts";
import { LOOK_MS } from "../../../../src/server/overload/pressure.ts";
import { Numbers } from "../../../../src/telemetry/numbers.ts";
import { OverloadMetrics } from "../../../../src/telemetry/overload_metrics.ts";
import { RecordingLog } from "../../upstream/fake_platform.ts";

const SPEC: OverloadSpec = {
  heapBytes: null,
  loopDelayMs: null,
  connections: 100,
  stopKeepAliveAt: 0.8,
  refuseRequestsAt: 0.9,
  refuseConnectionsAt: 0.95,
};

/** What a monitor of this spec sees is the test's: connections, memory with its garbage, and how late timers come. */
function monitor(spec: Partial<OverloadSpec> = {}) {
  const memory = createMemoryPlatform();
  const log = new RecordingLog();
  const metrics = new OverloadMetrics(new Numbers());
  const seen = { connections: 0, live: 0, garbage: 0, collections: 0, lateMs: 0 };
  const platform = {
    now: () => memory.now(),
    setTimer: (ms: number, f: () => void): Timer => memory.setTimer(ms + seen.lateMs, f),
    memory: {
      resident: () => seen.live + seen.garbage,
      collect: () => {
        seen.garbage = 0;
        seen.collections++;
      },
    },
  };
  const m = new OverloadMonitor({ platform, log, metrics, connections: () => seen.connections });
  m.apply({ ...SPEC, ...spec });
  return { m, memory, log, metrics, seen };
}

function looks(platform: MemoryPlatform, n: number): Promise<void> {
  return platform.advance(n * LOOK_MS);
}

describe("steps", () => {
  test.each([
    [79, 0],
    [80, 1],
    [89, 1],
    [90, 2],
    [94, 2],
    [95, 3],
    [500, 3],
  ] as const)("%d of 100 connections: %d, at the next look", async (connections, step) => {
    const { m, memory, seen, metrics } = monitor();
    seen.connections = connections;
    await memory.advance(LOOK_MS - 1);
    expect(m.shedding.step).toBe(0);
    await memory.advance(1);
    expect(m.shedding.step).toBe(step);
    expect(metrics.active.map((c) => c.value)).toEqual([1, 2, 3].map((n) => (n <= step ? 1 : 0)));
    expect(metrics.pressures.map((c) => c.value)).toEqual([0, 0, connections / 100]);
  });

  test("are left below nine tenths of what they are taken at, after a second, one event each", async () => {
    const { m, memory, seen, log } = monitor();
    seen.connections = 95;
    await looks(memory, 1);
    seen.connections = 86;
    await looks(memory, 50);
    expect(m.shedding.step).toBe(3);
    seen.connections = 85;
    await looks(memory, 5);
    expect(m.shedding.step).toBe(3);
    await looks(memory, 1);
    expect(m.shedding.step).toBe(2);
    seen.connections = 0;
    await looks(memory, 6);
    expect(m.shedding.step).toBe(0);
    expect(log.lines.map((l) => `${l.level} ${l.facts["before"]} ${l.facts["step"]} ${l.facts["of"]}`)).toEqual([
      "warning none refuseConnections connections",
      "info refuseConnections refuseRequests connections",
      "info refuseRequests none heap",
    ]);
  });

  test("are not left for a moment's calm", async () => {
    const { m, memory, seen } = monitor();
    seen.connections = 95;
    await looks(memory, 1);
    for (let i = 0; i < 20; i++) {
      seen.connections = i % 4 === 3 ? 95 : 0;
      await looks(memory, 1);
      expect(m.shedding.step).toBe(3);
    }
  });

  test("end with the config's limits, and a limit that stays is not looked at anew", async () => {
    const { m, memory, seen } = monitor();
    seen.connections = 95;
    await looks(memory, 1);
    m.apply({ ...SPEC });
    expect(m.shedding.step).toBe(3);
    m.apply(null);
    expect(m.shedding.step).toBe(0);
    await looks(memory, 10);
    expect(m.shedding.step).toBe(0);
  });

  test("nothing is looked at after the close", async () => {
    const { m, memory, seen } = monitor();
    m.close();
    seen.connections = 100;
    await looks(memory, 10);
    expect(m.shedding.step).toBe(0);
  });
});

describe("memory", () => {
  const HEAP = { heapBytes: 1000, connections: null };

  test("is collected before anything is given up for it", async () => {
    const { m, memory, seen } = monitor(HEAP);
    seen.live = 500;
    seen.garbage = 299;
    await looks(memory, 10);
    expect(seen.collections).toBe(0);
    seen.garbage = 400;
    await looks(memory, 1);
    expect(seen.collections).toBe(1);
    expect(m.shedding.step).toBe(0);
  });

  test("that is really held is pressure, and is collected once in ten seconds", async () => {
    const { m, memory, seen } = monitor(HEAP);
    seen.live = 920;
    await looks(memory, 1);
    expect(m.shedding.step).toBe(2);
    await memory.advance(30_000);
    expect(seen.collections).toBe(4);
    seen.live = 100;
    await looks(memory, 7);
    expect(m.shedding.step).toBe(0);
  });
});

describe("the event loop's delay", () => {
  const LOOP = { loopDelayMs: 100, connections: null };

  test("counts as the mean of a second: one long turn is nothing", async () => {
    const { m, memory, seen, metrics } = monitor(LOOP);
    await looks(memory, 5);
    seen.lateMs = 200;
    await memory.advance(LOOK_MS);
    seen.lateMs = 0;
    await looks(memory, 6);
    expect(m.shedding.step).toBe(0);
    expect(metrics.pressures[1]!.value).toBeLessThanOrEqual(0.4);
  });

  test("that lasts is pressure", async () => {
    const { m, memory, seen } = monitor(LOOP);
    await looks(memory, 5);
    seen.lateMs = 92;
    await memory.advance(3_000);
    expect(m.shedding.step).toBe(2);
    seen.lateMs = 0;
    await memory.advance(4_000);
    expect(m.shedding.step).toBe(0);
  });
});

test("the greatest pressure counts", async () => {
  const { m, memory, seen, log } = monitor({ heapBytes: 1000 });
  seen.live = 910;
  seen.connections = 85;
  await looks(memory, 1);
  expect(m.shedding.step).toBe(2);
  expect(log.lines[0]!.facts).toEqual({ step: "refuseRequests", before: "none", pressure: 0.91, of: "heap" });
});
