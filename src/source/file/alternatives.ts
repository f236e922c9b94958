import { type ConfNode, childOf, type MapEntry } from "./tree.ts";

/** Keys under which one of several ways is named: a way of the defaults is no addition to one that a resource names itself. */
const ALTERNATIVES = {
  clusters: new Map([
    ["balance", ["roundRobin", "random", "leastRequest", "peakEwma", "ringHash", "maglev"]],
    ["health", ["http", "tcp", "grpc"]],
  ]),
  routes: new Map([["sticky", ["header", "cookie", "query"]]]),
} as const;

/** `merged`, which is `own` on top of defaults, without the ways of defaults where `own` names one. */
export function keepOwnAlternatives(kind: keyof typeof ALTERNATIVES, merged: ConfNode, own: ConfNode): ConfNode {
  if (merged.kind !== "map" || merged === own) return merged;
  let entries: Map<string, MapEntry> | null = null;
  for (const [key, ways] of ALTERNATIVES[kind]) {
    const under = merged.entries.get(key);
    const ownValue = childOf(own, key);
    if (under?.value.kind !== "map" || ownValue?.kind !== "map" || !ways.some((w) => ownValue.entries.has(w))) continue;
    const kept = new Map([...under.value.entries].filter(([k]) => !ways.includes(k) || ownValue.entries.has(k)));
    entries ??= new Map(merged.entries);
    entries.set(key, { key: under.key, value: { ...under.value, entries: kept } });
  }
  return entries === null ? merged : { ...merged, entries };
}
