import type { Model } from "../../config/model.ts";
import { logName } from "../../export/access_logs.ts";
import type { MetricGroup } from "./server_numbers.ts";

/** Tells which names a config has, so that numbers of what left it are forgotten. */
export function retainNames(model: Model, retain: (group: MetricGroup, names: { has(name: string): boolean }) => void): void {
  const routes = new Set<string>();
  for (const t of model.routeTables.values()) for (const v of t.virtualHosts) for (const r of v.routes) routes.add(r.name);
  retain("listener", new Set([...model.listeners.keys(), ...model.udpListeners.keys()]));
  retain("cluster", model.clusters);
  retain("route", routes);
  retain("log", new Set(model.accessLogs.map((spec) => logName(spec.to))));
}
