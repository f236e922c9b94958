import type { EndpointSpec } from "../../../config/model.ts";
import type { SharingSpec } from "../../../config/traffic_model.ts";
import type { Reporter } from "../problem_list.ts";
import type { SharingConfig, SubsetsConfig } from "../schema/sharing.ts";
import type { Path } from "../tree.ts";

/** `listed`: the endpoints that the config knows; null: they come from elsewhere. */
export function lowerSharing(
  c: SharingConfig,
  subsets: SubsetsConfig | undefined,
  listed: readonly EndpointSpec[] | null,
  report: Reporter,
): SharingSpec {
  const zones = c.zones === undefined ? null : new Map(Object.entries(c.zones));
  for (const zone of zones?.keys() ?? [])
    if (listed !== null && !listed.some((e) => e.zone === zone))
      report.warn(
        ["sharing", "zones", zone],
        `remove zone ${JSON.stringify(zone)} or name it at an endpoint: found none that is there`,
      );
  const { keys, at, fallback } = subsetsOf(subsets);
  for (const [i, set] of keys.entries())
    for (const key of set)
      if (listed !== null && !listed.some((e) => e.metadata.has(key)))
        report.warn([...at, i], `give endpoints the metadata ${JSON.stringify(key)}: found none that has it`);
  return {
    overprovisioning: c.overprovisioning,
    panicThreshold: c.panicThreshold,
    zoneWeights: zones,
    subsets: keys,
    subsetFallback: typeof fallback === "string" ? fallback : "subset",
    fallbackSubset: new Map(typeof fallback === "string" ? [] : Object.entries(fallback)),
  };
}

type Fallback = Exclude<SubsetsConfig, unknown[]>["fallback"];

function subsetsOf(c: SubsetsConfig | undefined): { keys: string[][]; at: Path; fallback: Fallback } {
  if (c === undefined) return { keys: [], at: [], fallback: "none" };
  const list = Array.isArray(c) ? c : c.keys;
  return {
    keys: list.map((set) => (typeof set === "string" ? [set] : [...new Set(set)])),
    at: Array.isArray(c) ? ["subsets"] : ["subsets", "keys"],
    fallback: Array.isArray(c) ? "none" : c.fallback,
  };
}
