import type { Model } from "../../config/model.ts";
import { partOf } from "./share_breakers.ts";

/** The model with the plugin processes that worker `index` of `workers` has: together they have the config's, and each one at least. */
export function sharePlugins(model: Model, index: number, workers: number): Model {
  if (model.plugins.size === 0) return model;
  const plugins = [...model.plugins].map(
    ([name, p]) => [name, { ...p, processes: partOf(p.processes, index, workers) }] as const,
  );
  return { ...model, plugins: new Map(plugins) };
}
