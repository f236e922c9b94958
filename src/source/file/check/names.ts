import { nearMiss } from "../../../telemetry/near_miss.ts";
import type { Gathered, Item } from "../gather.ts";
import type { Lowering } from "../lower/lowering.ts";
import type { Reporter } from "../problem_list.ts";
import { placeOf } from "../source_text.ts";
import type { Path } from "../tree.ts";

/** Names that routes refer to. What is there but broken counts as known: its own problems tell enough. */
export class Names {
  readonly #gathered: Gathered;
  readonly #usedClusters = new Set<string>();

  constructor(gathered: Gathered) {
    this.#gathered = gathered;
  }

  isClusterUsed(name: string): boolean {
    return this.#usedClusters.has(name);
  }

  checkCluster(name: string, at: Path, report: Reporter): void {
    this.#usedClusters.add(name);
    if (!this.#gathered.clusters.has(name)) unknown("cluster", name, this.#gathered.clusters.keys(), at, report);
  }

  checkListeners(names: readonly string[], single: boolean, report: Reporter): void {
    for (const [i, name] of names.entries()) {
      const at: Path = single ? ["listeners"] : ["listeners", i];
      if (!this.#gathered.listeners.has(name)) unknown("listener", name, this.#gathered.listeners.keys(), at, report);
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
