import type { Model } from "../../config/model.ts";

// The runtimes' collectors take all of a mapped buffer for memory in use and let as much more garbage lie: 64 MiB for each process let a
// body of 1 GiB leave 160 MB behind, and 1 MiB leaves what a heap does.
const LEAST = 1024 * 1024;
const MOST = 64 * 1024 * 1024;
/** Bytes that the rows of one name take, requests of many kinds included. */
const ROUTE = 256;
const CLUSTER = 1024;
const LISTENER = 8 * 1024;
/** A config may grow so much before rows are left out of what others see. */
const GROWTH = 2;

/** How much memory a process counts in, by the config that it starts with. */
export function numbersBytes(model: Pick<Model, "routeTables" | "clusters" | "listeners">): number {
  let routes = 0;
  for (const t of model.routeTables.values()) for (const v of t.virtualHosts) routes += v.routes.length;
  const wanted = routes * ROUTE + model.clusters.size * CLUSTER + model.listeners.size * LISTENER;
  return Math.min(MOST, LEAST + GROWTH * 2 ** Math.ceil(Math.log2(Math.max(1, wanted))));
}
