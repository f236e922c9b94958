import { describe, expect, test } from "bun:test";
import type { UpstreamHost } from "../../../../src/upstream/host.ts";
import type { Picker } from "../../../../src/upstream/types.ts";
import { ANY, BY_CHANCE, hostsOf, makerOf, runPickerCases, tally } from "../../../seam/picker_cases.ts";

const make = makerOf({ kind: "leastRequest", choices: 2, activeBias: 1, slowStart: null });

runPickerCases("leastRequest", make, BY_CHANCE);
runPickerCases("leastRequest of 5", makerOf({ kind: "leastRequest", choices: 5, activeBias: 1, slowStart: null }), BY_CHANCE);
runPickerCases("leastRequest, bias 0", makerOf({ kind: "leastRequest", choices: 2, activeBias: 0, slowStart: null }), BY_CHANCE);

/** Opens `n` requests that never end. */
function pile(picker: Picker, n: number): void {
  for (let i = 0; i < n; i++) (picker.pick(ANY) as UpstreamHost).active++;
}

describe("least request", () => {
  test("the busiest host of equal weights gets nothing that another could take", () => {
    const hosts = hostsOf([1, 1, 1, 1]);
    hosts[2]!.active = 50;
    // It is picked where it is drawn twice: one in 16.
    const n = tally(make(hosts), hosts, 16_000)[2]!;
    expect(Math.abs(n - 1000)).toBeLessThan(5 * Math.sqrt(16_000 * (1 / 16) * (15 / 16)));
  });

  test("of as many choices as hosts it is the idlest one of all", () => {
    const hosts = hostsOf([1, 1, 1]);
    hosts[0]!.active = 1;
    hosts[1]!.active = 2;
    const picker = makerOf({ kind: "leastRequest", choices: 3, activeBias: 1, slowStart: null })(hosts);
    expect(tally(picker, hosts, 30)).toEqual([0, 0, 30]);
  });

  test("what never ends is spread evenly: two choices keep ten hosts within a few of each other", () => {
    const hosts = hostsOf(new Array(10).fill(1));
    pile(make(hosts), 10_000);
    const loads = hosts.map((h) => h.active);
    // Azar et al., 1994: ln ln n / ln 2 + O(1) above the mean.
    expect(Math.max(...loads) - 1000).toBeLessThanOrEqual(5);
  });

  test("weights count as weight / (requests + 1): what never ends comes to the weights", () => {
    const hosts = hostsOf([1, 2, 4]);
    pile(make(hosts), 7000);
    const loads = hosts.map((h) => h.active);
    // In balance w / (n + 1) ^ 2 turns a request are the same for all: loads go by the root of the weights.
    const root = [1, Math.SQRT2, 2].map((r) => (7000 * r) / (3 + Math.SQRT2));
    loads.forEach((n, i) => {
      expect(Math.abs(n - root[i]!) / root[i]!).toBeLessThan(0.02);
    });
  });

  test("without a bias what is in flight counts for nothing where weights differ", () => {
    const hosts = hostsOf([3, 1]);
    hosts[0]!.active = 1000;
    const picker = makerOf({ kind: "leastRequest", choices: 2, activeBias: 0, slowStart: null })(hosts);
    const [a] = tally(picker, hosts, 4000) as [number, number];
    expect(Math.abs(a - 3000)).toBeLessThanOrEqual(1);
  });

  test("a retry goes to the idlest of the others", () => {
    for (const weights of [
      [1, 1, 1, 1],
      [1, 2, 2, 2],
    ]) {
      const hosts = hostsOf(weights);
      hosts[1]!.active = 9;
      hosts[3]!.active = 9;
      expect(make(hosts).pick({ hash: 0, exclude: [hosts[0]!] })).toBe(hosts[2]!);
    }
  });

  test("turns stay right for ever: numbers that grow begin again", () => {
    const hosts = hostsOf([3, 1]);
    for (const h of hosts) h.active = 99_999;
    const [a] = tally(make(hosts), hosts, 40_000) as [number, number];
    expect(Math.abs(a - 30_000)).toBeLessThanOrEqual(1);
  });
});
