import { describe, expect, test } from "bun:test";
import { createMetricsRenderer } from "../../../src/export/prometheus.ts";
import { Metrics } from "../../../src/telemetry/metrics.ts";
import { Numbers } from "../../../src/telemetry/numbers.ts";
import { busy } from "./busy_metrics.ts";
import { parsePage } from "./prometheus_text.ts";

const scrape = async (numbers: Numbers) => parsePage((await createMetricsRenderer(numbers)()).body);

describe("a page", () => {
  test("names its format", async () => {
    const { contentType } = await createMetricsRenderer(new Numbers())();
    expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
  });

  test("says what was counted", async () => {
    const page = await scrape(busy().numbers);
    const values = (name: string) => page.get(name)!.samples.map((s) => [s.labels, s.value]);
    expect(values("weir_listener_connections_total")).toEqual([[{ listener: "web" }, 12]]);
    expect(values("weir_listener_received_bytes_total")).toEqual([[{ listener: "web" }, 1_099_511_627_776]]);
    expect(values("weir_listener_refused_connections_total")).toEqual([[{ listener: "web", reason: "clientLimit" }, 1]]);
    expect(values("weir_listener_faults_total")).toEqual([[{ listener: "web", code: "badRequest" }, 1]]);
    expect(values("weir_listener_requests_total")).toEqual([
      [{ listener: "web", status: "none" }, 1],
      [{ listener: "web", status: "1xx" }, 0],
      [{ listener: "web", status: "2xx" }, 2],
      [{ listener: "web", status: "3xx" }, 0],
      [{ listener: "web", status: "4xx" }, 0],
      [{ listener: "web", status: "5xx" }, 1],
    ]);
    expect(values("weir_route_requests_total")).toEqual([
      [{ route: "checkout", status: "2xx" }, 2],
      [{ route: "checkout", status: "4xx" }, 1],
    ]);
    expect(values("weir_cluster_connect_failures_total")).toEqual([[{ cluster: "checkout-v1", code: "connectRefused" }, 1]]);
    expect(values("weir_cluster_resets_total")).toEqual([[{ cluster: "checkout-v1" }, 1]]);
    expect(values("weir_cluster_timeouts_total")).toEqual([[{ cluster: "checkout-v1" }, 1]]);
    expect(values("weir_config_generation")).toEqual([[{}, 4]]);
    expect(values("weir_config_last_reload_successful")).toEqual([[{}, 0]]);
    expect(values("weir_config_last_reload_success_timestamp_seconds")).toEqual([[{}, 1_769_903_999.007]]);
    expect(values("weir_config_reloads_total")).toEqual([
      [{ result: "applied" }, 1],
      [{ result: "refused" }, 1],
    ]);
    expect(values("weir_build_info")).toEqual([[{ version: "1.2.3", runtime: "bun 1.4.5" }, 1]]);
  });

  test("has cumulative histograms: a value on a bound belongs below it", async () => {
    const { samples } = (await scrape(busy().numbers)).get("weir_route_request_duration_seconds")!;
    const bucket = (le: string) => samples.find((s) => s.labels.le === le)!.value;
    expect([bucket("0.001"), bucket("0.0025"), bucket("30"), bucket("+Inf")]).toEqual([1, 2, 2, 3]);
    expect(samples.find((s) => s.name.endsWith("_sum"))!.value).toBeCloseTo(30.0031, 9);
    expect(samples.find((s) => s.name.endsWith("_count"))!.value).toBe(3);
    expect(new Set(samples.map((s) => s.labels.route))).toEqual(new Set(["checkout"]));
  });

  test("keeps names of the config whole, whatever they hold", async () => {
    const m = new Metrics();
    const name = 'a"b\\c\nd é→{x="y"} ';
    m.route(name).finish(200, 1);
    const { samples } = (await scrape(m.numbers)).get("weir_route_requests_total")!;
    expect(samples[0]!.labels.route).toBe(name);
  });

  test("shows what came after the first, and not what was forgotten", async () => {
    const m = new Metrics();
    const render = createMetricsRenderer(m.numbers);
    m.route("one").finish(200, 1);
    parsePage((await render()).body);
    m.route("two").finish(200, 1);
    m.numbers.counter("weir_later_total", "Came later").add(1);
    m.retain("route", new Set(["two"]));
    const page = parsePage((await render()).body);
    expect(page.get("weir_route_requests_total")!.samples.map((s) => s.labels.route)).toEqual(["two"]);
    expect(page.get("weir_later_total")!.samples[0]!.value).toBe(1);
  });

  test("of 3,000 routes comes in parts that join without a seam, and one call shares another's", async () => {
    const m = new Metrics();
    for (let i = 0; i < 3000; i++) m.route(`route-${i}`).finish(200, i / 100);
    const render = createMetricsRenderer(m.numbers);
    const [first, second] = await Promise.all([render(), render()]);
    expect(second).toBe(first);
    const page = parsePage(first!.body);
    expect(page.get("weir_route_requests_total")!.samples.length).toBe(3000);
    expect(page.get("weir_route_request_duration_seconds")!.samples.length).toBe(3000 * 17);
    expect((await render()).body.length).toBeGreaterThan(first!.body.length / 2);
  });
});

describe("the process", () => {
  test("is told in the names that client libraries agree on", async () => {
    const page = await scrape(new Numbers());
    const value = (name: string) => page.get(name)!.samples[0]!.value;
    const cpu = process.cpuUsage();
    expect(value("process_cpu_seconds_total")).toBeGreaterThan(0);
    expect(value("process_cpu_seconds_total")).toBeLessThanOrEqual((cpu.user + cpu.system) / 1e6 + 1);
    expect(Math.abs(value("process_start_time_seconds") + process.uptime() - Date.now() / 1000)).toBeLessThan(1);
    expect(value("process_resident_memory_bytes")).toBeGreaterThan(10e6);
  });

  test.skipIf(process.platform !== "linux")("has open files below their limit (Linux alone tells)", async () => {
    const page = await scrape(new Numbers());
    const open = page.get("process_open_fds")!.samples[0]!.value;
    expect(open).toBeGreaterThan(2);
    expect(open).toBeLessThan(page.get("process_max_fds")!.samples[0]!.value);
    expect(page.get("process_virtual_memory_bytes")!.samples[0]!.value).toBeGreaterThan(10e6);
  });
});

const promtool = Bun.which("promtool");

test.skipIf(promtool === null)(
  "promtool finds nothing to criticise (needs promtool of Debian's package prometheus)",
  async () => {
    const { body } = await createMetricsRenderer(busy().numbers)();
    const child = Bun.spawnSync([promtool!, "check", "metrics"], { stdin: new TextEncoder().encode(body) });
    expect(child.stderr.toString() + child.stdout.toString()).toBe("");
    expect(child.exitCode).toBe(0);
  },
);

describe("the parser of these tests", () => {
  test.each([
    ["no line break at the end", "# HELP a b\n# TYPE a counter\na 1"],
    ["a sample of another family", "# HELP a b\n# TYPE a counter\nb 1\n"],
    ["TYPE alone", "# TYPE a counter\na 1\n"],
    ["a raw quote", '# HELP a b\n# TYPE a counter\na{x="""} 1\n'],
    ["a bad escape", '# HELP a b\n# TYPE a counter\na{x="\\t"} 1\n'],
    ["no value", "# HELP a b\n# TYPE a counter\na\n"],
    ["prom-client's own NaN", "# HELP a b\n# TYPE a counter\na Nan\n"],
    ["a sample twice", "# HELP a b\n# TYPE a counter\na 1\na 2\n"],
    ["falling buckets", '# HELP a b\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n'],
    ["no last bucket", '# HELP a b\n# TYPE a histogram\na_bucket{le="1"} 1\na_sum 1\na_count 1\n'],
  ])("refuses %s", (_, page) => {
    expect(() => parsePage(page)).toThrow();
  });
});
