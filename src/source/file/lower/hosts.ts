import type { Address } from "../../../base/address.ts";
import type { EndpointSpec } from "../../../config/model.ts";
import type { HostsSpec } from "../../../config/traffic_model.ts";
import type { Reporter } from "../problem_list.ts";
import type { ClusterConfig } from "../schema/cluster.ts";
import type { EndpointConfig } from "../schema/endpoint.ts";
import type { Lowering } from "./lowering.ts";

const SOURCES = ["endpoints", "srv", "endpointsFile", "endpointsPlugin"] as const;

/** Where a cluster's hosts come from; what is wrong with it has been told. */
export function lowerHosts(c: ClusterConfig, onlySessions: boolean, to: Lowering, report: Reporter): HostsSpec {
  const given = SOURCES.filter((k) => c[k] !== undefined);
  const [first, second] = given;
  if (first === undefined) report.error([], `say where the servers are: found none of ${SOURCES.join(", ")}`);
  if (second !== undefined)
    report.errorAtKey(
      [second],
      `keep one of ${given.map((k) => JSON.stringify(k)).join(" and ")}: a cluster's servers come from one place`,
    );
  if (c.endpoints === "originalDestination") {
    checkOriginal(c, onlySessions, report);
    return "originalDestination";
  }
  if (c.endpoints !== undefined) return "listed";
  if (c.srv !== undefined) return { kind: "srv", name: c.srv };
  if (c.endpointsPlugin !== undefined) return lowerPluginSource(c.endpointsPlugin, to, report);
  if (c.endpointsFile === undefined) return "listed";
  const path = to.path(c.endpointsFile);
  to.endpointFiles.add(report, path);
  return { kind: "file", path };
}

function lowerPluginSource(c: NonNullable<ClusterConfig["endpointsPlugin"]>, to: Lowering, report: Reporter): HostsSpec {
  const plugin = typeof c === "string" ? c : c.use;
  to.pluginChecks.source(report, typeof c === "string" ? ["endpointsPlugin"] : ["endpointsPlugin", "use"], plugin);
  return { kind: "plugin", plugin, config: (typeof c === "string" ? null : c.config) ?? null };
}

/** Hosts that nobody lists can't be compared, checked or left out. */
function checkOriginal(c: ClusterConfig, onlySessions: boolean, report: Reporter): void {
  if (!onlySessions)
    report.error(["endpoints"], "list the endpoints: found originalDestination, and only listeners of TCP may lead there");
  for (const key of ["health", "outlier", "subsets"] as const)
    if (c[key] !== undefined && c[key] !== null)
      report.errorAtKey([key], `remove "${key}": found endpoints: originalDestination, which lists none`);
}

/** `placed` gives addresses their place. */
export function lowerEndpoints(endpoints: readonly EndpointConfig[], placed: (a: Address) => Address): EndpointSpec[] {
  return endpoints.map((e): EndpointSpec => {
    if ("kind" in e) return { address: placed(e), weight: 1, metadata: new Map(), zone: "", priority: 0 };
    const { weight, zone, priority } = e;
    return { address: placed(e.address), weight, metadata: new Map(Object.entries(e.metadata ?? {})), zone, priority };
  });
}
