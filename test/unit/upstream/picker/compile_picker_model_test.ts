import { expect, test } from "bun:test";
import { ProxyError } from "../../../../src/base/error.ts";
import type { BalanceSpec, SharingSpec } from "../../../../src/config/traffic_model.ts";
import { UpstreamHost } from "../../../../src/upstream/host.ts";
import { compilePicker } from "../../../../src/upstream/picker/compile_picker.ts";
import { priorityLoads } from "../../../../src/upstream/picker/priority_loads.ts";
import { subsetKey } from "../../../../src/upstream/picker/subset_picker.ts";
import type { Host } from "../../../../src/upstream/types.ts";
import { Random } from "../../../fuzz/random.ts";
import { keyOf, pickerEnv, SHARING } from "../../../seam/picker_cases.ts";

const NOW = 1_000_000;
const SLOW = { windowMs: 10_000, aggression: 1, minShare: 0.1 };

function policies(r: Random): BalanceSpec {
  const slowStart = r.once(3) ? SLOW : null;
  return r.pick<BalanceSpec>([
    { kind: "roundRobin", slowStart },
    { kind: "random", slowStart },
    { kind: "leastRequest", choices: r.pick([2, 3, 20]), activeBias: r.pick([0, 0.5, 1]), slowStart },
    { kind: "peakEwma", decayMs: 1000, slowStart },
    { kind: "ringHash", points: 160, on: [], slowStart: null },
    { kind: "maglev", tableSize: 251, on: [], slowStart: null },
  ]);
}

function sharing(r: Random): SharingSpec {
  return {
    ...SHARING,
    panicThreshold: r.pick([0, 0.5, 1]),
    zoneWeights: r.once(2)
      ? null
      : new Map([
          ["z0", r.below(4)],
          ["z1", r.below(4)],
        ]),
    subsets: r.once(2) ? [] : [["v"]],
    subsetFallback: r.pick(["any", "none", "subset"]),
    fallbackSubset: new Map([["v", "0"]]),
  };
}

function someHosts(r: Random): UpstreamHost[] {
  return Array.from({ length: r.below(12) }, (_, i) => {
    const address = { kind: "tcp", host: `10.0.0.${i}`, port: 80 } as const;
    const metadata = new Map(r.once(4) ? [] : [["v", `${r.below(3)}`]]);
    const e = { address, weight: r.pick([0, 1, 1, 1, 7]), metadata, zone: r.pick(["z0", "z1", "z2"]), priority: r.below(3) };
    const h = new UpstreamHost(e, [address]);
    h.available = !r.once(3);
    h.since = NOW - r.pick([0, 5000, 20_000]);
    h.active = r.below(5);
    return h;
  });
}

/** Who may be picked: those with a weight, of the subset or its fallback, and of these the healthy ones of each level, or all of one that panics. */
function eligible(hosts: readonly Host[], s: SharingSpec, subset: string | null): Set<Host> {
  let some = hosts.filter((h) => h.endpoint.weight > 0);
  if (s.subsets.length > 0 && subset !== null) {
    const found = some.filter((h) => h.endpoint.metadata.get("v") === subset);
    if (found.length > 0) some = found;
    else if (s.subsetFallback === "none") some = [];
    else if (s.subsetFallback === "subset") some = some.filter((h) => h.endpoint.metadata.get("v") === "0");
  }
  const levels = [0, 1, 2].map((p) => some.filter((h) => h.endpoint.priority === p)).filter((l) => l.length > 0);
  if (levels.length === 0) return new Set();
  const loads = priorityLoads(
    levels.map((l) => ({ hosts: l.length, healthy: l.filter((h) => h.available).length })),
    s.overprovisioning,
    s.panicThreshold,
  );
  return new Set(levels.flatMap((l, i) => (loads[i]!.panic ? l : l.filter((h) => h.available))));
}

test("model: whoever is picked may be, whatever the policy, health, levels, zones, subsets and time", () => {
  const r = new Random(20_260);
  for (let round = 0; round < 1500; round++) {
    const hosts = someHosts(r);
    const s = sharing(r);
    const env = { ...pickerEnv(round + 1), clock: { now: NOW } };
    const picker = compilePicker({ balance: policies(r), sharing: s }, hosts, env);
    for (let n = 0; n < 12; n++) {
      const value = r.once(2) ? null : `${r.below(4)}`;
      const may = eligible(hosts, s, value);
      const exclude: readonly Host[] | null = r.once(2) ? null : hosts.filter(() => r.once(3));
      const subset = value === null ? null : subsetKey(new Map([["v", value]]));
      const host = picker.pick({ hash: r.once(3) ? 0 : keyOf(r.below(1000)), exclude, subset });
      if (host instanceof ProxyError) {
        expect([round, host.facts.code, may.size]).toEqual([round, "noHost", 0]);
        continue;
      }
      expect([round, may.has(host)]).toEqual([round, true]);
      // A zone without a share has nothing, whoever was tried.
      if (exclude?.includes(host) && s.zoneWeights === null)
        expect([round, [...may].filter((h) => !exclude.includes(h)).length]).toEqual([round, 0]);
      host.active += r.once(2) ? 1 : 0;
      host.latency?.observe(r.below(100), env.clock.now);
      env.clock.now += r.below(1500);
    }
  }
});
