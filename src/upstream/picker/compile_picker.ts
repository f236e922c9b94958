import type { BalanceSpec, SharingSpec } from "../../config/traffic_model.ts";
import type { Host, Picker } from "../types.ts";
import { LazyPicker } from "./lazy_picker.ts";
import { NOBODY_IN_SUBSET, NOBODY_WELL, NoHostPicker } from "./no_host.ts";
import { PanicPicker } from "./panic_picker.ts";
import { type Part, PartPicker } from "./part_picker.ts";
import { isByHash, policyOf } from "./policies.ts";
import { type PolicyEnv, weightsOf } from "./policy.ts";
import { priorityLoads } from "./priority_loads.ts";
import { matching, SubsetPicker, subsetsOf } from "./subset_picker.ts";
import { pickZones } from "./zones.ts";

/** What of a cluster's config says who gets a request. */
export interface PickerSpec {
  readonly balance: BalanceSpec;
  readonly sharing: SharingSpec;
}

export interface PickerEnv extends PolicyEnv {
  /** Picks among all hosts because too few are healthy. */
  readonly panics: { add(n: number): void };
}

/**
 * The picker of a cluster: subsets, in them levels of priority, in them zones, in them the policy. What a cluster doesn't use is not there.
 * Called anew whenever membership, weights or health change: parts that are rarely asked are made when they are.
 */
export function compilePicker(spec: PickerSpec, hosts: readonly Host[], env: PickerEnv): Picker {
  if (spec.balance.kind !== "peakEwma") for (const h of hosts) h.latency = null;
  const taking = hosts.filter((h) => h.endpoint.weight > 0);
  if (taking.length === 0) return new NoHostPicker();
  return spec.sharing.subsets.length === 0 ? pickLevels(spec, taking, env) : pickSubsets(spec, taking, env);
}

function pickSubsets(spec: PickerSpec, hosts: readonly Host[], env: PickerEnv): Picker {
  const { subsets, subsetFallback, fallbackSubset } = spec.sharing;
  const levels = (some: readonly Host[]): Picker =>
    some.length === 0 ? new NoHostPicker(NOBODY_IN_SUBSET) : new LazyPicker(() => pickLevels(spec, some, env));
  const parts = new Map<string, Picker>();
  for (const [key, some] of subsetsOf(hosts, subsets)) parts.set(key, levels(some));
  const all = levels(hosts);
  const fallback = subsetFallback === "any" ? all : levels(subsetFallback === "none" ? [] : matching(hosts, fallbackSubset));
  return new SubsetPicker(parts, all, fallback);
}

/** `hosts`: one at least, all with a weight. */
function pickLevels(spec: PickerSpec, hosts: readonly Host[], env: PickerEnv): Picker {
  const first = hosts[0]!.endpoint.priority;
  if (hosts.every((h) => h.available && h.endpoint.priority === first)) return pickZones(spec, hosts, hosts, env);
  const levels = levelsOf(hosts);
  const { overprovisioning, panicThreshold } = spec.sharing;
  const loads = priorityLoads(
    levels.map((l) => ({ hosts: l.all.length, healthy: l.healthy.length })),
    overprovisioning,
    panicThreshold,
  );
  const parts = levels.map((l, i): Part => ({ share: loads[i]!.load, picker: pickLevel(spec, l, loads[i]!.panic, env) }));
  return parts.length === 1 ? parts[0]!.picker : new PartPicker(parts, isByHash(spec.balance), env);
}

interface Level {
  readonly priority: number;
  readonly all: Host[];
  readonly healthy: Host[];
}

/** The highest first. */
function levelsOf(hosts: readonly Host[]): Level[] {
  const by = new Map<number, Level>();
  for (const h of hosts) {
    const { priority } = h.endpoint;
    let level = by.get(priority);
    if (level === undefined) {
      level = { priority, all: [], healthy: [] };
      by.set(priority, level);
    }
    level.all.push(h);
    if (h.available) level.healthy.push(h);
  }
  return [...by.values()].sort((a, b) => a.priority - b.priority);
}

function pickLevel(spec: PickerSpec, { all, healthy }: Level, panic: boolean, env: PickerEnv): Picker {
  // In a panic zones don't count, as in Envoy.
  if (panic) return new LazyPicker(() => new PanicPicker(policyOf(spec.balance, env)(all, weightsOf(all)), env.panics));
  if (healthy.length === 0) return new NoHostPicker(NOBODY_WELL);
  return new LazyPicker(() => pickZones(spec, healthy, all, env));
}
