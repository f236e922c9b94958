import type { ClusterSpec, Model } from "../../config/model.ts";
import type { PluginSpec } from "../../config/plugin_model.ts";
import type { Problem } from "../../config/problem.ts";
import { PluginEndpoints } from "../../plugin/endpoints/plugin_endpoints.ts";
import type { Plugins } from "../../plugin/plugins.ts";
import { readDialAddress } from "../../source/file/schema/address.ts";
import type { WatchEnv } from "../../upstream/discovery/dns_policy.ts";
import type { EndpointSource } from "../../upstream/discovery/endpoint_source.ts";

/** The plugin that tells a cluster's endpoints; null: none does. */
function sourceOf({ hosts }: ClusterSpec): { readonly plugin: string; readonly config: unknown } | null {
  return typeof hosts === "object" && hosts.kind === "plugin" ? hosts : null;
}

/** Opens the source of a cluster whose endpoints a plugin tells; null: it has another one. `plugins` null: there can be none. */
export function openPluginEndpoints(spec: ClusterSpec, env: WatchEnv, plugins: Plugins | null): EndpointSource | null {
  const source = sourceOf(spec);
  if (source === null || plugins === null) return null;
  return new PluginEndpoints(env, source, (name, w) => plugins.watchEndpoints(name, w), readDialAddress);
}

/** Clusters whose plugin tells no endpoints. One that is refused itself has been told of. */
export function sourceProblems({ clusters }: Model, plugins: Plugins | null): Problem[] {
  const problems: Problem[] = [];
  for (const c of clusters.values()) {
    const source = sourceOf(c);
    if (source === null || plugins?.tellsEndpoints(source.plugin) !== false) continue;
    const path = `clusters.${c.name}.endpointsPlugin`;
    const message = `${path}: name a plugin that has the phase endpoints: found ${JSON.stringify(source.plugin)}, which has not`;
    problems.push({ severity: "error", path, message, hint: "", place: null });
  }
  return problems;
}

/** Plugins that clusters get their endpoints from, with one process each: for a process of Weir that has these clusters and no requests. */
export function sourcePlugins(plugins: Model["plugins"], clusters: Model["clusters"]): ReadonlyMap<string, PluginSpec> {
  const out = new Map<string, PluginSpec>();
  for (const c of clusters.values()) {
    const spec = plugins.get(sourceOf(c)?.plugin ?? "");
    if (spec !== undefined) out.set(spec.name, { ...spec, processes: 1 });
  }
  return out;
}
