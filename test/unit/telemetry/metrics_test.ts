import { describe, expect, test } from "bun:test";
import { REFUSALS } from "../../../src/telemetry/listener_metrics.ts";
import { STATUS_CLASSES, statusCell } from "../../../src/telemetry/metric_rows.ts";
import { Metrics } from "../../../src/telemetry/metrics.ts";
import { ERROR_CODES, errorCell } from "../../../src/telemetry/response_flags.ts";
import { allMetrics } from "./all_metrics.ts";

const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

describe("bundles", () => {
  test("are the same for the same name, so that counters rise over a reload", () => {
    const m = new Metrics();
    expect(m.listener("a")).toBe(m.listener("a"));
    expect(m.route("a")).toBe(m.route("a"));
    expect(m.cluster("a")).toBe(m.cluster("a"));
    expect(m.accessLog("a")).toBe(m.accessLog("a"));
    expect(m.cluster("a")).not.toBe(m.cluster("b"));
  });

  test("that are gone from the config are forgotten, those of other groups with the same name are not", () => {
    const m = new Metrics();
    for (const name of ["a", "b"]) {
      m.listener(name);
      m.route(name).grpc.finish("/s.S/M", 0);
      m.cluster(name);
    }
    m.retain("route", new Set(["b"]));
    for (const f of m.numbers.families.values()) {
      const [label] = f.labelNames;
      if (label !== "listener" && label !== "route" && label !== "cluster") continue;
      expect([...f.rows.values()].map((r) => r.labels[label])).toEqual(label === "route" ? ["b"] : ["a", "b"]);
    }
    const before = m.route("a");
    m.retain("route", new Set(["a", "b"]));
    expect(m.route("a")).toBe(before);
  });
});

describe("counting", () => {
  test("each status has the cell of its class", () => {
    expect([0, 101, 200, 299, 304, 499, 599].map((s) => STATUS_CLASSES[statusCell(s)])).toEqual([
      "none",
      "1xx",
      "2xx",
      "2xx",
      "3xx",
      "4xx",
      "5xx",
    ]);
  });

  test("a listener's refusals and faults go to their own cells", () => {
    const web = new Metrics().listener("web");
    for (const reason of REFUSALS) web.refuse(reason);
    web.refuse("draining");
    expect(REFUSALS.map((_, i) => web.refused.valueAt(i))).toEqual([1, 1, 1, 1, 2, 1, 1, 1]);
    for (const code of ERROR_CODES) web.fault(code);
    web.fault("noRoute");
    expect(ERROR_CODES.map((_, i) => web.faults.valueAt(i))).toEqual(ERROR_CODES.map((c) => (c === "noRoute" ? 2 : 1)));
  });

  test("a route's requests come with their seconds", () => {
    const route = new Metrics().route("a");
    route.finish(200, 250);
    route.finish(0, 1);
    expect([route.requests.valueAt(statusCell(200)), route.requests.valueAt(0)]).toEqual([1, 1]);
    expect(route.duration.sum).toBeCloseTo(0.251, 9);
    expect(sum(route.duration.counts)).toBe(2);
  });

  test("a cluster's failed attempt is also the reset or the timeout that it was", () => {
    const c = new Metrics().cluster("a");
    for (const code of ERROR_CODES) c.fault(code);
    expect([c.resets.value, c.timeouts.value]).toEqual([2, 3]);
    expect(c.faults.valueAt(errorCell("overflow"))).toBe(1);
    c.connected(20);
    c.connectFailed("connectTimeout");
    c.respond(404, 10);
    expect([c.connects.value, sum(c.connectDuration.counts), c.connectDuration.sum]).toEqual([1, 1, 0.02]);
    expect(c.connectFailures.valueAt(errorCell("connectTimeout"))).toBe(1);
    expect([c.responses.valueAt(4), c.headDuration.sum]).toEqual([1, 0.01]);
  });

  test("reloads: the last one's fate, and when one last went well", () => {
    const { server } = new Metrics();
    server.reloaded(3, 5000);
    server.reloadRefused();
    const state = () => [server.configGeneration, server.lastReloadSuccess, server.lastReloadOk].map((c) => c.value);
    expect(state()).toEqual([3, 5, 0]);
    server.reloaded(4, 6000);
    expect(state()).toEqual([4, 6, 1]);
    expect([server.reloadsApplied.value, server.reloadsRefused.value]).toEqual([2, 1]);
  });
});

describe("names", () => {
  test("follow Prometheus' conventions", () => {
    for (const { name, help, kind, labelNames } of allMetrics().families.values()) {
      expect(name).toMatch(/^weir_[a-z]+(_[a-z]+)*$/);
      expect(help).toMatch(/^[A-Z1].*[^.]$/);
      expect([name, name.endsWith("_total")]).toEqual([name, kind === "counter"]);
      if (kind === "histogram") expect(name).toEndWith("_seconds");
      expect(
        labelNames.filter(
          (l) =>
            !/^(listener|route|method|cluster|log|certificate|result|state|version|runtime|resource|step|priority|limit)$/.test(
              l,
            ),
        ),
      ).toEqual([]);
    }
  });
});
