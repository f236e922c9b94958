import { describe, expect, test } from "bun:test";
import { ProxyError } from "../../src/base/error.ts";
import { UpstreamHost } from "../../src/upstream/host.ts";
import type { Host, Picker, PickInput } from "../../src/upstream/types.ts";

/** What a policy promises beyond the rules that hold for all of them. */
export interface PickerTraits {
  /** Shares are exactly the weights over one period, and each prefix of a period is within this many picks of its due; null: no such promise. */
  readonly evenWithin: number | null;
  /** Over `draws` picks each share is within this part of its weight's; for policies that draw by chance. */
  readonly shares: { readonly draws: number; readonly within: number };
}

interface PickerCase {
  readonly name: string;
  /** null: the case holds for all policies; otherwise why a policy without the trait skips it. */
  readonly needs: ((t: PickerTraits) => string | null) | null;
  run(make: (hosts: readonly Host[]) => Picker, traits: PickerTraits): void;
}

export const ANY: PickInput = { hash: 0, exclude: null };

export function hostsOf(weights: readonly number[]): UpstreamHost[] {
  return weights.map((weight, i) => {
    const address = { kind: "tcp", host: `10.0.${i >> 8}.${i & 255}`, port: 80 } as const;
    return new UpstreamHost({ address, weight, metadata: new Map(), zone: "", priority: 0 }, [address]);
  });
}

/** Picks `draws` times, with hashes spread over the 32-bit range; how often each host came. */
export function tally(picker: Picker, hosts: readonly Host[], draws: number, exclude: readonly Host[] | null = null): number[] {
  const counts: number[] = new Array(hosts.length).fill(0);
  for (let n = 0; n < draws; n++) {
    const host = picker.pick({ hash: Math.imul(n + 1, 0x9e3779b1) >>> 0, exclude });
    if (host instanceof ProxyError) throw host;
    const at = hosts.indexOf(host);
    if (at < 0) throw new Error(`picked ${host.label}, which is not among the hosts`);
    counts[at]!++;
  }
  return counts;
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
        const sum = weights.reduce((a, b) => a + b);
        const counts = tally(make(hosts), hosts, shares.draws);
        counts.forEach((n, i) => {
          expect(Math.abs(n / shares.draws - weights[i]! / sum)).toBeLessThanOrEqual(shares.within);
        });
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
    name: "many hosts: everyone's turn comes",
    needs: null,
    run(make) {
      const hosts = hostsOf(new Array(1000).fill(1));
      const counts = tally(make(hosts), hosts, 20_000);
      expect(Math.min(...counts)).toBeGreaterThan(0);
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

/** Runs the list against one policy. A case that a policy does not promise is skipped, and says why. */
export function runPickerCases(policy: string, make: (hosts: readonly Host[]) => Picker, traits: PickerTraits): void {
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
