import type { Lowering } from "../lower/lowering.ts";
import type { PlacedRoute } from "../lower/tables.ts";
import type { Names } from "./names.ts";

/** Warns of clusters that nothing leads to and of listeners of HTTP that no route serves. */
export function checkUnused(names: Names, listeners: readonly string[], routes: readonly PlacedRoute[], to: Lowering): void {
  // A module may call any of them.
  const called = to.modules.some;
  for (const [name, item] of to.gathered.clusters)
    if (!called && !names.isClusterUsed(name))
      to.problems.add(
        "warning",
        `clusters.${name}`,
        item.key,
        `remove cluster ${JSON.stringify(name)} or lead a route to it: found none that does`,
      );
  for (const name of listeners) {
    if (routes.some((r) => r.listeners === null || r.listeners.includes(name))) continue;
    const key = to.gathered.listeners.get(name)!.key;
    to.problems.add(
      "warning",
      `listeners.${name}`,
      key,
      `add a route for listener ${JSON.stringify(name)}: found none, so every request gets 404`,
    );
  }
}
