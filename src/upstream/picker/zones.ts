import type { Host, Picker } from "../types.ts";
import type { PickerEnv, PickerSpec } from "./compile_picker.ts";
import { LazyPicker } from "./lazy_picker.ts";
import { PartPicker } from "./part_picker.ts";
import { isByHash, policyOf } from "./policies.ts";
import { weightsOf } from "./policy.ts";

interface Zone {
  readonly healthy: Host[];
  /** Whole numbers. */
  share: number;
}

/** Shares are told in parts of so many of a zone's weight; weights of hosts by zone in so many of the heaviest. */
const PARTS = 10_000;
const HOST_PARTS = 1 << 20;

/**
 * A picker of the healthy hosts of a level, zone by zone where zones have weights: a zone counts as its weight × min(1, overprovisioning ×
 * its healthy share), as in Envoy. A policy by hash has one table of all zones, in which hosts weigh accordingly.
 */
export function pickZones(spec: PickerSpec, healthy: readonly Host[], all: readonly Host[], env: PickerEnv): Picker {
  const policy = policyOf(spec.balance, env);
  const { zoneWeights, overprovisioning } = spec.sharing;
  const zones = zoneWeights === null ? [] : zonesOf(healthy, all, zoneWeights, overprovisioning);
  // Without a zone that has anything zones are not told apart.
  if (zones.length < 2) return policy(zones[0]?.healthy ?? healthy, weightsOf(zones[0]?.healthy ?? healthy));
  if (isByHash(spec.balance)) {
    const hosts = zones.flatMap((z) => z.healthy);
    return policy(hosts, toWhole(zones.flatMap(weightsInZone)));
  }
  const parts = zones.map((z) => ({ share: z.share, picker: new LazyPicker(() => policy(z.healthy, weightsOf(z.healthy))) }));
  return new PartPicker(parts, false, env);
}

/** Those with a healthy host and a share. */
function zonesOf(
  healthy: readonly Host[],
  all: readonly Host[],
  weights: ReadonlyMap<string, number>,
  overprovisioning: number,
): Zone[] {
  const sizes = new Map<string, number>();
  for (const { endpoint } of all) sizes.set(endpoint.zone, (sizes.get(endpoint.zone) ?? 0) + 1);
  const zones = new Map<string, Zone>();
  for (const h of healthy) {
    const known = zones.get(h.endpoint.zone);
    if (known === undefined) zones.set(h.endpoint.zone, { healthy: [h], share: 0 });
    else known.healthy.push(h);
  }
  for (const [name, zone] of zones) {
    const health = Math.min(1, (overprovisioning * zone.healthy.length) / sizes.get(name)!);
    zone.share = Math.round((weights.get(name) ?? 1) * health * PARTS);
  }
  return [...zones.values()].filter((z) => z.share > 0);
}

function weightsInZone({ healthy, share }: Zone): number[] {
  const weights = weightsOf(healthy);
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((w) => (share * w) / sum);
}

function toWhole(weights: readonly number[]): number[] {
  const largest = weights.reduce((a, b) => Math.max(a, b));
  return weights.map((w) => Math.max(1, Math.round((w / largest) * HOST_PARTS)));
}
