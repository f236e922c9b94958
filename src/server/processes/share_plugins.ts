import type { Model } from "../../config/model.ts";
import type { PluginSpec } from "../../config/plugin_model.ts";
import { partOf } from "./share_breakers.ts";

/**
 * The model with what worker `index` of `workers` has of plugins: together they have the config's processes, and each one at least; and
 * together they let the config's number of calls wait.
 */
export function sharePlugins(model: Model, index: number, workers: number): Model {
  if (model.plugins.size === 0) return model;
  return { ...model, plugins: new Map([...model.plugins].map(([name, p]) => [name, shareOf(p, index, workers)])) };
}

function shareOf(p: PluginSpec, index: number, workers: number): PluginSpec {
  const processes = (i: number): number => partOf(p.processes, i, workers);
  let first = 0;
  for (let i = 0; i < index; i++) first += processes(i);
  return { ...p, processes: processes(index), queue: partOf(p.queue, index, workers), part: { first } };
}
