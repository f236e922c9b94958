import type { ClusterSpec, ListenerSpec, Model, ProcessLimitsSpec, RouteSpec, UdpListenerSpec } from "../../../config/model.ts";
import type { PluginSpec } from "../../../config/plugin_model.ts";
import { checkActions } from "../check/actions.ts";
import { checkAddresses } from "../check/addresses.ts";
import { checkDatagramTargets } from "../check/datagram_targets.ts";
import { checkFieldNames } from "../check/field_names.ts";
import { checkForwardTargets } from "../check/forward_targets.ts";
import { Names } from "../check/names.ts";
import { checkResourceNames } from "../check/resource_names.ts";
import { checkSessionTargets } from "../check/session_targets.ts";
import { checkShadowed } from "../check/shadowed.ts";
import { checkSomeListener } from "../check/some_listener.ts";
import { checkUnused } from "../check/unused.ts";
import { decode } from "../decode.ts";
import type { Item } from "../gather.ts";
import { memoryKey } from "../load_memory.ts";
import { clusterSchema } from "../schema/cluster.ts";
import { pluginSchema } from "../schema/plugin.ts";
import { type RouteConfig, routeSchema } from "../schema/route.ts";
import { toPlain } from "../tree.ts";
import { lowerCluster } from "./cluster.ts";
import { lowerListener } from "./listener.ts";
import { type DecodedListeners, decodeListeners } from "./listeners.ts";
import type { Lowering } from "./lowering.ts";
import { lowerPlugin } from "./plugin.ts";
import { lowerProcess } from "./process.ts";
import { hostsOf, lowerRoute } from "./route.ts";
import { RouteNames } from "./route_name.ts";
import { buildTables, type PlacedRoute } from "./tables.ts";
import { lowerTcpListener } from "./tcp_listener.ts";
import { lowerUdpListener } from "./udp_listener.ts";

/** The model of all that could be decoded. It may be used when no problem is an error. */
export function lowerConfig(to: Lowering): Model {
  const rest = lowerProcess(to);
  checkResourceNames("listener", to.gathered.listeners, to.problems);
  checkResourceNames("cluster", to.gathered.clusters, to.problems);
  checkResourceNames("plugin", to.gathered.plugins, to.problems);
  const names = new Names(to.gathered);
  const listeners = decodeListeners(to);
  for (const item of to.gathered.listeners.values()) names.checkListener(item, to);
  const routes = lowerRoutes(to, names, listeners);
  const plugins = lowerPlugins(rest.process, to, names);
  const clusters = lowerClusters(to, names);
  const { tables, of } = buildTables([...listeners.http.keys()], routes);
  const specs = new Map<string, ListenerSpec>();
  const udp = new Map<string, UdpListenerSpec>();
  for (const name of listeners.carries.keys()) {
    const report = to.reporter(to.gathered.listeners.get(name)!);
    const http = listeners.http.get(name);
    const tcp = listeners.tcp.get(name);
    if (http !== undefined) specs.set(name, lowerListener(name, http, of.get(name)!, to, report));
    else if (tcp !== undefined) specs.set(name, lowerTcpListener(name, tcp, to, report));
  }
  for (const [name, c] of listeners.udp) {
    const spec = lowerUdpListener(name, c, to.reporter(to.gathered.listeners.get(name)!));
    if (spec !== null) udp.set(name, spec);
  }
  checkAddresses([...specs.values(), ...udp.values()], rest, to);
  checkDatagramTargets(udp, clusters, to);
  checkSessionTargets([...specs.values(), ...udp.values()], clusters, to);
  checkForwardTargets(routes, clusters, to);
  // What the whole adds up to can only be said when all of it could be read.
  if (to.problems.errors === 0) {
    checkSomeListener(specs.size + udp.size, to.problems);
    checkShadowed(routes, to);
    checkUnused(names, [...listeners.http.keys()], routes, to);
  }
  return { ...rest, listeners: specs, udpListeners: udp, routeTables: tables, clusters, plugins };
}

function lowerPlugins(process: ProcessLimitsSpec, to: Lowering, names: Names): Map<string, PluginSpec> {
  const out = new Map<string, PluginSpec>();
  for (const [name, item] of to.gathered.plugins) {
    names.checkPlugin(item, to);
    const report = to.reporter(item);
    const c = decode(pluginSchema, toPlain(item.node), report);
    if (c === null) continue;
    const spec = lowerPlugin(name, c, process, to);
    out.set(name, spec);
    to.pluginChecks.plugin(report, spec);
  }
  return out;
}

function lowerClusters(to: Lowering, names: Names): Map<string, ClusterSpec> {
  const out = new Map<string, ClusterSpec>();
  for (const [name, item] of to.gathered.clusters) {
    names.checkCluster(item, to);
    const report = to.reporter(item);
    const c = decode(clusterSchema, toPlain(item.node), report);
    if (c !== null) out.set(name, lowerCluster(name, c, item, names.isOnlyOfSessions(name), to, report));
  }
  return out;
}

/** A decoded route with the item that it came from. */
export interface LoweredRoute extends PlacedRoute {
  readonly item: Item;
}

function lowerRoutes(to: Lowering, names: Names, listeners: DecodedListeners): LoweredRoute[] {
  const decoded: { item: Item; c: RouteConfig; spec: RouteSpec | null }[] = [];
  for (const item of to.gathered.routes) {
    checkActions(item, to);
    checkFieldNames(item, to);
    names.checkRoute(item, listeners.carries, to);
    const key = memoryKey(item.node);
    const known = to.memory.routes.find(key);
    if (known !== null) {
      decoded.push({ item, c: known.config, spec: known.spec });
      continue;
    }
    const report = to.reporter(item);
    const told = to.problems.told;
    const c = decode(routeSchema, toPlain(item.node), report);
    if (c === null) continue;
    const spec = lowerRoute(c.name ?? "", c, to, report);
    decoded.push({ item, c, spec });
    // What lies on disk beside the config is looked at each time.
    if (spec !== null && !looksAside(spec) && to.problems.told === told) to.memory.routes.keep(key, { config: c, spec });
  }
  const derive = new RouteNames(names.routeNames(decoded, to));
  const out: LoweredRoute[] = [];
  for (const { item, c, spec } of decoded) {
    if (spec === null) continue;
    const listeners = c.listeners === undefined ? null : typeof c.listeners === "string" ? [c.listeners] : c.listeners;
    const hosts = hostsOf(c);
    const route = c.name === undefined ? { ...spec, name: derive.derive(hosts, spec.match) } : spec;
    out.push({ route, hosts, listeners, item });
  }
  return out;
}

/** What it is depends on more than its text. */
function looksAside({ action, filters }: RouteSpec): boolean {
  return action.kind === "static" || action.kind === "module" || filters.some((f) => f.kind === "module");
}
