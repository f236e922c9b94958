import { describe, expect, test } from "bun:test";
import type { BalanceSpec } from "../../../../src/config/traffic_model.ts";
import { slowStartShare } from "../../../../src/upstream/picker/slow_start.ts";
import type { Host, Picker } from "../../../../src/upstream/types.ts";
import { expectShares, hostsOf, keyOf, makerOf, pickerEnv, tally } from "../../../seam/picker_cases.ts";

const SLOW = { windowMs: 10_000, aggression: 1, minShare: 0.1 };

const POLICIES: readonly BalanceSpec[] = [
  { kind: "roundRobin", slowStart: SLOW },
  { kind: "random", slowStart: SLOW },
  { kind: "leastRequest", choices: 2, activeBias: 1, slowStart: SLOW },
  { kind: "peakEwma", decayMs: 10_000, slowStart: SLOW },
];

describe("the share of a host that is new", () => {
  const [host] = hostsOf([1]);
  host!.since = 50_000;
  for (const [aggression, minShare, at, want] of [
    [1, 0.1, 50_000, 0.1],
    [1, 0.1, 50_500, 0.1],
    [1, 0.1, 55_000, 0.5],
    [1, 0.1, 59_999, 0.9999],
    [1, 0.1, 60_000, 1],
    [1, 0.1, 99_000, 1],
    [1, 0, 50_000, 0],
    // A clock that is a little behind.
    [1, 0.1, 49_000, 0.1],
    [2, 0, 52_500, 0.5],
    [0.5, 0, 55_000, 0.25],
  ] as const)
    test(`aggression ${aggression}, at least ${minShare}, after ${at - 50_000} ms of 10,000: ${want}`, () => {
      expect(slowStartShare(host!, { windowMs: 10_000, aggression, minShare }, at)).toBeCloseTo(want, 10);
    });
});

for (const spec of POLICIES)
  describe(`slow start of ${spec.kind}`, () => {
    const make = makerOf(spec);

    test("a new host's part grows over the window, and then is whole", () => {
      const hosts = hostsOf([1, 1, 1, 1]);
      const env = pickerEnv(3);
      hosts[3]!.since = env.clock.now;
      const picker = make(hosts, { env });
      for (const [after, share] of [
        [0, 0.1],
        [3000, 0.3],
        [4000, 0.7],
        [10_000, 1],
      ] as const) {
        env.clock.now += after;
        // Its share moves by a hundredth at a time; with this seed, as far from its due as chance brings it.
        expectShares(tally(picker, hosts, 20_000), [1, 1, 1, share], { kind: "chance", draws: 20_000, p: 0.001 });
      }
    });

    test("hosts that came together share as they would without it", () => {
      const hosts = hostsOf([3, 1]);
      const env = pickerEnv();
      for (const h of hosts) h.since = env.clock.now;
      expectShares(tally(make(hosts, { env }), hosts, 8000), [3, 1], { kind: "chance", draws: 8000, p: 0.001 });
    });

    test("weights and tried hosts count as ever", () => {
      const hosts = hostsOf([4, 2, 1]);
      const env = pickerEnv();
      hosts[0]!.since = env.clock.now - 5000;
      const picker = make(hosts, { env });
      expectShares(tally(picker, hosts, 20_000), [2, 2, 1], { kind: "chance", draws: 20_000, p: 0.001 });
      expect(tally(picker, hosts, 100, [hosts[0]!, hosts[1]!])).toEqual([0, 0, 100]);
    });
  });

for (const spec of [
  { kind: "ringHash", points: 160, on: [], slowStart: SLOW },
  { kind: "maglev", tableSize: 65_537, on: [], slowStart: SLOW },
] as const satisfies readonly BalanceSpec[])
  describe(`slow start of ${spec.kind}`, () => {
    const KEYS = 4000;
    const wholes = makerOf({ ...spec, slowStart: null });
    const ownersIn = (picker: Picker): Host[] =>
      Array.from({ length: KEYS }, (_, k) => picker.pick({ hash: keyOf(k), exclude: null }) as Host);

    test("a new host takes its keys in parts, and the others keep theirs", () => {
      const hosts = hostsOf([1, 1, 1, 1]);
      const fresh = hosts[3]!;
      const env = pickerEnv(3);
      fresh.since = env.clock.now;
      const picker = makerOf(spec)(hosts, { env });
      const whole = ownersIn(wholes(hosts));
      let before = ownersIn(wholes(hosts.slice(0, 3)));
      let had = 0;
      for (let step = 1; step <= 10; step++) {
        const owners = ownersIn(picker);
        const has = owners.filter((h) => h === fresh).length;
        // A tenth of its quarter with each step; of 160 points' places chance has a part, which is the same in all steps.
        expect(Math.abs(has / KEYS - (0.25 * step) / 10)).toBeLessThan(0.06);
        expect(has).toBeGreaterThanOrEqual(had);
        const movedAmongOthers = owners.filter((h, k) => h !== before[k] && h !== fresh).length;
        expect(movedAmongOthers / KEYS).toBeLessThanOrEqual(spec.kind === "ringHash" ? 0 : 0.05);
        [before, had] = [owners, has];
        env.clock.now += SLOW.windowMs / 10;
      }
      expect(ownersIn(picker)).toEqual(whole);
    });

    test("all processes choose alike in the same step", () => {
      const hosts = hostsOf([2, 1, 1]);
      const env = pickerEnv(5);
      hosts[1]!.since = env.clock.now - 3000;
      expect(ownersIn(makerOf(spec)(hosts, { env }))).toEqual(
        ownersIn(makerOf(spec)(hosts, { env: { ...pickerEnv(9), clock: env.clock } })),
      );
    });
  });
