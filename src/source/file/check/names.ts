import { nearMiss } from "../../../telemetry/near_miss.ts";
import type { Gathered, Item } from "../gather.ts";
import type { Carried } from "../lower/listeners.ts";
import type { Lowering } from "../lower/lowering.ts";
import type { Reporter } from "../problem_list.ts";
import { placeOf } from "../source_text.ts";
import { type ConfNode, childOf, type Path } from "../tree.ts";

/** Names that routes and listeners refer to. What is there but broken counts as known: its own problems tell enough. */
export class Names {
  readonly #gathered: Gathered;
  readonly #ofRoutes = new Set<string>();
  readonly #ofSessions = new Set<string>();

  readonly #usedPlugins = new Set<string>();

  constructor(gathered: Gathered) {
    this.#gathered = gathered;
  }

  isClusterUsed(name: string): boolean {
    return this.#ofRoutes.has(name) || this.#ofSessions.has(name);
  }

  isPluginUsed(name: string): boolean {
    return this.#usedPlugins.has(name);
  }

  /** Clusters that a plugin is granted. */
  checkPlugin(item: Item, to: Lowering): void {
    const report = to.reporter(item);
    for (const kind of ["clusters", "http"]) this.#checkClusters(namesAt(item.node, ["grants", kind]), this.#ofRoutes, report);
  }

  /** The plugin that tells a cluster's endpoints. */
  checkCluster(item: Item, to: Lowering): void {
    const at = ["endpointsPlugin"];
    this.#checkPlugins([...namesAt(item.node, at), ...namesAt(item.node, [...at, "use"])], to.reporter(item));
  }

  /** Sessions of TCP or UDP go there and no requests. Known once all routes and listeners have been checked. */
  isOnlyOfSessions(name: string): boolean {
    return this.#ofSessions.has(name) && !this.#ofRoutes.has(name);
  }

  /** Clusters and listeners that a route names. Asked of the tree, so that a problem elsewhere in the route hides none here. */
  checkRoute(item: Item, listeners: ReadonlyMap<string, Carried>, to: Lowering): void {
    const report = to.reporter(item);
    for (const at of [["to"], ["mirror"]]) this.#checkClusters(clusterNames(item.node, at), this.#ofRoutes, report);
    this.#checkPlugins(pluginNames(item.node), report);
    for (const { name, at } of namesAt(item.node, ["listeners"])) {
      const carried = listeners.get(name) ?? "http";
      if (carried !== "http")
        report.error(
          at,
          `leave out listener ${JSON.stringify(name)}: it carries ${carried.toUpperCase()}, and routes are for requests of HTTP`,
        );
      else if (!this.#gathered.incomplete && !this.#gathered.listeners.has(name))
        unknown("listener", name, this.#gathered.listeners.keys(), at, report);
    }
  }

  /** Clusters that a listener names. */
  checkListener(item: Item, to: Lowering): void {
    const report = to.reporter(item);
    const sni = childOf(item.node, "sni");
    const rules: Path[] = sni?.kind === "list" ? sni.items.map((_, i) => ["sni", i, "to"]) : [];
    for (const at of [["to"], ["fallback", "to"], ...rules])
      this.#checkClusters(clusterNames(item.node, at), this.#ofSessions, report);
  }

  #checkPlugins(references: readonly Reference[], report: Reporter): void {
    for (const { name, at } of references) {
      this.#usedPlugins.add(name);
      if (!this.#gathered.incomplete && !this.#gathered.plugins.has(name))
        unknown("plugin", name, this.#gathered.plugins.keys(), at, report);
    }
  }

  #checkClusters(references: readonly Reference[], used: Set<string>, report: Reporter): void {
    for (const { name, at } of references) {
      used.add(name);
      if (!this.#gathered.incomplete && !this.#gathered.clusters.has(name))
        unknown("cluster", name, this.#gathered.clusters.keys(), at, report);
    }
  }

  /** The names that routes bring, each told when it is taken. */
  routeNames(
    routes: readonly { readonly item: Item; readonly c: { readonly name?: string | undefined } }[],
    to: Lowering,
  ): string[] {
    const first = new Map<string, Item>();
    for (const { item, c } of routes) {
      if (c.name === undefined) continue;
      const before = first.get(c.name);
      if (before === undefined) {
        first.set(c.name, item);
        continue;
      }
      const place = placeOf(to.reporter(before).span(["name"]));
      to.reporter(item).error(
        ["name"],
        `rename the route ${JSON.stringify(c.name)}: another of that name stands at ${place.file}:${place.line}:${place.column}`,
      );
    }
    return [...first.keys()];
  }
}

interface Reference {
  readonly name: string;
  readonly at: Path;
}

/** The strings at `path`: one, or those of a list. */
function namesAt(root: ConfNode, path: Path): Reference[] {
  let node: ConfNode | null = root;
  for (const step of path) node = node === null ? null : childOf(node, step);
  if (node === null) return [];
  if (node.kind === "list") return node.items.flatMap((_, i) => namesAt(root, [...path, i]));
  return node.kind === "scalar" && typeof node.value === "string" ? [{ name: node.value, at: path }] : [];
}

/** Of the `to` at `path`. */
function clusterNames(root: ConfNode, path: Path): Reference[] {
  let to: ConfNode | null = root;
  for (const step of path) to = to === null ? null : childOf(to, step);
  if (to === null) return [];
  const items: Path[] = to.kind === "list" ? to.items.map((_, i) => [...path, i]) : [path];
  return items.flatMap((at) => [...namesAt(root, at), ...namesAt(root, [...at, "cluster"])]);
}

/** Of the filters of a route. */
function pluginNames(route: ConfNode): Reference[] {
  const filters = childOf(route, "filters");
  if (filters?.kind !== "list") return [];
  return filters.items.flatMap((_, i) => [
    ...namesAt(route, ["filters", i, "plugin"]),
    ...namesAt(route, ["filters", i, "plugin", "use"]),
  ]);
}

const SHOWN = 12;

function unknown(what: string, name: string, known: Iterable<string>, at: Path, report: Reporter): void {
  const names = [...known];
  const shown = names.slice(0, SHOWN).map((n) => JSON.stringify(n));
  if (names.length > SHOWN) shown.push(`${names.length - SHOWN} more`);
  const wanted = names.length === 0 ? `there are no ${what}s` : `wanted one of ${shown.join(", ")}`;
  const near = nearMiss(name, names);
  report.error(
    at,
    `name a ${what} of this config: found ${JSON.stringify(name)}, ${wanted}`,
    near === "" ? "" : `did you mean ${JSON.stringify(near)}?`,
  );
}
