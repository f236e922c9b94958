import type { MirrorSpec } from "../../../config/traffic_model.ts";
import type { Reporter } from "../problem_list.ts";
import type { MirrorConfig } from "../schema/mirror.ts";

/** Names of clusters are looked up elsewhere. */
export function lowerMirrors(c: MirrorConfig | undefined, report: Reporter): MirrorSpec[] {
  if (c === undefined || c === null) return [];
  const out: MirrorSpec[] = [];
  for (const [i, one] of (Array.isArray(c) ? c : [c]).entries()) {
    const spec = typeof one === "string" ? { cluster: one, share: 1 } : one;
    if (out.some((m) => m.cluster === spec.cluster))
      report.error(["mirror", i], `remove one of the two: found ${JSON.stringify(spec.cluster)} twice`);
    out.push(spec);
  }
  return out;
}
