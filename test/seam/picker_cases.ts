import { describe, expect, test } from "bun:test";
import { ProxyError } from "../../src/base/error.ts";
import { xxHash32 } from "../../src/base/xxhash32.ts";
import type { EndpointSpec } from "../../src/config/model.ts";
import type { BalanceSpec, SharingSpec } from "../../src/config/traffic_model.ts";
import { UpstreamHost } from "../../src/upstream/host.ts";
import { compilePicker, type PickerEnv } from "../../src/upstream/picker/compile_picker.ts";
import type { Host, Picker, PickInput } from "../../src/upstream/types.ts";
import { Random } from "../fuzz/random.ts";
import { chiSquareP } from "../support/chi_square.ts";

/** What a policy promises beyond the rules that hold for all of them. */
export interface PickerTraits {
  /** Shares are exactly the weights over one period, and each prefix of a period is within this many picks of its due; null: no such promise. */
  readonly evenWithin: number | null;
  /**
   * `within`: over so many picks each share is within this part of its weight's. `chance`: shares differ from the weights by no more than
   * chance makes them: a chi-square test of so many picks has a p of at least this. `points`: a host's share comes from so many random
   * points for an average one, so it is within five standard deviations of what they give.
   */
  readonly shares:
    | { readonly kind: "within"; readonly draws: number; readonly within: number }
    | { readonly kind: "chance"; readonly draws: number; readonly p: number }
    | { readonly kind: "points"; readonly draws: number; readonly points: number };
  /** A key has one host as long as that is there. */
  readonly consistent: boolean;
}

interface PickerCase {
  readonly name: string;
  /** null: the case holds for all policies; otherwise why a policy without the trait skips it. */
  readonly needs: ((t: PickerTraits) => string | null) | null;
  run(make: MakePicker, traits: PickerTraits): void;
}

/** A picker over these hosts as a cluster with the policy would have it. */
export type MakePicker = (hosts: readonly Host[], more?: { sharing?: Partial<SharingSpec>; env?: Partial<PickerEnv> }) => Picker;

export const ANY: PickInput = { hash: 0, exclude: null };

/** The p below which a chi-square test fails: it does so once in a thousand seeds, and the seeds are fixed. */
const P = 0.001;

export const SHARING: SharingSpec = {
  overprovisioning: 1.4,
  panicThreshold: 0.5,
  zoneWeights: null,
  subsets: [],
  subsetFallback: "any",
  fallbackSubset: new Map(),
};

export function hostsOf(weights: readonly number[], more: Partial<EndpointSpec> = {}): UpstreamHost[] {
  return weights.map((weight, i) => {
    const address = { kind: "tcp", host: `10.0.${i >> 8}.${i & 255}`, port: 80 } as const;
    return new UpstreamHost({ address, weight, metadata: new Map(), zone: "", priority: 0, ...more }, [address]);
  });
}

/** Chance from a seed, a clock that stands, and a count of panics. */
export function pickerEnv(seed = 1): PickerEnv & { clock: { now: number }; panics: { count: number } } {
  const random = new Random(seed);
  const panics = {
    count: 0,
    add(n: number): void {
      this.count += n;
    },
  };
  return { clock: { now: 1_000_000 }, random: () => random.below(2 ** 32) / 2 ** 32, panics };
}

export function makerOf(balance: BalanceSpec): MakePicker {
  return (hosts, more = {}) =>
    compilePicker({ balance, sharing: { ...SHARING, ...more.sharing } }, hosts, { ...pickerEnv(), ...more.env });
}

/** Key number `n`, as a request has it. */
export function keyOf(n: number): number {
  return xxHash32(`key ${n}`, 0);
}

/** Picks `draws` times, each time with another key; how often each host came. */
export function tally(picker: Picker, hosts: readonly Host[], draws: number, exclude: readonly Host[] | null = null): number[] {
  const counts: number[] = new Array(hosts.length).fill(0);
  const indexes = new Map(hosts.map((h, i) => [h, i]));
  for (let n = 0; n < draws; n++) {
    const host = picker.pick({ hash: keyOf(n), exclude });
    if (host instanceof ProxyError) throw host;
    const at = indexes.get(host);
    if (at === undefined) throw new Error(`picked ${host.label}, which is not among the hosts`);
    counts[at]!++;
  }
  return counts;
}

/** Holds counts against weights, as the trait says. */
export function expectShares(counts: readonly number[], weights: readonly number[], shares: PickerTraits["shares"]): void {
  const sum = weights.reduce((a, b) => a + b);
  const draws = counts.reduce((a, b) => a + b);
  if (shares.kind === "chance") {
    const p = chiSquareP(
      counts,
      weights.map((w) => (draws * w) / sum),
    );
    expect(p).toBeGreaterThan(shares.p);
    return;
  }
  counts.forEach((n, i) => {
    const due = weights[i]! / sum;
    expect(Math.abs(n / draws - due)).toBeLessThanOrEqual(
      shares.kind === "within" ? shares.within : pointsWithin(shares.points, weights, i, draws),
    );
  });
}

/** Five standard deviations of a share that k of n random points give, and of as many draws; and half a point for rounding. */
function pointsWithin(points: number, weights: readonly number[], i: number, draws: number): number {
  const sum = weights.reduce((a, b) => a + b);
  const taking = weights.filter((w) => w > 0).length;
  const due = weights[i]! / sum;
  const spread = Math.sqrt((due * (1 - due)) / (points * taking)) + Math.sqrt((due * (1 - due)) / draws);
  return 5 * spread + 1 / (points * taking);
}

const WEIGHTS: readonly (readonly number[])[] = [
  [1, 1, 1],
  [3, 3],
  [5, 1, 1],
  [90, 10],
  [1, 2, 3, 4, 5],
  [100, 1],
  [7, 0, 3],
  [65535, 1],
  [65535, 65534, 65533],
];

function needsEven(t: PickerTraits): string | null {
  return t.evenWithin === null ? "draws by chance or by hash" : null;
}

function needsConsistency(t: PickerTraits): string | null {
  return t.consistent ? null : "keys mean nothing to it";
}

export const PICKER_CASES: readonly PickerCase[] = [
  {
    name: "no host at all: noHost, 503, for every pick",
    needs: null,
    run(make) {
      const picker = make([]);
      for (const p of [ANY, { hash: 7, exclude: hostsOf([1]) }]) {
        const e = picker.pick(p);
        expect(e).toBeInstanceOf(ProxyError);
        expect((e as ProxyError).facts).toMatchObject({ code: "noHost", status: 503, side: "internal", scope: "stream" });
      }
    },
  },
  {
    name: "only hosts of weight 0: as if there was none",
    needs: null,
    run(make) {
      expect((make(hostsOf([0, 0])).pick(ANY) as ProxyError).facts.code).toBe("noHost");
    },
  },
  {
    name: "one host takes everything, even when it was tried before",
    needs: null,
    run(make) {
      const hosts = hostsOf([4]);
      const picker = make(hosts);
      expect(tally(picker, hosts, 10)).toEqual([10]);
      expect(tally(picker, hosts, 10, hosts)).toEqual([10]);
    },
  },
  {
    name: "a host of weight 0 takes nothing, not even when all others were tried",
    needs: null,
    run(make) {
      const hosts = hostsOf([1, 0, 2]);
      const counts = tally(make(hosts), hosts, 300, [hosts[0]!, hosts[2]!]);
      expect(counts[1]).toBe(0);
      expect(counts[0]! + counts[2]!).toBe(300);
    },
  },
  {
    name: "a tried host is avoided while another is there",
    needs: null,
    run(make) {
      for (const weights of [
        [1, 1, 1],
        [100, 1, 1],
        [65535, 65534, 1],
      ]) {
        const hosts = hostsOf(weights);
        const picker = make(hosts);
        for (const tried of hosts) expect(tally(picker, hosts, 200, [tried])[hosts.indexOf(tried)]).toBe(0);
        const [first, second] = hosts as [Host, Host];
        expect(tally(picker, hosts, 50, [first, second])).toEqual([0, 0, 50]);
      }
    },
  },
  {
    name: "an empty list of tried hosts, and one of strangers, exclude nobody",
    needs: null,
    run(make) {
      const hosts = hostsOf([1, 1]);
      const picker = make(hosts);
      for (const exclude of [[], hostsOf([1, 1, 1])]) {
        const counts = tally(picker, hosts, 200, exclude);
        expect(counts[0]! + counts[1]!).toBe(200);
        expect(Math.min(...counts)).toBeGreaterThan(0);
      }
    },
  },
  {
    name: "all tried: a host all the same",
    needs: null,
    run(make) {
      const hosts = hostsOf([1, 2, 70000]);
      expect(tally(make(hosts), hosts, 60, hosts).reduce((a, b) => a + b)).toBe(60);
    },
  },
  {
    name: "shares follow the weights",
    needs: null,
    run(make, { shares }) {
      for (const weights of WEIGHTS) {
        const hosts = hostsOf(weights);
        expectShares(tally(make(hosts), hosts, shares.draws), weights, shares);
      }
    },
  },
  {
    name: "shares are exact over one period, and over the next",
    needs: needsEven,
    run(make) {
      for (const weights of WEIGHTS) {
        const hosts = hostsOf(weights);
        const common = weights.reduce(gcd);
        const period = weights.map((w) => w / common);
        const picker = make(hosts);
        const draws = period.reduce((a, b) => a + b);
        expect(tally(picker, hosts, draws)).toEqual(period);
        expect(tally(picker, hosts, draws)).toEqual(period);
      }
    },
  },
  {
    name: "turns are spread: at no time is a host further from its due than promised",
    needs: needsEven,
    run(make, { evenWithin }) {
      for (const weights of WEIGHTS) {
        const hosts = hostsOf(weights);
        const picker = make(hosts);
        const sum = weights.reduce((a, b) => a + b);
        const counts = new Map<Host, number>(hosts.map((h) => [h, 0]));
        let worst = 0;
        for (let n = 1; n <= Math.min(2 * sum, 5000); n++) {
          const host = picker.pick(ANY) as Host;
          counts.set(host, counts.get(host)! + 1);
          hosts.forEach((h, i) => {
            worst = Math.max(worst, Math.abs(counts.get(h)! - (n * weights[i]!) / sum));
          });
        }
        expect(worst).toBeLessThanOrEqual(evenWithin!);
      }
    },
  },
  {
    name: "requests without a key: nobody is preferred",
    needs: needsConsistency,
    run(make) {
      const hosts = hostsOf(new Array(10).fill(1));
      const picker = make(hosts);
      const counts = new Map<Host, number>(hosts.map((h) => [h, 0]));
      for (let n = 0; n < 5000; n++) {
        const host = picker.pick(ANY) as Host;
        counts.set(host, counts.get(host)! + 1);
      }
      // A ring of 160 points a host differs by 8 % in its standard deviation; five of them and those of the draws.
      for (const n of counts.values()) expect(Math.abs(n - 500)).toBeLessThanOrEqual(5 * 500 * 0.08 + 5 * Math.sqrt(450));
    },
  },
  {
    name: "a key has one host, in every picker of the same hosts, whatever their order",
    needs: needsConsistency,
    run(make) {
      for (const weights of [new Array(12).fill(1), [1, 2, 3, 4, 5, 6]]) {
        const hosts = hostsOf(weights);
        const [a, b, c] = [make(hosts), make(hosts), make([...hosts].reverse())];
        for (let n = 0; n < 2000; n++) {
          const p = { hash: keyOf(n), exclude: null };
          const host = a.pick(p);
          expect(b.pick(p)).toBe(host);
          expect(c.pick(p)).toBe(host);
          expect(a.pick(p)).toBe(host);
        }
      }
    },
  },
  {
    name: "removing one of N hosts moves at most 2/N of the keys, for N up to 50",
    needs: needsConsistency,
    run(make) {
      const keys = 4000;
      for (const n of [2, 3, 5, 10, 20, 35, 50]) {
        const hosts = hostsOf(new Array(n).fill(1));
        const before = make(hosts);
        for (const gone of [0, n >> 1, n - 1]) {
          const after = make(hosts.filter((_, i) => i !== gone));
          let moved = 0;
          for (let k = 0; k < keys; k++) {
            const p = { hash: keyOf(k), exclude: null };
            if (before.pick(p) !== after.pick(p)) moved++;
          }
          expect(moved / keys).toBeLessThanOrEqual(2 / n);
        }
      }
    },
  },
  {
    name: "many hosts: everyone's turn comes",
    needs: null,
    run(make) {
      const hosts = hostsOf(new Array(1000).fill(1));
      const counts = tally(make(hosts), hosts, 20_000);
      expect(Math.min(...counts)).toBeGreaterThan(0);
    },
  },
  {
    name: "unavailable hosts take nothing while enough are well",
    needs: null,
    run(make) {
      const hosts = hostsOf([1, 1, 1, 1]);
      hosts[1]!.available = false;
      const counts = tally(make(hosts), hosts, 400);
      expect(counts[1]).toBe(0);
      expect(Math.min(counts[0]!, counts[2]!, counts[3]!)).toBeGreaterThan(0);
      // Not even when the others were tried.
      expect(tally(make(hosts), hosts, 50, [hosts[0]!, hosts[2]!, hosts[3]!])[1]).toBe(0);
    },
  },
  {
    name: "too few are well: all take traffic, and each pick counts as a panic",
    needs: null,
    run(make) {
      for (const well of [0, 1]) {
        const hosts = hostsOf([1, 1, 1, 1]);
        hosts.forEach((h, i) => {
          h.available = i < well;
        });
        const env = pickerEnv();
        expect(Math.min(...tally(make(hosts, { env }), hosts, 400))).toBeGreaterThan(0);
        expect(env.panics.count).toBe(400);
      }
    },
  },
  {
    name: "all unhealthy without a panic threshold: noHost",
    needs: null,
    run(make) {
      const hosts = hostsOf([1, 2]);
      for (const h of hosts) h.available = false;
      const picker = make(hosts, { sharing: { panicThreshold: 0 } });
      expect((picker.pick(ANY) as ProxyError).facts).toMatchObject({ code: "noHost", status: 503 });
      hosts[1]!.available = true;
      expect(tally(make(hosts, { sharing: { panicThreshold: 0 } }), hosts, 20)).toEqual([0, 20]);
    },
  },
  {
    name: "churn: a picker of a new set names only hosts of that set",
    needs: null,
    run(make) {
      let seed = 42;
      const all = hostsOf(Array.from({ length: 20 }, (_, i) => (i % 4) * 50));
      for (let round = 0; round < 100; round++) {
        const set = all.filter(() => {
          seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
          return seed > 0x80000000;
        });
        const picker = make(set);
        if (set.every((h) => h.endpoint.weight === 0)) expect(picker.pick(ANY)).toBeInstanceOf(ProxyError);
        else tally(picker, set, 50);
      }
    },
  },
];

/** Shares by chance alone. */
export const BY_CHANCE = { evenWithin: null, shares: { kind: "chance", draws: 50_000, p: P }, consistent: false } as const;

/** Runs the list against one policy. A case that a policy does not promise is skipped, and says why. */
export function runPickerCases(policy: string, make: MakePicker, traits: PickerTraits): void {
  describe(`picker ${policy}`, () => {
    for (const c of PICKER_CASES) {
      const reason = c.needs?.(traits) ?? null;
      if (reason !== null) test.skip(`${c.name} (${reason})`, () => {});
      else test(c.name, () => c.run(make, traits));
    }
  });
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
