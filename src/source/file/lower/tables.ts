import type { RouteSpec, RouteTableSpec } from "../../../config/model.ts";

/** A route with where it holds. */
export interface PlacedRoute {
  readonly route: RouteSpec;
  readonly hosts: readonly string[];
  /** null: all listeners. */
  readonly listeners: readonly string[] | null;
}

export interface Tables {
  readonly tables: ReadonlyMap<string, RouteTableSpec>;
  /** Listener → table. */
  readonly of: ReadonlyMap<string, string>;
}

/** One table for all listeners that serve the same routes; those without routes of their own share `*`. */
export function buildTables(listeners: readonly string[], routes: readonly PlacedRoute[]): Tables {
  const named = new Map<string, number[]>(listeners.map((l) => [l, []]));
  for (const [i, r] of routes.entries()) for (const l of r.listeners ?? []) named.get(l)?.push(i);
  const tables = new Map<string, RouteTableSpec>();
  const of = new Map<string, string>();
  const bySet = new Map<string, string>();
  for (const listener of listeners) {
    const set = named.get(listener)!.join();
    let name = bySet.get(set);
    if (name === undefined) {
      name = set === "" ? "*" : `listener:${listener}`;
      bySet.set(set, name);
      tables.set(
        name,
        tableOf(
          name,
          routes.filter((r) => r.listeners === null || r.listeners.includes(listener)),
        ),
      );
    }
    of.set(listener, name);
  }
  return { tables, of };
}

function tableOf(name: string, routes: readonly PlacedRoute[]): RouteTableSpec {
  const byHost = new Map<string, RouteSpec[]>();
  for (const { route, hosts } of routes) {
    for (const host of hosts) {
      const there = byHost.get(host);
      if (there === undefined) byHost.set(host, [route]);
      else there.push(route);
    }
  }
  const virtualHosts = [...byHost].map(([host, its]) => ({ name: host, hosts: [host], routes: its }));
  return { name, order: "specificity", virtualHosts };
}
