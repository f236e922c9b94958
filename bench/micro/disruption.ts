// Which part of the keys moves when one of N hosts goes, and how even shares are: `bun bench/micro/disruption.ts`. Nothing is timed.

import { xxHash32 } from "../../src/base/xxhash32.ts";
import type { BalanceSpec, SharingSpec } from "../../src/config/traffic_model.ts";
import { UpstreamHost } from "../../src/upstream/host.ts";
import { compilePicker } from "../../src/upstream/picker/compile_picker.ts";
import type { Host, Picker } from "../../src/upstream/types.ts";

const KEYS = 100_000;
/** Hosts that are taken away, one at a time. */
const TRIES = 12;
const SHARING: SharingSpec = {
  overprovisioning: 1.4,
  panicThreshold: 0.5,
  zoneWeights: null,
  subsets: [],
  subsetFallback: "any",
  fallbackSubset: new Map(),
};
const TABLES: readonly (readonly [string, BalanceSpec])[] = [
  ["ring, 160 points", { kind: "ringHash", points: 160, on: [], slowStart: null }],
  ["ring, 1,024 points", { kind: "ringHash", points: 1024, on: [], slowStart: null }],
  ["maglev, 65,537 slots", { kind: "maglev", tableSize: 65_537, on: [], slowStart: null }],
  ["maglev, 655,373 slots", { kind: "maglev", tableSize: 655_373, on: [], slowStart: null }],
];
const env = { clock: { now: 0 }, random: Math.random, panics: { add() {} } };
const keys = Array.from({ length: KEYS }, (_, k) => xxHash32(`key ${k}`, 0) || 1);

function hostsOf(n: number): UpstreamHost[] {
  return Array.from({ length: n }, (_, i) => {
    const address = { kind: "tcp", host: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, port: 80 } as const;
    return new UpstreamHost({ address, weight: 1, metadata: new Map(), zone: "", priority: 0 }, [address]);
  });
}

function place(picker: Picker): Host[] {
  return keys.map((hash) => picker.pick({ hash, exclude: null }) as Host);
}

for (const [name, balance] of TABLES) {
  for (const n of [2, 5, 10, 20, 50, 100, 200, 500, 1000]) {
    const hosts = hostsOf(n);
    const before = place(compilePicker({ balance, sharing: SHARING }, hosts, env));
    const counts = new Map<Host, number>();
    for (const h of before) counts.set(h, (counts.get(h) ?? 0) + 1);
    const moved: number[] = [];
    for (let t = 0; t < Math.min(TRIES, n); t++) {
      const gone = hosts[Math.floor((t * n) / Math.min(TRIES, n))]!;
      const after = place(
        compilePicker(
          { balance, sharing: SHARING },
          hosts.filter((h) => h !== gone),
          env,
        ),
      );
      moved.push(after.reduce((m, h, k) => m + (h === before[k] ? 0 : 1), 0) / KEYS);
    }
    const mean = moved.reduce((a, b) => a + b) / moved.length;
    const [most, least] = [Math.max(...counts.values()), Math.min(...hosts.map((h) => counts.get(h) ?? 0))];
    console.log(
      `${name.padEnd(22)} N ${String(n).padStart(4)}  moved: mean ${(mean * n).toFixed(2)}/N, worst ${(Math.max(...moved) * n).toFixed(2)}/N` +
        `  shares: ${((least * n) / KEYS).toFixed(2)} to ${((most * n) / KEYS).toFixed(2)} of the mean`,
    );
  }
}
