import type { Model } from "../../config/model.ts";
import type { PluginSpec } from "../../config/plugin_model.ts";
import { partOf } from "./share_breakers.ts";

/**
 * The model with what worker `index` of `workers` has of plugins: together they have the config's processes, and let its number of calls
 * wait. `poolOf`: the supervisor's processes of a plugin, which all workers share where they are more; each has its part of the calls that
 * these take, and one at least. Without a supervisor it has one process of its own.
 */
export function sharePlugins(model: Model, index: number, workers: number, poolOf: (plugin: string) => number | null): Model {
  if (model.plugins.size === 0) return model;
  const shares = [...model.plugins].map(([name, p]) => [name, shareOf(p, index, workers, poolOf(name))] as const);
  return { ...model, plugins: new Map(shares) };
}

function shareOf(p: PluginSpec, index: number, workers: number, pool: number | null): PluginSpec {
  const processes = (i: number): number => partOf(p.processes, i, workers);
  const queue = partOf(p.queue, index, workers);
  if (pool !== null) {
    const concurrency = partOf(p.concurrency, index, workers);
    return { ...p, processes: 1, concurrency, queue, part: { first: 0, pool } };
  }
  let first = 0;
  for (let i = 0; i < index; i++) first += processes(i);
  return { ...p, processes: processes(index), queue, part: { first, pool } };
}
