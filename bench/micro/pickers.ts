// What a pick costs, and what a table: `bun bench/micro/pickers.ts`, `deno run -A --no-check bench/micro/pickers.ts`.
import type { BalanceSpec, SharingSpec } from "../../src/config/traffic_model.ts";
import { UpstreamHost } from "../../src/upstream/host.ts";
import { compilePicker } from "../../src/upstream/picker/compile_picker.ts";
import { roundRobin } from "../../src/upstream/picker/round_robin.ts";
import type { Host, Picker } from "../../src/upstream/types.ts";
import { measure } from "./measure.ts";

const N = 100_000;
const SHARING: SharingSpec = {
  overprovisioning: 1.4,
  panicThreshold: 0.5,
  zoneWeights: null,
  subsets: [],
  subsetFallback: "any",
  fallbackSubset: new Map(),
};
const SLOW = { windowMs: 30_000, aggression: 1, minShare: 0.1 };
const POLICIES: readonly BalanceSpec[] = [
  { kind: "roundRobin", slowStart: null },
  { kind: "random", slowStart: null },
  { kind: "leastRequest", choices: 2, activeBias: 1, slowStart: null },
  { kind: "peakEwma", decayMs: 10_000, slowStart: null },
  { kind: "ringHash", points: 160, on: [], slowStart: null },
  { kind: "maglev", tableSize: 65_537, on: [], slowStart: null },
];
const env = { clock: { now: 1e6 }, random: Math.random, panics: { add() {} } };
const keys = Float64Array.from({ length: 1024 }, () => 1 + Math.floor(Math.random() * (2 ** 32 - 1)));

function hostsOf(n: number, weightOf: (i: number) => number): UpstreamHost[] {
  return Array.from({ length: n }, (_, i) => {
    const address = { kind: "tcp", host: `10.0.${i >> 8}.${i & 255}`, port: 80 } as const;
    return new UpstreamHost({ address, weight: weightOf(i), metadata: new Map(), zone: `z${i % 3}`, priority: 0 }, [address]);
  });
}

/** The loop is a function of its own for each case, or the first case's picker would be the one that calls are made for. */
function picks(name: string, picker: Picker): void {
  const run = new Function(
    "picker",
    "keys",
    `let n = 0; const p = { hash: 0, exclude: null };
     for (let i = 0; i < ${N}; i++) { p.hash = keys[i & 1023]; n += picker.pick(p).active; }
     return n;`,
  ) as (picker: Picker, keys: Float64Array) => number;
  measure(name, N, () => run(picker, keys));
}

function observed(hosts: readonly Host[]): void {
  for (const h of hosts) h.latency?.observe(5 + Math.random() * 20, env.clock.now - 500);
}

for (const n of [10, 1000]) {
  const [even, uneven] = [hostsOf(n, () => 1), hostsOf(n, (i) => 1 + (i % 5))];
  picks(`round robin alone, ${n} hosts`, roundRobin(even));
  for (const balance of POLICIES) {
    for (const [what, hosts] of [
      ["", even],
      [", 5 weights", uneven],
    ] as const) {
      const picker = compilePicker({ balance, sharing: SHARING }, hosts, env);
      observed(hosts);
      picks(`${balance.kind}, ${n} hosts${what}`, picker);
    }
  }
  const half = hostsOf(n, () => 1);
  half.forEach((h, i) => {
    h.endpoint = { ...h.endpoint, priority: i % 2 };
    h.available = i % 4 !== 0;
  });
  picks(`two levels, ${n} hosts`, compilePicker({ balance: POLICIES[0]!, sharing: SHARING }, half, env));
  const zones = { ...SHARING, zoneWeights: new Map([["z0", 3]]) };
  picks(`three zones, ${n} hosts`, compilePicker({ balance: POLICIES[0]!, sharing: zones }, even, env));
  const young = hostsOf(n, () => 1);
  young[0]!.since = env.clock.now - 10_000;
  picks(
    `slow start under way, ${n} hosts`,
    compilePicker({ balance: { kind: "roundRobin", slowStart: SLOW }, sharing: SHARING }, young, env),
  );
}

for (const n of [10, 1000]) {
  const [even, uneven] = [hostsOf(n, () => 1), hostsOf(n, (i) => 1 + (i % 5))];
  for (const balance of POLICIES) {
    for (const [what, hosts] of [
      ["", even],
      [", 5 weights", uneven],
    ] as const) {
      const times = n === 10 ? 20 : 2;
      measure(`compile ${balance.kind} with its table, ${n} hosts${what}`, times, () => {
        let sum = 0;
        for (let i = 0; i < times; i++) {
          const host = compilePicker({ balance, sharing: SHARING }, hosts, env).pick({ hash: 1 + i, exclude: null });
          sum += (host as Host).active;
        }
        return sum;
      });
    }
  }
}
