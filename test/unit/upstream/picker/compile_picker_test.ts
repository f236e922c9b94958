import { describe, expect, test } from "bun:test";
import type { ProxyError } from "../../../../src/base/error.ts";
import type { BalanceSpec } from "../../../../src/config/traffic_model.ts";
import type { UpstreamHost } from "../../../../src/upstream/host.ts";
import { subsetKey } from "../../../../src/upstream/picker/subset_picker.ts";
import type { Host, Picker } from "../../../../src/upstream/types.ts";
import { ANY, expectShares, hostsOf, keyOf, makerOf, pickerEnv, tally } from "../../../seam/picker_cases.ts";

const ROUND: BalanceSpec = { kind: "roundRobin", slowStart: null };
const RING: BalanceSpec = { kind: "ringHash", points: 160, on: [], slowStart: null };
const MAGLEV: BalanceSpec = { kind: "maglev", tableSize: 65_537, on: [], slowStart: null };
const POLICIES: readonly BalanceSpec[] = [
  ROUND,
  { kind: "random", slowStart: null },
  { kind: "leastRequest", choices: 2, activeBias: 1, slowStart: null },
  { kind: "peakEwma", decayMs: 10_000, slowStart: null },
  RING,
  MAGLEV,
];

/** Hosts of several levels or zones, `sizes` of each, of which `well` are available. */
function parted(key: "priority" | "zone", sizes: readonly number[], well: readonly number[] = sizes): UpstreamHost[] {
  const all = hostsOf(new Array(sizes.reduce((a, b) => a + b)).fill(1));
  let at = 0;
  sizes.forEach((size, part) => {
    for (let i = 0; i < size; i++) {
      const h = all[at++]!;
      h.endpoint = { ...h.endpoint, [key]: key === "priority" ? part * 10 : `zone-${part}` };
      h.available = i < well[part]!;
    }
  });
  return all;
}

/** Picks by part. */
function byPart(counts: readonly number[], sizes: readonly number[]): number[] {
  let at = 0;
  return sizes.map((size) => {
    const part = counts.slice(at, at + size);
    at += size;
    return part.reduce((a, b) => a + b, 0);
  });
}

describe("levels of priority", () => {
  for (const balance of POLICIES) {
    test(`${balance.kind}: a level that is well has everything`, () => {
      const hosts = parted("priority", [4, 4]);
      expect(byPart(tally(makerOf(balance)(hosts), hosts, 2000), [4, 4])).toEqual([2000, 0]);
    });

    test(`${balance.kind}: one that is half well has 70 %, the next the rest, and only their healthy hosts`, () => {
      const hosts = parted("priority", [4, 4, 4], [2, 4, 4]);
      const counts = tally(makerOf(balance)(hosts), hosts, 10_000);
      expectShares(byPart(counts, [4, 4, 4]), [70, 30, 0], { kind: "chance", draws: 10_000, p: 0.001 });
      expect(counts[2]! + counts[3]!).toBe(0);
    });
  }

  test("shares of levels are exact where no hash chooses", () => {
    const hosts = parted("priority", [4, 4], [2, 4]);
    expect(byPart(tally(makerOf(ROUND)(hosts), hosts, 1000), [4, 4])).toEqual([700, 300]);
  });

  for (const balance of [RING, MAGLEV])
    test(`${balance.kind}: a key always has the same level, and within it all its hosts have keys`, () => {
      const hosts = parted("priority", [4, 4], [2, 4]);
      const [a, b] = [makerOf(balance)(hosts), makerOf(balance)(hosts)];
      for (let k = 0; k < 1000; k++) {
        const p = { hash: keyOf(k), exclude: null };
        expect(a.pick(p)).toBe(b.pick(p));
      }
      const counts = tally(a, hosts, 10_000);
      // What a key's place in the table says of its level: nothing.
      expectShares(counts.slice(4), [1, 1, 1, 1], { kind: "points", draws: 3000, points: 160 });
    });

  test("without a healthy host everything goes to the next level", () => {
    const hosts = parted("priority", [2, 2], [0, 2]);
    expect(byPart(tally(makerOf(ROUND)(hosts), hosts, 100), [2, 2])).toEqual([0, 100]);
  });

  test("too few are well in all levels together: those below the threshold panic, and are counted", () => {
    // Worth 7 and 91: 8 and 92 of 100, as priorityLoads has it.
    const hosts = parted("priority", [20, 20], [1, 13]);
    const env = pickerEnv();
    const counts = tally(makerOf(ROUND)(hosts, { env }), hosts, 1000);
    expect(byPart(counts, [20, 20])).toEqual([80, 920]);
    expect(env.panics.count).toBe(80);
    expect(Math.min(...counts.slice(0, 20))).toBe(4);
    expect(counts.slice(20 + 13)).toEqual(new Array(7).fill(0));
  });

  test("when all hosts of a level were tried, another level's is there", () => {
    for (const balance of POLICIES) {
      const hosts = parted("priority", [2, 2]);
      const picker = makerOf(balance)(hosts);
      expect(byPart(tally(picker, hosts, 20, [hosts[0]!]), [2, 2])).toEqual([20, 0]);
      expect(byPart(tally(picker, hosts, 20, [hosts[0]!, hosts[1]!]), [2, 2])).toEqual([0, 20]);
      expect(byPart(tally(picker, hosts, 20, hosts), [2, 2])[0]).toBeGreaterThan(0);
    }
  });

  test("a level with only hosts of weight 0 is none", () => {
    const hosts = parted("priority", [1, 1]);
    hosts[0]!.endpoint = { ...hosts[0]!.endpoint, weight: 0 };
    expect(tally(makerOf(ROUND)(hosts), hosts, 10)).toEqual([0, 10]);
  });
});

describe("zones", () => {
  const zoneWeights = new Map([
    ["zone-0", 3],
    ["zone-1", 1],
  ]);

  for (const balance of POLICIES)
    test(`${balance.kind}: zones have their shares, whatever their number of hosts`, () => {
      const hosts = parted("zone", [2, 5]);
      const counts = tally(makerOf(balance)(hosts, { sharing: { zoneWeights } }), hosts, 20_000);
      if (balance.kind === "ringHash")
        expectShares(
          counts,
          [15, 15, 4, 4, 4, 4, 4].map((w) => w * 2.5),
          { kind: "points", draws: 20_000, points: 20 },
        );
      else expectShares(byPart(counts, [2, 5]), [3, 1], { kind: "chance", draws: 20_000, p: 0.001 });
    });

  test("a zone that is not well has less: weight × min(1, 1.4 × its healthy share)", () => {
    const hosts = parted("zone", [10, 10], [5, 10]);
    const picker = makerOf(ROUND)(hosts, { sharing: { zoneWeights: new Map() } });
    // 0.7 and 1 of 1.7.
    expect(byPart(tally(picker, hosts, 1700), [10, 10])).toEqual([700, 1000]);
  });

  test("a zone with weight 0 has nothing, and without zones that have any they are not told apart", () => {
    const hosts = parted("zone", [2, 2]);
    const some = makerOf(ROUND)(hosts, { sharing: { zoneWeights: new Map([["zone-0", 0]]) } });
    expect(tally(some, hosts, 40)).toEqual([0, 0, 20, 20]);
    const none = makerOf(ROUND)(hosts, {
      sharing: {
        zoneWeights: new Map([
          ["zone-0", 0],
          ["zone-1", 0],
        ]),
      },
    });
    expect(tally(none, hosts, 40)).toEqual([10, 10, 10, 10]);
  });

  test("tried hosts of one zone leave another's", () => {
    const hosts = parted("zone", [1, 1]);
    const picker = makerOf(ROUND)(hosts, { sharing: { zoneWeights } });
    expect(tally(picker, hosts, 20, [hosts[0]!])).toEqual([0, 20]);
  });

  test("in a panic zones don't count", () => {
    const hosts = parted("zone", [1, 4], [1, 0]);
    const env = pickerEnv();
    expect(tally(makerOf(ROUND)(hosts, { env, sharing: { zoneWeights } }), hosts, 50)).toEqual([10, 10, 10, 10, 10]);
    expect(env.panics.count).toBe(50);
  });
});

describe("subsets", () => {
  const meta = (h: UpstreamHost, ...pairs: [string, string][]): void => {
    h.endpoint = { ...h.endpoint, metadata: new Map(pairs) };
  };
  const hosts = hostsOf([1, 1, 1, 1]);
  meta(hosts[0]!, ["version", "1"], ["stage", "prod"]);
  meta(hosts[1]!, ["stage", "dev"], ["version", "1"]);
  meta(hosts[2]!, ["version", "2"]);
  const subsets = [["version"], ["stage", "version"]];
  const key = (...pairs: [string, string][]): string => subsetKey(new Map(pairs));
  const named = (picker: Picker, subset: string | null): number[] => {
    const seen = new Set<Host | ProxyError>();
    for (let n = 0; n < 40; n++) seen.add(picker.pick({ hash: keyOf(n), exclude: null, subset }));
    return hosts.flatMap((h, i) => (seen.has(h) ? [i] : []));
  };

  for (const balance of POLICIES)
    test(`${balance.kind}: only hosts with the values that are asked for`, () => {
      const picker = makerOf(balance)(hosts, { sharing: { subsets, subsetFallback: "none" } });
      expect(named(picker, key(["version", "1"]))).toEqual([0, 1]);
      expect(named(picker, key(["version", "2"]))).toEqual([2]);
      // Whatever the order of the keys.
      expect(named(picker, key(["version", "1"], ["stage", "dev"]))).toEqual([1]);
      expect(named(picker, key(["stage", "prod"], ["version", "1"]))).toEqual([0]);
    });

  test("a request that names none has all hosts, whatever the fallback", () => {
    for (const subsetFallback of ["any", "none", "subset"] as const)
      expect(named(makerOf(ROUND)(hosts, { sharing: { subsets, subsetFallback } }), null)).toEqual([0, 1, 2, 3]);
  });

  test("any host, none, or those of the fallback, for a subset that is not there", () => {
    const make = makerOf(ROUND);
    for (const asked of [key(["version", "3"]), key(["stage", "dev"])]) {
      expect(named(make(hosts, { sharing: { subsets, subsetFallback: "any" } }), asked)).toEqual([0, 1, 2, 3]);
      const none = make(hosts, { sharing: { subsets, subsetFallback: "none" } });
      expect((none.pick({ ...ANY, subset: asked }) as ProxyError).facts).toMatchObject({ code: "noHost", status: 503 });
      const fallbackSubset = new Map([["stage", "prod"]]);
      expect(named(make(hosts, { sharing: { subsets, subsetFallback: "subset", fallbackSubset } }), asked)).toEqual([0]);
    }
  });

  test("a fallback without hosts is none", () => {
    const picker = makerOf(ROUND)(hosts, {
      sharing: { subsets, subsetFallback: "subset", fallbackSubset: new Map([["stage", "qa"]]) },
    });
    const none = picker.pick({ ...ANY, subset: key(["version", "3"]) });
    expect((none as ProxyError).message).toContain("metadata");
  });

  test("health and levels are a subset's own", () => {
    const own = hostsOf([1, 1, 1, 1]);
    own.forEach((h, i) => {
      meta(h, ["version", i < 2 ? "1" : "2"]);
    });
    own[0]!.available = false;
    own[1]!.available = false;
    const env = pickerEnv();
    const picker = makerOf(ROUND)(own, { env, sharing: { subsets: [["version"]] } });
    for (let n = 0; n < 10; n++) picker.pick({ ...ANY, subset: key(["version", "1"]) });
    expect(env.panics.count).toBe(10);
    for (let n = 0; n < 10; n++) picker.pick({ ...ANY, subset: key(["version", "2"]) });
    expect(env.panics.count).toBe(10);
  });

  test("values can't be mistaken for others", () => {
    expect(key(["a", '1","b'])).not.toBe(key(["a", "1"], ["b", ""]));
    expect(key(["a", "b=c"])).not.toBe(key(["a=b", "c"]));
  });
});
