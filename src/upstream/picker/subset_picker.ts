import type { ProxyError } from "../../base/error.ts";
import type { Host, Picker, PickInput } from "../types.ts";

/** What a set of metadata is known by, whatever the order of its keys: `PickInput.subset`. */
export function subsetKey(wanted: ReadonlyMap<string, string>): string {
  return JSON.stringify([...wanted].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The hosts that have all of these. */
export function matching(hosts: readonly Host[], wanted: ReadonlyMap<string, string>): Host[] {
  return hosts.filter(({ endpoint }) => [...wanted].every(([k, v]) => endpoint.metadata.get(k) === v));
}

/** Hosts by the values that they have for each set of keys; one that lacks a key of a set is in none of that set. */
export function subsetsOf(hosts: readonly Host[], selectors: readonly (readonly string[])[]): Map<string, Host[]> {
  const subsets = new Map<string, Host[]>();
  for (const keys of selectors) {
    for (const h of hosts) {
      const values = new Map<string, string>();
      for (const k of keys) {
        const v = h.endpoint.metadata.get(k);
        if (v !== undefined) values.set(k, v);
      }
      if (values.size < keys.length) continue;
      const key = subsetKey(values);
      const same = subsets.get(key);
      if (same === undefined) subsets.set(key, [h]);
      else same.push(h);
    }
  }
  return subsets;
}

/** Asks the part of the hosts that a request names, all for one that names none, and the fallback where the part has no host. */
export class SubsetPicker implements Picker {
  readonly #subsets: ReadonlyMap<string, Picker>;
  readonly #all: Picker;
  readonly #fallback: Picker;

  constructor(subsets: ReadonlyMap<string, Picker>, all: Picker, fallback: Picker) {
    this.#subsets = subsets;
    this.#all = all;
    this.#fallback = fallback;
  }

  pick(p: PickInput): Host | ProxyError {
    const { subset } = p;
    if (subset === undefined || subset === null) return this.#all.pick(p);
    return (this.#subsets.get(subset) ?? this.#fallback).pick(p);
  }
}
