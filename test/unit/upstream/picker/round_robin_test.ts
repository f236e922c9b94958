import { describe, expect, test } from "bun:test";
import { roundRobin } from "../../../../src/upstream/picker/round_robin.ts";
import { ANY, hostsOf, makerOf, pickerEnv, runPickerCases, tally } from "../../../seam/picker_cases.ts";

const TRAITS = { evenWithin: 1, shares: { kind: "within", draws: 100_000, within: 0.00005 }, consistent: false } as const;

const make = makerOf({ kind: "roundRobin", slowStart: null });
// From the beginning of a period on: elsewhere it is as even, but counts are not due at 0.
runPickerCases(
  "roundRobin",
  (hosts, more) => make(hosts, { ...more, env: { ...pickerEnv(), ...more?.env, random: () => 0 } }),
  TRAITS,
);

describe("round robin", () => {
  test("equal weights are a plain rotation in the hosts' order", () => {
    const hosts = hostsOf([8, 8, 8]);
    const picker = roundRobin(hosts);
    const order = Array.from({ length: 7 }, () => hosts.indexOf(picker.pick(ANY) as (typeof hosts)[0]));
    expect(order).toEqual([0, 1, 2, 0, 1, 2, 0]);
  });

  test("a heavy host is interleaved with the light ones, not served in a row", () => {
    const hosts = hostsOf([5, 1, 1]);
    const picker = roundRobin(hosts);
    const order = Array.from({ length: 7 }, () => "abc"[hosts.indexOf(picker.pick(ANY) as (typeof hosts)[0])]);
    expect(order.join("")).toBe("aaabcaa");
  });

  test("start begins within the period, and a period stays exact", () => {
    for (const weights of [
      [1, 1, 1, 1],
      [3, 1],
      [65535, 65533],
    ]) {
      const hosts = hostsOf(weights);
      const sum = weights.reduce((a, b) => a + b);
      for (const start of [0.25, 0.5, 0.999999]) {
        const picker = roundRobin(hosts, start);
        const counts = tally(picker, hosts, 2 * sum);
        counts.forEach((n, i) => {
          expect(Math.abs(n - 2 * weights[i]!)).toBeLessThanOrEqual(1);
        });
      }
    }
    const hosts = hostsOf([1, 1, 1, 1]);
    expect(roundRobin(hosts, 0.5).pick(ANY)).toBe(hosts[2]!);
  });

  test("two pickers of the same set do not disturb each other", () => {
    const hosts = hostsOf([2, 1]);
    const [a, b] = [roundRobin(hosts), roundRobin(hosts)];
    a.pick(ANY);
    expect(tally(b, hosts, 3)).toEqual([2, 1]);
  });
});
