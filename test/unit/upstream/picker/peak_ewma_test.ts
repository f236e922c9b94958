import { describe, expect, test } from "bun:test";
import { compilePicker } from "../../../../src/upstream/picker/compile_picker.ts";
import { ANY, BY_CHANCE, hostsOf, makerOf, pickerEnv, runPickerCases, SHARING, tally } from "../../../seam/picker_cases.ts";

const SPEC = { kind: "peakEwma", decayMs: 10_000, slowStart: null } as const;
const make = makerOf(SPEC);

runPickerCases("peakEwma", make, BY_CHANCE);

describe("peak EWMA", () => {
  test("hosts hear of latencies from now on, and no more under another policy", () => {
    const hosts = hostsOf([1, 1]);
    make(hosts);
    const { latency } = hosts[0]!;
    expect(latency?.decayMs).toBe(10_000);
    makerOf({ ...SPEC, decayMs: 500 })(hosts);
    expect(hosts[0]!.latency).toBe(latency);
    expect(latency?.decayMs).toBe(500);
    makerOf({ kind: "random", slowStart: null })(hosts);
    expect(hosts[0]!.latency).toBeNull();
  });

  test("of two hosts the slow one gets nothing until its peak has decayed", () => {
    const hosts = hostsOf([1, 1]);
    const env = pickerEnv();
    const picker = make(hosts, { env });
    hosts[0]!.latency!.observe(400, env.clock.now);
    hosts[1]!.latency!.observe(20, env.clock.now);
    const before = tally(picker, hosts, 1000);
    // Drawn twice, four times over: 1 in 16 of a half.
    expect(before[0]! / 1000).toBeLessThan(1 / 32 + 5 * Math.sqrt(1 / 32 / 1000));
    // 400 × e^(−t / 10 s) is below 20 after ln(20) × 10 s = 29.96 s, if the other one stays at 20.
    env.clock.now += 30_000;
    hosts[1]!.latency!.observe(20, env.clock.now);
    expect(tally(picker, hosts, 1000)[0]!).toBeGreaterThan(900);
  });

  test("what is in flight counts: latency × (requests + 1)", () => {
    const hosts = hostsOf([1, 1]);
    const env = pickerEnv();
    const picker = make(hosts, { env });
    hosts[0]!.latency!.observe(10, env.clock.now);
    hosts[1]!.latency!.observe(35, env.clock.now);
    hosts[0]!.active = 2;
    expect(tally(picker, hosts, 1000)[0]!).toBeGreaterThan(900);
    hosts[0]!.active = 3;
    expect(tally(picker, hosts, 1000)[0]!).toBeLessThan(100);
  });

  test("a host of which nothing is known gets one request, and no more until its reply", () => {
    const hosts = hostsOf([1, 1]);
    const env = pickerEnv();
    const picker = make(hosts, { env });
    hosts[1]!.latency!.observe(5, env.clock.now);
    const tried = { hash: 0, exclude: [] };
    while (picker.pick(tried) !== hosts[0]);
    hosts[0]!.active = 1;
    expect(tally(picker, hosts, 1000)[0]!).toBeLessThan(100);
    expect(picker.pick({ hash: 0, exclude: [hosts[1]!] })).toBe(hosts[0]!);
  });

  test("a host that refuses at once is no fast one", () => {
    const hosts = hostsOf([1, 1]);
    const env = pickerEnv();
    const picker = make(hosts, { env });
    hosts[0]!.latency!.fail(0.2, env.clock.now);
    hosts[1]!.latency!.observe(200, env.clock.now);
    expect(tally(picker, hosts, 1000)[0]!).toBeLessThan(100);
  });

  test("a picker of the same hosts goes on with what is known of them", () => {
    const hosts = hostsOf([1, 1, 1]);
    const env = pickerEnv();
    make(hosts, { env });
    hosts[2]!.latency!.observe(1000, env.clock.now);
    for (const i of [0, 1]) hosts[i]!.latency!.observe(1, env.clock.now);
    const after = compilePicker({ balance: SPEC, sharing: SHARING }, hosts, env);
    expect(after.pick({ ...ANY, exclude: [hosts[0]!] })).toBe(hosts[1]!);
  });
});
