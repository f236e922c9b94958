import type { DnsSpec } from "../../../config/model.ts";
import type { Reporter } from "../problem_list.ts";
import type { ClusterConfig } from "../schema/cluster.ts";

export function lowerDns({ families, minTtl, maxTtl, servers }: ClusterConfig["dns"], report: Reporter): DnsSpec {
  if (minTtl > maxTtl) report.error(["dns"], "raise maxTtl or lower minTtl: found minTtl above maxTtl");
  return { families, minTtlMs: minTtl, maxTtlMs: maxTtl, servers };
}
